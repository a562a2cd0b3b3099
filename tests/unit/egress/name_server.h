#pragma once
/** For the tests of egress/: a small DNS server on loopback, on the loop of the test. */

#include "test.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "loop/loop.h"

enum { DNS_A = 1, DNS_AAAA = 28, DNS_SERVFAIL = 2, DNS_NXDOMAIN = 3 };

/** What a name is answered with; a family without addresses is answered empty. */
struct dns_name {
	const char *name;
	const char *v4[4], *v6[4];
	int code;       /* DNS_SERVFAIL, DNS_NXDOMAIN */
	bool silent;    /* no answer at all */
	bool silent_v6; /* none about IPv6, as some broken servers do */
};

struct name_server {
	const struct dns_name *names; /* ends with a NULL name; others do not exist */
	int fd;
	char address[32]; /* "127.0.0.1:40053" */
	int questions;
	char asked_from[INET_ADDRSTRLEN]; /* the last one */
	struct loop_watch *watch;
};

static inline void read_name(struct sp_reader *reader, char *out, size_t room)
{
	size_t length = 0;
	for (uint8_t part = sp_read_u8(reader); part != 0; part = sp_read_u8(reader)) {
		const uint8_t *bytes = sp_read_bytes(reader, part);
		assert_non_null(bytes);
		assert_true(length + part + 2 < room);
		if (length > 0)
			out[length++] = '.';
		memcpy(out + length, bytes, part);
		length += part;
	}
	out[length] = '\0';
}

static inline void write_u16(struct sp_writer *writer, unsigned value)
{
	sp_write_u8(writer, (uint8_t)(value >> 8));
	sp_write_u8(writer, (uint8_t)value);
}

static inline size_t answer(const struct dns_name *name, unsigned type, const uint8_t *question,
			    size_t question_length, unsigned id, uint8_t *out, size_t room)
{
	struct sp_writer writer = sp_writer_of(out, room);
	const char *const *addresses = type == DNS_A ? name->v4 : name->v6;
	unsigned count = 0;
	while ((type == DNS_A || type == DNS_AAAA) && count < 4 && addresses[count] != NULL)
		count++;
	write_u16(&writer, id);
	write_u16(&writer, 0x8180u | (unsigned)name->code);
	write_u16(&writer, 1);
	write_u16(&writer, count);
	write_u16(&writer, 0);
	write_u16(&writer, 0);
	sp_write_bytes(&writer, question, question_length);
	for (unsigned i = 0; i < count; i++) {
		uint8_t bytes[16];
		unsigned size = type == DNS_A ? 4 : 16;
		assert_int_equal(inet_pton(type == DNS_A ? AF_INET : AF_INET6, addresses[i], bytes),
				 1);
		write_u16(&writer, 0xc00c); /* the name in the question */
		write_u16(&writer, type);
		write_u16(&writer, 1);
		sp_write_u32(&writer, 60);
		write_u16(&writer, size);
		sp_write_bytes(&writer, bytes, size);
	}
	assert_false(writer.failed);
	return sp_writer_length(&writer);
}

static inline void on_question(void *ctx, uint32_t events)
{
	(void)events;
	struct name_server *server = ctx;
	uint8_t packet[1024];
	struct sockaddr_in from;
	socklen_t from_length = sizeof(from);
	ssize_t length = recvfrom(server->fd, packet, sizeof(packet), MSG_DONTWAIT,
				  (struct sockaddr *)&from, &from_length);
	if (length < 12)
		return;
	server->questions++;
	inet_ntop(AF_INET, &from.sin_addr, server->asked_from, sizeof(server->asked_from));
	struct sp_reader reader = sp_reader_of(packet, (size_t)length);
	unsigned id = sp_read_u32(&reader) >> 16;
	sp_read_bytes(&reader, 8);
	const uint8_t *question = reader.at;
	char asked[300];
	read_name(&reader, asked, sizeof(asked));
	unsigned type = sp_read_u32(&reader) >> 16;
	assert_false(reader.failed);

	static const struct dns_name unknown = { .code = DNS_NXDOMAIN };
	const struct dns_name *name = server->names;
	while (name->name != NULL && strcasecmp(name->name, asked) != 0)
		name++;
	if (name->silent || (name->silent_v6 && type == DNS_AAAA))
		return;
	size_t out = answer(name->name == NULL ? &unknown : name, type, question,
			    (size_t)(reader.at - question), id, packet, sizeof(packet));
	sendto(server->fd, packet, out, 0, (struct sockaddr *)&from, from_length);
}

static inline void name_server_open(struct name_server *server, struct loop *loop,
				    const struct dns_name *names)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	server->names = names;
	server->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->fd, (struct sockaddr *)&address, length), 0);
	assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address, &length), 0);
	snprintf(server->address, sizeof(server->address), "127.0.0.1:%u", ntohs(address.sin_port));
	server->watch = loop_watch_fd(loop, server->fd, EPOLLIN, on_question, server);
}

static inline void name_server_close(struct name_server *server)
{
	loop_watch_remove(server->watch);
	close(server->fd);
}
