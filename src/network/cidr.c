#include "network/cidr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/id.h"
#include "base/scope.h"
#include "base/text.h"

enum { CANDIDATES_NAMED_MAX = 12, BITS_TEXT_MAX_V4 = 2, BITS_TEXT_MAX_V6 = 3 };

/* ---- Text -------------------------------------------------------------------------------------------------------- */

bool cidr_parse(const char *text, struct cidr *out, bool *out_cleared)
{
	const char *slash = strchr(text, '/');
	if (slash == NULL || slash - text >= ADDRESS_TEXT_SIZE)
		return false;

	char host[ADDRESS_TEXT_SIZE] = "";
	memcpy(host, text, (size_t)(slash - text));
	struct ip_address address = { 0 };
	uint64_t bits;
	/* "::" is nobody's address, and yet where a block may begin. */
	if ((!ip_parse(host, &address) && strcmp(host, "::") != 0) ||
	    strlen(slash + 1) > (ip_is_v4(address) ? BITS_TEXT_MAX_V4 : BITS_TEXT_MAX_V6) ||
	    !sp_text_to_u64(slash + 1, 0, (uint64_t)ip_bits(address), &bits))
		return false;

	out->bits = (int)bits;
	out->address.number = address.number & ~ip_host_part(address, out->bits);
	if (out_cleared != NULL)
		*out_cleared = !ip_equal(out->address, address);
	return true;
}

static bool parse_family(const char *text, bool is_v6, struct cidr *out)
{
	struct cidr cidr;
	if (!cidr_parse(text, &cidr, NULL) || cidr_is_v6(&cidr) != is_v6)
		return false;
	*out = cidr;
	return true;
}

bool cidr_parse_v4(const char *text, struct cidr *out)
{
	return parse_family(text, false, out);
}

bool cidr_parse_v6(const char *text, struct cidr *out)
{
	return parse_family(text, true, out);
}

bool cidr_parse_optional(const char *text, struct cidr *out)
{
	*out = (struct cidr){ 0 };
	return text[0] == '\0' || cidr_parse(text, out, NULL);
}

bool cidr_is_none(const struct cidr *cidr)
{
	return ip_is_none(cidr->address) && cidr->bits == 0;
}

void cidr_text(const struct cidr *cidr, char out[CIDR_TEXT_SIZE])
{
	char address[ADDRESS_TEXT_SIZE];
	ip_text(cidr->address, address);
	snprintf(out, CIDR_TEXT_SIZE, "%s/%d", address, cidr->bits);
}

/* ---- Blocks ------------------------------------------------------------------------------------------------------ */

const struct cidr cidr_all_v4 = { IPV4(0), 0 };
const struct cidr cidr_all_v6 = { { 0 }, 0 };

bool cidr_is_v6(const struct cidr *cidr)
{
	return ip_is_v6(cidr->address);
}

struct ip_address cidr_last(const struct cidr *cidr)
{
	return ip_after(cidr->address, ip_host_part(cidr->address, cidr->bits));
}

bool cidr_contains(const struct cidr *cidr, struct ip_address address)
{
	return ip_is_v4(address) == ip_is_v4(cidr->address) &&
	       (address.number & ~ip_host_part(address, cidr->bits)) == cidr->address.number;
}

bool cidr_equal(const struct cidr *a, const struct cidr *b)
{
	return ip_equal(a->address, b->address) && a->bits == b->bits;
}

bool cidr_covers(const struct cidr *outer, const struct cidr *inner)
{
	return inner->bits >= outer->bits && cidr_contains(outer, inner->address);
}

bool cidr_overlaps(const struct cidr *a, const struct cidr *b)
{
	return cidr_covers(a, b) || cidr_covers(b, a);
}

ip_number cidr_usable(const struct cidr *subnet)
{
	/* All but one: of "::/0" the sum would be no number any more. */
	ip_number most = ip_host_part(subnet->address, subnet->bits);
	ip_number reserved = CIDR_RESERVED_FIRST + CIDR_RESERVED_LAST;
	return most >= reserved ? most - reserved + 1 : 0;
}

/* ---- Drawing ----------------------------------------------------------------------------------------------------- */

/* 0 … count - 1, all equally likely: a number past the last whole multiple of @count is drawn again. */
static ip_number draw_below(ip_number count)
{
	ip_number unfair =
		~(ip_number)0 % count; /* the last whole multiple ends so far before the end */
	for (;;) {
		ip_number drawn;
		sp_random_bytes(&drawn, sizeof(drawn));
		if (drawn < ~(ip_number)0 - unfair)
			return drawn % count;
	}
}

static int compare_addresses(const void *a, const void *b)
{
	return ip_compare(*(const struct ip_address *)a, *(const struct ip_address *)b);
}

/* Those of @addresses that lie in first … last, ascending, each once. Owned by the caller. */
static struct ip_address *sort_between(const struct ip_address *addresses, size_t count,
				       struct ip_address first, struct ip_address last,
				       size_t *out_count)
{
	struct ip_address *sorted = sp_alloc((count + 1) * sizeof(*sorted));
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (ip_compare(addresses[i], first) >= 0 && ip_compare(addresses[i], last) <= 0)
			sorted[kept++] = addresses[i];
	}
	qsort(sorted, kept, sizeof(*sorted), compare_addresses);

	size_t unique = 0;
	for (size_t i = 0; i < kept; i++) {
		if (unique == 0 || !ip_equal(sorted[unique - 1], sorted[i]))
			sorted[unique++] = sorted[i];
	}
	*out_count = unique;
	return sorted;
}

int address_draw(const struct cidr *subnet, const struct ip_address *taken, size_t taken_count,
		 struct ip_address *out, struct sp_error *err)
{
	char text[CIDR_TEXT_SIZE];
	cidr_text(subnet, text);
	ip_number usable = cidr_usable(subnet);
	if (usable == 0)
		return sp_fail(err, SP_LIMIT, "%s has only addresses that are reserved", text);

	struct ip_address first = ip_after(subnet->address, CIDR_RESERVED_FIRST);
	struct ip_address last = ip_after(first, usable - 1);
	size_t blocked_count;
	SP_AUTO_FREE struct ip_address *blocked =
		sort_between(taken, taken_count, first, last, &blocked_count);
	if (blocked_count >= usable)
		return sp_fail(err, SP_LIMIT, "all %zu usable addresses of %s are taken",
			       blocked_count, text);

	/* The nth free address: each taken one that is not after it moves it up by one. */
	struct ip_address address = ip_after(first, draw_below(usable - blocked_count));
	for (size_t i = 0; i < blocked_count && ip_compare(blocked[i], address) <= 0; i++)
		address = ip_after(address, 1);
	*out = address;
	return 0;
}

static int refuse_candidates(const char *subnet, const struct ip_address *candidates, size_t count,
			     struct sp_error *err)
{
	if (count == 0)
		return sp_fail(err, SP_LIMIT, "this host owns no address in %s", subnet);

	SP_AUTO_BUFFER list = { 0 };
	for (size_t i = 0; i < count && i < CANDIDATES_NAMED_MAX; i++) {
		char text[ADDRESS_TEXT_SIZE];
		ip_text(candidates[i], text);
		sp_buffer_format(&list, "%s%s", i > 0 ? ", " : "", text);
	}
	if (count > CANDIDATES_NAMED_MAX)
		sp_buffer_format(&list, " and %zu more", count - CANDIDATES_NAMED_MAX);
	return sp_fail(err, SP_LIMIT, "every address that this host owns in %s is taken: %s",
		       subnet, sp_buffer_text(&list));
}

int address_draw_among(const struct cidr *subnet, const struct ip_address *candidates,
		       size_t candidate_count, const struct ip_address *taken, size_t taken_count,
		       struct ip_address *out, struct sp_error *err)
{
	struct ip_address first = subnet->address, last = cidr_last(subnet);
	size_t owned_count, blocked_count;
	SP_AUTO_FREE struct ip_address *owned =
		sort_between(candidates, candidate_count, first, last, &owned_count);
	SP_AUTO_FREE struct ip_address *blocked =
		sort_between(taken, taken_count, first, last, &blocked_count);

	SP_AUTO_FREE struct ip_address *left = sp_alloc((owned_count + 1) * sizeof(*left));
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
	*out = left[draw_below(left_count)];
	return 0;
}

void mac_draw(char out[MAC_TEXT_SIZE])
{
	uint8_t b[5];
	sp_random_bytes(b, sizeof(b));
	snprintf(out, MAC_TEXT_SIZE, "02:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4]);
}
