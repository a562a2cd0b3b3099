/* Bytes, and SSH's packets around them: plain ones, then aes128-gcm@openssh.com. */

#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/id.h"
#include "peer.h"

enum {
	LENGTH_SIZE = 4,
	PADDING_MIN = 4,
	PLAIN_BLOCK = 8,
	CIPHER_BLOCK = 16,
	TAG_SIZE = 16,
	LINE_BYTES_MAX = 512,
};

/* ---- building ----------------------------------------------------------------------------------------------------- */

void put_u8(struct sp_buffer *buffer, uint8_t value)
{
	sp_buffer_add(buffer, &value, 1);
}

void put_u32(struct sp_buffer *buffer, uint32_t value)
{
	uint8_t bytes[sizeof(value)];
	struct sp_writer writer = sp_writer_of(bytes, sizeof(bytes));
	sp_write_u32(&writer, value);
	sp_buffer_add(buffer, bytes, sizeof(bytes));
}

void put_u64(struct sp_buffer *buffer, uint64_t value)
{
	put_u32(buffer, (uint32_t)(value >> 32));
	put_u32(buffer, (uint32_t)value);
}

void put_string(struct sp_buffer *buffer, const void *data, size_t length)
{
	put_u32(buffer, (uint32_t)length);
	sp_buffer_add(buffer, data, length);
}

void put_text(struct sp_buffer *buffer, const char *text)
{
	put_string(buffer, text, strlen(text));
}

void put_filling(struct sp_buffer *buffer, char filling, size_t count)
{
	char piece[1024];
	memset(piece, filling, sizeof(piece));
	for (size_t left = count, length; left > 0; left -= length) {
		length = left < sizeof(piece) ? left : sizeof(piece);
		sp_buffer_add(buffer, piece, length);
	}
}

void set_u32(struct sp_buffer *buffer, size_t at, uint32_t value)
{
	struct sp_writer writer = sp_writer_of(buffer->data + at, sizeof(value));
	sp_write_u32(&writer, value);
}

uint32_t get_u32(const struct sp_buffer *buffer, size_t at)
{
	struct sp_reader reader = sp_reader_of(buffer->data + at, sizeof(uint32_t));
	return sp_read_u32(&reader);
}

static void drop_front(struct sp_buffer *buffer, size_t count)
{
	memmove(buffer->data, buffer->data + count, buffer->length - count);
	buffer->length -= count;
}

/* ---- the socket --------------------------------------------------------------------------------------------------- */

void end_peer(void)
{
	_exit(0);
}

void stall_peer(void)
{
	for (;;)
		pause();
}

void tell(const char *format, ...)
{
	char line[LINE_BYTES_MAX];
	va_list args;
	va_start(args, format);
	int length = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= sizeof(line) - 1)
		length = sizeof(line) - 2;
	line[length] = '\n';
	/* One write, so that the lines of several connections stay whole. */
	if (write(STDOUT_FILENO, line, (size_t)length + 1) == -1)
		end_peer();
}

void send_raw(struct peer *peer, const void *data, size_t length)
{
	const char *at = data;
	const struct timespec gap = { .tv_sec = peer->trickle_ms / 1000,
				      .tv_nsec = (long)(peer->trickle_ms % 1000) * 1000000 };
	while (length > 0) {
		size_t piece = peer->trickle_ms != 0 ? 1 : length;
		ssize_t sent = send(peer->fd, at, piece, MSG_NOSIGNAL);
		if (sent <= 0)
			end_peer();
		at += sent;
		length -= (size_t)sent;
		if (peer->trickle_ms != 0)
			nanosleep(&gap, NULL);
	}
}

void send_outgoing(struct peer *peer)
{
	send_raw(peer, peer->outgoing.data, peer->outgoing.length);
}

static void receive_more(struct peer *peer)
{
	char piece[65536];
	ssize_t count = recv(peer->fd, piece, sizeof(piece), 0);
	if (count <= 0)
		end_peer();
	sp_buffer_add(&peer->received, piece, (size_t)count);
}

static void receive_at_least(struct peer *peer, size_t length)
{
	while (peer->received.length < length)
		receive_more(peer);
}

void receive_line(struct peer *peer, struct sp_buffer *out)
{
	for (;;) {
		const char *end = peer->received.length == 0 ? NULL
							     : memchr(peer->received.data, '\n',
								      peer->received.length);
		if (end != NULL) {
			size_t length = (size_t)(end - peer->received.data);
			sp_buffer_add(out, peer->received.data, length);
			drop_front(&peer->received, length + 1);
			while (out->length > 0 && out->data[out->length - 1] == '\r')
				out->length--;
			return;
		}
		receive_more(peer);
	}
}

/* ---- packets ------------------------------------------------------------------------------------------------------ */

void cipher_set(struct cipher *cipher, const uint8_t *key, const uint8_t *sequence, bool encrypts)
{
	if (cipher->context == NULL)
		cipher->context = EVP_CIPHER_CTX_new();
	if (cipher->context == NULL ||
	    EVP_CipherInit_ex(cipher->context, EVP_aes_128_gcm(), NULL, key, NULL, encrypts) != 1)
		errx(1, "could not set up the cipher");
	memcpy(cipher->sequence, sequence, SEQUENCE_SIZE);
	cipher->on = true;
}

/* The last eight bytes count the packets. */
static void count_packet(struct cipher *cipher)
{
	for (size_t i = SEQUENCE_SIZE; i-- > SEQUENCE_SIZE - 8;)
		if (++cipher->sequence[i] != 0)
			return;
}

/* @length bytes behind the length field, in place. False when they do not fit their tag. */
static bool run_cipher(struct cipher *cipher, uint8_t *packet, int length, uint8_t *tag,
		       bool encrypts)
{
	int done;
	bool good =
		EVP_CipherInit_ex(cipher->context, NULL, NULL, NULL, cipher->sequence, -1) == 1 &&
		EVP_CipherUpdate(cipher->context, NULL, &done, packet, LENGTH_SIZE) == 1 &&
		EVP_CipherUpdate(cipher->context, packet + LENGTH_SIZE, &done, packet + LENGTH_SIZE,
				 length) == 1;
	if (good && !encrypts)
		good = EVP_CIPHER_CTX_ctrl(cipher->context, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) ==
		       1;
	good = good &&
	       EVP_CipherFinal_ex(cipher->context, packet + LENGTH_SIZE + length, &done) == 1;
	if (good && encrypts)
		good = EVP_CIPHER_CTX_ctrl(cipher->context, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, tag) ==
		       1;
	count_packet(cipher);
	return good;
}

void send_packet(struct peer *peer, const struct sp_buffer *payload)
{
	/* Plain packets count their length field into the blocks. */
	size_t block = peer->out.on ? CIPHER_BLOCK : PLAIN_BLOCK;
	size_t counted = payload->length + 1 + (peer->out.on ? 0 : LENGTH_SIZE);
	size_t padding = block - counted % block;
	if (padding < PADDING_MIN)
		padding += block;

	struct sp_buffer *out = &peer->outgoing;
	sp_buffer_clear(out);
	size_t length = 1 + payload->length + padding;
	put_u32(out, (uint32_t)length);
	put_u8(out, (uint8_t)padding);
	sp_buffer_add(out, payload->data, payload->length);
	put_filling(out, '\0', padding);
	if (peer->out.on) {
		uint8_t tag[TAG_SIZE] = { 0 };
		if (!run_cipher(&peer->out, (uint8_t *)out->data, (int)length, tag, true))
			errx(1, "could not encrypt");
		sp_buffer_add(out, tag, sizeof(tag));
	}
	if (!fault_acts(peer, AT_PACKET))
		send_outgoing(peer);
}

void send_short_packet(struct peer *peer, uint8_t type, uint32_t number)
{
	SP_AUTO_BUFFER payload = { 0 };
	put_u8(&payload, type);
	put_u32(&payload, number);
	send_packet(peer, &payload);
}

void receive_packet(struct peer *peer, struct sp_buffer *out)
{
	receive_at_least(peer, LENGTH_SIZE);
	uint32_t length = get_u32(&peer->received, 0);
	if (length < 1 || length > PACKET_MAX)
		errx(1, "the client announced a packet of %u bytes", length);
	size_t whole = LENGTH_SIZE + length + (peer->in.on ? TAG_SIZE : 0);
	receive_at_least(peer, whole);
	uint8_t *packet = (uint8_t *)peer->received.data;
	if (peer->in.on &&
	    !run_cipher(&peer->in, packet, (int)length, packet + LENGTH_SIZE + length, false))
		errx(1, "the client sent a damaged packet");
	uint8_t padding = packet[LENGTH_SIZE];
	if (padding + 1u >= length)
		errx(1, "the client sent a packet without a payload");
	sp_buffer_clear(out);
	sp_buffer_add(out, packet + LENGTH_SIZE + 1, length - 1 - padding);
	drop_front(&peer->received, whole);
}
