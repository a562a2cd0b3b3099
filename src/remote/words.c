#include "remote/words.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/name.h"
#include "base/scope.h"
#include "base/text.h"
#include "remote/session.h"
#include "remote/wire.h"

static bool continues_character(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

char *words_of_path(const char *path)
{
	char *text = sp_name_escape(path);
	size_t length = strlen(text);
	if (length <= WORDS_PATH_MAX)
		return text;

	SP_AUTO_FREE char *whole = text;
	const char *end = whole + length - WORDS_PATH_MAX;
	while (continues_character(*end))
		end++;
	return sp_format("…%s", end);
}

char *words_of_server(const uint8_t *text, size_t length)
{
	SP_AUTO_FREE char *raw = sp_alloc(WORDS_SERVER_MAX + 1);
	memcpy(raw, text, length < WORDS_SERVER_MAX ? length : WORDS_SERVER_MAX);
	char *words = sp_name_escape(raw);
	size_t shown = strlen(words);
	if (shown > WORDS_SERVER_MAX) {
		shown = WORDS_SERVER_MAX;
		while (continues_character(words[shown]))
			shown--;
		words[shown] = '\0';
	}
	return words;
}

static const struct {
	uint32_t status;
	enum sp_code code;
	const char *ours;   /* what we say */
	const char *theirs; /* what servers say without saying more */
} statuses[] = {
	{ WIRE_OK, SP_PROTOCOL, "the server answered OK where something else was due", "Success" },
	{ WIRE_EOF, SP_PROTOCOL, "the server reports an end of file", "End of file" },
	{ WIRE_NO_SUCH_FILE, SP_NOT_FOUND, "no such file", "No such file or directory" },
	{ WIRE_PERMISSION_DENIED, SP_DENIED, "permission denied", "Permission denied" },
	{ WIRE_FAILURE, SP_SYSTEM, "the server reports a failure without a reason", "Failure" },
	{ WIRE_BAD_MESSAGE, SP_PROTOCOL, "the server did not understand the request",
	  "Bad message" },
	{ WIRE_NO_CONNECTION, SP_CLOSED, "the server has no connection", "No connection" },
	{ WIRE_CONNECTION_LOST, SP_CLOSED, "the server lost its connection", "Connection lost" },
	{ WIRE_OP_UNSUPPORTED, SP_UNSUPPORTED, "the server does not offer this operation",
	  "Operation unsupported" },
	{ WIRE_NO_SUCH_PATH, SP_NOT_FOUND, "no such directory", "No such path" },
	{ WIRE_FILE_EXISTS, SP_EXISTS, "the file exists already", "File already exists" },
	{ WIRE_WRITE_PROTECT, SP_DENIED, "the server's storage is write-protected",
	  "Write protect" },
	{ WIRE_NO_SPACE, SP_NO_SPACE, "the server's disk is full", "No space on filesystem" },
	{ WIRE_QUOTA_EXCEEDED, SP_NO_SPACE, "the quota at the server is used up",
	  "Quota exceeded" },
};

/* "No such file" and "No such file or directory" both say what the code says. */
static bool says_more(const char *text, const char *usual)
{
	return text != NULL && *text != '\0' && strncasecmp(text, usual, strlen(text)) != 0;
}

int remote_fail_status(struct sp_error *err, uint32_t status, const char *text)
{
	for (size_t i = 0; i < SP_COUNT_OF(statuses); i++) {
		if (statuses[i].status != status)
			continue;
		if (says_more(text, statuses[i].theirs))
			return sp_fail(err, statuses[i].code, "the server says \"%s\"", text);
		return sp_fail(err, statuses[i].code, "%s", statuses[i].ours);
	}
	if (text != NULL && *text != '\0')
		return sp_fail(err, SP_SYSTEM, "the server says \"%s\" (status %u)", text, status);
	return sp_fail(err, SP_SYSTEM, "the server reports status %u", status);
}
