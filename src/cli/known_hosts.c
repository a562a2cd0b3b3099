#include "cli/known_hosts.h"

#include <ctype.h>
#include <fnmatch.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/buffer.h"
#include "base/scope.h"
#include "model/host_key_line.h"

enum { SHA1_SIZE = 20, NAME_SIZE = 300, USUAL_PORT = 22 };

/* "|1|SALT|HASH": the HMAC-SHA1 of the name. */
static bool hash_matches(const char *hashed, const char *name)
{
	unsigned char salt[SHA1_SIZE + 3], wanted[SHA1_SIZE + 3], made[EVP_MAX_MD_SIZE];
	size_t salt_length, wanted_length;
	unsigned made_length;
	const char *first = hashed + 3, *second = strchr(first, '|');
	if (second == NULL || second - first > 28 || strlen(second + 1) > 28)
		return false;
	return sp_base64_decode(first, (size_t)(second - first), salt, &salt_length) &&
	       sp_base64_decode(second + 1, strlen(second + 1), wanted, &wanted_length) &&
	       wanted_length == SHA1_SIZE &&
	       HMAC(EVP_sha1(), salt, (int)salt_length, (const unsigned char *)name, strlen(name),
		    made, &made_length) != NULL &&
	       memcmp(made, wanted, SHA1_SIZE) == 0;
}

/* A list of names and patterns; one with "!" that matches forbids them all. @list is cut up. */
static bool list_matches(char *list, const char *name)
{
	bool found = false;
	if (strncmp(list, "|1|", 3) == 0)
		return hash_matches(list, name);
	for (char *rest = list, *one; (one = strsep(&rest, ",")) != NULL;) {
		bool forbids = one[0] == '!';
		/* "[host]:2222" is a name and no pattern: only * and ? are. */
		SP_AUTO_BUFFER pattern = { 0 };
		for (const char *at = one + forbids; *at != '\0'; at++)
			sp_buffer_format(&pattern, "%s%c", *at == '[' || *at == '\\' ? "\\" : "",
					 tolower((unsigned char)*at));
		bool matches = fnmatch(sp_buffer_text(&pattern), name, 0) == 0;
		if (matches && forbids)
			return false;
		found = found || matches;
	}
	return found;
}

/* "type base64" of what stands behind the names; NULL for a type that a connector cannot have. Owned by the caller. */
static char *read_key(const char *text)
{
	struct host_key_line key;
	struct sp_buffer out = { 0 };
	if (host_key_line_parse(text, false, &key, NULL) != 0)
		return NULL;
	sp_buffer_format(&out, "%s %s", key.type, key.base64);
	return sp_buffer_take(&out);
}

static bool take_line(char *line, const char *name, json_t *keys)
{
	char *rest = line + strspn(line, " \t");
	if (rest[0] == '#' || rest[0] == '@')
		return false;
	char *names = strsep(&rest, " \t");
	if (rest == NULL || !list_matches(names, name))
		return false;
	SP_AUTO_FREE char *key = read_key(rest + strspn(rest, " \t"));
	if (key == NULL)
		return false;
	json_array_append_new(keys, json_string(key));
	return true;
}

size_t known_hosts_find(const char *text, size_t length, const char *host, uint16_t port,
			json_t *keys)
{
	char name[NAME_SIZE];
	size_t found = 0;
	int size = port == USUAL_PORT ? snprintf(name, sizeof(name), "%s", host)
				      : snprintf(name, sizeof(name), "[%s]:%u", host, port);
	if (size < 0 || size >= NAME_SIZE)
		return 0;
	for (char *at = name; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	SP_AUTO_FREE char *copy = sp_strndup(text, length);
	for (char *rest = copy, *line; (line = strsep(&rest, "\n")) != NULL;) {
		line[strcspn(line, "\r")] = '\0';
		found += take_line(line, name, keys);
	}
	return found;
}
