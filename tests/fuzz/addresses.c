/* The texts of the network: blocks, addresses, ports, pools, tag values, URLs of servers. */
#include "fuzz.h"

#include "egress/address.h"
#include "model/connector.h"
#include "network/address_pools.h"
#include "network/cidr.h"
#include "network/port_ranges.h"
#include "network/tag_values.h"

/* What is read, written down and read again is the same. */
static void read_cidr(const char *text)
{
	struct cidr cidr, again;
	bool cleared;
	char written[CIDR_TEXT_SIZE];
	if (!cidr_parse(text, &cidr, &cleared))
		return;
	cidr_text(&cidr, written);
	FUZZ_CHECK(cidr_parse(written, &again, &cleared) && !cleared);
	FUZZ_CHECK(cidr_equal(&cidr, &again));
	FUZZ_CHECK(cidr_covers(&cidr, &again) && cidr_contains(&cidr, cidr.address));
}

static void read_ip(const char *text)
{
	struct ip_address address, again;
	char written[IP_TEXT_SIZE];
	uint8_t bytes[IP_BYTES_MAX];
	if (!ip_parse(text, &address))
		return;
	FUZZ_CHECK(!ip_is_none(address) || ip_is_v4(address));
	ip_text(address, written);
	FUZZ_CHECK(ip_parse(written, &again) && ip_equal(address, again));
	FUZZ_CHECK(ip_equal(address, ip_of_bytes(bytes, ip_to_bytes(address, bytes))));
}

static void read_address(const char *text)
{
	struct address address, again;
	char written[EGRESS_ADDRESS_TEXT_MAX];
	if (!address_parse(text, 22, &address))
		return;
	address_private_kind(&address);
	address_text(&address, written);
	address_host_text(&address, written);
	FUZZ_CHECK(address_parse(written, 22, &again) && address.length == again.length);
}

static void read_ports(const char *text)
{
	struct port_range range, again;
	char written[PORT_RANGE_TEXT_SIZE];
	struct sp_error err = { 0 };
	if (port_range_parse(text, &range, &err) != 0) {
		fuzz_check_error(&err);
		return;
	}
	port_range_text(&range, written);
	FUZZ_CHECK(port_range_parse(written, &again, &err) == 0);
	FUZZ_CHECK(range.from == again.from && range.to == again.to && range.from <= range.to);
}

static void read_pools(const char *text)
{
	static struct address_pools pools;
	struct sp_error err = { 0 };
	if (address_pools_parse(text, &pools, &err) != 0)
		fuzz_check_error(&err);
}

static void read_tags(const char *text)
{
	struct name_server servers[TAG_SERVERS_MAX];
	size_t count;
	struct ip_address address;
	int bits;
	bool flag;
	if (tag_value_servers(text, servers, &count))
		FUZZ_CHECK(count > 0 && count <= TAG_SERVERS_MAX);
	if (tag_value_host_in_network(text, &address, &bits))
		FUZZ_CHECK(bits >= 0 && bits <= 32);
	tag_value_interface(text);
	tag_value_host(text, &address);
	tag_value_flag(text, &flag);
}

static void read_url(const char *text)
{
	SP_AUTO_FREE char *host = NULL;
	uint16_t port = 0;
	if (connector_split_url(text, &host, &port))
		FUZZ_CHECK(host[0] != '\0' && port != 0 && strpbrk(host, "/@?#[] ") == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SP_AUTO_FREE char *text = fuzz_text(data, size);
	read_cidr(text);
	read_ip(text);
	read_address(text);
	read_ports(text);
	read_pools(text);
	read_tags(text);
	read_url(text);
	return 0;
}
