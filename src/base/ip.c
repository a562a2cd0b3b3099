#include "base/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

struct ip_address ip_of_v4(uint32_t number)
{
	return (struct ip_address)IPV4(number);
}

bool ip_is_none(struct ip_address address)
{
	return address.number == 0;
}

bool ip_is_v4(struct ip_address address)
{
	return address.number >> IPV4_BITS == 0xffff;
}

bool ip_is_v6(struct ip_address address)
{
	return !ip_is_v4(address);
}

bool ip_equal(struct ip_address a, struct ip_address b)
{
	return a.number == b.number;
}

int ip_compare(struct ip_address a, struct ip_address b)
{
	return (a.number > b.number) - (a.number < b.number);
}

int ip_bits(struct ip_address address)
{
	return ip_is_v4(address) ? IPV4_BITS : IPV6_BITS;
}

int ip_family(struct ip_address address)
{
	return ip_is_v4(address) ? AF_INET : AF_INET6;
}

struct ip_address ip_after(struct ip_address address, ip_number n)
{
	return (struct ip_address){ address.number + n };
}

ip_number ip_host_part(struct ip_address address, int bits)
{
	int free_bits = ip_bits(address) - bits;
	return free_bits == IPV6_BITS ? ~(ip_number)0 : ((ip_number)1 << free_bits) - 1;
}

size_t ip_to_bytes(struct ip_address address, uint8_t out[IP_BYTES_MAX])
{
	size_t length = ip_is_v4(address) ? IPV4_BYTES : IP_BYTES_MAX;
	ip_number number = address.number;
	for (size_t i = length; i-- > 0; number >>= 8)
		out[i] = (uint8_t)number;
	return length;
}

struct ip_address ip_of_bytes(const void *bytes, size_t length)
{
	struct ip_address address = { length == IPV4_BYTES ? 0xffff : 0 };
	if (length != IPV4_BYTES && length != IP_BYTES_MAX)
		return address;
	for (size_t i = 0; i < length; i++)
		address.number = address.number << 8 | ((const uint8_t *)bytes)[i];
	return address;
}

bool ip_parse(const char *text, struct ip_address *out)
{
	uint8_t bytes[IP_BYTES_MAX];
	struct ip_address address = { 0 };
	if (inet_pton(AF_INET, text, bytes) == 1) {
		*out = ip_of_bytes(bytes, IPV4_BYTES);
		return true;
	}
	if (inet_pton(AF_INET6, text, bytes) == 1)
		address = ip_of_bytes(bytes, sizeof(bytes));
	if (ip_is_none(address) || ip_is_v4(address))
		return false;
	*out = address;
	return true;
}

bool ip_parse_v4(const char *text, struct ip_address *out)
{
	struct ip_address address;
	if (!ip_parse(text, &address) || !ip_is_v4(address))
		return false;
	*out = address;
	return true;
}

void ip_text(struct ip_address address, char out[IP_TEXT_SIZE])
{
	uint8_t bytes[IP_BYTES_MAX];
	ip_to_bytes(address, bytes);
	inet_ntop(ip_family(address), bytes, out, IP_TEXT_SIZE);
}

socklen_t ip_sockaddr(struct ip_address address, uint16_t port, struct sockaddr_storage *out)
{
	*out = (struct sockaddr_storage){ 0 };
	if (ip_is_v4(address)) {
		struct sockaddr_in *v4 = (struct sockaddr_in *)out;
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		v4->sin_addr.s_addr = htonl((uint32_t)address.number);
		return sizeof(*v4);
	}
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	ip_to_bytes(address, v6->sin6_addr.s6_addr);
	return sizeof(*v6);
}
