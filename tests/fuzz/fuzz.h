#pragma once
/**
 * What every fuzz target includes. A target is one function that takes any bytes for what a parser of ours reads, and
 * says what must hold of whatever the parser makes of them. libFuzzer calls it (./dev fuzz), and so does replay.c, for
 * every file of the target's corpus, as a unit test.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/scope.h"
#include "base/text.h"

/** Always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Ends the program when it does not hold, also in builds without assert(). */
#define FUZZ_CHECK(condition)                                                                      \
	do {                                                                                       \
		if (!(condition))                                                                  \
			sp_die("%s:%d: %s does not hold", __FILE__, __LINE__, #condition);         \
	} while (0)

/** The bytes as a C string in memory of just that size, owned by the caller. What is behind a NUL is not seen. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = sp_alloc(size + 1);
	if (size > 0)
		memcpy(text, data, size);
	return text;
}

/** A failure tells its story in one sentence: UTF-8, one line, not empty. */
static inline void fuzz_check_error(const struct sp_error *err)
{
	FUZZ_CHECK(err->code != SP_OK);
	FUZZ_CHECK(err->code != SP_INTERNAL);
	FUZZ_CHECK(err->message[0] != '\0');
	FUZZ_CHECK(sp_utf8_valid(err->message, strlen(err->message)));
	FUZZ_CHECK(strpbrk(err->message, "\r\n") == NULL);
}
