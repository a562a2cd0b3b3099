/*
 * Who we are. "none" asks the server which methods it has, unless one let us in before; then each of ours that it offers
 * is tried once, in the order of the table. A server that wants two of them says "partial", and the next one goes on.
 */

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/name.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"
#include "remote/handshake.h"
#include "remote/private_key.h"
#include "remote/wipe_freed.h"

enum {
	QUESTIONS_MAX = 4, /* rounds of keyboard-interactive */
	QUESTION_QUOTED_MAX = 60,
};

static const struct errand errand = { "authentication",
				      "the server did not finish the authentication" };

/** One authentication: what was tried, for the sentence at its end. */
struct attempt {
	struct handshake *handshake;
	ssh_session session;
	const char *password; /* of the login that is tried; NULL: none */
	ssh_key key;          /* the same */
	size_t others_tried;
	struct sp_buffer story; /* "public key … refused, password refused" */
};

static bool has_key(const struct attempt *attempt)
{
	return attempt->key != NULL;
}

static bool has_password(const struct attempt *attempt)
{
	return attempt->password != NULL;
}

static int sleep_until_answered(struct attempt *attempt, struct sp_error *err)
{
	return transport_sleep(attempt->handshake->transport, &attempt->handshake->patience,
			       &errand, err);
}

static void tell(struct attempt *attempt, const char *what)
{
	if (attempt->story.length != 0)
		sp_buffer_add_text(&attempt->story, ", ");
	sp_buffer_add_text(&attempt->story, what);
}

/* ---- the methods: each returns what libssh says, or SSH_AUTH_ERROR with the error ------------------------------- */

static int try_none(struct attempt *attempt, struct sp_error *err)
{
	int result;
	while ((result = ssh_userauth_none(attempt->session, NULL)) == SSH_AUTH_AGAIN)
		if (sleep_until_answered(attempt, err) != 0)
			return SSH_AUTH_ERROR;
	if (result == SSH_AUTH_ERROR)
		failure_of_connection(attempt->handshake->transport, errand.during, err);
	return result;
}

/** "public key ssh-ed25519 SHA256:…": what the partner has to look for on his side. */
static void tell_key(struct attempt *attempt, const char *what)
{
	unsigned char *hash = NULL;
	size_t length = 0;
	SP_AUTO_BUFFER text = { 0 };
	sp_buffer_format(&text, "public key %s", ssh_key_type_to_char(ssh_key_type(attempt->key)));
	if (ssh_get_publickey_hash(attempt->key, SSH_PUBLICKEY_HASH_SHA256, &hash, &length) == 0) {
		char *fingerprint =
			ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, length);
		sp_buffer_format(&text, " %s", fingerprint == NULL ? "" : fingerprint);
		ssh_string_free_char(fingerprint);
		ssh_clean_pubkey_hash(&hash);
	}
	sp_buffer_format(&text, " %s", what);
	tell(attempt, sp_buffer_text(&text));
}

/** Why libssh itself would not offer the key: its own words, and ours. */
static const struct {
	const char *sign;
	const char *reason;
} key_obstacles[] = {
	{ "PUBLICKEY_ACCEPTED_TYPES",
	  "not offered, because the server announces no signature for it "
	  "that the security policy allows" },
	{ "RSA_MIN_SIZE", "not offered, because it is too short for the security policy" },
};

static int try_public_key(struct attempt *attempt, struct sp_error *err)
{
	int result;
	while ((result = ssh_userauth_publickey(attempt->session, NULL, attempt->key)) ==
	       SSH_AUTH_AGAIN)
		if (sleep_until_answered(attempt, err) != 0)
			return SSH_AUTH_ERROR;
	if (result == SSH_AUTH_ERROR)
		failure_of_connection(attempt->handshake->transport, errand.during, err);
	if (result != SSH_AUTH_DENIED)
		return result;
	for (size_t i = 0; i < SP_COUNT_OF(key_obstacles); i++)
		if (strstr(ssh_get_error(attempt->session), key_obstacles[i].sign) != NULL) {
			tell_key(attempt, key_obstacles[i].reason);
			return result;
		}
	tell_key(attempt, "refused");
	return result;
}

static int try_password(struct attempt *attempt, struct sp_error *err)
{
	int result;
	while ((result = ssh_userauth_password(attempt->session, NULL, attempt->password)) ==
	       SSH_AUTH_AGAIN)
		if (sleep_until_answered(attempt, err) != 0)
			return SSH_AUTH_ERROR;
	if (result == SSH_AUTH_ERROR)
		failure_of_connection(attempt->handshake->transport, errand.during, err);
	if (result == SSH_AUTH_DENIED)
		tell(attempt, "password refused");
	return result;
}

/** What was asked is no password, or asked twice: the secret has no answer to it. */
static int fail_question(struct attempt *attempt, int prompts, struct sp_error *err)
{
	const char *prompt =
		prompts < 1 ? "" : ssh_userauth_kbdint_getprompt(attempt->session, 0, NULL);
	char shortened[QUESTION_QUOTED_MAX + 1] = { 0 };
	strncpy(shortened, prompt == NULL ? "" : prompt, QUESTION_QUOTED_MAX);
	SP_AUTO_FREE char *quoted = sp_name_escape(shortened);
	sp_fail(err, SP_AUTH,
		"the server asks for more than the password can answer (keyboard-interactive: "
		"\"%s\")",
		quoted);
	return SSH_AUTH_ERROR;
}

/** Exactly one question without echo is answered, once, with the password: anything else is not for it. */
static int answer(struct attempt *attempt, bool *answered, struct sp_error *err)
{
	int prompts = ssh_userauth_kbdint_getnprompts(attempt->session);
	char echo = 1;

	if (prompts == 0) /* a mere message */
		return SSH_AUTH_INFO;
	if (prompts != 1 || *answered ||
	    ssh_userauth_kbdint_getprompt(attempt->session, 0, &echo) == NULL || echo != 0)
		return fail_question(attempt, prompts, err);
	*answered = true;
	if (ssh_userauth_kbdint_setanswer(attempt->session, 0, attempt->password) != 0) {
		sp_fail(err, SP_INTERNAL, "could not answer the server's question");
		return SSH_AUTH_ERROR;
	}
	return SSH_AUTH_INFO;
}

static int try_questions(struct attempt *attempt, struct sp_error *err)
{
	bool answered = false;
	int result, rounds = 0;

	for (;;) {
		result = ssh_userauth_kbdint(attempt->session, NULL, NULL);
		if (result == SSH_AUTH_AGAIN) {
			if (sleep_until_answered(attempt, err) != 0)
				return SSH_AUTH_ERROR;
		} else if (result != SSH_AUTH_INFO) {
			break;
		} else if (rounds++ == QUESTIONS_MAX) {
			return fail_question(attempt, 0, err);
		} else if (answer(attempt, &answered, err) == SSH_AUTH_ERROR) {
			return SSH_AUTH_ERROR;
		}
	}
	if (result == SSH_AUTH_ERROR)
		failure_of_connection(attempt->handshake->transport, errand.during, err);
	if (result == SSH_AUTH_DENIED)
		tell(attempt, answered ? "password refused (keyboard-interactive)"
				       : "keyboard-interactive refused");
	return result;
}

static const struct method {
	int bit;
	const char *name;
	bool (*is_ours)(const struct attempt *attempt); /* NULL: never */
	int (*run)(struct attempt *attempt, struct sp_error *err);
	int not_beside; /* bits of methods that make it pointless */
} methods[] = {
	{ SSH_AUTH_METHOD_PUBLICKEY, "publickey", has_key, try_public_key, 0 },
	{ SSH_AUTH_METHOD_PASSWORD, "password", has_password, try_password, 0 },
	/* The same password asked for in another way: a second refusal would only count against the user. */
	{ SSH_AUTH_METHOD_INTERACTIVE, "keyboard-interactive", has_password, try_questions,
	  SSH_AUTH_METHOD_PASSWORD },
	{ SSH_AUTH_METHOD_GSSAPI_MIC, "gssapi-with-mic", NULL, NULL, 0 },
	{ SSH_AUTH_METHOD_HOSTBASED, "hostbased", NULL, NULL, 0 },
};

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static void note_offered(struct transport_report *report, int offered)
{
	SP_AUTO_BUFFER names = { 0 };
	for (size_t i = 0; i < SP_COUNT_OF(methods); i++)
		if ((offered & methods[i].bit) != 0)
			sp_buffer_format(&names, "%s%s", names.length == 0 ? "" : ", ",
					 methods[i].name);
	snprintf(report->methods, sizeof(report->methods), "%s", sp_buffer_text(&names));
}

static int fail_refused(struct attempt *attempt, struct sp_error *err)
{
	const struct transport_options *options = attempt->handshake->options;
	const char *names = attempt->handshake->report->methods;
	SP_AUTO_FREE char *user = sp_name_escape(options->user);

	if (attempt->story.length == 0)
		tell(attempt, has_key(attempt) && has_password(attempt)
				      ? "it takes neither the private key nor the password"
			      : has_key(attempt) ? "it takes no public key"
			      : has_password(attempt)
				      ? "it takes no password"
				      : "there is neither a private key nor a password");
	return sp_fail(err, SP_AUTH, "the server did not accept user \"%s\": %s; it offers %s",
		       user, sp_buffer_text(&attempt->story), *names == '\0' ? "nothing" : names);
}

/** A server that hangs up after a refusal, or for one ("too many failures"), has refused us. */
static int fail_hung_up(struct attempt *attempt, const char *method, struct sp_error *err)
{
	struct sp_error how = { 0 };
	SP_AUTO_FREE char *user = sp_name_escape(attempt->handshake->options->user);
	if (attempt->story.length == 0)
		sp_buffer_format(&attempt->story, "%s refused", method);
	failure_of_connection(attempt->handshake->transport, errand.during, &how);
	return sp_fail(err, SP_AUTH, "the server did not accept user \"%s\": %s; %s", user,
		       sp_buffer_text(&attempt->story), how.message);
}

static bool is_worth_trying(const struct attempt *attempt, const struct method *method, int offered,
			    int tried)
{
	return (offered & method->bit) != 0 && (tried & method->bit) == 0 &&
	       ((offered | tried) & method->not_beside) == 0 && method->is_ours != NULL &&
	       method->is_ours(attempt);
}

static const struct method *next_method(const struct attempt *attempt, int offered, int tried)
{
	for (size_t i = 0; i < SP_COUNT_OF(methods); i++)
		if (is_worth_trying(attempt, &methods[i], offered, tried))
			return &methods[i];
	return NULL;
}

/* The method that let us in at this very server; NULL: it is asked which ones it has. */
static const struct method *known_method(const struct attempt *attempt)
{
	const struct transport_options *options = attempt->handshake->options;
	const struct transport_report *report = attempt->handshake->report;
	char server[TRANSPORT_SERVER_SIZE];
	transport_server(report->banner, report->fingerprint, server);
	if (!sp_text_equal(options->known_server, server))
		return NULL;
	for (size_t i = 0; i < SP_COUNT_OF(methods); i++)
		if (sp_text_equal(options->known_method, methods[i].name) &&
		    methods[i].is_ours != NULL && methods[i].is_ours(attempt))
			return &methods[i];
	return NULL;
}

/** Never asks a terminal: what still wants a passphrase is refused. */
static int refuse_passphrase(const char *prompt, char *out, size_t room, int echo, int verify,
			     void *ignored)
{
	(void)prompt;
	(void)out;
	(void)room;
	(void)echo;
	(void)verify;
	(void)ignored;
	return -1;
}

static int read_private_key(const char *text, ssh_key *out, struct sp_error *err)
{
	SP_AUTO_SECRET char *prepared = NULL;
	if (private_key_prepare(text, &prepared, err) != 0)
		return -1;
	wipe_freed_begin(); /* libssh frees its copy of the text as it is */
	int result = ssh_pki_import_privkey_base64(prepared, NULL, refuse_passphrase, NULL, out);
	wipe_freed_end();
	if (result != SSH_OK)
		return sp_fail(err, SP_INVALID,
			       "the private key cannot be read: was it cut or changed while it was "
			       "copied?");
	if (ssh_key_type(*out) == SSH_KEYTYPE_DSS)
		return sp_fail(err, SP_INVALID,
			       "DSA keys are too weak to be used: RSA, ECDSA or ed25519 is needed");
	return 0;
}

/* A key that cannot be read ends it: nobody would learn of that otherwise. */
static int take_login(struct attempt *attempt, const char *password, const char *private_key,
		      struct sp_error *err)
{
	ssh_key_free(attempt->key);
	attempt->key = NULL;
	attempt->password = password;
	return private_key == NULL ? 0 : read_private_key(private_key, &attempt->key, err);
}

/* All that one login has was refused: the next one's turn. 0 when there is one, 1 when there is none. */
static int take_next_login(struct attempt *attempt, struct sp_error *err)
{
	const struct transport_options *options = attempt->handshake->options;
	if (attempt->others_tried == options->other_count)
		return 1;
	const struct transport_login *next = &options->others[attempt->others_tried++];
	tell(attempt, "then, with the next version of the secret");
	return take_login(attempt, next->password, next->private_key, err);
}

static int try_all(struct attempt *attempt, struct sp_error *err)
{
	struct transport_report *report = attempt->handshake->report;
	const struct method *known = known_method(attempt);
	const char *name = known == NULL ? "none" : known->name;
	int tried = known == NULL ? 0 : known->bit;
	int result = known == NULL ? try_none(attempt, err) : known->run(attempt, err);

	bool is_alone = true;
	while (result == SSH_AUTH_DENIED || result == SSH_AUTH_PARTIAL) {
		int offered = ssh_userauth_list(attempt->session, NULL);
		note_offered(report, offered);
		if (result == SSH_AUTH_PARTIAL) {
			is_alone = false;
			tell(attempt, "one method was accepted, another is wanted");
			/* What was refused as the first may be right as the second. */
			if (known != NULL && strcmp(name, known->name) != 0)
				tried &= ~sp_take_pointer(&known)->bit;
		}
		const struct method *method;
		while ((method = next_method(attempt, offered, tried)) == NULL) {
			int end = take_next_login(attempt, err);
			if (end != 0)
				return end < 0 ? -1 : fail_refused(attempt, err);
			tried = 0;
		}
		tried |= method->bit;
		name = method->name;
		result = method->run(attempt, err);
	}
	if (result != SSH_AUTH_SUCCESS) {
		const struct transport *transport = attempt->handshake->transport;
		bool is_refusal = tried != 0 && failure_has_happened(transport) &&
				  (attempt->story.length != 0 || failure_is_refusal(transport));
		return is_refusal ? fail_hung_up(attempt, name, err) : -1;
	}
	strncpy(report->authenticated_by, name, sizeof(report->authenticated_by) - 1);
	report->by_one_method = is_alone;
	return 0;
}

int handshake_authenticate(struct handshake *handshake, struct sp_error *err)
{
	const struct transport_options *options = handshake->options;
	struct attempt attempt = { .handshake = handshake,
				   .session = handshake->transport->session };

	handshake_begin_step(handshake->report, STEP_AUTHENTICATE);
	int result = take_login(&attempt, options->password, options->private_key, err);
	if (result == 0)
		result = try_all(&attempt, err);
	ssh_key_free(attempt.key);
	sp_buffer_finish(&attempt.story);
	return result;
}
