#include "remote/wire.h"

#include <string.h>

#include "base/text.h"

enum attribute_flag {
	ATTRIBUTE_SIZE = 0x01,
	ATTRIBUTE_OWNER = 0x02,
	ATTRIBUTE_PERMISSIONS = 0x04,
	ATTRIBUTE_TIMES = 0x08,
};
#define ATTRIBUTE_EXTENDED 0x80000000u

/* ---- requests -------------------------------------------------------------------------------------------------- */

/* The length in front is not known yet: end_packet() fills it in. */
static uint8_t *begin_packet(struct sp_writer *writer, enum wire_type type)
{
	uint8_t *packet = writer->at;
	sp_write_u32(writer, 0);
	sp_write_u8(writer, (uint8_t)type);
	return packet;
}

/* @to_follow: bytes that belong to the packet and are sent after it. */
static void end_packet(struct sp_writer *writer, uint8_t *packet, uint32_t to_follow)
{
	if (writer->failed)
		return;
	size_t here = (size_t)(writer->at - packet) - WIRE_LENGTH_SIZE;
	struct sp_writer length = sp_writer_of(packet, WIRE_LENGTH_SIZE);
	sp_write_u32(&length, (uint32_t)here + to_follow);
}

void wire_put_init(struct sp_writer *writer)
{
	uint8_t *packet = begin_packet(writer, WIRE_INIT);
	sp_write_u32(writer, WIRE_PROTOCOL_VERSION);
	end_packet(writer, packet, 0);
}

void wire_put_open(struct sp_writer *writer, uint32_t id, const char *path, uint32_t flags)
{
	uint8_t *packet = begin_packet(writer, WIRE_OPEN);
	sp_write_u32(writer, id);
	sp_write_text(writer, path);
	sp_write_u32(writer, flags);
	sp_write_u32(writer, 0); /* no attributes: the server's umask decides */
	end_packet(writer, packet, 0);
}

void wire_put_handle(struct sp_writer *writer, enum wire_type type, uint32_t id,
		     const struct wire_handle *handle)
{
	uint8_t *packet = begin_packet(writer, type);
	sp_write_u32(writer, id);
	sp_write_string(writer, handle->bytes, handle->length);
	end_packet(writer, packet, 0);
}

void wire_put_read(struct sp_writer *writer, uint32_t id, const struct wire_handle *handle,
		   uint64_t offset, uint32_t length)
{
	uint8_t *packet = begin_packet(writer, WIRE_READ);
	sp_write_u32(writer, id);
	sp_write_string(writer, handle->bytes, handle->length);
	sp_write_u64(writer, offset);
	sp_write_u32(writer, length);
	end_packet(writer, packet, 0);
}

void wire_put_write_head(struct sp_writer *writer, uint32_t id, const struct wire_handle *handle,
			 uint64_t offset, uint32_t length)
{
	uint8_t *packet = begin_packet(writer, WIRE_WRITE);
	sp_write_u32(writer, id);
	sp_write_string(writer, handle->bytes, handle->length);
	sp_write_u64(writer, offset);
	sp_write_u32(writer, length);
	end_packet(writer, packet, length);
}

void wire_put_paths(struct sp_writer *writer, enum wire_type type, uint32_t id, const char *first,
		    const char *second)
{
	uint8_t *packet = begin_packet(writer, type);
	sp_write_u32(writer, id);
	sp_write_text(writer, first);
	if (second != NULL)
		sp_write_text(writer, second);
	end_packet(writer, packet, 0);
}

void wire_put_extended_paths(struct sp_writer *writer, uint32_t id, const char *name,
			     const char *first, const char *second)
{
	uint8_t *packet = begin_packet(writer, WIRE_EXTENDED);
	sp_write_u32(writer, id);
	sp_write_text(writer, name);
	if (first != NULL)
		sp_write_text(writer, first);
	if (second != NULL)
		sp_write_text(writer, second);
	end_packet(writer, packet, 0);
}

void wire_put_extended_handle(struct sp_writer *writer, uint32_t id, const char *name,
			      const struct wire_handle *handle)
{
	uint8_t *packet = begin_packet(writer, WIRE_EXTENDED);
	sp_write_u32(writer, id);
	sp_write_text(writer, name);
	sp_write_string(writer, handle->bytes, handle->length);
	end_packet(writer, packet, 0);
}

void wire_put_check_file(struct sp_writer *writer, uint32_t id, const char *path)
{
	uint8_t *packet = begin_packet(writer, WIRE_EXTENDED);
	sp_write_u32(writer, id);
	sp_write_text(writer, "check-file-name");
	sp_write_text(writer, path);
	sp_write_text(writer, "sha256");
	sp_write_u64(writer, 0); /* from the first byte … */
	sp_write_u64(writer, 0); /* … to the last … */
	sp_write_u32(writer, 0); /* … in one piece */
	end_packet(writer, packet, 0);
}

void wire_put_copy(struct sp_writer *writer, uint32_t id, const struct wire_handle *from,
		   const struct wire_handle *to, uint64_t offset, uint64_t length)
{
	uint8_t *packet = begin_packet(writer, WIRE_EXTENDED);
	sp_write_u32(writer, id);
	sp_write_text(writer, "copy-data");
	sp_write_string(writer, from->bytes, from->length);
	sp_write_u64(writer, offset);
	sp_write_u64(writer, length);
	sp_write_string(writer, to->bytes, to->length);
	sp_write_u64(writer, offset);
	end_packet(writer, packet, 0);
}

/* ---- replies --------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name, *version;
	size_t feature; /* where its bool stands in struct remote_features */
} extensions[] = {
	{ "posix-rename@openssh.com", "1", offsetof(struct remote_features, posix_rename) },
	{ "fsync@openssh.com", "1", offsetof(struct remote_features, fsync) },
	{ "statvfs@openssh.com", "2", offsetof(struct remote_features, statvfs) },
	{ "copy-data", "1", offsetof(struct remote_features, copy_data) },
	{ "limits@openssh.com", "1", offsetof(struct remote_features, limits) },
	/* Servers tell one name, the other, or the list of their algorithms as the version. */
	{ "check-file", NULL, offsetof(struct remote_features, check_file) },
	{ "check-file-name", NULL, offsetof(struct remote_features, check_file) },
	{ "home-directory", NULL, offsetof(struct remote_features, home_directory) },
};

static bool bytes_are(const struct wire_bytes *bytes, const char *text)
{
	return bytes->length == strlen(text) && memcmp(bytes->data, text, bytes->length) == 0;
}

/* Names are ASCII; whatever else is in one is none of ours to print. */
static void list_extension(struct remote_features *features, const struct wire_bytes *name)
{
	size_t used = strlen(features->extensions);
	const char *between = used == 0 ? "" : ", ";
	if (used + strlen(between) + name->length >= sizeof(features->extensions))
		return;
	char *out = features->extensions + used;
	out = stpcpy(out, between);
	for (size_t i = 0; i < name->length; i++)
		*out++ = name->data[i] > ' ' && name->data[i] < 0x7f ? (char)name->data[i] : '?';
	*out = '\0';
}

static void note_extension(struct remote_features *features, const struct wire_bytes *name,
			   const struct wire_bytes *version)
{
	for (size_t i = 0; i < SP_COUNT_OF(extensions); i++)
		if (bytes_are(name, extensions[i].name) &&
		    (extensions[i].version == NULL || bytes_are(version, extensions[i].version)))
			*(bool *)((char *)features + extensions[i].feature) = true;
	list_extension(features, name);
}

static struct wire_bytes read_bytes(struct sp_reader *reader)
{
	struct wire_bytes bytes;
	bytes.data = sp_read_string(reader, &bytes.length);
	if (bytes.data == NULL)
		bytes.data = (const uint8_t *)"";
	return bytes;
}

bool wire_get_version(struct sp_reader *reader, struct remote_features *out)
{
	out->version = sp_read_u32(reader);
	while (!reader->failed && sp_reader_left(reader) > 0) {
		struct wire_bytes name = read_bytes(reader);
		struct wire_bytes version = read_bytes(reader);
		if (!reader->failed)
			note_extension(out, &name, &version);
	}
	return !reader->failed;
}

bool wire_get_status(struct sp_reader *reader, struct wire_status *out)
{
	*out = (struct wire_status){ .text = (const uint8_t *)"" };
	out->code = sp_read_u32(reader);
	/* Servers that began with version 2 end the packet here. */
	if (!reader->failed && sp_reader_left(reader) == 0)
		return true;
	struct wire_bytes text = read_bytes(reader);
	out->text = text.data;
	out->text_length = text.length;
	return !reader->failed;
}

bool wire_get_handle(struct sp_reader *reader, struct wire_handle *out)
{
	struct wire_bytes bytes = read_bytes(reader);
	if (reader->failed || bytes.length > WIRE_HANDLE_MAX)
		return false;
	memcpy(out->bytes, bytes.data, bytes.length);
	out->length = bytes.length;
	return true;
}

bool wire_get_attributes(struct sp_reader *reader, struct remote_attributes *out)
{
	*out = (struct remote_attributes){ 0 };
	uint32_t flags = sp_read_u32(reader);
	if ((flags & ATTRIBUTE_SIZE) != 0) {
		out->has_size = true;
		out->size = sp_read_u64(reader);
	}
	if ((flags & ATTRIBUTE_OWNER) != 0)
		sp_read_u64(reader);
	if ((flags & ATTRIBUTE_PERMISSIONS) != 0) {
		out->has_permissions = true;
		out->permissions = sp_read_u32(reader);
	}
	if ((flags & ATTRIBUTE_TIMES) != 0) {
		out->has_times = true;
		out->atime = sp_read_u32(reader);
		out->mtime = sp_read_u32(reader);
	}
	uint32_t pairs = (flags & ATTRIBUTE_EXTENDED) != 0 ? sp_read_u32(reader) : 0;
	for (uint32_t i = 0; i < pairs && !reader->failed; i++) {
		read_bytes(reader);
		read_bytes(reader);
	}
	return !reader->failed;
}

static bool get_name(struct sp_reader *reader, struct wire_name *out)
{
	out->name = read_bytes(reader);
	out->line = read_bytes(reader);
	return wire_get_attributes(reader, &out->attributes);
}

bool wire_get_names(struct sp_reader *reader, struct wire_names *out)
{
	struct wire_name ignored;
	out->left = sp_read_u32(reader);
	out->entries = *reader;
	for (uint32_t i = 0; i < out->left; i++)
		if (!get_name(reader, &ignored))
			return false;
	return !reader->failed;
}

bool wire_next_name(struct wire_names *names, struct wire_name *out)
{
	if (names->left == 0)
		return false;
	names->left--;
	return get_name(&names->entries, out);
}

bool wire_get_limits(struct sp_reader *reader, struct wire_limits *out)
{
	out->packet = sp_read_u64(reader);
	out->read = sp_read_u64(reader);
	out->write = sp_read_u64(reader);
	out->handles = sp_read_u64(reader);
	return !reader->failed;
}

/* One draft puts the name of the extension in front of the algorithm's, the other does not. */
bool wire_get_hash(struct sp_reader *reader, struct wire_hash *out)
{
	struct wire_bytes algorithm = read_bytes(reader);
	*out = (struct wire_hash){ 0 };
	if (bytes_are(&algorithm, "check-file"))
		algorithm = read_bytes(reader);
	if (reader->failed || !bytes_are(&algorithm, "sha256"))
		return !reader->failed;
	const uint8_t *hash = sp_read_bytes(reader, SP_SHA256_SIZE);
	if (hash == NULL)
		return false;
	memcpy(out->bytes, hash, SP_SHA256_SIZE);
	out->is_sha256 = sp_reader_left(reader) == 0; /* and not one for each block */
	return true;
}

bool wire_get_space(struct sp_reader *reader, struct wire_space *out)
{
	sp_read_u64(reader);             /* f_bsize */
	out->unit = sp_read_u64(reader); /* f_frsize */
	sp_read_u64(reader);             /* f_blocks */
	sp_read_u64(reader);             /* f_bfree */
	out->available = sp_read_u64(reader);
	return !reader->failed;
}

static const struct {
	uint8_t type;
	const char *name;
} type_names[] = {
	{ WIRE_VERSION, "VERSION" },
	{ WIRE_STATUS, "STATUS" },
	{ WIRE_HANDLE, "HANDLE" },
	{ WIRE_DATA, "DATA" },
	{ WIRE_NAME, "NAME" },
	{ WIRE_ATTRS, "ATTRS" },
	{ WIRE_EXTENDED_REPLY, "EXTENDED_REPLY" },
};

const char *wire_type_name(uint8_t type)
{
	for (size_t i = 0; i < SP_COUNT_OF(type_names); i++)
		if (type_names[i].type == type)
			return type_names[i].name;
	return "unknown";
}
