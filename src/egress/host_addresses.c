#include "egress/host_addresses.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "base/scope.h"

enum { DESCRIBED_MAX = 8 /* of this host, that a sentence lists */ };

static int bits_of(uint32_t mask)
{
	return mask == 0 ? 0 : IPV4_BITS - __builtin_ctz(mask);
}

/* A name may be a label of ours, "eth0:1": the kernel knows the interface by what stands before. */
static struct host_address address_of(const struct ifaddrs *entry)
{
	struct sockaddr_in at, mask = { .sin_addr.s_addr = INADDR_NONE };
	memcpy(&at, entry->ifa_addr, sizeof(at));
	if (entry->ifa_netmask != NULL)
		memcpy(&mask, entry->ifa_netmask, sizeof(mask));
	struct host_address found = { .address = ip_of_bytes(&at.sin_addr, IPV4_BYTES),
				      .is_loopback = (entry->ifa_flags & IFF_LOOPBACK) != 0 };
	int bits = bits_of(ntohl(mask.sin_addr.s_addr));
	found.network.address.number = found.address.number & ~ip_host_part(found.address, bits);
	found.network.bits = bits;
	size_t length = strcspn(entry->ifa_name, ":");
	memcpy(found.interface, entry->ifa_name, length < IF_NAMESIZE ? length : IF_NAMESIZE - 1);
	return found;
}

int host_addresses_list(struct host_address **out, size_t *out_count, struct sp_error *err)
{
	struct ifaddrs *entries = NULL;
	if (getifaddrs(&entries) == -1)
		return sp_fail_errno(err, "could not list the addresses of this host");
	struct host_address *list = sp_alloc(HOST_ADDRESSES_MAX * sizeof(*list));
	size_t count = 0;
	for (struct ifaddrs *at = entries; at != NULL && count < HOST_ADDRESSES_MAX;
	     at = at->ifa_next)
		if (at->ifa_addr != NULL && at->ifa_addr->sa_family == AF_INET)
			list[count++] = address_of(at);
	freeifaddrs(entries);
	*out = list;
	*out_count = count;
	return 0;
}

/* The block in which the kernel owns every address; the first and the last one of it are no addresses of anybody. */
static bool is_owned_block(const struct host_address *entry)
{
	return entry->is_loopback && entry->network.bits < 31;
}

static bool owns(const struct host_address *entry, struct ip_address address)
{
	if (ip_equal(entry->address, address) || !is_owned_block(entry))
		return ip_equal(entry->address, address);
	return cidr_contains(&entry->network, address) &&
	       !ip_equal(address, entry->network.address) &&
	       !ip_equal(address, cidr_last(&entry->network));
}

static bool is_listed(const struct ip_address *list, size_t count, struct ip_address address)
{
	for (size_t i = 0; i < count; i++)
		if (ip_equal(list[i], address))
			return true;
	return false;
}

/* Those of one entry. @list has room for HOST_CANDIDATES_MAX. */
static size_t add_candidates(const struct host_address *entry, const struct cidr *subnet,
			     struct ip_address *list, size_t count)
{
	struct ip_address from = entry->address;
	ip_number number = 1;
	if (is_owned_block(entry) && cidr_overlaps(&entry->network, subnet)) {
		const struct cidr *smaller =
			entry->network.bits > subnet->bits ? &entry->network : subnet;
		from = smaller->address;
		number = ip_host_part(from, smaller->bits) + 1;
	}
	for (ip_number i = 0; i < number && count < HOST_CANDIDATES_MAX; i++) {
		struct ip_address address = ip_after(from, i);
		/* Within one entry nothing repeats: only a lone address can be there already. */
		if (owns(entry, address) && cidr_contains(subnet, address) &&
		    (number > 1 || !is_listed(list, count, address)))
			list[count++] = address;
	}
	return count;
}

int host_addresses_in(const struct cidr *subnet, struct ip_address **out, size_t *out_count,
		      struct sp_error *err)
{
	SP_AUTO_FREE struct host_address *owned = NULL;
	size_t owned_count;
	if (host_addresses_list(&owned, &owned_count, err) != 0)
		return -1;
	struct ip_address *list = sp_alloc(HOST_CANDIDATES_MAX * sizeof(*list));
	size_t count = 0;
	/* Blocks first: what they bring is not looked up among what is there. */
	for (size_t i = 0; i < owned_count; i++)
		if (is_owned_block(&owned[i]))
			count = add_candidates(&owned[i], subnet, list, count);
	for (size_t i = 0; i < owned_count; i++)
		if (!is_owned_block(&owned[i]))
			count = add_candidates(&owned[i], subnet, list, count);
	*out = list;
	*out_count = count;
	return 0;
}

/* The interface that has the very address comes before the one that has all of its network. */
static const struct host_address *find_owner(const struct host_address *list, size_t count,
					     struct ip_address address)
{
	for (size_t i = 0; i < count; i++)
		if (ip_equal(list[i].address, address))
			return &list[i];
	for (size_t i = 0; i < count; i++)
		if (owns(&list[i], address))
			return &list[i];
	return NULL;
}

bool host_addresses_own(const struct host_address *list, size_t count, struct ip_address address)
{
	return find_owner(list, count, address) != NULL;
}

int host_addresses_interface(struct ip_address address, char out[IF_NAMESIZE], struct sp_error *err)
{
	SP_AUTO_FREE struct host_address *list = NULL;
	size_t count;
	if (host_addresses_list(&list, &count, err) != 0)
		return -1;
	const struct host_address *found = find_owner(list, count, address);
	if (found != NULL) {
		memcpy(out, found->interface, IF_NAMESIZE);
		return 0;
	}
	char text[ADDRESS_TEXT_SIZE];
	ip_text(address, text);
	SP_AUTO_BUFFER there = { 0 };
	host_addresses_describe(&there);
	return sp_fail(err, SP_NOT_FOUND,
		       "could not leave from %s: this host does not have it; it has %s", text,
		       sp_buffer_text(&there));
}

int host_addresses_check_reach(struct ip_address from, struct ip_address to, struct sp_error *err)
{
	const struct cidr loopback = { IPV4(INADDR_LOOPBACK & 0xff000000), 8 };
	char from_text[ADDRESS_TEXT_SIZE], to_text[ADDRESS_TEXT_SIZE], interface[IF_NAMESIZE];
	ip_text(from, from_text);
	ip_text(to, to_text);
	bool leaves_loopback = cidr_contains(&loopback, from);
	if (leaves_loopback && host_addresses_interface(to, interface, NULL) != 0)
		return sp_fail(err, SP_UNREACHABLE,
			       "cannot reach %s from %s: from a loopback address only this host's "
			       "own addresses can be reached",
			       to_text, from_text);
	if (!leaves_loopback && cidr_contains(&loopback, to))
		return sp_fail(err, SP_UNREACHABLE,
			       "cannot reach %s from %s: loopback addresses can be reached from "
			       "loopback addresses only",
			       to_text, from_text);
	return 0;
}

void host_addresses_describe(struct sp_buffer *out)
{
	SP_AUTO_FREE struct host_address *list = NULL;
	size_t count;
	if (host_addresses_list(&list, &count, NULL) != 0)
		count = 0;
	if (count == 0)
		sp_buffer_add_text(out, "no addresses");
	for (size_t i = 0; i < count && i < DESCRIBED_MAX; i++) {
		char text[ADDRESS_TEXT_SIZE];
		ip_text(list[i].address, text);
		sp_buffer_format(out, "%s%s (%s)", i > 0 ? ", " : "", text, list[i].interface);
	}
	if (count > DESCRIBED_MAX)
		sp_buffer_format(out, " and %zu more", count - DESCRIBED_MAX);
}
