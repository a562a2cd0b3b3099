#pragma once
/**
 * The only error type: a code that a caller may branch on and one sentence for people.
 *
 * The sentence is a chain, outermost first: "could not do this: because of that: root cause". One line, no full
 * stop, no function names; whatever it quotes, it is UTF-8 without control characters. Write "could not" when trying
 * again may help and "cannot" when it never will.
 */

#include <stdarg.h>
#include <stddef.h>

enum sp_code {
	SP_OK = 0,
	SP_INVALID,     /* input that is malformed or makes no sense */
	SP_NOT_FOUND,   /* the thing named does not exist */
	SP_EXISTS,      /* the thing named exists already */
	SP_DENIED,      /* permission refused, by us or by the other side */
	SP_AUTH,        /* the other side did not accept who we are */
	SP_UNTRUSTED,   /* we did not accept who the other side is */
	SP_CONFLICT,    /* the state of the thing forbids it now */
	SP_LIMIT,       /* a named limit would be passed */
	SP_NO_SPACE,    /* a disk or a quota is full */
	SP_UNSUPPORTED, /* understood, but not offered by us or by the other side */
	SP_PROTOCOL,    /* the other side broke its protocol */
	SP_UNREACHABLE, /* no connection: refused, no route, unknown host */
	SP_CLOSED,      /* the other side went away */
	SP_TIMEOUT,     /* a deadline passed */
	SP_CHANGED,     /* the source changed while it was read */
	SP_CANCELLED,   /* we were told to stop */
	SP_NO_MEMORY,
	SP_SYSTEM,   /* the operating system refused for another reason */
	SP_INTERNAL, /* our own mistake */
};

enum { SP_ERROR_MESSAGE_MAX = 512 };

/** Plain storage: lives on the stack, never needs freeing. Initialize with { 0 }. */
struct sp_error {
	enum sp_code code;
	char message[SP_ERROR_MESSAGE_MAX];
};

/** The code that stands for a value of errno. */
enum sp_code sp_code_from_errno(int number);

/* All of these return -1, so that a failure is one line: return sp_fail(err, SP_INVALID, "…"). @err may be NULL. */

int sp_fail(struct sp_error *err, enum sp_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

int sp_fail_va(struct sp_error *err, enum sp_code code, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

/** Appends ": " and the text of errno; the code comes from errno. */
int sp_fail_errno(struct sp_error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** Puts "…: " in front of the message that is there; the code stays. */
int sp_wrap(struct sp_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Compilers see one file at a time. This lets them know that -1 is all that ever comes back, so that they do not warn
 * of what could only happen if a failure went on as a success. */
static inline int sp_failed(int minus_one)
{
	(void)minus_one;
	return -1;
}

#ifndef SP_ERROR_WITHOUT_MACROS
#define sp_fail(...)       sp_failed(sp_fail(__VA_ARGS__))
#define sp_fail_va(...)    sp_failed(sp_fail_va(__VA_ARGS__))
#define sp_fail_errno(...) sp_failed(sp_fail_errno(__VA_ARGS__))
#define sp_wrap(...)       sp_failed(sp_wrap(__VA_ARGS__))
#endif

/** For what would break a promise (doc/guarantees.md) if we went on: prints to stderr and aborts. */
_Noreturn void sp_die(const char *format, ...) __attribute__((format(printf, 1, 2)));
