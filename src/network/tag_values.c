#include "network/tag_values.h"

#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "model/network.h"
#include "network/cidr.h"

enum { POINT_TO_POINT_BITS = 31 };

static bool parse_server(const char *text, struct name_server *out)
{
	char address[ADDRESS_TEXT_SIZE];
	uint64_t port = TAG_SERVER_PORT;
	out->port = TAG_SERVER_PORT;
	if (ip_parse(text, &out->address))
		return true;
	/* A port stands behind a colon; one of IPv6 has colons itself, and brackets then. */
	bool has_brackets = text[0] == '[';
	const char *begin = text + has_brackets;
	size_t length = strcspn(begin, has_brackets ? "]" : ":");
	const char *end = begin + length + (has_brackets && begin[length] == ']');
	if (length >= sizeof(address) || *end != ':' ||
	    !sp_text_to_u64(end + 1, 1, UINT16_MAX, &port))
		return false;
	memcpy(address, begin, length);
	address[length] = '\0';
	out->port = (uint16_t)port;
	return ip_parse(address, &out->address) && ip_is_v6(out->address) == has_brackets;
}

bool tag_value_servers(const char *text, struct name_server out[TAG_SERVERS_MAX], size_t *out_count)
{
	SP_AUTO_FREE char *list = sp_strdup(text);
	char *rest = list, *word;
	size_t count = 0;
	while ((word = strsep(&rest, ", ")) != NULL) {
		if (word[0] == '\0')
			continue;
		if (count == TAG_SERVERS_MAX || !parse_server(word, &out[count]))
			return false;
		count++;
	}
	*out_count = count;
	return count > 0;
}

bool tag_value_routers(const char *text, const struct cidr *cidr, const struct cidr *cidr6,
		       struct tag_routers *out)
{
	SP_AUTO_FREE char *list = sp_strdup(text);
	char *rest = list, *word;
	struct tag_routers routers = { 0 };
	while ((word = strsep(&rest, ", ")) != NULL) {
		struct ip_address address;
		if (word[0] == '\0')
			continue;
		if (!ip_parse(word, &address))
			return false;
		const struct cidr *block = ip_is_v6(address) ? cidr6 : cidr;
		struct ip_address *place = ip_is_v6(address) ? &routers.v6 : &routers.v4;
		if (!ip_is_none(*place) || cidr_is_none(block) || !cidr_contains(block, address))
			return false;
		*place = address;
	}
	*out = routers;
	return !ip_is_none(routers.v4) || !ip_is_none(routers.v6);
}

bool tag_value_interface(const char *text)
{
	size_t length = strlen(text);
	return length > 0 && length < INTERFACE_NAME_SIZE && strcmp(text, ".") != 0 &&
	       strcmp(text, "..") != 0 && strpbrk(text, "/: \t\n\v\f\r") == NULL;
}

/* What no machine answers to: this network, loopback, multicast and beyond. */
static const char *const nobodys[] = { "0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3" };

bool tag_value_host(const char *text, struct ip_address *out)
{
	struct ip_address address;
	if (!ip_parse_v4(text, &address))
		return false;
	for (size_t i = 0; i < SP_COUNT_OF(nobodys); i++) {
		struct cidr block;
		if (cidr_parse(nobodys[i], &block, NULL) && cidr_contains(&block, address))
			return false;
	}
	*out = address;
	return true;
}

bool tag_value_host_in_network(const char *text, struct ip_address *out, int *out_bits)
{
	const char *slash = strchr(text, '/');
	char host[ADDRESS_TEXT_SIZE] = "";
	struct cidr block;
	struct ip_address address;
	if (slash == NULL || slash - text >= ADDRESS_TEXT_SIZE || !cidr_parse(text, &block, NULL))
		return false;
	memcpy(host, text, (size_t)(slash - text));
	if (!tag_value_host(host, &address))
		return false;
	if (block.bits == 0)
		return false;
	if (block.bits < POINT_TO_POINT_BITS &&
	    (ip_equal(address, block.address) || ip_equal(address, cidr_last(&block))))
		return false;
	*out = address;
	*out_bits = block.bits;
	return true;
}

bool tag_value_flag(const char *text, bool *out)
{
	*out = strcmp(text, "yes") == 0;
	return *out || strcmp(text, "no") == 0;
}
