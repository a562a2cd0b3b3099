#include "network/cidr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/id.h"
#include "base/scope.h"
#include "base/text.h"

enum { ADDRESS_BITS = 32, CANDIDATES_NAMED_MAX = 12 };

/* ---- Text -------------------------------------------------------------------------------------------------------- */

bool ipv4_parse(const char *text, uint32_t *out)
{
	struct in_addr address;
	if (inet_pton(AF_INET, text, &address) != 1)
		return false;
	*out = ntohl(address.s_addr);
	return true;
}

void ipv4_text(uint32_t address, char out[ADDRESS_TEXT_SIZE])
{
	snprintf(out, ADDRESS_TEXT_SIZE, "%u.%u.%u.%u", address >> 24, address >> 16 & 0xff,
		 address >> 8 & 0xff, address & 0xff);
}

static uint32_t mask_of(int bits)
{
	return bits == 0 ? 0 : UINT32_MAX << (ADDRESS_BITS - bits);
}

bool cidr_parse(const char *text, struct cidr *out, bool *out_cleared)
{
	const char *slash = strchr(text, '/');
	if (slash == NULL || slash - text >= ADDRESS_TEXT_SIZE)
		return false;

	char host[ADDRESS_TEXT_SIZE] = "";
	memcpy(host, text, (size_t)(slash - text));
	uint32_t address;
	uint64_t bits;
	if (!ipv4_parse(host, &address) || strlen(slash + 1) > 2 ||
	    !sp_text_to_u64(slash + 1, 0, ADDRESS_BITS, &bits))
		return false;

	out->bits = (int)bits;
	out->address = address & mask_of(out->bits);
	if (out_cleared != NULL)
		*out_cleared = out->address != address;
	return true;
}

void cidr_text(const struct cidr *cidr, char out[CIDR_TEXT_SIZE])
{
	char address[ADDRESS_TEXT_SIZE];
	ipv4_text(cidr->address, address);
	snprintf(out, CIDR_TEXT_SIZE, "%s/%d", address, cidr->bits);
}

/* ---- Blocks ------------------------------------------------------------------------------------------------------ */

bool cidr_contains(const struct cidr *cidr, uint32_t address)
{
	return (address & mask_of(cidr->bits)) == cidr->address;
}

bool cidr_covers(const struct cidr *outer, const struct cidr *inner)
{
	return inner->bits >= outer->bits && cidr_contains(outer, inner->address);
}

bool cidr_overlaps(const struct cidr *a, const struct cidr *b)
{
	return cidr_covers(a, b) || cidr_covers(b, a);
}

static uint64_t cidr_size(const struct cidr *cidr)
{
	return UINT64_C(1) << (ADDRESS_BITS - cidr->bits);
}

uint32_t cidr_usable(const struct cidr *subnet)
{
	uint64_t size = cidr_size(subnet);
	uint64_t reserved = CIDR_RESERVED_FIRST + CIDR_RESERVED_LAST;
	return size > reserved ? (uint32_t)(size - reserved) : 0;
}

/* ---- Drawing ----------------------------------------------------------------------------------------------------- */

/* 0 … count - 1, all equally likely: a number past the last whole multiple of @count is drawn again. */
static uint32_t draw_below(uint32_t count)
{
	uint64_t fair = (UINT64_C(1) << 32) / count * count;
	for (;;) {
		uint32_t drawn;
		sp_random_bytes(&drawn, sizeof(drawn));
		if (drawn < fair)
			return drawn % count;
	}
}

static int compare_addresses(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	return (left > right) - (left < right);
}

/* Those of @addresses that lie in first … last, ascending, each once. Owned by the caller. */
static uint32_t *sort_between(const uint32_t *addresses, size_t count, uint32_t first,
			      uint32_t last, size_t *out_count)
{
	uint32_t *sorted = sp_alloc((count + 1) * sizeof(*sorted));
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (addresses[i] >= first && addresses[i] <= last)
			sorted[kept++] = addresses[i];
	}
	qsort(sorted, kept, sizeof(*sorted), compare_addresses);

	size_t unique = 0;
	for (size_t i = 0; i < kept; i++) {
		if (unique == 0 || sorted[unique - 1] != sorted[i])
			sorted[unique++] = sorted[i];
	}
	*out_count = unique;
	return sorted;
}

int address_draw(const struct cidr *subnet, const uint32_t *taken, size_t taken_count,
		 uint32_t *out, struct sp_error *err)
{
	char text[CIDR_TEXT_SIZE];
	cidr_text(subnet, text);
	uint32_t usable = cidr_usable(subnet);
	if (usable == 0)
		return sp_fail(err, SP_LIMIT, "%s has only addresses that are reserved", text);

	uint32_t first = subnet->address + CIDR_RESERVED_FIRST;
	uint32_t last = first + usable - 1;
	size_t blocked_count;
	SP_AUTO_FREE uint32_t *blocked =
		sort_between(taken, taken_count, first, last, &blocked_count);
	if (blocked_count >= usable)
		return sp_fail(err, SP_LIMIT, "all %u usable addresses of %s are taken", usable,
			       text);

	/* The nth free address: each taken one that is not after it moves it up by one. */
	uint32_t address = first + draw_below(usable - (uint32_t)blocked_count);
	for (size_t i = 0; i < blocked_count && blocked[i] <= address; i++)
		address++;
	*out = address;
	return 0;
}

static int refuse_candidates(const char *subnet, const uint32_t *candidates, size_t count,
			     struct sp_error *err)
{
	if (count == 0)
		return sp_fail(err, SP_LIMIT, "this host owns no address in %s", subnet);

	SP_AUTO_BUFFER list = { 0 };
	for (size_t i = 0; i < count && i < CANDIDATES_NAMED_MAX; i++) {
		char text[ADDRESS_TEXT_SIZE];
		ipv4_text(candidates[i], text);
		sp_buffer_format(&list, "%s%s", i > 0 ? ", " : "", text);
	}
	if (count > CANDIDATES_NAMED_MAX)
		sp_buffer_format(&list, " and %zu more", count - CANDIDATES_NAMED_MAX);
	return sp_fail(err, SP_LIMIT, "every address that this host owns in %s is taken: %s",
		       subnet, sp_buffer_text(&list));
}

int address_draw_among(const struct cidr *subnet, const uint32_t *candidates,
		       size_t candidate_count, const uint32_t *taken, size_t taken_count,
		       uint32_t *out, struct sp_error *err)
{
	uint32_t first = subnet->address, last = first | ~mask_of(subnet->bits);
	size_t owned_count, blocked_count;
	SP_AUTO_FREE uint32_t *owned =
		sort_between(candidates, candidate_count, first, last, &owned_count);
	SP_AUTO_FREE uint32_t *blocked =
		sort_between(taken, taken_count, first, last, &blocked_count);

	SP_AUTO_FREE uint32_t *left = sp_alloc((owned_count + 1) * sizeof(*left));
	size_t left_count = 0;
	for (size_t i = 0; i < owned_count; i++) {
		if (bsearch(&owned[i], blocked, blocked_count, sizeof(*blocked),
			    compare_addresses) == NULL)
			left[left_count++] = owned[i];
	}
	if (left_count == 0) {
		char text[CIDR_TEXT_SIZE];
		cidr_text(subnet, text);
		return refuse_candidates(text, owned, owned_count, err);
	}
	*out = left[draw_below((uint32_t)left_count)];
	return 0;
}

void mac_draw(char out[MAC_TEXT_SIZE])
{
	uint8_t b[5];
	sp_random_bytes(b, sizeof(b));
	snprintf(out, MAC_TEXT_SIZE, "02:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4]);
}
