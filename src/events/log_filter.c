#include "events/log_filter.h"

#include <string.h>

#include "base/buffer.h"
#include "base/name.h"
#include "base/scope.h"

#define SPACES     " \t\r\n"
#define WORD_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

enum term_kind { TERM_NEEDED, TERM_ONE_OF, TERM_FORBIDDEN };

struct log_filter {
	struct term {
		enum term_kind kind;
		char *text; /* owned */
	} terms[LOG_FILTER_TERMS_MAX];
	size_t count;
};

/* Forms of patterns that are not offered, by their first character. */
static const struct {
	char first;
	const char *what;
} others[] = {
	{ '{', "patterns that look into JSON ({ $.member = value })" },
	{ '[', "patterns of fields between spaces ([a, b])" },
	{ '%', "regular expressions (%…%)" },
};

static int refuse_others(const char *pattern, struct sp_error *err)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (pattern[0] == others[i].first)
			return sp_fail(err, SP_UNSUPPORTED,
				       "%s are not offered: give terms that are to be in the "
				       "record, such as FAILED or \"could not connect\"",
				       others[i].what);
	return 0;
}

/* Up to the closing quote; a backslash takes what follows as it is. */
static int read_quoted(const char **at, char **out, struct sp_error *err)
{
	SP_AUTO_BUFFER text = { 0 };
	const char *from = *at + 1;
	for (; *from != '"'; from++) {
		if (*from == '\\' && from[1] != '\0')
			from++;
		if (*from == '\0')
			return sp_fail(err, SP_INVALID,
				       "a term that begins with a double quote must end with one");
		sp_buffer_add_char(&text, *from);
	}
	*at = from + 1;
	*out = sp_buffer_take(&text);
	return 0;
}

static int read_word(const char **at, char **out, struct sp_error *err)
{
	SP_AUTO_BUFFER word = { 0 };
	size_t length = strcspn(*at, SPACES);
	sp_buffer_add(&word, *at, length);
	if (length == 0 || strspn(*at, WORD_BYTES) != length) {
		SP_AUTO_FREE char *shown = sp_name_shown(sp_buffer_text(&word));
		return sp_fail(err, SP_INVALID,
			       "Invalid character(s) in term '%s': a term that has more than "
			       "letters, digits and _ stands in double quotes",
			       shown);
	}
	*at += length;
	*out = sp_buffer_take(&word);
	return 0;
}

static enum term_kind read_kind(const char **at)
{
	static const char marks[] = { [TERM_ONE_OF] = '?', [TERM_FORBIDDEN] = '-' };
	for (enum term_kind kind = TERM_ONE_OF; kind <= TERM_FORBIDDEN; kind++) {
		if (**at == marks[kind]) {
			(*at)++;
			return kind;
		}
	}
	return TERM_NEEDED;
}

static int add_term(struct log_filter *filter, const char **at, struct sp_error *err)
{
	if (filter->count == LOG_FILTER_TERMS_MAX)
		return sp_fail(err, SP_LIMIT, "a pattern has at most %d terms",
			       LOG_FILTER_TERMS_MAX);
	struct term *term = &filter->terms[filter->count];
	term->kind = read_kind(at);
	int result =
		**at == '"' ? read_quoted(at, &term->text, err) : read_word(at, &term->text, err);
	filter->count += result == 0;
	return result;
}

int log_filter_parse(const char *pattern, struct log_filter **out, struct sp_error *err)
{
	const char *at = pattern + strspn(pattern, SPACES);
	if (refuse_others(at, err) != 0)
		return -1;
	struct log_filter *filter = sp_alloc(sizeof(*filter));
	for (; *at != '\0'; at += strspn(at, SPACES)) {
		if (add_term(filter, &at, err) != 0) {
			log_filter_free(filter);
			return -1;
		}
	}
	*out = filter;
	return 0;
}

bool log_filter_matches(const struct log_filter *filter, const char *record)
{
	bool one_needed = false, one_found = false;
	for (size_t i = 0; i < filter->count; i++) {
		const struct term *term = &filter->terms[i];
		bool is_there = strstr(record, term->text) != NULL;
		if (term->kind == TERM_ONE_OF) {
			one_needed = true;
			one_found = one_found || is_there;
		} else if (is_there != (term->kind == TERM_NEEDED)) {
			return false;
		}
	}
	return one_found || !one_needed;
}

void log_filter_free(struct log_filter *filter)
{
	if (filter == NULL)
		return;
	for (size_t i = 0; i < filter->count; i++)
		free(filter->terms[i].text);
	free(filter);
}
