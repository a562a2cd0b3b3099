#include "egress/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

bool address_parse(const char *text, uint16_t port, struct address *out)
{
	struct address address = { 0 };
	if (inet_pton(AF_INET, text, &address.at.v4.sin_addr) == 1) {
		address.at.v4.sin_family = AF_INET;
		address.at.v4.sin_port = htons(port);
		address.length = sizeof(address.at.v4);
	} else if (inet_pton(AF_INET6, text, &address.at.v6.sin6_addr) == 1) {
		address.at.v6.sin6_family = AF_INET6;
		address.at.v6.sin6_port = htons(port);
		address.length = sizeof(address.at.v6);
	} else {
		return false;
	}
	*out = address;
	return true;
}

bool address_from_sockaddr(const struct sockaddr *from, uint16_t port, struct address *out)
{
	struct address address = { 0 };
	if (from->sa_family == AF_INET) {
		memcpy(&address.at.v4, from, sizeof(address.at.v4));
		address.at.v4.sin_port = htons(port);
		address.length = sizeof(address.at.v4);
	} else if (from->sa_family == AF_INET6) {
		memcpy(&address.at.v6, from, sizeof(address.at.v6));
		address.at.v6.sin6_port = htons(port);
		address.length = sizeof(address.at.v6);
	} else {
		return false;
	}
	*out = address;
	return true;
}

struct ip_address address_ip(const struct address *address)
{
	return address_family(address) == AF_INET
		       ? ip_of_bytes(&address->at.v4.sin_addr, IPV4_BYTES)
		       : ip_of_bytes(&address->at.v6.sin6_addr, IP_BYTES_MAX);
}

int address_family(const struct address *address)
{
	return address->at.any.sa_family;
}

void addresses_prefer_v6(const struct address *addresses, size_t count, struct address *out)
{
	static const int families[] = { AF_INET6, AF_INET };
	size_t filled = 0;
	for (size_t k = 0; k < SP_COUNT_OF(families); k++)
		for (size_t i = 0; i < count; i++)
			if (address_family(&addresses[i]) == families[k])
				out[filled++] = addresses[i];
}

void address_host_text(const struct address *address, char out[EGRESS_ADDRESS_TEXT_MAX])
{
	static_assert((int)EGRESS_ADDRESS_TEXT_MAX >= INET6_ADDRSTRLEN + 8,
		      "brackets and a port fit");
	const void *bytes = address_family(address) == AF_INET
				    ? (const void *)&address->at.v4.sin_addr
				    : (const void *)&address->at.v6.sin6_addr;
	inet_ntop(address_family(address), bytes, out, EGRESS_ADDRESS_TEXT_MAX);
}

void address_text(const struct address *address, char out[EGRESS_ADDRESS_TEXT_MAX])
{
	char host[EGRESS_ADDRESS_TEXT_MAX];
	address_host_text(address, host);
	if (address_family(address) == AF_INET)
		snprintf(out, EGRESS_ADDRESS_TEXT_MAX, "%.15s:%u", host,
			 ntohs(address->at.v4.sin_port));
	else
		snprintf(out, EGRESS_ADDRESS_TEXT_MAX, "[%.45s]:%u", host,
			 ntohs(address->at.v6.sin6_port));
}

/* IANA's registries of special-purpose addresses: what is not reached over the public internet. */
static const struct {
	uint32_t network;
	int bits;
	const char *kind;
} v4_kinds[] = {
	{ 0x00000000, 8, "an unspecified address" },
	{ 0x0a000000, 8, "a private address" },
	{ 0x64400000, 10, "a private address (shared by a provider's NAT)" },
	{ 0x7f000000, 8, "a loopback address" },
	{ 0xa9fe0000, 16, "a link-local address" },
	{ 0xac100000, 12, "a private address" },
	{ 0xc0000000, 24, "a reserved address" },
	{ 0xc0a80000, 16, "a private address" },
	{ 0xc6120000, 15, "a private address (for benchmarks)" },
	{ 0xe0000000, 4, "a multicast address" },
	{ 0xf0000000, 4, "a reserved address" },
};

static const struct {
	uint8_t network[16];
	int bits;
	const char *kind;
	int inner; /* where the IPv4 address lies that it leads to; 0: none */
} v6_kinds[] = {
	{ { 0 }, 128, "an unspecified address", 0 },
	{ { [15] = 1 }, 128, "a loopback address", 0 },
	{ { [10] = 0xff, 0xff }, 96, "an IPv4 address written as IPv6", 0 },
	{ { 0 }, 96, "a reserved address", 0 },
	{ { 0x00, 0x64, 0xff, 0x9b }, 96, NULL, 12 },
	{ { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48, "a private address", 0 },
	{ { 0x20, 0x02 }, 16, NULL, 2 },
	{ { 0xfc }, 7, "a private address", 0 },
	{ { 0xfe, 0x80 }, 10, "a link-local address", 0 },
	{ { 0xfe, 0xc0 }, 10, "a private address", 0 },
	{ { 0xff }, 8, "a multicast address", 0 },
};

static const char *v4_kind(uint32_t address)
{
	for (size_t i = 0; i < SP_COUNT_OF(v4_kinds); i++)
		if ((address ^ v4_kinds[i].network) >> (32 - v4_kinds[i].bits) == 0)
			return v4_kinds[i].kind;
	return NULL;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, int bits)
{
	int bytes = bits / 8;
	if (memcmp(a, b, (size_t)bytes) != 0)
		return false;
	return bits % 8 == 0 || (a[bytes] ^ b[bytes]) >> (8 - bits % 8) == 0;
}

const char *address_private_kind(const struct address *address)
{
	if (address_family(address) == AF_INET)
		return v4_kind(ntohl(address->at.v4.sin_addr.s_addr));

	const uint8_t *bytes = address->at.v6.sin6_addr.s6_addr;
	for (size_t i = 0; i < SP_COUNT_OF(v6_kinds); i++) {
		if (!same_bits(bytes, v6_kinds[i].network, v6_kinds[i].bits))
			continue;
		if (v6_kinds[i].kind != NULL)
			return v6_kinds[i].kind;
		uint32_t inner;
		memcpy(&inner, bytes + v6_kinds[i].inner, sizeof(inner));
		return v4_kind(ntohl(inner));
	}
	return NULL;
}
