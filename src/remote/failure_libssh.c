/* libssh tells what happened in English only. This file turns it into our codes and sentences; a text that it does not
 * know is passed on, escaped, as a broken protocol. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/name.h"
#include "base/scope.h"
#include "base/text.h"
#include "remote/handshake.h"

enum {
	WORDS_MAX = 160, /* bytes of the server's own words in a sentence */
	SERVER_LIST_MAX = 1024,
	SENTENCE_MAX = SP_ERROR_MESSAGE_MAX - 64, /* leaves room for what callers put in front */
};

void failure_spell_time(int64_t time_ms, char *out, size_t room)
{
	if (time_ms % 1000 == 0)
		snprintf(out, room, "%lld s", (long long)(time_ms / 1000));
	else
		snprintf(out, room, "%.1f s", (double)time_ms / 1000);
}

/** The server's words, made safe and short; owned by the caller. */
static char *tame(const char *words)
{
	char shortened[WORDS_MAX + 1];
	snprintf(shortened, sizeof(shortened), "%.*s", WORDS_MAX, words);
	return sp_name_escape(shortened);
}

/* ---- libssh's log ------------------------------------------------------------------------------------------------- */

/** Errors that are none: we give no host name, so that no known_hosts file is read, and no descriptor is left with it. */
static const char *const harmless[] = { "Can't verify server in known hosts", "Invalid argument" };

#define BROKEN_SOCKET "Socket error: "

static bool is_harmless(const char *text)
{
	for (size_t i = 0; i < SP_COUNT_OF(harmless); i++)
		if (sp_text_starts_with(text, harmless[i]))
			return true;
	return false;
}

/** "Negotiated kex,host key,cipher,…" */
static void note_negotiated(struct transport *transport, const char *list)
{
	list += strcspn(list, ",");
	list += *list == ',';
	snprintf(transport->host_key_algorithm, sizeof(transport->host_key_algorithm), "%.*s",
		 (int)strcspn(list, ","), list);
}

#define CONFIRMED     "Received a CHANNEL_OPEN_CONFIRMATION"
#define CHANNEL_SIZES "Remote window : %*u, maxpacket : %u"

static void note_channel(struct transport *transport, const char *text)
{
	uint32_t packet_max;
	if (sp_text_starts_with(text, CONFIRMED))
		transport->channels_confirmed++;
	else if (sscanf(text, CHANNEL_SIZES, &packet_max) == 1 &&
		 packet_max < transport->channel_packet_max)
		transport->channel_packet_max = packet_max;
}

/** Whether libssh's sentence tells of this machine: the server is not to blame, and another attempt may succeed. */
static bool is_our_own(const char *text)
{
	/* OpenSSL asks for memory before it makes random bytes, and fails for nothing else where the kernel gives them. */
	static const char *const signs[] = { "Out of memory", "PRNG error",
					     "Could not generate random data" };
	for (size_t i = 0; i < SP_COUNT_OF(signs); i++)
		if (strstr(text, signs[i]) != NULL)
			return true;
	return false;
}

static void note(int priority, const char *function, const char *line, void *transport_)
{
	struct transport *transport = transport_;
	const char *text = line + strlen(function);
	bool no_memory = errno == ENOMEM;
	(void)priority;

	if (transport == NULL || !sp_text_starts_with(text, ": "))
		return;
	text += strlen(": ");
	if (sp_text_starts_with(text, "Negotiated "))
		note_negotiated(transport, text);
	note_channel(transport, text);
	if (ssh_get_error_code(transport->session) != SSH_FATAL ||
	    strcmp(text, ssh_get_error(transport->session)) != 0 || is_harmless(text))
		return;
	/* The socket of a connection that was given up for a reason fails as well, and says nothing new. */
	if (sp_text_starts_with(text, BROKEN_SOCKET) && transport->last_words[0] != '\0')
		return;
	snprintf(transport->last_words, sizeof(transport->last_words), "%s", text);
	transport->lacked_memory |= no_memory || is_our_own(text);
}

void transport_enter(struct transport *transport)
{
	ssh_set_log_callback(note);
	ssh_set_log_userdata(transport);
	ssh_set_log_level(SSH_LOG_INFO);
	read_ahead_enter(transport != NULL ? &transport->ahead : NULL);
}

/* ---- a connection that ended ------------------------------------------------------------------------------------ */

#define DISCONNECT "Received SSH_MSG_DISCONNECT: "

/** What libssh's sentence holds, and what that is to us. What follows the sign is told where it says more. */
static const struct {
	const char *sign;
	const char *phrase;
	bool tells;
} endings[] = {
	{ DISCONNECT, "the server ended the connection", true },
	{ "Socket error: disconnected", "the server closed the connection", false },
	{ BROKEN_SOCKET, "the connection broke", true },
	{ "Writing packet: error on socket", "the connection broke", false },
};

bool failure_has_happened(const struct transport *transport)
{
	return ssh_get_fd(transport->session) == -1 ||
	       (ssh_get_status(transport->session) & (SSH_CLOSED | SSH_CLOSED_ERROR)) != 0;
}

bool failure_lost_bytes(const struct transport *transport)
{
	return ssh_get_error_code(transport->session) == SSH_FATAL &&
	       is_our_own(ssh_get_error(transport->session));
}

bool failure_is_refusal(const struct transport *transport)
{
	/* RFC 4253, 11.1: a protocol error (so OpenSSH says "too many failures"), no more methods, illegal user. */
	static const char *const reasons[] = { DISCONNECT "2:", DISCONNECT "14:",
					       DISCONNECT "15:" };
	for (size_t i = 0; i < SP_COUNT_OF(reasons); i++)
		if (sp_text_starts_with(transport->last_words, reasons[i]))
			return true;
	return false;
}

int failure_of_connection(const struct transport *transport, const char *during,
			  struct sp_error *err)
{
	const char *text = transport->last_words;
	for (size_t i = 0; i < SP_COUNT_OF(endings); i++) {
		const char *found = strstr(text, endings[i].sign);
		if (found == NULL)
			continue;
		found += strlen(endings[i].sign);
		/* "11: Bye Bye": the number is for programs. */
		found += strspn(found, "0123456789: ");
		SP_AUTO_FREE char *words = tame(endings[i].tells ? found : "");
		return sp_fail(err, SP_CLOSED, "%s during %s%s%s", endings[i].phrase, during,
			       *words == '\0' ? "" : ": ", words);
	}
	SP_AUTO_FREE char *words = tame(text);
	if (*words == '\0')
		return sp_fail(err, SP_CLOSED, "the connection ended during %s", during);
	return sp_fail(err, SP_PROTOCOL, "the server broke the SSH protocol during %s: %s", during,
		       words);
}

/* ---- no algorithm in common ------------------------------------------------------------------------------------- */

/* libssh: "kex error : no match for method NAME: server [a,b], client [c,d]". Its buffer may cut the end off. */
#define NO_MATCH "no match for method "

static const struct method {
	const char *name; /* libssh's */
	const char *ours;
	enum algorithm_kind kind;
} methods[] = {
	{ "kex algos", "key exchange algorithms", ALGORITHM_KEX },
	{ "server host key algo", "host key algorithms", ALGORITHM_HOST_KEY },
	{ "encryption ", "ciphers", ALGORITHM_CIPHER },
	{ "mac algo ", "MAC algorithms", ALGORITHM_MAC },
};

static const struct method *find_method(const char *text)
{
	for (size_t i = 0; i < SP_COUNT_OF(methods); i++)
		if (sp_text_starts_with(text, methods[i].name))
			return &methods[i];
	return NULL;
}

static void copy_server_list(const char *text, char out[SERVER_LIST_MAX])
{
	const char *start = strstr(text, "server [");
	start = start == NULL ? "" : start + strlen("server [");
	snprintf(out, SERVER_LIST_MAX, "%.*s", (int)strcspn(start, "]"), start);
}

/** Names that are no algorithms: they tell of protocol extensions. */
static bool is_marker(const char *name)
{
	return sp_text_starts_with(name, "kex-strict-") || sp_text_starts_with(name, "ext-info-");
}

/** Adds "a, b, c" for "a,b,c", or as many of them as @room bytes take, then "…". */
static void add_names(struct sp_buffer *sentence, const char *list, size_t room)
{
	SP_AUTO_FREE char *safe = sp_name_escape(list);
	size_t start = sentence->length, end = start + room;
	for (char *rest = safe, *name; (name = strsep(&rest, ",")) != NULL;) {
		if (is_marker(name))
			continue;
		if (sentence->length != start)
			sp_buffer_add_text(sentence, ", ");
		if (sentence->length + strlen(name) + strlen(", …") > end) {
			sp_buffer_add_text(sentence, "…");
			return;
		}
		sp_buffer_add_text(sentence, name);
	}
}

/** The server has keys that the policy allows, and none of the types that are trusted: it is not the one we know. */
static int fail_other_key_types(const char *offered, const char *server_list, struct sp_error *err)
{
	SP_AUTO_BUFFER sentence = { 0 };
	sp_buffer_add_text(&sentence, "the server has no host key of a trusted type: trusted is [");
	add_names(&sentence, offered, ALGORITHM_LIST_SIZE);
	sp_buffer_add_text(&sentence, "], the server offers [");
	add_names(&sentence, server_list, SENTENCE_MAX - sentence.length);
	sp_buffer_add_text(&sentence, "]");
	return sp_fail(err, SP_UNTRUSTED, "%s", sp_buffer_text(&sentence));
}

int failure_of_key_exchange(const struct handshake *handshake, struct sp_error *err)
{
	const char *text = strstr(handshake->transport->last_words, NO_MATCH);
	const struct method *method = text == NULL ? NULL : find_method(text + strlen(NO_MATCH));
	char server_list[SERVER_LIST_MAX];

	if (method == NULL)
		return failure_of_connection(handshake->transport, "the key exchange", err);
	copy_server_list(text, server_list);
	const char *offered = handshake->algorithms.offered[method->kind];
	if (method->kind == ALGORITHM_HOST_KEY && handshake->algorithms.pinned &&
	    algorithms_allow_host_key(handshake->options->policy, server_list)) {
		handshake->report->step = STEP_HOST_KEY;
		return fail_other_key_types(offered, server_list, err);
	}
	/* The sentence of the API's contract, also where it has full stops. */
	SP_AUTO_BUFFER sentence = { 0 };
	sp_buffer_format(
		&sentence,
		"Key exchange negotiation failed due to incompatible %s. Client offered: [",
		method->ours);
	add_names(&sentence, offered, ALGORITHM_LIST_SIZE);
	sp_buffer_add_text(&sentence, "] Server offered: [");
	add_names(&sentence, server_list, SENTENCE_MAX - sentence.length);
	sp_buffer_add_text(&sentence, "]");
	return sp_fail(err, SP_UNSUPPORTED, "%s", sp_buffer_text(&sentence));
}
