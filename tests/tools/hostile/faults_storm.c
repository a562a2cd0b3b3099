/* Too much of something, once SFTP runs; and the ends that a channel can take. AT_REPLY unless it says otherwise, so
 * that --on and --after choose the place. */

#include <string.h>

#include "peer.h"

enum { PIECE = 30000 };

/* ---- floods: --amount bytes, or without end --------------------------------------------------------------------------- */

static void flood_with(struct peer *peer, const struct sp_buffer *payload, uint64_t amount)
{
	SP_AUTO_BUFFER copy = { 0 };
	sp_buffer_add(&copy, payload->data, payload->length);
	for (uint64_t sent = 0; sent < amount; sent += copy.length)
		send_packet(peer, &copy);
}

static bool ignored(struct peer *peer, const struct use *use)
{
	SP_AUTO_BUFFER payload = { 0 };
	put_u8(&payload, SSH_IGNORE);
	put_u32(&payload, PIECE);
	put_filling(&payload, 'i', PIECE);
	flood_with(peer, &payload, use->amount);
	return false;
}

static bool debugs(struct peer *peer, const struct use *use)
{
	SP_AUTO_BUFFER payload = { 0 };
	put_u8(&payload, SSH_DEBUG);
	put_u8(&payload, 1);
	put_text(&payload, "\x1b[2J\n%n%s");
	put_text(&payload, "");
	flood_with(peer, &payload, use->amount);
	return false;
}

static void global_requests(struct peer *peer, const struct use *use, bool wants_reply)
{
	SP_AUTO_BUFFER payload = { 0 };
	put_u8(&payload, SSH_GLOBAL_REQUEST);
	put_text(&payload, "noise@invalid");
	put_u8(&payload, wants_reply);
	flood_with(peer, &payload, use->amount);
}

static bool requests(struct peer *peer, const struct use *use)
{
	global_requests(peer, use, false);
	return false;
}

/* The answers are read only when all was asked. */
static bool questions(struct peer *peer, const struct use *use)
{
	global_requests(peer, use, true);
	return false;
}

/* Each of another channel, with a kind that libraries know or do not. */
static bool opens(struct peer *peer, const struct use *use)
{
	static const char *const kinds[] = { "forwarded-tcpip", "x11", "auth-agent@openssh.com",
					     "session", "noise" };
	uint64_t sent = 0;
	for (uint32_t i = 0; sent < use->amount; i++) {
		SP_AUTO_BUFFER payload = { 0 };
		put_u8(&payload, SSH_CHANNEL_OPEN);
		put_text(&payload, kinds[i % (sizeof(kinds) / sizeof(kinds[0]))]);
		put_u32(&payload, 1000 + i);
		put_u32(&payload, 1 << 20);
		put_u32(&payload, 32768);
		put_u32(&payload, PIECE);
		put_filling(&payload, 'a', PIECE);
		put_u32(&payload, 22);
		put_text(&payload, "127.0.0.1");
		put_u32(&payload, 22);
		send_packet(peer, &payload);
		sent += payload.length;
	}
	return false;
}

static bool channel_requests(struct peer *peer, const struct use *use)
{
	static const char *const kinds[] = { "env", "exec", "noise@invalid", "window-change" };
	uint64_t sent = 0;
	for (uint32_t i = 0; sent < use->amount; i++) {
		SP_AUTO_BUFFER payload = { 0 };
		put_u8(&payload, SSH_CHANNEL_REQUEST);
		put_u32(&payload, peer->channel);
		put_text(&payload, kinds[i % (sizeof(kinds) / sizeof(kinds[0]))]);
		put_u8(&payload, 1);
		put_u32(&payload, PIECE);
		put_filling(&payload, 'e', PIECE);
		put_text(&payload, "value");
		send_packet(peer, &payload);
		sent += payload.length;
	}
	return false;
}

static bool adjusts(struct peer *peer, const struct use *use)
{
	SP_AUTO_BUFFER payload = { 0 };
	put_u8(&payload, SSH_CHANNEL_ADJUST);
	put_u32(&payload, peer->channel);
	put_u32(&payload, 0xffffffff);
	flood_with(peer, &payload, use->amount);
	return false;
}

static bool standard_error(struct peer *peer, const struct use *use)
{
	SP_AUTO_BUFFER payload = { 0 };
	put_u8(&payload, SSH_CHANNEL_STDERR);
	put_u32(&payload, peer->channel);
	put_u32(&payload, 1);
	put_u32(&payload, PIECE);
	put_filling(&payload, 'e', PIECE);
	flood_with(peer, &payload, use->amount);
	return false;
}

static bool stray_data(struct peer *peer, const struct use *use)
{
	SP_AUTO_BUFFER payload = { 0 };
	put_u8(&payload, SSH_CHANNEL_DATA);
	put_u32(&payload, peer->channel + 4711);
	put_u32(&payload, PIECE);
	put_filling(&payload, 'd', PIECE);
	flood_with(peer, &payload, use->amount);
	return false;
}

/* Bytes of SFTP, whatever the window says: one packet that is announced and never ends. */
static bool overrun(struct peer *peer, const struct use *use)
{
	char filling[PIECE];
	memset(filling, 'o', sizeof(filling));
	for (uint64_t sent = 0; sent < use->amount; sent += sizeof(filling))
		send_data(peer, peer->channel, filling, sizeof(filling));
	return false;
}

/* ---- keys anew ------------------------------------------------------------------------------------------------------- */

static bool rekey(struct peer *peer, const struct use *use)
{
	(void)use;
	sp_buffer_add(&peer->to_client, peer->draft.data, peer->draft.length);
	if (!peer->exchanging)
		kex_begin(peer);
	return true;
}

static bool rekey_and_stall(struct peer *peer, const struct use *use)
{
	(void)use;
	kex_begin(peer);
	stall_peer();
}

/* A KEXINIT behind the other, without waiting for an answer. */
static bool rekey_flood(struct peer *peer, const struct use *use)
{
	for (uint64_t i = 0; i < use->amount; i++)
		kex_begin(peer);
	stall_peer();
}

/* Key exchanges, one after the other, and no word of SFTP any more. */
static bool rekey_for_ever(struct peer *peer, const struct use *use)
{
	SP_AUTO_BUFFER packet = { 0 };
	for (uint64_t i = 0; i < use->amount; i++) {
		kex_begin(peer);
		while (peer->exchanging) {
			receive_packet(peer, &packet);
			kex_take(peer, &packet);
		}
	}
	stall_peer();
}

/* ---- ends ------------------------------------------------------------------------------------------------------------ */

static bool end_of_file(struct peer *peer, const struct use *use)
{
	send_short_packet(peer, SSH_CHANNEL_EOF, peer->channel);
	return use->amount != 0;
}

static bool close_channel(struct peer *peer, const struct use *use)
{
	(void)use;
	send_short_packet(peer, SSH_CHANNEL_CLOSE, peer->channel);
	return true;
}

static void leave(struct peer *peer, const char *how, uint32_t status)
{
	SP_AUTO_BUFFER payload = { 0 };
	put_u8(&payload, SSH_CHANNEL_REQUEST);
	put_u32(&payload, peer->channel);
	put_text(&payload, how);
	put_u8(&payload, 0);
	put_u32(&payload, status);
	send_packet(peer, &payload);
}

/* The subsystem dies: its status, then nothing is left of the channel. */
static bool exit_status(struct peer *peer, const struct use *use)
{
	leave(peer, "exit-status", (uint32_t)use->amount);
	send_short_packet(peer, SSH_CHANNEL_EOF, peer->channel);
	send_short_packet(peer, SSH_CHANNEL_CLOSE, peer->channel);
	return true;
}

/* A signal whose name is said to be longer than the packet. */
static bool exit_signal(struct peer *peer, const struct use *use)
{
	leave(peer, "exit-signal", 0xffffff00);
	return use->amount != 0;
}

static bool disconnect(struct peer *peer, const struct use *use)
{
	SP_AUTO_BUFFER payload = { 0 };
	(void)use;
	put_u8(&payload, SSH_DISCONNECT);
	put_u32(&payload, 2);
	put_text(&payload, "no\x1b[2J more\nof you\xff");
	put_text(&payload, "");
	send_packet(peer, &payload);
	stall_peer();
}

#define MUCH (UINT64_C(128) << 20)

const struct fault faults_of_storms[] = {
	{ "ignore-flood", AT_REPLY, 0, MUCH, ignored, "--amount bytes of IGNORE" },
	{ "debug-flood", AT_REPLY, 0, MUCH, debugs, "--amount bytes of DEBUG" },
	{ "request-flood", AT_REPLY, 0, MUCH, requests, "--amount bytes of global requests" },
	{ "question-flood", AT_REPLY, 0, MUCH, questions,
	  "the same, each of which wants an answer" },
	{ "open-flood", AT_REPLY, 0, MUCH, opens,
	  "--amount bytes of channels that it wants to open" },
	{ "channel-request-flood", AT_REPLY, 0, MUCH, channel_requests,
	  "--amount bytes of requests on the channel" },
	{ "adjust-flood", AT_REPLY, 0, MUCH, adjusts, "--amount bytes of windows that grow" },
	{ "stderr-flood", AT_REPLY, 0, MUCH, standard_error, "--amount bytes of standard error" },
	{ "stray-flood", AT_REPLY, 0, MUCH, stray_data,
	  "--amount bytes for a channel that there is not" },
	{ "overrun", AT_REPLY, 0, MUCH, overrun,
	  "--amount bytes of data, whatever the window says" },
	{ "subsystem-overrun", AT_SUBSYSTEM, 0, MUCH, overrun,
	  "the same, before SFTP was granted" },
	{ "subsystem-stderr", AT_SUBSYSTEM, 0, MUCH, standard_error,
	  "standard error, before SFTP was granted" },
	{ "auth-ignore-flood", AT_AUTH, 0, MUCH, ignored, "IGNORE before every answer to a login" },

	{ "rekey", AT_REPLY, 0, 0, rekey, "new keys before every reply" },
	{ "rekey-stall", AT_REPLY, 0, 0, rekey_and_stall, "begins to exchange keys, and no more" },
	{ "rekey-flood", AT_REPLY, 0, 100000, rekey_flood, "KEXINIT --amount times, then silence" },
	{ "rekey-storm", AT_REPLY, 0, 1000000, rekey_for_ever,
	  "--amount key exchanges, one after the other, and nothing else" },

	{ "eof", AT_REPLY, 0, 1, end_of_file,
	  "the end of the data instead of the reply; --amount 0: before it" },
	{ "close", AT_REPLY, 0, 0, close_channel, "the end of the channel instead of the reply" },
	{ "exit-status", AT_REPLY, 0, 1, exit_status, "the subsystem ends with status --amount" },
	{ "exit-signal", AT_REPLY, 0, 0, exit_signal,
	  "a malformed exit-signal before the reply; --amount 1: instead" },
	{ "disconnect", AT_REPLY, 0, 0, disconnect,
	  "ends the connection with words that no terminal should see" },
	{ 0 },
};
