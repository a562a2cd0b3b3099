/**
 * Whether user space and the kernel say the same of security groups, asked of sets of rules that are drawn at random:
 *
 *     verdicts SEED SETS [skewed]
 *
 * Runs in a network namespace of its own, whose default route leads to an interface that swallows everything. The
 * kernel's answer is its own: each probe is a packet, and one that the rules drop fails with EPERM. Many sets are loaded
 * at once, as chains that a packet's mark leads to; their lines are those that sallyport-netd would load.
 *
 * Prints what it did and every disagreement, and ends with 1 when there was one. "skewed": the kernel's ports reach one
 * further than they should, which must be found.
 */

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/scope.h"
#include "base/text.h"
#include "netd/kernel_rules.h"
#include "netd/rules.h"
#include "network/verdict.h"

enum {
	BATCH = 50, /* sets that are loaded at once: more would not fit into a message without privileges */
	RULES_FEW = 12,
	MEMBERS_MAX = 6,
	PROBES_RANDOM = 12,    /* of each set, and … */
	PROBES_PER_RULE = 5,   /* … of each rule as it is spelled out … */
	PROBED_RULES_MAX = 40, /* … of so many */
	PORT_MAX = 65535,
	PROTOCOL_MAX = 255,
	TOLD_MAX = 10,
};

#define SWALLOWED_BY                                                                               \
	0x0afffffe /* 10.255.255.254: where the route leads; a probe's own address is in its header */

#define SWALLOWED_BY_V6 "fd0a::fffe"

/* ---- Drawing ------------------------------------------------------------------------------------------------------ */

/* splitmix64: the same sets for the same seed, on every machine. */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static uint32_t below(uint64_t *state, size_t count)
{
	return (uint32_t)(draw(state) % count);
}

#define ONE_OF(state, array) ((array)[below(state, SP_COUNT_OF(array))])

static struct ip_address draw_v4(uint64_t *state)
{
	static const uint32_t edges[] = { 0,          1,          0x0a000000,
					  0x0a0000ff, 0x7f000001, 0xc0000207,
					  0xe0000001, 0xfffffffe, UINT32_MAX };
	return ip_of_v4(below(state, 3) == 0 ? ONE_OF(state, edges) : (uint32_t)draw(state));
}

/* Never of those that lie where IPv4 is. */
static struct ip_address draw_v6(uint64_t *state)
{
	static const uint16_t heads[] = { 0xfd00, 0xfd01, 0x2001, 0xfe80, 0xffff };
	ip_number low = below(state, 3) == 0 ? below(state, 4) : draw(state);
	ip_number middle = below(state, 3) == 0 ? 0 : draw(state) >> 16;
	return (struct ip_address){ (ip_number)ONE_OF(state, heads) << 112 | middle << 64 | low };
}

static struct ip_address draw_address(uint64_t *state)
{
	return below(state, 2) == 0 ? draw_v4(state) : draw_v6(state);
}

static int draw_port(uint64_t *state)
{
	static const int edges[] = { 0, 1, 22, 443, 1023, 1024, 65534, 65535 };
	return below(state, 4) > 0 ? ONE_OF(state, edges) : (int)below(state, PORT_MAX + 1);
}

static int draw_protocol(uint64_t *state)
{
	static const int likely[] = {
		IPPROTO_TCP,  IPPROTO_TCP,    IPPROTO_TCP,       IPPROTO_UDP,
		IPPROTO_UDP,  IPPROTO_ICMP,   RULE_PROTOCOL_ALL, IPPROTO_ESP,
		IPPROTO_SCTP, IPPROTO_ICMPV6, IPPROTO_IP,        PROTOCOL_MAX
	};
	return below(state, 10) > 0 ? ONE_OF(state, likely) : (int)below(state, PROTOCOL_MAX + 1);
}

/* What a rule of this protocol may say of ports: as requests are checked, nothing else is kept. */
static void draw_ports(uint64_t *state, struct security_rule *rule)
{
	rule->from_port = rule->to_port = RULE_PORT_NONE;
	if (rule->protocol == IPPROTO_TCP || rule->protocol == IPPROTO_UDP) {
		int a = draw_port(state), b = below(state, 2) == 0 ? a : draw_port(state);
		rule->from_port = a < b ? a : b;
		rule->to_port = a < b ? b : a;
	} else if ((rule->protocol == IPPROTO_ICMP || rule->protocol == IPPROTO_ICMPV6) &&
		   below(state, 3) > 0) {
		static const int types[] = { 0, 3, 8, 11, 128, 129, 255 };
		rule->from_port = ONE_OF(state, types);
		rule->to_port = below(state, 2) == 0 ? RULE_PORT_NONE : (int)below(state, 5);
	}
}

static const char *const groups[] = { "sg-a", "sg-b", "sg-empty" };

static char *draw_peer(uint64_t *state, enum rule_peer *out)
{
	static const int widths[] = { 0, 1, 8, 16, 24, 31, 32, 32 };
	if (below(state, 5) == 0) {
		*out = RULE_GROUP;
		return sp_strdup(ONE_OF(state, groups));
	}
	char address[ADDRESS_TEXT_SIZE], text[CIDR_TEXT_SIZE + 4];
	struct cidr cidr;
	struct ip_address place = draw_address(state);
	int least = ip_bits(place) - IPV4_BITS; /* of IPv6: 96 bits more than one of IPv4 has */
	int bits = below(state, 3) > 0 ? ONE_OF(state, widths) : (int)below(state, IPV4_BITS + 1);
	if (bits > 0 && below(state, 2) == 0)
		bits += least;
	ip_text(place, address);
	snprintf(text, sizeof(text), "%s/%d", address, bits);
	if (!cidr_parse(text, &cidr, NULL))
		sp_die("\"%s\" is no block", text);
	cidr_text(&cidr, text);
	*out = cidr_is_v6(&cidr) ? RULE_CIDR6 : RULE_CIDR4;
	return sp_strdup(text);
}

/* A set as an ENI has it: its groups' rules, spelled out. Owned by the caller. */
static struct egress_rule *draw_set(uint64_t *state, size_t *out_count)
{
	struct security_rule rules[GROUP_RULES_MAX] = { 0 };
	struct group_member members[MEMBERS_MAX];
	size_t rule_count = below(state, 100) == 0 ? GROUP_RULES_MAX : below(state, RULES_FEW + 1);
	size_t member_count = below(state, MEMBERS_MAX + 1);
	for (size_t i = 0; i < member_count; i++)
		members[i] = (struct group_member){ groups[below(state, 2)], draw_address(state) };
	for (size_t i = 0; i < rule_count; i++) {
		rules[i].egress = below(state, 10) > 0;
		rules[i].protocol = draw_protocol(state);
		draw_ports(state, &rules[i]);
		rules[i].value = draw_peer(state, &rules[i].peer);
	}
	struct egress_rule *out;
	struct sp_error err = { 0 };
	if (egress_rules_spell_out(rules, rule_count, members, member_count, &out, out_count,
				   &err) != 0)
		sp_die("%s", err.message);
	for (size_t i = 0; i < rule_count; i++)
		security_rule_finish(&rules[i]);
	return out;
}

/* ---- Loading ------------------------------------------------------------------------------------------------------ */

struct batch {
	struct egress_rule *rules[BATCH];
	size_t counts[BATCH];
	size_t size;
};

static void apply(const char *text)
{
	struct sp_error err = { 0 };
	SP_AUTO_FD namespace_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (namespace_fd == -1 || kernel_rules_apply(namespace_fd, text, &err) != 0)
		sp_die("%s", err.message);
}

/* The lines of the chain "output" out of what sallyport-netd would load. */
static void add_lines(const struct egress_rule *rules, size_t count, struct sp_buffer *out)
{
	static const char begin[] = "\tchain output {\n", end[] = "\t}\n";
	SP_AUTO_BUFFER text = { 0 };
	const struct netd_message interface = { .role = NETD_ROLE_GATEWAY,
						.rules = (struct egress_rule *)(uintptr_t)rules,
						.rule_count = (uint32_t)count };
	rules_text(&interface, &(struct cidr){ 0 }, &text);
	const char *from = strstr(sp_buffer_text(&text), begin);
	const char *to = from != NULL ? strstr(from, end) : NULL;
	if (to == NULL)
		sp_die("the rules have no chain \"output\"");
	from += strlen(begin);
	sp_buffer_add(out, from, (size_t)(to - from));
}

/* What must be found out: a port more than the rules let through. */
static void skew(struct egress_rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if ((rules[i].protocol == IPPROTO_TCP || rules[i].protocol == IPPROTO_UDP) &&
		    rules[i].to_port < PORT_MAX)
			rules[i].to_port++;
}

static void load(const struct batch *batch, bool skewed)
{
	SP_AUTO_BUFFER text = { 0 };
	sp_buffer_add_text(&text, "add table inet " RULES_TABLE "\n"
				  "delete table inet " RULES_TABLE "\n"
				  "table inet " RULES_TABLE " {\n");
	for (size_t i = 0; i < batch->size; i++) {
		size_t size = batch->counts[i] * sizeof(struct egress_rule);
		SP_AUTO_FREE struct egress_rule *rules = sp_alloc(size + 1);
		if (size > 0)
			memcpy(rules, batch->rules[i], size);
		if (skewed)
			skew(rules, batch->counts[i]);
		sp_buffer_format(&text, "\tchain set%zu {\n", i);
		add_lines(rules, batch->counts[i], &text);
		sp_buffer_add_text(&text, "\t}\n");
	}
	sp_buffer_add_text(&text, "\tchain output {\n"
				  "\t\ttype filter hook output priority 0; policy drop;\n"
				  "\t\tmeta mark vmap { ");
	for (size_t i = 0; i < batch->size; i++)
		sp_buffer_format(&text, "%s%zu : jump set%zu", i > 0 ? ", " : "", i + 1, i);
	sp_buffer_add_text(&text, " }\n\t}\n}\n");
	apply(sp_buffer_text(&text));
}

/* ---- Probing ------------------------------------------------------------------------------------------------------ */

struct probe {
	int protocol;
	struct ip_address address;
	uint16_t port; /* ICMP: type << 8 | code */
};

/* Sockets whose packets bring their own header, one of each family. */
struct raw {
	int v4, v6;
};

enum { PAYLOAD_SIZE = 20 };

static void fill_payload(const struct probe *probe, uint8_t payload[PAYLOAD_SIZE])
{
	bool begins_with_it = probe->protocol == IPPROTO_ICMP || probe->protocol == IPPROTO_ICMPV6;
	size_t at = begins_with_it ? 0 : 2; /* behind the source port */
	payload[at] = (uint8_t)(probe->port >> 8);
	payload[at + 1] = (uint8_t)probe->port;
	payload[12] = 5 << 4; /* TCP: the header's length */
}

static bool was_sent(ssize_t sent, size_t size)
{
	if (sent == (ssize_t)size)
		return true;
	if (errno != EPERM)
		sp_die("could not send a probe: %s", strerror(errno));
	return false;
}

static bool ask_kernel_v4(int fd, const struct probe *probe)
{
	struct {
		struct iphdr ip;
		uint8_t payload[PAYLOAD_SIZE];
	} packet = {
		.ip = { .version = 4,
			.ihl = 5,
			.ttl = 64,
			.id = htons(1),
			.tot_len = htons(sizeof(packet)),
			.protocol = (uint8_t)probe->protocol,
			.daddr = htonl((uint32_t)probe->address.number) },
	};
	fill_payload(probe, packet.payload);
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(SWALLOWED_BY) };
	return was_sent(
		sendto(fd, &packet, sizeof(packet), 0, (const struct sockaddr *)&to, sizeof(to)),
		sizeof(packet));
}

static bool ask_kernel_v6(int fd, const struct probe *probe)
{
	struct {
		struct ip6_hdr ip;
		uint8_t payload[PAYLOAD_SIZE];
	} packet = {
		.ip = { .ip6_flow = htonl(6u << 28),
			.ip6_plen = htons(PAYLOAD_SIZE),
			.ip6_nxt = (uint8_t)probe->protocol,
			.ip6_hlim = 64 },
	};
	struct sockaddr_storage to;
	struct ip_address swallowed;
	ip_parse(SWALLOWED_BY_V6, &swallowed);
	ip_to_bytes(probe->address, packet.ip.ip6_dst.s6_addr);
	ip_to_bytes(swallowed, packet.ip.ip6_src.s6_addr);
	fill_payload(probe, packet.payload);
	socklen_t length = ip_sockaddr(swallowed, 0, &to);
	return was_sent(
		sendto(fd, &packet, sizeof(packet), 0, (const struct sockaddr *)&to, length),
		sizeof(packet));
}

/* Whether the kernel lets it leave. */
static bool ask_kernel(const struct raw *raw, const struct probe *probe)
{
	return ip_is_v6(probe->address) ? ask_kernel_v6(raw->v6, probe)
					: ask_kernel_v4(raw->v4, probe);
}

/* Inside IPv6 these are no protocols, but headers before one: what comes behind would be the protocol. */
static bool is_extension(int protocol)
{
	static const int extensions[] = { IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT,
					  IPPROTO_AH,      IPPROTO_NONE,    IPPROTO_DSTOPTS };
	for (size_t i = 0; i < SP_COUNT_OF(extensions); i++)
		if (extensions[i] == protocol)
			return true;
	return false;
}

/* What IPv6 cannot do without may always leave, whatever the rules say (netd/rules.h). */
static bool always_leaves(const struct probe *probe)
{
	static const uint8_t types[] = { 2, 133, 135, 136 };
	for (size_t i = 0; i < SP_COUNT_OF(types); i++)
		if (ip_is_v6(probe->address) && probe->protocol == IPPROTO_ICMPV6 &&
		    probe->port >> 8 == types[i])
			return true;
	return false;
}

/* Its neighbour of the same family, around the ends. */
static struct ip_address beside(struct ip_address address, int step)
{
	if (ip_is_v4(address))
		return ip_of_v4((uint32_t)address.number + (uint32_t)step);
	struct ip_address next = { step > 0 ? address.number + 1 : address.number - 1 };
	return ip_is_none(next) || ip_is_v4(next) ? address : next;
}

/* On the edges of one rule, a little inside and a little outside. */
static struct probe draw_probe_at(uint64_t *state, const struct egress_rule *rule)
{
	ip_number host_bits = ip_host_part(rule->to.address, rule->to.bits);
	const struct ip_address first = rule->to.address, last = cidr_last(&rule->to);
	const struct ip_address addresses[] = { first, last,
						ip_after(first, draw(state) & host_bits),
						beside(first, -1), beside(last, 1) };
	const int others[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_ICMPV6 };
	const int ports[] = {
		rule->from_port, rule->to_port, rule->from_port - 1, rule->to_port + 1, 0, PORT_MAX
	};
	struct probe probe = {
		.protocol = rule->protocol == EGRESS_RULE_ANY || below(state, 5) == 0
				    ? ONE_OF(state, others)
				    : rule->protocol,
		.address = ONE_OF(state, addresses),
		.port = (uint16_t)ONE_OF(state, ports),
	};
	if ((probe.protocol == IPPROTO_ICMP || probe.protocol == IPPROTO_ICMPV6) &&
	    below(state, 4) > 0)
		probe.port = (uint16_t)(rule->from_port << 8 |
					(below(state, 2) == 0 ? rule->to_port & 0xff
							      : (int)below(state, 5)));
	return probe;
}

/* What IPv6 needs may always leave, but not inside IPv4. */
static struct probe draw_icmpv6_probe(uint64_t *state)
{
	static const uint8_t types[] = { 2, 133, 135, 136 };
	return (struct probe){
		.protocol = IPPROTO_ICMPV6,
		.address = draw_address(state),
		.port = (uint16_t)(ONE_OF(state, types) << 8),
	};
}

static struct probe draw_probe(uint64_t *state)
{
	int protocol = draw_protocol(state);
	if (protocol == IPPROTO_ICMPV6)
		return draw_icmpv6_probe(state);
	return (struct probe){
		.protocol = protocol == RULE_PROTOCOL_ALL ? IPPROTO_TCP : protocol,
		.address = draw_address(state),
		.port = (uint16_t)draw_port(state),
	};
}

struct count {
	size_t sets, rules, probes, accepted, disagreements;
};

static void compare(const struct raw *raw, const struct probe *probe,
		    const struct egress_rule *rules, size_t rule_count, struct count *count)
{
	if (ip_is_v6(probe->address) && is_extension(probe->protocol))
		return;
	bool ours = always_leaves(probe) || egress_verdict_of(rules, rule_count, probe->protocol,
							      probe->address, probe->port) != NULL;
	bool theirs = ask_kernel(raw, probe);
	count->probes++;
	count->accepted += theirs;
	if (ours == theirs)
		return;
	if (count->disagreements++ >= TOLD_MAX)
		return;
	char address[ADDRESS_TEXT_SIZE];
	SP_AUTO_BUFFER text = { 0 };
	ip_text(probe->address, address);
	add_lines(rules, rule_count, &text);
	printf("set %zu: protocol %d to %s, port %u: user space %s it, the kernel %s it\n%s",
	       count->sets, probe->protocol, address, probe->port, ours ? "lets" : "refuses",
	       theirs ? "lets" : "refuses", sp_buffer_text(&text));
}

static void probe_set(uint64_t *state, const struct raw *raw, const struct egress_rule *rules,
		      size_t rule_count, struct count *count)
{
	for (size_t i = 0; i < PROBES_RANDOM; i++) {
		struct probe probe = draw_probe(state);
		compare(raw, &probe, rules, rule_count, count);
	}
	for (size_t i = 0; i < rule_count && i < PROBED_RULES_MAX; i++) {
		for (size_t j = 0; j < PROBES_PER_RULE; j++) {
			struct probe probe = draw_probe_at(state, &rules[i]);
			compare(raw, &probe, rules, rule_count, count);
		}
	}
	count->sets++;
	count->rules += rule_count;
}

static void run_batch(uint64_t *state, const struct raw *raw, size_t size, bool skewed,
		      struct count *count)
{
	struct batch batch = { .size = size };
	for (size_t i = 0; i < size; i++)
		batch.rules[i] = draw_set(state, &batch.counts[i]);
	load(&batch, skewed);
	for (size_t i = 0; i < size; i++) {
		int mark = (int)i + 1;
		if (setsockopt(raw->v4, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) != 0 ||
		    setsockopt(raw->v6, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) != 0)
			sp_die("could not mark probes: %s", strerror(errno));
		probe_set(state, raw, batch.rules[i], batch.counts[i], count);
		free(batch.rules[i]);
	}
}

int main(int argc, char **argv)
{
	uint64_t state, sets;
	if (argc < 3 || argc > 4 || !sp_text_to_u64(argv[1], 0, UINT64_MAX, &state) ||
	    !sp_text_to_u64(argv[2], 1, 1000000, &sets)) {
		fprintf(stderr, "usage: verdicts SEED SETS [skewed]\n");
		return 2;
	}
	bool skewed = argc == 4 && strcmp(argv[3], "skewed") == 0;
	SP_AUTO_FD v4 = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	SP_AUTO_FD v6 = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	const struct raw raw = { v4, v6 };
	if (v4 == -1 || v6 == -1)
		sp_die("could not open a raw socket: %s", strerror(errno));

	/* A probe is no connection, and the kernel need not remember it as one. */
	apply("table inet untracked { chain output { type filter hook output priority raw; "
	      "notrack; }; }\n");
	struct count count = { 0 };
	while (count.sets < sets) {
		size_t left = sets - count.sets;
		run_batch(&state, &raw, left < BATCH ? left : BATCH, skewed, &count);
	}
	printf("sets %zu rules %zu probes %zu accepted %zu disagreements %zu\n", count.sets,
	       count.rules, count.probes, count.accepted, count.disagreements);
	return count.disagreements > 0;
}
