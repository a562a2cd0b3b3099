#include "access/pattern.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"

/* What stands for them in a compiled pattern. A variable's key is the byte behind it, counted from FIRST_KEY. */
enum { ANY = 1, ONE = 2, VARIABLE = 3, FIRST_KEY = 4 };
enum { NAME_MAX_BYTES = 64, ARN_PARTS = 6 };

static_assert(FIRST_KEY + ACCESS_KEY_COUNT <= ' ', "keys are written as control characters");

/* ---- reading -------------------------------------------------------------------------------------------------------- */

/* @text is behind "${". Returns what is behind "}", or NULL. */
static const char *read_variable(const char *text, struct sp_buffer *out, struct sp_error *err)
{
	const char *end = strchr(text, '}');
	size_t length = end == NULL ? 0 : (size_t)(end - text);
	char name[NAME_MAX_BYTES + 1];
	enum access_fact key;
	if (length == 1 && strchr("*?$", text[0]) != NULL) {
		sp_buffer_add_char(out, text[0]);
		return end + 1;
	}
	if (length > 0 && length <= NAME_MAX_BYTES) {
		memcpy(name, text, length);
		name[length] = '\0';
		if (access_fact_find(name, &key)) {
			sp_buffer_add_char(out, VARIABLE);
			sp_buffer_add_char(out, (char)(FIRST_KEY + (int)key));
			return end + 1;
		}
	}
	sp_fail(err, SP_INVALID, "there is no policy variable \"${%.*s\"",
		(int)(end == NULL ? strnlen(text, NAME_MAX_BYTES) : length + 1), text);
	return NULL;
}

int access_pattern_read(const char *text, unsigned flags, char **out, struct sp_error *err)
{
	SP_AUTO_BUFFER pattern = { 0 };
	const char *at = text;
	while (at != NULL && *at != '\0') {
		unsigned char c = (unsigned char)*at;
		bool is_variable = (flags & PATTERN_VARIABLES) != 0 && c == '$' && at[1] == '{';
		bool is_wild = (flags & PATTERN_WILDCARDS) != 0 && (c == '*' || c == '?');
		if (c < ' ')
			return sp_fail(err, SP_INVALID, "\"%.64s\" holds a control character",
				       text);
		if (is_variable) {
			at = read_variable(at + 2, &pattern, err);
			continue;
		}
		if (is_wild)
			c = c == '*' ? ANY : ONE;
		else if ((flags & PATTERN_IGNORES_CASE) != 0)
			c = (unsigned char)tolower(c);
		sp_buffer_add_char(&pattern, (char)c);
		at++;
	}
	if (at == NULL)
		return -1;
	*out = sp_buffer_take(&pattern);
	return 0;
}

/* ---- fitting -------------------------------------------------------------------------------------------------------- */

/* Behind the character at @text, however many bytes it has. */
static const char *behind_character(const char *text)
{
	text++;
	while (((unsigned char)*text & 0xc0) == 0x80)
		text++;
	return text;
}

/* A star is tried with nothing first, and takes one character more whenever what follows does not fit. */
static bool fits(const char *pattern, const char *pattern_end, const char *text,
		 const char *text_end)
{
	const char *star = NULL, *retry = NULL;
	while (text < text_end) {
		if (pattern < pattern_end && *pattern == ANY) {
			star = ++pattern;
			retry = text;
		} else if (pattern < pattern_end && *pattern == ONE) {
			pattern++;
			text = behind_character(text);
		} else if (pattern < pattern_end && *pattern == *text) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star;
			text = retry = behind_character(retry);
		} else {
			return false;
		}
	}
	while (pattern < pattern_end && *pattern == ANY)
		pattern++;
	return pattern == pattern_end && text == text_end;
}

/* The pattern with the values of its variables; false when one has none. */
static bool put_values(const char *pattern, const struct access_facts *facts, struct sp_buffer *out)
{
	for (; *pattern != '\0'; pattern++) {
		if (*pattern != VARIABLE) {
			sp_buffer_add_char(out, *pattern);
			continue;
		}
		const char *value = facts->values[*++pattern - FIRST_KEY];
		if (value == NULL)
			return false;
		for (; *value != '\0'; value++)
			if ((unsigned char)*value >= ' ') /* what no pattern has fits none */
				sp_buffer_add_char(out, *value);
			else
				return false;
	}
	return true;
}

typedef bool fit_fn(const char *pattern, const char *text);

static bool fit(const char *pattern, const char *text, const struct access_facts *facts,
		fit_fn *whole)
{
	if (strchr(pattern, VARIABLE) == NULL)
		return whole(pattern, text);
	SP_AUTO_BUFFER filled = { 0 };
	return put_values(pattern, facts, &filled) && whole(sp_buffer_text(&filled), text);
}

static bool fit_text(const char *pattern, const char *text)
{
	return fits(pattern, pattern + strlen(pattern), text, text + strlen(text));
}

static bool fit_arn(const char *pattern, const char *text)
{
	for (int part = 1; part < ARN_PARTS; part++) {
		const char *pattern_end = strchr(pattern, ':'), *text_end = strchr(text, ':');
		if (pattern_end == NULL || text_end == NULL ||
		    !fits(pattern, pattern_end, text, text_end))
			return false;
		pattern = pattern_end + 1;
		text = text_end + 1;
	}
	return fit_text(pattern, text);
}

bool access_pattern_fits(const char *pattern, const char *text, const struct access_facts *facts)
{
	return fit(pattern, text, facts, fit_text);
}

bool access_pattern_fits_arn(const char *pattern, const char *arn, const struct access_facts *facts)
{
	return fit(pattern, arn, facts, fit_arn);
}
