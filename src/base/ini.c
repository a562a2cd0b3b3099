#include "base/ini.h"

#include <string.h>

bool sp_ini_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

struct sp_ini_piece sp_ini_trim(struct sp_ini_piece piece)
{
	while (piece.length > 0 && sp_ini_is_blank(piece.at[0])) {
		piece.at++;
		piece.length--;
	}
	while (piece.length > 0 && sp_ini_is_blank(piece.at[piece.length - 1]))
		piece.length--;
	return piece;
}

bool sp_ini_is(struct sp_ini_piece piece, const char *text)
{
	return piece.length == strlen(text) && memcmp(piece.at, text, piece.length) == 0;
}

static struct sp_ini_piece between(const char *from, const char *end)
{
	return sp_ini_trim((struct sp_ini_piece){ from, (size_t)(end - from) });
}

static bool is_comment(struct sp_ini_piece piece)
{
	return piece.at[0] == '#' || piece.at[0] == ';';
}

static struct sp_ini_piece next_line(struct sp_ini *ini)
{
	struct sp_ini_piece *rest = &ini->rest;
	const char *end = memchr(rest->at, '\n', rest->length);
	struct sp_ini_piece line = { rest->at,
				     end == NULL ? rest->length : (size_t)(end - rest->at) };
	size_t used = line.length + (end != NULL);
	rest->at += used;
	rest->length -= used;
	ini->line++;
	return line;
}

static enum sp_ini_item take_section(struct sp_ini *ini, struct sp_ini_piece line,
				     struct sp_error *err)
{
	const char *close = memchr(line.at, ']', line.length);
	struct sp_ini_piece name = { 0 }, behind = { 0 };
	if (close != NULL) {
		name = between(line.at + 1, close);
		behind = between(close + 1, line.at + line.length);
	}
	if (name.length == 0 || (behind.length > 0 && !is_comment(behind))) {
		sp_fail(err, SP_INVALID, "line %d begins a section and is no \"[name]\"",
			ini->line);
		return SP_INI_BAD;
	}
	ini->section = name;
	ini->has_pair = false;
	return SP_INI_SECTION;
}

static enum sp_ini_item take_pair(struct sp_ini *ini, struct sp_ini_piece line,
				  struct sp_error *err)
{
	const char *equals = memchr(line.at, '=', line.length);
	if (equals == NULL || equals == line.at) {
		sp_fail(err, SP_INVALID,
			"line %d is no \"name = value\", no \"[section]\" and no comment after #",
			ini->line);
		return SP_INI_BAD;
	}
	ini->name = between(line.at, equals);
	ini->value = between(equals + 1, line.at + line.length);
	return SP_INI_PAIR;
}

enum sp_ini_item sp_ini_next(struct sp_ini *ini, struct sp_error *err)
{
	while (ini->rest.length > 0) {
		struct sp_ini_piece whole = next_line(ini), line = sp_ini_trim(whole);
		size_t indent = (size_t)(line.at - whole.at);
		if (line.length == 0 || is_comment(line))
			continue;
		if (ini->continues && ini->has_pair && indent > ini->indent)
			continue;
		ini->name = line;
		if (line.at[0] == '[')
			return take_section(ini, line, err);
		ini->indent = indent;
		ini->has_pair = true;
		return take_pair(ini, line, err);
	}
	return SP_INI_END;
}
