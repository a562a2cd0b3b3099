#include "config/value.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/scope.h"
#include "base/text.h"
#include "model/network.h"

enum { ACCOUNT_DIGITS = 12, REGION_MAX = 32, NUMBER_TEXT_MAX = 32 };

struct unit {
	const char *name;
	int64_t factor;
};

/* clang-format off */
/* Smallest first; a bare number is taken where the first unit has no name. */
static const struct unit plain[] = { { "", 1 }, { NULL, 0 } };
static const struct unit sizes[] = {
	{ "", 1 }, { "KiB", 1 << 10 }, { "MiB", 1 << 20 }, { "GiB", 1 << 30 }, { "TiB", 1LL << 40 }, { NULL, 0 },
};
static const struct unit times[] = {
	{ "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 3600 * 1000 }, { "d", 86400 * 1000 }, { NULL, 0 },
};
/* clang-format on */

static bool is_text(const char *text)
{
	return sp_utf8_valid(text, strlen(text));
}

static bool is_path(const char *text)
{
	return text[0] == '/';
}

static bool is_file(const char *text)
{
	return is_text(text) && text[strlen(text) - 1] != '/';
}

static bool is_region(const char *text)
{
	size_t length = strlen(text);
	return length > 0 && length <= REGION_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

static bool is_account(const char *text)
{
	return strlen(text) == ACCOUNT_DIGITS && strspn(text, "0123456789") == ACCOUNT_DIGITS;
}

static bool is_level(const char *text)
{
	return sp_log_level_from_name(text) != -1;
}

static bool is_provider(const char *text)
{
	enum network_provider provider;
	return strcmp(text, "auto") == 0 || network_provider_find(text, &provider);
}

/* The address of "ADDRESS:PORT" without brackets; false when it has no such form. */
static bool split_listen(const char *text, char address[INET6_ADDRSTRLEN], int *out_family)
{
	const char *colon = strrchr(text, ':');
	uint64_t port;
	if (colon == NULL || !sp_text_to_u64(colon + 1, 0, UINT16_MAX, &port))
		return false;
	size_t length = (size_t)(colon - text);
	*out_family = AF_INET;
	if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
		*out_family = AF_INET6;
		text++;
		length -= 2;
	}
	if (length >= INET6_ADDRSTRLEN)
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	return true;
}

static bool read_listen(const char *text, int *out_family, struct in6_addr *out)
{
	char address[INET6_ADDRSTRLEN];
	return split_listen(text, address, out_family) && inet_pton(*out_family, address, out) == 1;
}

static bool is_listen(const char *text)
{
	int family;
	struct in6_addr address;
	return read_listen(text, &family, &address);
}

bool value_listen_is_loopback(const char *text)
{
	int family;
	struct in6_addr address;
	if (!read_listen(text, &family, &address))
		return false;
	if (family == AF_INET)
		return address.s6_addr[0] == 127;
	return memcmp(&address, &in6addr_loopback, sizeof(address)) == 0;
}

static bool is_addresses(const char *text)
{
	SP_AUTO_FREE char *copy = sp_strdup(text);
	char *rest = copy, *address;
	while ((address = strsep(&rest, ",")) != NULL) {
		struct in6_addr parsed;
		address += strspn(address, " ");
		address[strcspn(address, " ")] = '\0';
		if (inet_pton(AF_INET, address, &parsed) != 1 &&
		    inet_pton(AF_INET6, address, &parsed) != 1)
			return false;
	}
	return true;
}

/* clang-format off */
static const struct kind {
	const char *word;                   /* for the manual */
	bool (*is_valid)(const char *text); /* texts only */
	const struct unit *units;           /* numbers only */
	const char *needs;                  /* for the sentence of an error */
} kinds[] = {
	[VALUE_TEXT]      = { "text",         is_text,               NULL,  "text" },
	[VALUE_PATH]      = { "path",         is_path,               NULL,  "an absolute path" },
	[VALUE_FILE]      = { "file",         is_file,               NULL,
		"a path; one that does not begin with a slash begins at the state folder" },
	[VALUE_LISTEN]    = { "address:port", is_listen, NULL,
		"an address and a port, such as 127.0.0.1:8722 or [::1]:8722; port 0 takes a free one" },
	[VALUE_REGION]    = { "region",       is_region,             NULL,
		"lower-case letters, digits and dashes, such as eu-central-1" },
	[VALUE_ACCOUNT]   = { "account",      is_account,            NULL,  "twelve digits" },
	[VALUE_LEVEL]     = { "level",        is_level,              NULL,  "error, warning, info or debug" },
	[VALUE_PROVIDER]  = { "provider",     is_provider,           NULL,  "auto, netns or host" },
	[VALUE_ADDRESSES] = { "addresses",    is_addresses,          NULL,  "IP addresses with commas between them" },
	[VALUE_BOOLEAN]   = { "boolean",      NULL,                  NULL,  "true or false, or yes or no" },
	[VALUE_NUMBER]    = { "number",       NULL,                  plain, "a number" },
	[VALUE_SIZE]      = { "size",         NULL,                  sizes, "a size, such as 65536, 64KiB or 1MiB," },
	[VALUE_TIME]      = { "time",         NULL,                  times, "a time, such as 500ms, 20s, 5m or 12h," },
};
/* clang-format on */

static bool read_number(const struct unit *units, const char *text, int64_t *out)
{
	size_t digits = strspn(text, "0123456789");
	char number[NUMBER_TEXT_MAX];
	uint64_t count;
	if (digits == 0 || digits >= sizeof(number))
		return false;
	memcpy(number, text, digits);
	number[digits] = '\0';
	if (!sp_text_to_u64(number, 0, INT64_MAX, &count))
		return false;
	for (const struct unit *unit = units; unit->name != NULL; unit++)
		if (strcmp(unit->name, text + digits) == 0)
			return !__builtin_mul_overflow((int64_t)count, unit->factor, out);
	return false;
}

/* In the largest unit that leaves no remainder. */
static void write_number(const struct unit *units, int64_t value, struct sp_buffer *out)
{
	const struct unit *best = units;
	for (const struct unit *unit = units; unit->name != NULL; unit++)
		if (value % unit->factor == 0 && (value != 0 || unit->factor == 1))
			best = unit;
	sp_buffer_format(out, "%" PRId64 "%s", value / best->factor, best->name);
}

static bool read_boolean(const char *text, bool *out)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = { { "true", true }, { "yes", true }, { "false", false }, { "no", false } };
	for (size_t i = 0; i < SP_COUNT_OF(words); i++) {
		if (strcmp(words[i].word, text) != 0)
			continue;
		*out = words[i].value;
		return true;
	}
	return false;
}

static bool read_text(const struct value_rule *rule, const char *text, char **out)
{
	bool none = text[0] == '\0';
	if (none ? !rule->optional : !kinds[rule->kind].is_valid(text))
		return false;
	free(*out);
	*out = none ? NULL : sp_strdup(text);
	return true;
}

bool value_read(const struct value_rule *rule, const char *text, void *out)
{
	const struct kind *kind = &kinds[rule->kind];
	if (rule->kind == VALUE_BOOLEAN)
		return read_boolean(text, out);
	if (kind->units == NULL)
		return read_text(rule, text, out);

	int64_t value;
	if (!read_number(kind->units, text, &value) || value < rule->min || value > rule->max)
		return false;
	*(int64_t *)out = value;
	return true;
}

static bool is_text_kind(enum value_kind kind)
{
	return kinds[kind].is_valid != NULL;
}

void value_clear(enum value_kind kind, void *out)
{
	if (!is_text_kind(kind))
		return;
	free(*(char **)out);
	*(char **)out = NULL;
}

bool value_equal(enum value_kind kind, const void *a, const void *b)
{
	if (is_text_kind(kind))
		return sp_text_equal(*(char *const *)a, *(char *const *)b);
	if (kind == VALUE_BOOLEAN)
		return *(const bool *)a == *(const bool *)b;
	return *(const int64_t *)a == *(const int64_t *)b;
}

void value_describe(const struct value_rule *rule, struct sp_buffer *out)
{
	const struct kind *kind = &kinds[rule->kind];
	sp_buffer_add_text(out, kind->needs);
	if (kind->units != NULL) {
		sp_buffer_add_text(out, " from ");
		write_number(kind->units, rule->min, out);
		sp_buffer_add_text(out, " to ");
		write_number(kind->units, rule->max, out);
	}
	if (rule->optional)
		sp_buffer_add_text(out, "; empty means none");
}

const char *value_word(enum value_kind kind)
{
	return kinds[kind].word;
}
