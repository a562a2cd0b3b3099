/* A connection from the version line to the channel that SFTP runs in. */

#include <err.h>
#include <stdio.h>
#include <string.h>

#include "peer.h"

enum {
	WINDOW = 2 << 20,      /* for the client, filled up at half */
	CLIENT_PACKET = 32768, /* what it may send in one */
	DATA_MAX = 32768,      /* what we send in one */
};

const char server_version[] = "SSH-2.0-Hostile_1";

/* ---- log in ------------------------------------------------------------------------------------------------------- */

void refuse_login(struct peer *peer, const char *methods, size_t length, bool partial)
{
	SP_AUTO_BUFFER payload = { 0 };
	put_u8(&payload, SSH_AUTH_FAILURE);
	put_string(&payload, methods, length);
	put_u8(&payload, partial);
	send_packet(peer, &payload);
}

static void take_login(struct peer *peer, struct sp_reader *reader)
{
	size_t length;
	sp_read_string(reader, &length); /* user */
	sp_read_string(reader, &length); /* service */
	const uint8_t *method = sp_read_string(reader, &length);
	snprintf(peer->method, sizeof(peer->method), "%.*s", (int)length, (const char *)method);
	if (fault_acts(peer, AT_AUTH))
		return;
	if (strcmp(peer->method, "password") != 0) {
		refuse_login(peer, "password", strlen("password"), false);
		return;
	}
	SP_AUTO_BUFFER payload = { 0 };
	put_u8(&payload, SSH_AUTH_SUCCESS);
	send_packet(peer, &payload);
}

static void take_service(struct peer *peer, struct sp_reader *reader)
{
	SP_AUTO_BUFFER payload = { 0 };
	size_t length;
	const uint8_t *name = sp_read_string(reader, &length);
	put_u8(&payload, SSH_SERVICE_ACCEPT);
	put_string(&payload, name, length);
	send_packet(peer, &payload);
}

/* ---- the channel --------------------------------------------------------------------------------------------------- */

void confirm_channel(struct peer *peer, uint32_t window, uint32_t packet_max)
{
	SP_AUTO_BUFFER payload = { 0 };
	put_u8(&payload, SSH_CHANNEL_CONFIRM);
	put_u32(&payload, peer->channel);
	put_u32(&payload, 0);
	put_u32(&payload, window);
	put_u32(&payload, packet_max);
	peer->window_given = window;
	send_packet(peer, &payload);
}

static void open_channel(struct peer *peer, struct sp_reader *reader)
{
	size_t length;
	sp_read_string(reader, &length); /* "session" */
	peer->channel = sp_read_u32(reader);
	peer->window = sp_read_u32(reader);
	peer->packet_max = sp_read_u32(reader);
	if (!fault_acts(peer, AT_CHANNEL))
		confirm_channel(peer, WINDOW, CLIENT_PACKET);
}

static void take_channel_request(struct peer *peer)
{
	if (!fault_acts(peer, AT_SUBSYSTEM))
		send_short_packet(peer, SSH_CHANNEL_SUCCESS, peer->channel);
}

static void widen(struct peer *peer, struct sp_reader *reader)
{
	sp_read_u32(reader); /* our number */
	peer->window += sp_read_u32(reader);
	flush_to_client(peer);
}

/* Not while keys are exchanged: then it is made up for by the next data, for which there is room. */
static void grant_window(struct peer *peer)
{
	if (peer->window_given >= WINDOW / 2 || peer->exchanging)
		return;
	SP_AUTO_BUFFER payload = { 0 };
	put_u8(&payload, SSH_CHANNEL_ADJUST);
	put_u32(&payload, peer->channel);
	put_u32(&payload, WINDOW - peer->window_given);
	send_packet(peer, &payload);
	peer->window_given = WINDOW;
}

static void take_data(struct peer *peer, struct sp_reader *reader)
{
	size_t length;
	sp_read_u32(reader); /* our number */
	const uint8_t *data = sp_read_string(reader, &length);
	sp_buffer_add(&peer->from_client, data, length);
	peer->window_given -= (uint32_t)length;
	grant_window(peer);
	sftp_serve(peer);
}

void send_data(struct peer *peer, uint32_t channel, const void *data, size_t length)
{
	SP_AUTO_BUFFER payload = { 0 };
	put_u8(&payload, SSH_CHANNEL_DATA);
	put_u32(&payload, channel);
	put_string(&payload, data, length);
	send_packet(peer, &payload);
}

void flush_to_client(struct peer *peer)
{
	struct sp_buffer *waiting = &peer->to_client;
	size_t sent = 0;
	while (sent < waiting->length && peer->window > 0 && !peer->exchanging) {
		size_t length = waiting->length - sent;
		length = length < DATA_MAX ? length : DATA_MAX;
		length = length < peer->window ? length : peer->window;
		peer->window -= (uint32_t)length;
		send_data(peer, peer->channel, waiting->data + sent, length);
		sent += length;
	}
	if (sent > 0)
		memmove(waiting->data, waiting->data + sent, waiting->length - sent);
	waiting->length -= sent;
}

/* ---- dispatch ------------------------------------------------------------------------------------------------------ */

static void take_global_request(struct peer *peer, struct sp_reader *reader)
{
	size_t length;
	SP_AUTO_BUFFER payload = { 0 };
	sp_read_string(reader, &length);
	put_u8(&payload, SSH_REQUEST_FAILURE);
	if (sp_read_u8(reader) != 0)
		send_packet(peer, &payload);
}

static void take_packet(struct peer *peer, const struct sp_buffer *packet)
{
	if (kex_take(peer, packet))
		return;
	struct sp_reader reader = sp_reader_of(packet->data, packet->length);
	switch (sp_read_u8(&reader)) {
	case SSH_SERVICE_REQUEST:
		take_service(peer, &reader);
		break;
	case SSH_AUTH_REQUEST:
		take_login(peer, &reader);
		break;
	case SSH_AUTH_ANSWERS:
		snprintf(peer->method, sizeof(peer->method), "answers");
		fault_acts(peer, AT_AUTH);
		break;
	case SSH_GLOBAL_REQUEST:
		take_global_request(peer, &reader);
		break;
	case SSH_CHANNEL_OPEN:
		open_channel(peer, &reader);
		break;
	case SSH_CHANNEL_REQUEST:
		take_channel_request(peer);
		break;
	case SSH_CHANNEL_ADJUST:
		widen(peer, &reader);
		break;
	case SSH_CHANNEL_DATA:
		take_data(peer, &reader);
		break;
	case SSH_CHANNEL_CLOSE:
	case SSH_DISCONNECT:
		end_peer();
	default:
		break; /* answers to what faults ask, and what may be ignored */
	}
}

void peer_run(struct peer *peer)
{
	sp_buffer_format(&peer->outgoing, "%s\r\n", server_version);
	if (!fault_acts(peer, AT_VERSION) && !fault_acts(peer, AT_PACKET))
		send_outgoing(peer);
	receive_line(peer, &peer->client_version);
	kex_begin(peer);

	struct sp_buffer packet = { 0 };
	for (;;) {
		receive_packet(peer, &packet);
		take_packet(peer, &packet);
	}
}
