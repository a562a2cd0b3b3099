#include "network/tag_values.h"

#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "model/network.h"
#include "network/cidr.h"

enum { SERVER_TEXT_MAX = 32, POINT_TO_POINT_BITS = 31 };

static bool parse_server(const char *text, struct name_server *out)
{
	char address[SERVER_TEXT_MAX];
	size_t length = strcspn(text, ":");
	uint64_t port = TAG_SERVER_PORT;
	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	if (text[length] == ':' && !sp_text_to_u64(text + length + 1, 1, UINT16_MAX, &port))
		return false;
	out->port = (uint16_t)port;
	return ip_parse_v4(address, &out->address);
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
