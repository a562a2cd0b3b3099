#include "ipc/netd_message.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/scope.h"
#include "base/text.h"
#include "ipc/channel.h"
#include "ipc/netd_lists.h"
#include "ipc/sentence.h"
#include "model/routing.h"

/* ---- what there is to say -------------------------------------------------------------------------------------- */

enum field_type {
	NUMBER,   /* at most @max */
	FLAG,     /* 0 or 1 */
	WORD,     /* text in an array of the struct, at most @max bytes, maybe empty */
	NAME,     /* the same, never empty */
	SENTENCE, /* text, at most @max bytes, UTF-8 whatever was given */
	PLACE,    /* an address, or none */
	CIDR,
	SERVERS,
	RULES,
	ROUTES,
	MAPPINGS,
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
	BLOCK6,
	UPLINK,
	ROUTER,
	ROUTER6,
	GOES_BY,
	ADDRESS,
	ADDRESS6,
	BITS,
	ROLE,
	MAC,
	NAME_SERVERS,
	EGRESS,
	HOPS,
	DOORS,
	STREAMS,
	DATAGRAMS,
	STREAMS6,
	DATAGRAMS6,
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
	[BLOCK]        = { AT(cidr),        CIDR,     0 },
	[BLOCK6]       = { AT(cidr6),       CIDR,     0 },
	[UPLINK]       = { AT(uplink),      WORD,     INTERFACE_NAME_SIZE - 1 },
	[ROUTER]       = { AT(router),      PLACE,    0 },
	[ROUTER6]      = { AT(router6),     PLACE,    0 },
	[GOES_BY]      = { AT(table),       WORD,     NETWORK_ID_SIZE - 1 },
	[ADDRESS]      = { AT(address),     PLACE,    0 },
	[ADDRESS6]     = { AT(address6),    PLACE,    0 },
	[BITS]         = { AT(bits),        NUMBER,   32 },
	[ROLE]         = { AT(role),        NUMBER,   NETD_ROLE_COUNT - 1 },
	[MAC]          = { AT(mac),         NAME,     MAC_TEXT_SIZE - 1 },
	[NAME_SERVERS] = { AT(servers),     SERVERS,  NETD_SERVERS_MAX },
	[EGRESS]       = { AT(rules),       RULES,    EGRESS_RULES_MAX },
	[HOPS]         = { AT(routes),      ROUTES,   ROUTES_PER_TABLE_MAX },
	[DOORS]        = { AT(mappings),    MAPPINGS, NETD_MAPPINGS_MAX },
	[STREAMS]      = { AT(streams),     NUMBER,   NETD_SOCKETS_MAX },
	[DATAGRAMS]    = { AT(datagrams),   NUMBER,   NETD_SOCKETS_MAX },
	[STREAMS6]     = { AT(streams6),    NUMBER,   NETD_SOCKETS_MAX },
	[DATAGRAMS6]   = { AT(datagrams6),  NUMBER,   NETD_SOCKETS_MAX },
	[CODE]         = { AT(code),        NUMBER,   SP_INTERNAL },
	[WORDS]        = { AT(text),        SENTENCE, NETD_TEXT_MAX },
};

static const struct kind {
	enum netd_kind kind;
	const char *name;
	enum field fields[11]; /* in the order of the wire, up to FIELD_END */
} kinds[] = {
	{ NETD_OWNER,    "OWNER",    { REQUEST, OWNER } },
	{ NETD_BEGIN,    "BEGIN",    { REQUEST } },
	{ NETD_VPC,      "VPC",      { REQUEST, ID, BLOCK, BLOCK6 } },
	{ NETD_SUBNET,   "SUBNET",   { REQUEST, ID, PARENT, BLOCK, BLOCK6, UPLINK, ROUTER, ROUTER6, GOES_BY } },
	{ NETD_INTERNET, "INTERNET", { REQUEST, ID, PARENT, UPLINK, ROUTER, ADDRESS, BITS, DOORS } },
	{ NETD_TABLE,    "TABLE",    { REQUEST, ID, PARENT, HOPS } },
	{ NETD_ENI,      "ENI",      { REQUEST, ID, PARENT, ADDRESS, ADDRESS6, MAC, ROLE, NAME_SERVERS, EGRESS } },
	{ NETD_END,      "END",      { REQUEST } },
	{ NETD_REMOVE,   "REMOVE",   { REQUEST, ID } },
	{ NETD_OPEN,     "OPEN",     { REQUEST, ID, STREAMS, DATAGRAMS, STREAMS6, DATAGRAMS6 } },
	{ NETD_HELLO,    "HELLO",    { VERSION, HAS_UPLINKS, WORDS } },
	{ NETD_DONE,     "DONE",     { REQUEST } },
	{ NETD_FAILED,   "FAILED",   { REQUEST, CODE, WORDS } },
	{ NETD_SOCKETS,  "SOCKETS",  { REQUEST, STREAMS, DATAGRAMS, STREAMS6, DATAGRAMS6 } },
};
/* clang-format on */

static_assert((int)NETD_SOCKETS_MAX <= (int)IPC_FDS_MAX, "the sockets of an OPEN are one message");
static_assert(sizeof(enum netd_role) == sizeof(uint32_t), "a role is read as a number");

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
		length = netd_rules_weight(message);
		unit = "entries";
		break;
	case ROUTES:
		length = message->route_count;
		unit = "entries";
		break;
	case MAPPINGS:
		length = message->mapping_count;
		unit = "entries";
		break;
	case NUMBER:
	case FLAG:
	case PLACE:
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
	case PLACE:
		netd_address_write(writer, *(const struct ip_address *)value);
		break;
	case CIDR:
		netd_cidr_write(writer, value);
		break;
	case SERVERS:
		netd_servers_write(writer, message);
		break;
	case RULES:
		netd_rules_write(writer, message);
		break;
	case ROUTES:
		netd_routes_write(writer, message);
		break;
	case MAPPINGS:
		netd_mappings_write(writer, message);
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
		*(uint32_t *)place = netd_number_read(reader, fields[field].max);
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
	case PLACE:
		*(struct ip_address *)place = netd_address_read(reader);
		break;
	case CIDR:
		*(struct cidr *)place = netd_cidr_read(reader);
		break;
	case SERVERS:
		netd_servers_read(reader, message);
		break;
	case RULES:
		netd_rules_read(reader, message);
		break;
	case ROUTES:
		netd_routes_read(reader, message);
		break;
	case MAPPINGS:
		netd_mappings_read(reader, message);
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
	uint32_t sockets =
		message.streams + message.datagrams + message.streams6 + message.datagrams6;
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
	free(message->routes);
	free(message->mappings);
	free(message->text);
	*message = (struct netd_message){ 0 };
}
