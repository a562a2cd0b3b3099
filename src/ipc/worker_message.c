#include "ipc/worker_message.h"

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
	NUMBER_32, /* at most @max */
	NUMBER_64,
	TEXT,     /* at most @max bytes */
	SENTENCE, /* the same, and UTF-8 whatever was given: it goes to logs and JSON */
	ID,       /* the same, never empty */
	SHA256,   /* nothing, or 64 lower-case hex digits */
};

enum field {
	FIELD_END,
	REQUEST,
	FILE_ID,
	FOR_FILE,
	ATTEMPT,
	OLDEST_ATTEMPT,
	PART_ATTEMPT,
	RESUME_AT,
	RESUME_STATE,
	SOURCE_SIZE,
	SOURCE_MTIME,
	SOURCE_KIND,
	RECOVERS,
	ITEMS_MAX,
	ITEMS,
	TRUNCATED,
	URL,
	URL_LINES,
	ETAG,
	PART,
	HELD,
	VERIFICATION,
	SIZE,
	DIRECTORY,
	NAME,
	FINAL_NAME,
	REPLACES,
	SUM,
	OUTCOME,
	STEP,
	CODE,
	WORDS,
	CONNECTOR,
	HOST,
	PORT,
	USER,
	PASSWORD,
	PRIVATE_KEY,
	PASSWORD_2,
	PRIVATE_KEY_2,
	PASSWORD_3,
	PRIVATE_KEY_3,
	TRUSTED_KEYS,
	POLICY,
	CONNECTIONS,
	HANDSHAKE_TIMEOUT,
	IDLE_TIMEOUT,
	KEEPALIVE,
	CONFLICT,
	UPLOAD_WAY,
	VERIFY,
	STAGING,
	TEMP_PATTERN,
	RESUME_CHECK,
	FEATURES,
	HOST_KEY,
	FINGERPRINT,
	BANNER,
	OFFERED_KEXS,
	OFFERED_HOST_KEYS,
	OFFERED_CIPHERS,
	OFFERED_MACS,
	KEX,
	HOST_KEY_ALGORITHM,
	CIPHER,
	MAC,
	AUTHENTICATED_BY,
	METHODS,
	EXTENSIONS,
	SFTP_VERSION,
	READ_MAX,
	WRITE_MAX,
	BANNER_MS,
	KEY_EXCHANGE_MS,
	HOST_KEY_MS,
	AUTHENTICATE_MS,
	SFTP_MS,
	FIELD_COUNT,
};

/* clang-format off */
#define AT(member) #member, offsetof(struct worker_message, member)

static const struct {
	const char *name;
	size_t offset;
	enum field_type type;
	uint32_t max;
} fields[FIELD_COUNT] = {
	[REQUEST]           = { AT(request),              NUMBER_32, UINT32_MAX },
	[FILE_ID]           = { AT(file_id),              ID,        FILE_ID_SIZE - 1 },
	[FOR_FILE]          = { AT(file_id),              TEXT,      FILE_ID_SIZE - 1 },
	[ATTEMPT]           = { AT(attempt),              NUMBER_32, INT32_MAX },
	[OLDEST_ATTEMPT]    = { AT(oldest_attempt),       NUMBER_32, INT32_MAX },
	[PART_ATTEMPT]      = { AT(part_attempt),         NUMBER_32, INT32_MAX },
	[RESUME_AT]         = { AT(resume_at),            NUMBER_64, 0 },
	[RESUME_STATE]      = { AT(resume_state),         TEXT,      RESUME_STATE_HEX_MAX },
	[SOURCE_SIZE]       = { AT(source_size),          NUMBER_64, 0 },
	[SOURCE_MTIME]      = { AT(source_mtime),         NUMBER_64, 0 },
	[SOURCE_KIND]       = { AT(source_kind),          NUMBER_32, FOUND_KIND_COUNT - 1 },
	[RECOVERS]          = { AT(recovers),             NUMBER_32, 1 },
	[ITEMS_MAX]         = { AT(items_max),            NUMBER_32, LISTING_ITEMS_MAX },
	[ITEMS]             = { AT(items),                NUMBER_32, LISTING_ITEMS_MAX },
	[TRUNCATED]         = { AT(truncated),            NUMBER_32, 1 },
	[URL]               = { AT(url),                  TEXT,      WORKER_TEXT_MAX },
	[URL_LINES]         = { AT(url),                  TEXT,      WORKER_URLS_MAX },
	[ETAG]              = { AT(etag),                 TEXT,      WORKER_LINE_MAX },
	[PART]              = { AT(part),                 NUMBER_32, STORAGE_PARTS_MAX },
	[HELD]              = { AT(held),                 NUMBER_32, 1 },
	[VERIFICATION]      = { AT(verification),         NUMBER_32, VERIFICATION_COUNT - 1 },
	[SIZE]              = { AT(size),                 NUMBER_64, 0 },
	[DIRECTORY]         = { AT(directory),            TEXT,      WORKER_TEXT_MAX },
	[NAME]              = { AT(name),                 TEXT,      WORKER_TEXT_MAX },
	[FINAL_NAME]        = { AT(final_name),           TEXT,      WORKER_TEXT_MAX },
	[REPLACES]          = { AT(replaces),             NUMBER_32, 1 },
	[SUM]               = { AT(sha256),               SHA256,    64 },
	[OUTCOME]           = { AT(outcome),              NUMBER_32, PUBLISH_OUTCOME_COUNT - 1 },
	[STEP]              = { AT(step),                 NUMBER_32, FAILURE_STEP_COUNT - 1 },
	[CODE]              = { AT(code),                 NUMBER_32, SP_INTERNAL },
	[WORDS]             = { AT(text),                 SENTENCE,  WORKER_TEXT_MAX },
	[CONNECTOR]         = { AT(connector_id),         ID,        CONNECTOR_ID_SIZE - 1 },
	[HOST]              = { AT(host),                 SENTENCE,  WORKER_TEXT_MAX },
	[PORT]              = { AT(port),                 NUMBER_32, UINT16_MAX },
	[USER]              = { AT(user),                 TEXT,      WORKER_TEXT_MAX },
	[PASSWORD]          = { AT(password),             TEXT,      WORKER_TEXT_MAX },
	[PRIVATE_KEY]       = { AT(private_key),          TEXT,      WORKER_TEXT_MAX },
	[PASSWORD_2]        = { AT(other_passwords[0]),    TEXT,     WORKER_TEXT_MAX },
	[PRIVATE_KEY_2]     = { AT(other_private_keys[0]), TEXT,     WORKER_TEXT_MAX },
	[PASSWORD_3]        = { AT(other_passwords[1]),    TEXT,     WORKER_TEXT_MAX },
	[PRIVATE_KEY_3]     = { AT(other_private_keys[1]), TEXT,     WORKER_TEXT_MAX },
	[TRUSTED_KEYS]      = { AT(trusted_keys),         TEXT,      WORKER_TEXT_MAX },
	[POLICY]            = { AT(security_policy),      TEXT,      WORKER_TEXT_MAX },
	[CONNECTIONS]       = { AT(connections),          NUMBER_32, CONNECTOR_CONNECTIONS_MAX },
	[HANDSHAKE_TIMEOUT] = { AT(handshake_timeout_ms), NUMBER_32, INT32_MAX },
	[IDLE_TIMEOUT]      = { AT(idle_timeout_ms),      NUMBER_32, INT32_MAX },
	[KEEPALIVE]         = { AT(keepalive_ms),         NUMBER_32, INT32_MAX },
	[CONFLICT]          = { AT(conflict),             NUMBER_32, CONFLICT_COUNT - 1 },
	[UPLOAD_WAY]        = { AT(upload_mode),          NUMBER_32, UPLOAD_MODE_COUNT - 1 },
	[VERIFY]            = { AT(verify),               NUMBER_32, VERIFY_WISH_COUNT - 1 },
	[STAGING]           = { AT(staging),              TEXT,      WORKER_TEXT_MAX },
	[TEMP_PATTERN]      = { AT(temp_pattern),         TEXT,      WORKER_LINE_MAX },
	[RESUME_CHECK]      = { AT(resume_check),         NUMBER_32, INT32_MAX },
	[FEATURES]          = { AT(features),             TEXT,      WORKER_TEXT_MAX },
	[HOST_KEY]          = { AT(host_key),             SENTENCE,  WORKER_TEXT_MAX },
	[FINGERPRINT]       = { AT(fingerprint),          SENTENCE,  WORKER_TEXT_MAX },
	[BANNER]            = { AT(banner),               SENTENCE,  WORKER_LINE_MAX },
	[OFFERED_KEXS]      = { AT(offered_kexs),         SENTENCE,  WORKER_LINE_MAX },
	[OFFERED_HOST_KEYS] = { AT(offered_host_keys),    SENTENCE,  WORKER_LINE_MAX },
	[OFFERED_CIPHERS]   = { AT(offered_ciphers),      SENTENCE,  WORKER_LINE_MAX },
	[OFFERED_MACS]      = { AT(offered_macs),         SENTENCE,  WORKER_LINE_MAX },
	[KEX]               = { AT(kex),                  SENTENCE,  WORKER_LINE_MAX },
	[HOST_KEY_ALGORITHM] = { AT(host_key_algorithm),  SENTENCE,  WORKER_LINE_MAX },
	[CIPHER]            = { AT(cipher),               SENTENCE,  WORKER_LINE_MAX },
	[MAC]               = { AT(mac),                  SENTENCE,  WORKER_LINE_MAX },
	[AUTHENTICATED_BY]  = { AT(authenticated_by),     SENTENCE,  WORKER_LINE_MAX },
	[METHODS]           = { AT(methods),              SENTENCE,  WORKER_LINE_MAX },
	[EXTENSIONS]        = { AT(extensions),           SENTENCE,  WORKER_LINE_MAX },
	[SFTP_VERSION]      = { AT(sftp_version),         NUMBER_32, UINT32_MAX },
	[READ_MAX]          = { AT(read_max),             NUMBER_32, UINT32_MAX },
	[WRITE_MAX]         = { AT(write_max),            NUMBER_32, UINT32_MAX },
	[BANNER_MS]         = { AT(banner_ms),            NUMBER_32, INT32_MAX },
	[KEY_EXCHANGE_MS]   = { AT(key_exchange_ms),      NUMBER_32, INT32_MAX },
	[HOST_KEY_MS]       = { AT(host_key_ms),          NUMBER_32, INT32_MAX },
	[AUTHENTICATE_MS]   = { AT(authenticate_ms),      NUMBER_32, INT32_MAX },
	[SFTP_MS]           = { AT(sftp_ms),              NUMBER_32, INT32_MAX },
};

static const struct kind {
	enum worker_kind kind;
	const char *name;
	size_t fd_count;
	enum field fields[32]; /* in the order of the wire, up to FIELD_END */
} kinds[] = {
	{ WORKER_CONFIGURE,   "CONFIGURE",   0, { CONNECTOR, HOST, PORT, USER, PASSWORD, PRIVATE_KEY, PASSWORD_2,
						  PRIVATE_KEY_2, PASSWORD_3, PRIVATE_KEY_3, TRUSTED_KEYS, POLICY, CONNECTIONS, HANDSHAKE_TIMEOUT, IDLE_TIMEOUT, KEEPALIVE,
						  UPLOAD_WAY, VERIFY, RESUME_CHECK, BANNER, FINGERPRINT, FEATURES } },
	{ WORKER_SOCKET,      "SOCKET",      1, { REQUEST, WORDS } },
	{ WORKER_NO_SOCKET,   "NO_SOCKET",   0, { REQUEST, STEP, CODE, WORDS } },
	{ WORKER_SEND,        "SEND",        1, { FILE_ID, ATTEMPT, OLDEST_ATTEMPT, PART_ATTEMPT, SIZE, DIRECTORY, NAME,
						  RESUME_AT, RESUME_STATE, CONFLICT, UPLOAD_WAY, STAGING, TEMP_PATTERN, URL, ETAG } },
	{ WORKER_RETRIEVE,    "RETRIEVE",    1, { FILE_ID, ATTEMPT, PART_ATTEMPT, NAME, RESUME_AT, RESUME_STATE,
						  SOURCE_SIZE, SOURCE_MTIME, URL, PART } },
	{ WORKER_RECOVER,     "RECOVER",     0, { FILE_ID, ATTEMPT, PART_ATTEMPT, SIZE, SUM, DIRECTORY, NAME,
						  FINAL_NAME, REPLACES, CONFLICT, UPLOAD_WAY, STAGING, TEMP_PATTERN } },
	{ WORKER_REMOVE,      "REMOVE",      0, { FILE_ID, ATTEMPT, OLDEST_ATTEMPT, PART_ATTEMPT, DIRECTORY, NAME,
						  REPLACES, STAGING, TEMP_PATTERN } },
	{ WORKER_PERMIT,      "PERMIT",      0, { FILE_ID, ATTEMPT, URL, ETAG } },
	{ WORKER_CANCEL,      "CANCEL",      0, { FILE_ID, ATTEMPT } },
	{ WORKER_TEST,        "TEST",        0, { FIELD_END } },
	{ WORKER_LIST,        "LIST",        1, { FILE_ID, ATTEMPT, PART_ATTEMPT, NAME, ITEMS_MAX, URL } },
	{ WORKER_URLS,        "URLS",        0, { FILE_ID, ATTEMPT, PART, CODE, WORDS, URL_LINES } },
	{ WORKER_STORAGE_CA,  "STORAGE_CA",  1, { URL } },
	{ WORKER_STORAGE_SOCKET, "STORAGE_SOCKET", 1, { REQUEST } },
	{ WORKER_NO_STORAGE,  "NO_STORAGE",  0, { REQUEST, CODE, WORDS } },
	{ WORKER_MOVE,        "MOVE",        0, { FILE_ID, ATTEMPT, NAME, FINAL_NAME, RECOVERS, SOURCE_KIND, SOURCE_SIZE,
						  SOURCE_MTIME } },
	{ WORKER_DELETE,      "DELETE",      0, { FILE_ID, ATTEMPT, NAME, RECOVERS, SOURCE_KIND, SOURCE_SIZE,
						  SOURCE_MTIME } },
	{ WORKER_NEED_SOCKET, "NEED_SOCKET", 0, { REQUEST, FOR_FILE } },
	{ WORKER_READY,       "READY",       0, { FILE_ID, ATTEMPT, PART_ATTEMPT, REQUEST, SIZE, SUM, VERIFICATION,
						  ITEMS, TRUNCATED, HELD } },
	{ WORKER_PUBLISHED,   "PUBLISHED",   0, { FILE_ID, ATTEMPT, REQUEST, OUTCOME, REPLACES, VERIFICATION } },
	{ WORKER_FILE_FAILED, "FILE_FAILED", 0, { FILE_ID, ATTEMPT, STEP, CODE, WORDS } },
	{ WORKER_PROGRESS,    "PROGRESS",    0, { FILE_ID, ATTEMPT, SIZE } },
	{ WORKER_WATERMARK,   "WATERMARK",   0, { FILE_ID, ATTEMPT, PART_ATTEMPT, SIZE, RESUME_STATE, SOURCE_SIZE, SOURCE_MTIME } },
	{ WORKER_CONNECTED,   "CONNECTED",   0, { REQUEST, BANNER, FINGERPRINT, KEX, HOST_KEY_ALGORITHM, CIPHER, MAC,
						  AUTHENTICATED_BY, FEATURES } },
	{ WORKER_BEAT,        "BEAT",        0, { FIELD_END } },
	{ WORKER_TAKEN,       "TAKEN",       0, { FILE_ID, ATTEMPT, FINAL_NAME, CODE, WORDS } },
	{ WORKER_REMOVED,     "REMOVED",     0, { FILE_ID, ATTEMPT } },
	{ WORKER_FOUND,       "FOUND",       0, { FILE_ID, ATTEMPT, REQUEST, SOURCE_KIND, SOURCE_SIZE, SOURCE_MTIME } },
	{ WORKER_DONE,        "DONE",        0, { FILE_ID, ATTEMPT, REQUEST, OUTCOME } },
	{ WORKER_NEED_URLS,   "NEED_URLS",   0, { FILE_ID, ATTEMPT, PART } },
	{ WORKER_NEED_STORAGE, "NEED_STORAGE", 0, { REQUEST, URL } },
	{ WORKER_TEST_RESULT, "TEST_RESULT", 0, { STEP, CODE, WORDS, HOST_KEY, FINGERPRINT, BANNER,
						  OFFERED_KEXS, OFFERED_HOST_KEYS, OFFERED_CIPHERS, OFFERED_MACS,
						  KEX, HOST_KEY_ALGORITHM, CIPHER, MAC, AUTHENTICATED_BY, METHODS,
						  EXTENSIONS, SFTP_VERSION, READ_MAX, WRITE_MAX, BANNER_MS,
						  KEY_EXCHANGE_MS, HOST_KEY_MS, AUTHENTICATE_MS, SFTP_MS } },
};
/* clang-format on */

static const struct kind *find_kind(unsigned number)
{
	for (size_t i = 0; i < SP_COUNT_OF(kinds); i++)
		if ((unsigned)kinds[i].kind == number)
			return &kinds[i];
	return NULL;
}

const char *worker_kind_name(enum worker_kind kind)
{
	const struct kind *found = find_kind((unsigned)kind);
	return found == NULL ? "unknown" : found->name;
}

/* ---- members by their place ------------------------------------------------------------------------------------ */

static void *member(const struct worker_message *message, enum field field)
{
	return (char *)(uintptr_t)message + fields[field].offset;
}

static bool is_text(enum field field)
{
	return fields[field].type != NUMBER_32 && fields[field].type != NUMBER_64;
}

static bool is_sha256(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

/* ---- out ------------------------------------------------------------------------------------------------------- */

static int write_field(struct sp_writer *writer, const struct worker_message *message,
		       enum field field, struct sp_error *err)
{
	const void *value = member(message, field);
	switch (fields[field].type) {
	case NUMBER_32:
		sp_write_u32(writer, *(const uint32_t *)value);
		return 0;
	case NUMBER_64:
		sp_write_u64(writer, *(const uint64_t *)value);
		return 0;
	case TEXT:
	case SENTENCE:
	case ID:
	case SHA256:
		break;
	}

	const char *text = *(char *const *)value;
	if (text != NULL && strlen(text) > fields[field].max)
		return sp_fail(err, SP_LIMIT,
			       "cannot tell the worker's %s: it is longer than %u bytes",
			       fields[field].name, fields[field].max);
	if (fields[field].type == SENTENCE)
		sentence_write(writer, text);
	else
		sp_write_text(writer, text);
	return 0;
}

int worker_message_encode(const struct worker_message *message, void *out, size_t *out_length,
			  struct sp_error *err)
{
	const struct kind *kind = find_kind(message->kind);
	assert(kind != NULL);

	struct sp_writer writer = sp_writer_of(out, IPC_MESSAGE_MAX);
	sp_write_u8(&writer, (uint8_t)kind->kind);
	for (const enum field *field = kind->fields; *field != FIELD_END; field++)
		if (write_field(&writer, message, *field, err) != 0)
			return -1;
	if (writer.failed)
		return sp_fail(err, SP_LIMIT, "cannot send a %s message longer than %d bytes",
			       kind->name, IPC_MESSAGE_MAX);
	*out_length = sp_writer_length(&writer);
	return 0;
}

/* ---- in -------------------------------------------------------------------------------------------------------- */

static bool text_is_good(enum field field, const char *text)
{
	switch (fields[field].type) {
	case SENTENCE:
		return sp_utf8_valid(text, strlen(text));
	case ID:
		return text[0] != '\0';
	case SHA256:
		return text[0] == '\0' || is_sha256(text);
	case TEXT:
	case NUMBER_32:
	case NUMBER_64:
		return true;
	}
	return false;
}

static void read_text(struct sp_reader *reader, struct worker_message *message, enum field field)
{
	char *text = sp_read_text(reader, fields[field].max);
	if (text == NULL)
		return;
	if (!text_is_good(field, text))
		reader->failed = true;
	char **place = member(message, field);
	if (text[0] != '\0')
		*place = text;
	else
		free(text);
}

static void read_field(struct sp_reader *reader, struct worker_message *message, enum field field)
{
	if (is_text(field)) {
		read_text(reader, message, field);
	} else if (fields[field].type == NUMBER_64) {
		*(uint64_t *)member(message, field) = sp_read_u64(reader);
	} else {
		uint32_t number = sp_read_u32(reader);
		if (number > fields[field].max)
			reader->failed = true;
		*(uint32_t *)member(message, field) = number;
	}
}

/* What is at storage is reached by a URL instead. */
static size_t count_fds(const struct kind *kind, const struct worker_message *message)
{
	bool about_file = message->file_id != NULL;
	return about_file && message->url != NULL ? 0 : kind->fd_count;
}

int worker_message_decode(const void *data, size_t length, size_t fd_count,
			  struct worker_message *out, struct sp_error *err)
{
	struct sp_reader reader = sp_reader_of(data, length);
	unsigned number = sp_read_u8(&reader);
	const struct kind *kind = find_kind(number);
	if (kind == NULL)
		return sp_fail(err, SP_PROTOCOL, "cannot understand a message of kind %u", number);

	struct worker_message message = { .kind = kind->kind };
	for (const enum field *field = kind->fields; *field != FIELD_END && !reader.failed; field++)
		read_field(&reader, &message, *field);
	if (!reader.failed && fd_count != count_fds(kind, &message)) {
		size_t needed = count_fds(kind, &message);
		worker_message_finish(&message);
		return sp_fail(err, SP_PROTOCOL,
			       "cannot accept a %s message with %zu descriptors instead of %zu",
			       kind->name, fd_count, needed);
	}
	if (!sp_reader_ended_well(&reader)) {
		worker_message_finish(&message);
		return sp_fail(err, SP_PROTOCOL, "cannot accept a malformed %s message",
			       kind->name);
	}
	*out = message;
	return 0;
}

void worker_message_copy(const struct worker_message *message, struct worker_message *out)
{
	*out = *message;
	for (enum field field = FIELD_END + 1; field < FIELD_COUNT; field++)
		if (is_text(field)) {
			char **text = member(out, field), **from = member(message, field);
			if (*text == *from) /* two fields may share a member */
				*text = sp_strdup(*from);
		}
}

void worker_message_finish(struct worker_message *message)
{
	for (enum field field = FIELD_END + 1; field < FIELD_COUNT; field++) {
		if (!is_text(field))
			continue;
		char **text = member(message, field);
		if (*text != NULL)
			explicit_bzero(*text, strlen(*text));
		free(sp_take_pointer(text)); /* two fields may share a member */
	}
	*message = (struct worker_message){ 0 };
}
