#pragma once
/**
 * One type for the addresses of both families. IPv4 ones lie in ::ffff:0:0/96, where RFC 4291 (2.5.5.2) has them, so that
 * all have one order and one arithmetic. Zero is no address: "::" is nobody's. Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

__extension__ typedef unsigned __int128 ip_number;

struct ip_address {
	ip_number number; /* host byte order */
};

enum {
	IP_TEXT_SIZE = 46, /* an IPv6 address and a NUL */
	IP_BYTES_MAX = 16,
	IPV4_BYTES = 4,
	IPV4_BITS = 32,
	IPV6_BITS = 128,
};

/** Initializer of an IPv4 address, from its number: IPV4(0x7f000001). */
#define IPV4(number)                                                                               \
	{                                                                                          \
		(ip_number)0xffff << IPV4_BITS | (uint32_t)(number)                                \
	}

struct ip_address ip_of_v4(uint32_t number);
bool ip_is_none(struct ip_address address);
bool ip_is_v4(struct ip_address address);
bool ip_is_v6(struct ip_address address); /* "::" too, where it is the beginning of a block */
bool ip_equal(struct ip_address a, struct ip_address b);
/** Less than 0, 0, more than 0: as qsort() wants it. IPv4 lies together. */
int ip_compare(struct ip_address a, struct ip_address b);
/** How many bits an address of its family has: IPV4_BITS, IPV6_BITS. */
int ip_bits(struct ip_address address);
/** AF_INET, AF_INET6. */
int ip_family(struct ip_address address);
/** The @n-th address behind it. */
struct ip_address ip_after(struct ip_address address, ip_number n);
/** The number that a prefix of so many bits leaves free: 255 for an IPv4 /24. @bits: 0 … ip_bits() */
ip_number ip_host_part(struct ip_address address, int bits);

/** "192.0.2.7", "2001:db8::7". False: neither, also IPv4 written as IPv6, and "::", which nobody has. */
bool ip_parse(const char *text, struct ip_address *out);
/** The same where only IPv4 will do. */
bool ip_parse_v4(const char *text, struct ip_address *out);
/** The shortest form (RFC 5952). */
void ip_text(struct ip_address address, char out[IP_TEXT_SIZE]);

/** In network byte order. Returns how many bytes its family has. */
size_t ip_to_bytes(struct ip_address address, uint8_t out[IP_BYTES_MAX]);
/** No address when the length is that of no family. */
struct ip_address ip_of_bytes(const void *bytes, size_t length);

/** @port  in host byte order. Returns the length of what was put there. */
socklen_t ip_sockaddr(struct ip_address address, uint16_t port, struct sockaddr_storage *out);
