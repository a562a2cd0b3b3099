#define SP_ERROR_WITHOUT_MACROS /* they are defined here */
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const struct {
	int number;
	enum sp_code code;
} errno_codes[] = {
	{ ENOENT, SP_NOT_FOUND },
	{ ENOTDIR, SP_NOT_FOUND },
	{ EEXIST, SP_EXISTS },
	{ EACCES, SP_DENIED },
	{ EPERM, SP_DENIED },
	{ EROFS, SP_DENIED },
	{ ENOSPC, SP_NO_SPACE },
	{ EDQUOT, SP_NO_SPACE },
	{ EFBIG, SP_NO_SPACE },
	{ ENOMEM, SP_NO_MEMORY },
	{ EMFILE, SP_LIMIT },
	{ ENFILE, SP_LIMIT },
	{ EINVAL, SP_INVALID },
	{ ENAMETOOLONG, SP_INVALID },
	{ ELOOP, SP_DENIED },
	{ EXDEV, SP_DENIED },
	{ ECONNREFUSED, SP_UNREACHABLE },
	{ EHOSTUNREACH, SP_UNREACHABLE },
	{ ENETUNREACH, SP_UNREACHABLE },
	{ EADDRNOTAVAIL, SP_UNREACHABLE },
	{ ECONNRESET, SP_CLOSED },
	{ EPIPE, SP_CLOSED },
	{ ETIMEDOUT, SP_TIMEOUT },
	{ ECANCELED, SP_CANCELLED },
};

enum sp_code sp_code_from_errno(int number)
{
	for (size_t i = 0; i < sizeof(errno_codes) / sizeof(errno_codes[0]); i++)
		if (errno_codes[i].number == number)
			return errno_codes[i].code;
	return SP_SYSTEM;
}

/* A sentence that was cut short ends in front of the character that it would have been cut in. */
static void drop_cut_character(char message[SP_ERROR_MESSAGE_MAX])
{
	size_t end = SP_ERROR_MESSAGE_MAX - 1;
	while (end > 0 && ((unsigned char)message[end - 1] & 0xc0) == 0x80)
		end--;
	if (end > 0 && (unsigned char)message[end - 1] >= 0xc0)
		message[end - 1] = '\0';
}

int sp_fail_va(struct sp_error *err, enum sp_code code, const char *format, va_list args)
{
	if (err == NULL)
		return -1;

	/* The arguments may point into the old message ("…: %s", err->message), so it is built beside it. */
	char message[SP_ERROR_MESSAGE_MAX];
	int length = vsnprintf(message, sizeof(message), format, args);
	if (length >= (int)sizeof(message))
		drop_cut_character(message);
	/* What it quotes may be any bytes, and a part of a name ends where its bytes were counted. */
	sp_text_make_readable(message);
	err->code = code;
	memcpy(err->message, message, sizeof(message));
	return -1;
}

int sp_fail(struct sp_error *err, enum sp_code code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	sp_fail_va(err, code, format, args);
	va_end(args);
	return -1;
}

int sp_fail_errno(struct sp_error *err, const char *format, ...)
{
	int number = errno;
	if (err == NULL)
		return -1;

	char text[SP_ERROR_MESSAGE_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	char reason[128];
	return sp_fail(err, sp_code_from_errno(number), "%s: %s", text,
		       strerror_r(number, reason, sizeof(reason)));
}

int sp_wrap(struct sp_error *err, const char *format, ...)
{
	if (err == NULL)
		return -1;

	char text[SP_ERROR_MESSAGE_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return sp_fail(err, err->code, "%s: %s", text, err->message);
}

void sp_die(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fputs("sallyport: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	abort();
}
