#include "base/profile.h"

#include <string.h>
#include <strings.h>

#include "base/ini.h"
#include "base/scope.h"
#include "base/secret.h"

/* How a section is called; a later one goes before an earlier one. */
enum form { FORM_OTHER, FORM_BARE /* NAME */, FORM_PREFIXED /* profile NAME */ };

/* "a b" and 'a b' are a b. */
static struct sp_ini_piece unquote(struct sp_ini_piece piece)
{
	if (piece.length >= 2 && (piece.at[0] == '"' || piece.at[0] == '\'') &&
	    piece.at[piece.length - 1] == piece.at[0])
		return (struct sp_ini_piece){ piece.at + 1, piece.length - 2 };
	return piece;
}

static enum form form_of(struct sp_ini_piece section, const struct sp_profile_wanted *wanted)
{
	static const char word[] = "profile";
	size_t length = strlen(word);
	if (wanted->is_config && section.length > length && memcmp(section.at, word, length) == 0 &&
	    sp_ini_is_blank(section.at[length])) {
		struct sp_ini_piece name = { section.at + length, section.length - length };
		return sp_ini_is(unquote(sp_ini_trim(name)), wanted->name) ? FORM_PREFIXED
									   : FORM_OTHER;
	}
	if (wanted->is_config && strcmp(wanted->name, "default") != 0)
		return FORM_OTHER;
	return sp_ini_is(section, wanted->name) ? FORM_BARE : FORM_OTHER;
}

static struct sp_ini_piece without_comment(struct sp_ini_piece value)
{
	const char *end = value.at + value.length;
	for (const char *at = value.at; at < end; at++)
		/* there is the "=", at least, in front of it */
		if ((*at == '#' || *at == ';') && sp_ini_is_blank(at[-1]))
			return sp_ini_trim(
				(struct sp_ini_piece){ value.at, (size_t)(at - value.at) });
	return value;
}

static void forget(char **values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sp_secret_free(sp_take_pointer(&values[i]));
}

static void take(const struct sp_ini *ini, const char *const *names, size_t count, char **values)
{
	struct sp_ini_piece value = without_comment(ini->value);
	for (size_t i = 0; i < count; i++) {
		if (strlen(names[i]) != ini->name.length ||
		    strncasecmp(names[i], ini->name.at, ini->name.length) != 0)
			continue;
		sp_secret_free(values[i]);
		values[i] = value.length == 0 ? NULL : sp_strndup(value.at, value.length);
	}
}

/* The same as sp_profile_read(), but for what is left when it fails. */
static int read_lines(struct sp_ini *ini, const struct sp_profile_wanted *wanted,
		      const char *const *names, size_t count, char **values, struct sp_error *err)
{
	enum form form = wanted->takes_front ? FORM_BARE : FORM_OTHER, best = form;
	for (;;) {
		switch (sp_ini_next(ini, err)) {
		case SP_INI_END:
			return best != FORM_OTHER;
		case SP_INI_BAD:
			return -1;
		case SP_INI_SECTION:
			form = form_of(ini->section, wanted);
			if (form > best) {
				forget(values, count);
				best = form;
			}
			break;
		case SP_INI_PAIR:
			if (ini->section.length == 0 && !wanted->takes_front)
				return sp_fail(err, SP_INVALID,
					       "line %d stands in front of the first \"[section]\"",
					       ini->line);
			if (form == best && form != FORM_OTHER)
				take(ini, names, count, values);
			break;
		}
	}
}

int sp_profile_read(const char *text, size_t length, const struct sp_profile_wanted *wanted,
		    const char *const *names, size_t count, char **out_values, struct sp_error *err)
{
	memset(out_values, 0, count * sizeof(*out_values));
	if (length > SP_PROFILE_FILE_MAX || memchr(text, '\0', length) != NULL)
		return sp_fail(err, SP_INVALID,
			       "it is no file of profiles: those are text of at most %d bytes",
			       SP_PROFILE_FILE_MAX);
	struct sp_ini ini = { .rest = { text, length }, .continues = true };
	int result = read_lines(&ini, wanted, names, count, out_values, err);
	if (result < 0)
		forget(out_values, count);
	return result;
}
