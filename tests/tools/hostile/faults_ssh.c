/* What can be wrong below SFTP, up to the open channel; and at any packet. */

#include <string.h>
#include <sys/socket.h>

#include "base/scope.h"
#include "peer.h"

enum { KEX_LIST_AT = 17 /* of a KEXINIT: behind the type and the cookie */, HUGE_KEY = 200000 };

/* ---- any packet ---------------------------------------------------------------------------------------------------- */

static bool cut(struct peer *peer, const struct use *use)
{
	(void)peer;
	(void)use;
	end_peer();
}

static bool cut_in_half(struct peer *peer, const struct use *use)
{
	(void)use;
	send_raw(peer, peer->outgoing.data, peer->outgoing.length / 2);
	end_peer();
}

static bool reset(struct peer *peer, const struct use *use)
{
	const struct linger now = { .l_onoff = 1 };
	(void)use;
	setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	end_peer();
}

static bool stall(struct peer *peer, const struct use *use)
{
	(void)peer;
	(void)use;
	stall_peer();
}

static bool trickle(struct peer *peer, const struct use *use)
{
	peer->trickle_ms = (unsigned)use->amount;
	return false;
}

static bool damage(struct peer *peer, const struct use *use)
{
	peer->outgoing.data[use->amount % peer->outgoing.length] ^= 0x40;
	return false;
}

static bool lie_about_length(struct peer *peer, const struct use *use)
{
	set_u32(&peer->outgoing, 0, (uint32_t)use->amount);
	return false;
}

/* ---- version line --------------------------------------------------------------------------------------------------- */

static _Noreturn void send_for_ever(struct peer *peer, const char *text)
{
	SP_AUTO_BUFFER much = { 0 };
	while (much.length < 65536)
		sp_buffer_add_text(&much, text);
	for (;;)
		send_raw(peer, much.data, much.length);
}

static bool flood_of_lines(struct peer *peer, const struct use *use)
{
	(void)use;
	send_for_ever(peer, "welcome to the machine room\r\n");
}

static bool endless_line(struct peer *peer, const struct use *use)
{
	(void)use;
	send_for_ever(peer, "no end in sight ");
}

static bool lines_before(struct peer *peer, const struct use *use)
{
	for (uint64_t i = 0; i < use->amount; i++)
		send_raw(peer, "welcome\r\n", strlen("welcome\r\n"));
	return false;
}

static bool speak_http(struct peer *peer, const struct use *use)
{
	static const char text[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
	(void)use;
	send_raw(peer, text, strlen(text));
	stall_peer();
}

static bool version_1(struct peer *peer, const struct use *use)
{
	static const char text[] = "SSH-1.5-Old\r\n";
	(void)use;
	send_raw(peer, text, strlen(text));
	stall_peer();
}

static bool odd_version(struct peer *peer, const struct use *use)
{
	static const char text[] = "SSH-2.0-\x1b[31m%n%s\xff\xfe\"\\\r\n";
	(void)use;
	send_raw(peer, text, strlen(text));
	stall_peer();
}

static bool long_version(struct peer *peer, const struct use *use)
{
	SP_AUTO_BUFFER line = { 0 };
	sp_buffer_add_text(&line, "SSH-2.0-");
	put_filling(&line, 'x', use->amount);
	sp_buffer_add_text(&line, "\r\n");
	send_raw(peer, line.data, line.length);
	stall_peer();
}

static bool garbage(struct peer *peer, const struct use *use)
{
	(void)use;
	sp_buffer_clear(&peer->outgoing);
	put_filling(&peer->outgoing, '\xa5', use->amount);
	return false;
}

/* ---- key exchange --------------------------------------------------------------------------------------------------- */

/* @amount bytes of names in front of the good ones of the first list. */
static bool huge_kexinit(struct peer *peer, const struct use *use)
{
	SP_AUTO_BUFFER changed = { 0 };
	SP_AUTO_BUFFER names = { 0 };
	const struct sp_buffer *draft = &peer->draft;
	uint32_t length = get_u32(draft, KEX_LIST_AT);
	while (names.length < use->amount)
		sp_buffer_format(&names, "x%zu@invalid,", names.length);
	sp_buffer_add(&changed, draft->data, KEX_LIST_AT);
	put_u32(&changed, (uint32_t)names.length + length);
	sp_buffer_add(&changed, names.data, names.length);
	size_t rest = KEX_LIST_AT + sizeof(uint32_t);
	sp_buffer_add(&changed, draft->data + rest, draft->length - rest);
	sp_buffer_clear(&peer->draft);
	sp_buffer_add(&peer->draft, changed.data, changed.length);
	return false;
}

static bool foreign_kexinit(struct peer *peer, const struct use *use)
{
	(void)use;
	memset(peer->draft.data + KEX_LIST_AT + sizeof(uint32_t), '!',
	       get_u32(&peer->draft, KEX_LIST_AT));
	return false;
}

static bool cut_kexinit(struct peer *peer, const struct use *use)
{
	peer->draft.length = use->amount;
	return false;
}

static bool kexinit_list_lie(struct peer *peer, const struct use *use)
{
	set_u32(&peer->draft, KEX_LIST_AT, (uint32_t)use->amount);
	return false;
}

/* The same KEXINIT again and again, while the client waits for the rest. */
static bool flood_of_kexinits(struct peer *peer, const struct use *use)
{
	SP_AUTO_BUFFER payload = { 0 };
	sp_buffer_add(&payload, peer->draft.data, peer->draft.length);
	for (uint64_t i = 0; i < use->amount; i++)
		send_packet(peer, &payload);
	stall_peer();
}

static bool send_newkeys_early(struct peer *peer, const struct use *use)
{
	SP_AUTO_BUFFER payload = { 0 };
	(void)use;
	put_u8(&payload, SSH_NEWKEYS);
	send_packet(peer, &payload);
	return false;
}

static bool bad_signature(struct peer *peer, const struct use *use)
{
	(void)use;
	peer->draft.data[peer->draft.length - 1] ^= 1;
	return false;
}

/* An ECDH reply with a key of @key_length bytes, a point of @point_length zeros, and a signature that is none. */
static void reply_with(struct peer *peer, size_t key_length, size_t point_length)
{
	SP_AUTO_BUFFER key = { 0 };
	SP_AUTO_BUFFER point = { 0 };
	SP_AUTO_BUFFER signature = { 0 };
	if (key_length == 0) {
		host_key_blob(peer->host_key, &key);
	} else {
		put_text(&key, "ssh-ed25519");
		put_u32(&key, (uint32_t)key_length);
		put_filling(&key, 'k', key_length);
	}
	put_filling(&point, '\0', point_length);
	put_text(&signature, "ssh-ed25519");
	put_u32(&signature, 64);
	put_filling(&signature, 's', 64);
	kex_reply(peer, &key, point.data, point.length, &signature);
}

static bool point_of_zeros(struct peer *peer, const struct use *use)
{
	reply_with(peer, 0, use->amount);
	return false;
}

static bool huge_host_key(struct peer *peer, const struct use *use)
{
	(void)use;
	reply_with(peer, HUGE_KEY, POINT_SIZE);
	return false;
}

/* Another key than the one that was told, and a signature that goes with it. */
static bool other_host_key(struct peer *peer, const struct use *use)
{
	(void)use;
	peer->host_key = host_key_create();
	return false;
}

/* ---- log in --------------------------------------------------------------------------------------------------------- */

static void send_banner(struct peer *peer, size_t length)
{
	SP_AUTO_BUFFER payload = { 0 };
	put_u8(&payload, SSH_AUTH_BANNER);
	put_u32(&payload, (uint32_t)length);
	put_filling(&payload, 'b', length);
	put_text(&payload, "");
	send_packet(peer, &payload);
}

static bool banners(struct peer *peer, const struct use *use)
{
	enum { PIECE = 30000 };
	for (uint64_t sent = 0; sent < use->amount; sent += PIECE)
		send_banner(peer, PIECE);
	return false;
}

static bool refuse_all(struct peer *peer, const struct use *use)
{
	(void)use;
	refuse_login(peer, "password,publickey", strlen("password,publickey"), false);
	return true;
}

static bool partial_success(struct peer *peer, const struct use *use)
{
	(void)use;
	if (strcmp(peer->method, "none") == 0)
		return false;
	refuse_login(peer, "password,publickey", strlen("password,publickey"), true);
	return true;
}

static bool huge_methods(struct peer *peer, const struct use *use)
{
	SP_AUTO_BUFFER names = { 0 };
	put_filling(&names, 'm', use->amount);
	refuse_login(peer, names.data, names.length, false);
	return true;
}

static bool strange_methods(struct peer *peer, const struct use *use)
{
	static const char names[] = "\x1b[2J,,,\0,%n,\xff\xff";
	(void)use;
	refuse_login(peer, names, sizeof(names) - 1, false);
	return true;
}

static bool let_in_at_once(struct peer *peer, const struct use *use)
{
	SP_AUTO_BUFFER payload = { 0 };
	(void)use;
	put_u8(&payload, SSH_AUTH_SUCCESS);
	send_packet(peer, &payload);
	return true;
}

static void ask(struct peer *peer, uint32_t told, uint32_t questions)
{
	SP_AUTO_BUFFER payload = { 0 };
	put_u8(&payload, SSH_AUTH_QUESTIONS);
	put_text(&payload, "");
	put_text(&payload, "");
	put_text(&payload, "");
	put_u32(&payload, told);
	for (uint32_t i = 0; i < questions; i++) {
		put_text(&payload, "\x1b[5mSecond password: ");
		put_u8(&payload, 0);
	}
	send_packet(peer, &payload);
}

/* @amount: 0: rounds without a question, without end; 1: the same question again and again; more: said to be asked. */
static bool questions(struct peer *peer, const struct use *use)
{
	if (strcmp(peer->method, "none") == 0)
		refuse_login(peer, "keyboard-interactive", strlen("keyboard-interactive"), false);
	else
		ask(peer, (uint32_t)use->amount, use->amount == 0 ? 0 : 1);
	return true;
}

static bool stall_login(struct peer *peer, const struct use *use)
{
	(void)peer;
	(void)use;
	stall_peer();
}

static bool disconnect_with_words(struct peer *peer, const struct use *use)
{
	SP_AUTO_BUFFER payload = { 0 };
	put_u8(&payload, SSH_DISCONNECT);
	put_u32(&payload, 11);
	put_u32(&payload, (uint32_t)use->amount);
	sp_buffer_add_text(&payload, "go\x1b[2J\naway\xff ");
	put_filling(&payload, 'z', use->amount - strlen("go\x1b[2J\naway\xff "));
	put_text(&payload, "");
	send_packet(peer, &payload);
	stall_peer();
}

/* ---- channel -------------------------------------------------------------------------------------------------------- */

static bool refuse_channel(struct peer *peer, const struct use *use)
{
	SP_AUTO_BUFFER payload = { 0 };
	(void)use;
	put_u8(&payload, SSH_CHANNEL_REFUSE);
	put_u32(&payload, peer->channel);
	put_u32(&payload, 4);
	put_text(&payload, "not\x1b[2J today\n");
	put_text(&payload, "");
	send_packet(peer, &payload);
	return true;
}

static bool channel_window(struct peer *peer, const struct use *use)
{
	confirm_channel(peer, (uint32_t)use->amount, 32768);
	return true;
}

static bool channel_packet(struct peer *peer, const struct use *use)
{
	confirm_channel(peer, 2 << 20, (uint32_t)use->amount);
	return true;
}

static bool other_channel(struct peer *peer, const struct use *use)
{
	uint32_t channel = peer->channel;
	peer->channel += 4711;
	confirm_channel(peer, 2 << 20, 32768);
	peer->channel = channel;
	return use->amount != 0;
}

static bool stall_channel(struct peer *peer, const struct use *use)
{
	(void)peer;
	(void)use;
	stall_peer();
}

static bool refuse_subsystem(struct peer *peer, const struct use *use)
{
	(void)use;
	send_short_packet(peer, SSH_CHANNEL_FAILURE, peer->channel);
	return true;
}

/* The channel is confirmed once more, now for packets that have no room for data. */
static bool confirm_again(struct peer *peer, const struct use *use)
{
	confirm_channel(peer, 2 << 20, (uint32_t)use->amount);
	return false;
}

const struct fault faults_of_ssh[] = {
	{ "cut", AT_PACKET, 0, 0, cut,
	  "closes instead of sending packet --after (0: the version line)" },
	{ "cut-half", AT_PACKET, 0, 0, cut_in_half, "the same, after half of the packet" },
	{ "reset", AT_PACKET, 0, 0, reset, "the same, with a TCP reset" },
	{ "stall", AT_PACKET, 0, 0, stall, "sends and reads nothing any more, and stays" },
	{ "trickle", AT_PACKET, 0, 100, trickle, "from then on a byte every --amount ms" },
	{ "damage", AT_PACKET, 0, 20, damage,
	  "a bit of byte --amount of the packet is another one" },
	{ "garbage", AT_PACKET, 0, 100000, garbage,
	  "--amount bytes of nothing instead of the packet" },
	{ "packet-length", AT_PACKET, 0, 0xffffffff, lie_about_length,
	  "says that the packet has --amount bytes" },

	{ "lines", AT_VERSION, 0, 20, lines_before,
	  "--amount lines of text before the version line" },
	{ "line-flood", AT_VERSION, 0, 0, flood_of_lines, "such lines without end" },
	{ "line-endless", AT_VERSION, 0, 0, endless_line, "a line without an end" },
	{ "http", AT_VERSION, 0, 0, speak_http, "is a web server" },
	{ "version-1", AT_VERSION, 0, 0, version_1, "speaks SSH 1.5" },
	{ "version-odd", AT_VERSION, 0, 0, odd_version,
	  "a version line that no terminal should see, then silence" },
	{ "version-long", AT_VERSION, 0, 300, long_version, "a version line of --amount bytes" },

	{ "kexinit-huge", AT_KEXINIT, 0, 150000, huge_kexinit,
	  "--amount bytes of names before the good ones" },
	{ "kexinit-foreign", AT_KEXINIT, 0, 0, foreign_kexinit, "no key exchange in common" },
	{ "kexinit-cut", AT_KEXINIT, 0, 30, cut_kexinit, "KEXINIT ends after --amount bytes" },
	{ "kexinit-list", AT_KEXINIT, 0, 0xffffffff, kexinit_list_lie,
	  "its first list is said to have --amount bytes" },
	{ "kexinit-flood", AT_KEXINIT, 0, 100000, flood_of_kexinits,
	  "KEXINIT --amount times, then silence" },
	{ "kex-newkeys", AT_KEX_REPLY, 0, 0, send_newkeys_early, "NEWKEYS before its time" },
	{ "kex-signature", AT_KEX_REPLY, 0, 0, bad_signature, "signs something else" },
	{ "kex-point", AT_KEX_REPLY, 0, 32, point_of_zeros,
	  "its half of the secret is --amount zeros" },
	{ "kex-huge-key", AT_KEX_REPLY, 0, 0, huge_host_key, "a host key of 200,000 bytes" },
	{ "kex-other-key", AT_KEXINIT, 0, 0, other_host_key,
	  "another host key than the one that was told" },

	{ "auth-banner", AT_AUTH, 0, 1 << 20, banners,
	  "--amount bytes of banners before every answer" },
	{ "auth-refuse", AT_AUTH, 0, 0, refuse_all, "lets nobody in" },
	{ "auth-partial", AT_AUTH, 0, 0, partial_success, "nothing is ever enough" },
	{ "auth-methods", AT_AUTH, 0, 200000, huge_methods, "--amount bytes of methods" },
	{ "auth-strange", AT_AUTH, 0, 0, strange_methods, "methods that no terminal should see" },
	{ "auth-open", AT_AUTH, 0, 0, let_in_at_once, "asks for no password" },
	{ "auth-questions", AT_AUTH, 0, 1, questions,
	  "asks and asks; --amount: questions that it announces at once" },
	{ "auth-stall", AT_AUTH, 0, 0, stall_login, "never answers" },
	{ "auth-disconnect", AT_AUTH, 0, 100000, disconnect_with_words,
	  "ends it with --amount bytes of reasons" },

	{ "channel-refuse", AT_CHANNEL, 0, 0, refuse_channel, "opens no channel" },
	{ "channel-window", AT_CHANNEL, 0, 0, channel_window, "a window of --amount bytes" },
	{ "channel-packet", AT_CHANNEL, 0, 10, channel_packet,
	  "packets of --amount bytes at most" },
	{ "channel-other", AT_CHANNEL, 0, 1, other_channel,
	  "confirms a channel that nobody opened" },
	{ "channel-stall", AT_CHANNEL, 0, 0, stall_channel, "never answers" },
	{ "channel-again", AT_SUBSYSTEM, 0, 10, confirm_again,
	  "confirms it twice, then with packets of --amount bytes" },
	{ "subsystem-refuse", AT_SUBSYSTEM, 0, 0, refuse_subsystem, "has no SFTP" },
	{ 0 },
};
