#include "ipc/netd_message.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/scope.h"
#include "base/text.h"
#include "ipc/channel.h"
#include "ipc/sentence.h"

/* ---- what there is to say -------------------------------------------------------------------------------------- */

enum field_type {
	NUMBER,   /* at most @max */
	FLAG,     /* 0 or 1 */
	WORD,     /* text in an array of the struct, at most @max bytes, maybe empty */
	NAME,     /* the same, never empty */
	SENTENCE, /* text, at most @max bytes, UTF-8 whatever was given */
	CIDR,
	SERVERS,
	RULES,
};

enum field {
	FIELD_END,
	REQUEST,
	VERSION,
	HAS_UPLINKS,
	OWNER,
	ID,
	PARENT,
	BLOCK,
	UPLINK,
	ROUTER,
	ADDRESS,
	MAC,
	NAME_SERVERS,
	EGRESS,
	STREAMS,
	DATAGRAMS,
	CODE,
	WORDS,
	FIELD_COUNT,
};

/* clang-format off */
#define AT(member) #member, offsetof(struct netd_message, member)

static const struct {
	const char *name;
	size_t offset;
	enum field_type type;
	uint32_t max;
} fields[FIELD_COUNT] = {
	[REQUEST]      = { AT(request),     NUMBER,   UINT32_MAX },
	[VERSION]      = { AT(version),     NUMBER,   UINT32_MAX },
	[HAS_UPLINKS]  = { AT(has_uplinks), FLAG,     1 },
	[OWNER]        = { AT(owner),       NAME,     NETD_OWNER_SIZE - 1 },
	[ID]           = { AT(id),          NAME,     NETWORK_ID_SIZE - 1 },
	[PARENT]       = { AT(parent),      NAME,     NETWORK_ID_SIZE - 1 },
	[BLOCK]        = { AT(cidr),        CIDR,     32 },
	[UPLINK]       = { AT(uplink),      WORD,     INTERFACE_NAME_SIZE - 1 },
	[ROUTER]       = { AT(router),      NUMBER,   UINT32_MAX },
	[ADDRESS]      = { AT(address),     NUMBER,   UINT32_MAX },
	[MAC]          = { AT(mac),         NAME,     MAC_TEXT_SIZE - 1 },
	[NAME_SERVERS] = { AT(servers),     SERVERS,  NETD_SERVERS_MAX },
	[EGRESS]       = { AT(rules),       RULES,    EGRESS_RULES_MAX },
	[STREAMS]      = { AT(streams),     NUMBER,   NETD_SOCKETS_MAX },
	[DATAGRAMS]    = { AT(datagrams),   NUMBER,   NETD_SOCKETS_MAX },
	[CODE]         = { AT(code),        NUMBER,   SP_INTERNAL },
	[WORDS]        = { AT(text),        SENTENCE, NETD_TEXT_MAX },
};

static const struct kind {
	enum netd_kind kind;
	const char *name;
	enum field fields[8]; /* in the order of the wire, up to FIELD_END */
} kinds[] = {
	{ NETD_OWNER,   "OWNER",   { REQUEST, OWNER } },
	{ NETD_BEGIN,   "BEGIN",   { REQUEST } },
	{ NETD_VPC,     "VPC",     { REQUEST, ID, BLOCK } },
	{ NETD_SUBNET,  "SUBNET",  { REQUEST, ID, PARENT, BLOCK, UPLINK, ROUTER } },
	{ NETD_ENI,     "ENI",     { REQUEST, ID, PARENT, ADDRESS, MAC, NAME_SERVERS, EGRESS } },
	{ NETD_END,     "END",     { REQUEST } },
	{ NETD_REMOVE,  "REMOVE",  { REQUEST, ID } },
	{ NETD_OPEN,    "OPEN",    { REQUEST, ID, STREAMS, DATAGRAMS } },
	{ NETD_HELLO,   "HELLO",   { VERSION, HAS_UPLINKS, WORDS } },
	{ NETD_DONE,    "DONE",    { REQUEST } },
	{ NETD_FAILED,  "FAILED",  { REQUEST, CODE, WORDS } },
	{ NETD_SOCKETS, "SOCKETS", { REQUEST, STREAMS, DATAGRAMS } },
};
/* clang-format on */

enum {
	PORT_NONE = 0x10000, /* "any" in place of a port, a type or a code */
	PROTOCOL_ANY = 0x100,
	PROTOCOL_MAX = 255,
	/* protocol 2, from 4, to 4, address 4, bits 1: EGRESS_RULES_MAX of them and all else fit one message */
	RULE_WIRE_SIZE = 15,
};
static_assert((int)NETD_SOCKETS_MAX <= (int)IPC_FDS_MAX, "the sockets of an OPEN are one message");
static_assert(EGRESS_RULES_MAX * RULE_WIRE_SIZE + 512 <= IPC_MESSAGE_MAX, "an ENI is one message");

static const struct kind *find_kind(unsigned number)
{
	for (size_t i = 0; i < SP_COUNT_OF(kinds); i++)
		if ((unsigned)kinds[i].kind == number)
			return &kinds[i];
	return NULL;
}

static void *member(const struct netd_message *message, enum field field)
{
	return (char *)(uintptr_t)message + fields[field].offset;
}

/* ---- out ------------------------------------------------------------------------------------------------------- */

static void write_u16(struct sp_writer *writer, uint32_t value)
{
	sp_write_u8(writer, (uint8_t)(value >> 8));
	sp_write_u8(writer, (uint8_t)value);
}

static void write_cidr(struct sp_writer *writer, const struct cidr *cidr)
{
	sp_write_u32(writer, cidr->address);
	sp_write_u8(writer, (uint8_t)cidr->bits);
}

static void write_port(struct sp_writer *writer, int32_t port)
{
	sp_write_u32(writer, port == EGRESS_RULE_ANY ? PORT_NONE : (uint32_t)port);
}

static void write_servers(struct sp_writer *writer, const struct netd_message *message)
{
	sp_write_u32(writer, message->server_count);
	for (uint32_t i = 0; i < message->server_count; i++) {
		sp_write_u32(writer, message->servers[i].address);
		sp_write_u32(writer, message->servers[i].port);
	}
}

static void write_rules(struct sp_writer *writer, const struct netd_message *message)
{
	sp_write_u32(writer, message->rule_count);
	for (uint32_t i = 0; i < message->rule_count; i++) {
		const struct egress_rule *rule = &message->rules[i];
		write_u16(writer, rule->protocol == EGRESS_RULE_ANY ? PROTOCOL_ANY
								    : (uint32_t)rule->protocol);
		write_port(writer, rule->from_port);
		write_port(writer, rule->to_port);
		write_cidr(writer, &rule->to);
	}
}

static int check_length(enum field field, const struct netd_message *message, struct sp_error *err)
{
	size_t length = 0;
	const char *unit = "bytes";
	switch (fields[field].type) {
	case SENTENCE: {
		const char *text = *(char *const *)member(message, field);
		length = text == NULL ? 0 : strlen(text);
		break;
	}
	case WORD:
	case NAME:
		length = strnlen(member(message, field), fields[field].max + 1);
		break;
	case SERVERS:
		length = message->server_count;
		unit = "entries";
		break;
	case RULES:
		length = message->rule_count;
		unit = "entries";
		break;
	case NUMBER:
	case FLAG:
	case CIDR:
		return 0;
	}
	if (length > fields[field].max)
		return sp_fail(err, SP_LIMIT, "cannot send %s of %zu %s: %u are the limit",
			       fields[field].name, length, unit, fields[field].max);
	return 0;
}

static void write_field(struct sp_writer *writer, const struct netd_message *message,
			enum field field)
{
	const void *value = member(message, field);
	switch (fields[field].type) {
	case NUMBER:
		sp_write_u32(writer, *(const uint32_t *)value);
		break;
	case FLAG:
		sp_write_u8(writer, *(const bool *)value);
		break;
	case WORD:
	case NAME:
		sp_write_text(writer, value);
		break;
	case SENTENCE:
		sentence_write(writer, *(char *const *)value);
		break;
	case CIDR:
		write_cidr(writer, value);
		break;
	case SERVERS:
		write_servers(writer, message);
		break;
	case RULES:
		write_rules(writer, message);
		break;
	}
}

int netd_message_encode(const struct netd_message *message, void *out, size_t *out_length,
			struct sp_error *err)
{
	const struct kind *kind = find_kind(message->kind);
	assert(kind != NULL);

	struct sp_writer writer = sp_writer_of(out, IPC_MESSAGE_MAX);
	sp_write_u8(&writer, (uint8_t)kind->kind);
	for (const enum field *field = kind->fields; *field != FIELD_END; field++) {
		if (check_length(*field, message, err) != 0)
			return -1;
		write_field(&writer, message, *field);
	}
	assert(!writer.failed); /* the limits of the fields see to it */
	*out_length = sp_writer_length(&writer);
	return 0;
}

/* ---- in -------------------------------------------------------------------------------------------------------- */

/* A number that may be at most @max; more spoils the message. */
static uint32_t read_at_most(struct sp_reader *reader, uint32_t max)
{
	uint32_t number = sp_read_u32(reader);
	if (number > max)
		reader->failed = true;
	return reader->failed ? 0 : number;
}

static uint16_t read_u16(struct sp_reader *reader)
{
	unsigned high = sp_read_u8(reader);
	return (uint16_t)(high << 8 | sp_read_u8(reader));
}

static struct cidr read_cidr(struct sp_reader *reader)
{
	struct cidr cidr = { .address = sp_read_u32(reader) };
	cidr.bits = sp_read_u8(reader);
	uint32_t host_bits = cidr.bits >= 32 ? 0 : UINT32_MAX >> cidr.bits;
	if (cidr.bits > 32 || (cidr.address & host_bits) != 0)
		reader->failed = true;
	return cidr;
}

static int32_t read_port(struct sp_reader *reader)
{
	uint32_t port = read_at_most(reader, PORT_NONE);
	return port == PORT_NONE ? EGRESS_RULE_ANY : (int32_t)port;
}

static struct egress_rule read_rule(struct sp_reader *reader)
{
	struct egress_rule rule = { 0 };
	unsigned protocol = read_u16(reader);
	if (protocol > PROTOCOL_ANY)
		reader->failed = true;
	rule.protocol = protocol > PROTOCOL_MAX ? EGRESS_RULE_ANY : (int16_t)protocol;
	rule.from_port = read_port(reader);
	rule.to_port = read_port(reader);
	rule.to = read_cidr(reader);
	return rule;
}

static void read_servers(struct sp_reader *reader, struct netd_message *message)
{
	message->server_count = read_at_most(reader, NETD_SERVERS_MAX);
	for (uint32_t i = 0; i < message->server_count; i++) {
		message->servers[i].address = sp_read_u32(reader);
		message->servers[i].port = (uint16_t)read_at_most(reader, UINT16_MAX);
	}
}

static void read_rules(struct sp_reader *reader, struct netd_message *message)
{
	uint32_t count = read_at_most(reader, EGRESS_RULES_MAX);
	if (count == 0)
		return;
	if (sp_reader_left(reader) / RULE_WIRE_SIZE < count) {
		reader->failed = true;
		return;
	}
	message->rules = sp_alloc(count * sizeof(*message->rules));
	message->rule_count = count;
	for (uint32_t i = 0; i < count; i++)
		message->rules[i] = read_rule(reader);
}

static void read_word(struct sp_reader *reader, char *place, enum field field)
{
	SP_AUTO_FREE char *text = sp_read_text(reader, fields[field].max);
	if (text == NULL)
		return;
	if (fields[field].type == NAME && text[0] == '\0')
		reader->failed = true;
	memcpy(place, text, strlen(text) + 1);
}

static void read_sentence(struct sp_reader *reader, char **place, enum field field)
{
	SP_AUTO_FREE char *text = sp_read_text(reader, fields[field].max);
	if (text == NULL || text[0] == '\0')
		return;
	if (!sp_utf8_valid(text, strlen(text)))
		reader->failed = true;
	*place = sp_take_pointer(&text);
}

static void read_field(struct sp_reader *reader, struct netd_message *message, enum field field)
{
	void *place = member(message, field);
	switch (fields[field].type) {
	case NUMBER:
		*(uint32_t *)place = read_at_most(reader, fields[field].max);
		break;
	case FLAG: {
		uint8_t flag = sp_read_u8(reader);
		if (flag > 1)
			reader->failed = true;
		*(bool *)place = flag == 1;
		break;
	}
	case WORD:
	case NAME:
		read_word(reader, place, field);
		break;
	case SENTENCE:
		read_sentence(reader, place, field);
		break;
	case CIDR:
		*(struct cidr *)place = read_cidr(reader);
		break;
	case SERVERS:
		read_servers(reader, message);
		break;
	case RULES:
		read_rules(reader, message);
		break;
	}
}

int netd_message_decode(const void *data, size_t length, size_t fd_count, struct netd_message *out,
			struct sp_error *err)
{
	struct sp_reader reader = sp_reader_of(data, length);
	unsigned number = sp_read_u8(&reader);
	const struct kind *kind = find_kind(number);
	if (kind == NULL)
		return sp_fail(err, SP_PROTOCOL, "cannot understand a message of kind %u", number);

	struct netd_message message = { .kind = kind->kind };
	for (const enum field *field = kind->fields; *field != FIELD_END && !reader.failed; field++)
		read_field(&reader, &message, *field);
	uint32_t sockets = message.streams + message.datagrams;
	bool has_sockets = kind->kind == NETD_OPEN || kind->kind == NETD_SOCKETS;
	/* A failure without its code or sentence would pass for a success. */
	bool is_mute = kind->kind == NETD_FAILED && (message.code == SP_OK || message.text == NULL);
	if (!sp_reader_ended_well(&reader) || sockets > NETD_SOCKETS_MAX ||
	    (has_sockets && sockets == 0) || is_mute) {
		netd_message_finish(&message);
		return sp_fail(err, SP_PROTOCOL, "cannot accept a malformed %s message",
			       kind->name);
	}
	size_t expected = kind->kind == NETD_SOCKETS ? sockets : 0;
	if (fd_count != expected) {
		netd_message_finish(&message);
		return sp_fail(err, SP_PROTOCOL,
			       "cannot accept a %s message with %zu descriptors instead of %zu",
			       kind->name, fd_count, expected);
	}
	*out = message;
	return 0;
}

void netd_message_finish(struct netd_message *message)
{
	free(message->rules);
	free(message->text);
	*message = (struct netd_message){ 0 };
}
