#include "remote/host_keys.h"

#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"

static bool is_blank(const char *line)
{
	return line[strspn(line, " \t\r")] == '\0';
}

static int add_line(struct host_keys *keys, const char *line, struct sp_error *err)
{
	if (keys->count == SP_COUNT_OF(keys->lines))
		return sp_fail(err, SP_LIMIT, "there are more than %zu trusted host keys",
			       SP_COUNT_OF(keys->lines));
	if (host_key_line_parse(line, true, &keys->lines[keys->count], err) != 0)
		return sp_wrap(err, "cannot use trusted host key %zu", keys->count + 1);
	keys->count++;
	return 0;
}

int host_keys_parse(const char *text, struct host_keys *out, struct sp_error *err)
{
	SP_AUTO_FREE char *copy = sp_strdup(text == NULL ? "" : text);
	char *rest = copy;

	out->count = 0;
	for (char *line; (line = strsep(&rest, "\n")) != NULL;)
		if (!is_blank(line) && add_line(out, line, err) != 0)
			return -1;
	return 0;
}

bool host_keys_trust(const struct host_keys *keys, const char *type, const char *base64)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(keys->lines[i].type, type) == 0 &&
		    strcmp(keys->lines[i].base64, base64) == 0)
			return true;
	return false;
}

static bool have_type_before(const struct host_keys *keys, const char *type, size_t end)
{
	for (size_t i = 0; i < end; i++)
		if (strcmp(keys->lines[i].type, type) == 0)
			return true;
	return false;
}

bool host_keys_have_type(const struct host_keys *keys, const char *type)
{
	return have_type_before(keys, type, keys->count);
}

const char *host_key_type_of_algorithm(const char *algorithm)
{
	bool is_rsa =
		strcmp(algorithm, "rsa-sha2-512") == 0 || strcmp(algorithm, "rsa-sha2-256") == 0;
	return is_rsa ? "ssh-rsa" : algorithm;
}

void host_keys_list_types(const struct host_keys *keys, char *out, size_t room)
{
	size_t used = 0;
	out[0] = '\0';
	for (size_t i = 0; i < keys->count && used < room; i++)
		if (!have_type_before(keys, keys->lines[i].type, i))
			used += (size_t)snprintf(out + used, room - used, "%s%s",
						 used == 0 ? "" : ", ", keys->lines[i].type);
}
