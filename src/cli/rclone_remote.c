#include "cli/rclone_remote.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/known_hosts.h"
#include "cli/login.h"
#include "cli/text_file.h"

enum { KEY_FILE_MAX = 16384, TRUSTED_MAX = 10 /* of a connector */ };

/* With one of these a remote goes a way that no connector goes. */
static const struct {
	const char *option, *why;
} obstacles[] = {
	{ "ssh", "it connects by a program of its own (ssh)" },
	{ "socks_proxy", "it connects through a SOCKS proxy" },
	{ "http_proxy", "it connects through an HTTP proxy" },
	{ "key_file_pass",
	  "its private key has a passphrase, and connectors have none: take it off a copy with "
	  "ssh-keygen -p" },
	{ "pubkey_file", "it logs in with a certificate (pubkey_file)" },
};

/* These change how things are done; a connector does them in its own way. */
static const struct {
	const char *option, *note;
} differences[] = {
	{ "ciphers", "which ciphers are allowed is said by the connector's security policy" },
	{ "key_exchange",
	  "which key exchanges are allowed is said by the connector's security policy" },
	{ "macs", "which MACs are allowed is said by the connector's security policy" },
	{ "host_key_algorithms",
	  "which host key algorithms are allowed is said by the connector's security policy" },
	{ "use_insecure_cipher",
	  "old ciphers are not allowed: the connector's security policy says which are" },
	{ "path_override",
	  "path_override is about a shell at the server, which connectors do not use" },
	{ "server_command", "server_command is not used: connectors ask for the subsystem sftp" },
	{ "subsystem", "connectors ask for the subsystem sftp" },
};

static bool is_true(const struct rclone_remote *remote, const char *name)
{
	const char *value = rclone_option(remote, name);
	return value != NULL && strcmp(value, "true") == 0;
}

static int look_for_obstacles(const struct rclone_remote *remote, struct sp_error *err)
{
	for (size_t i = 0; i < SP_COUNT_OF(obstacles); i++)
		if (rclone_option(remote, obstacles[i].option) != NULL)
			return sp_fail(err, SP_UNSUPPORTED, "%s", obstacles[i].why);
	if (is_true(remote, "ask_password"))
		return sp_fail(err, SP_UNSUPPORTED, "it asks for its password each time");
	return 0;
}

static void note_differences(const struct rclone_remote *remote, json_t *notes)
{
	for (size_t i = 0; i < SP_COUNT_OF(differences); i++) {
		const char *value = rclone_option(remote, differences[i].option);
		if (value != NULL && strcmp(value, "false") != 0)
			json_array_append_new(notes, json_string(differences[i].note));
	}
}

/* "~/x" and "${HOME}/x", as rclone's own settings are written. Owned by the caller. */
static char *expand_home(const char *path)
{
	static const char *const homes[] = { "~/", "${HOME}/", "$HOME/" };
	const char *home = getenv("HOME");
	struct sp_buffer out = { 0 };
	for (size_t i = 0; home != NULL && i < SP_COUNT_OF(homes); i++) {
		if (sp_text_starts_with(path, homes[i])) {
			sp_buffer_format(&out, "%s/%s", home, path + strlen(homes[i]));
			return sp_buffer_take(&out);
		}
	}
	return sp_strdup(path);
}

/* ---- the login --------------------------------------------------------------------------------------------------- */

/* key_pem is on one line, with \n for its ends of lines. Owned by the caller. */
static char *read_key_pem(const char *text)
{
	struct sp_buffer out = { .secret = true };
	for (; *text != '\0'; text++) {
		bool is_end = text[0] == '\\' && text[1] == 'n';
		sp_buffer_add_char(&out, is_end ? '\n' : *text);
		text += is_end;
	}
	if (out.length > 0 && out.data[out.length - 1] != '\n')
		sp_buffer_add_char(&out, '\n');
	return sp_buffer_take(&out);
}

static int read_key(const struct rclone_remote *remote, char **out, struct sp_error *err)
{
	const char *pem = rclone_option(remote, "key_pem"),
		   *file = rclone_option(remote, "key_file");
	if (pem != NULL) {
		*out = read_key_pem(pem);
	} else if (file != NULL) {
		SP_AUTO_FREE char *path = expand_home(file);
		SP_AUTO_BUFFER text = { .secret = true };
		if (text_file_read(path, KEY_FILE_MAX, &text, err) != 0)
			return -1;
		*out = sp_strdup(sp_buffer_text(&text));
	}
	if (*out != NULL && strstr(*out, "ENCRYPTED") != NULL)
		return sp_fail(err, SP_UNSUPPORTED,
			       "its private key has a passphrase, and connectors "
			       "have none: take it off a copy with ssh-keygen -p");
	return 0;
}

static int read_login(const struct rclone_remote *remote, char **out, struct sp_error *err)
{
	SP_AUTO_SECRET char *key = NULL;
	SP_AUTO_SECRET char *password = NULL;
	const char *obscured = rclone_option(remote, "pass"), *user = rclone_option(remote, "user");
	const struct passwd *me = getpwuid(getuid());
	if (read_key(remote, &key, err) != 0)
		return -1;
	if (obscured != NULL && (password = rclone_reveal(obscured)) == NULL)
		return sp_fail(err, SP_INVALID, "its password is not one that rclone has obscured");
	if (key == NULL && password == NULL)
		return sp_fail(
			err, SP_UNSUPPORTED,
			"it has neither password nor private key: it logs in by an SSH agent, "
			"and a connector has its login in a secret");
	if (user == NULL)
		user = me == NULL ? "" : me->pw_name; /* as rclone does it */
	if (user[0] == '\0')
		return sp_fail(err, SP_INVALID, "it does not say who logs in");
	*out = login_text(user, password, key);
	return 0;
}

/* ---- the server -------------------------------------------------------------------------------------------------- */

static int read_server(const struct rclone_remote *remote, struct server_url *out,
		       struct sp_error *err)
{
	const char *host = rclone_option(remote, "host"), *text = rclone_option(remote, "port");
	uint64_t port = 22;
	if (host == NULL)
		return sp_fail(err, SP_INVALID, "it does not say which host it is about");
	if (text != NULL && !sp_text_to_u64(text, 1, 65535, &port))
		return sp_fail(err, SP_INVALID, "its port \"%.32s\" is none", text);
	return server_url_make(host, (uint16_t)port, out, err);
}

static int read_known_hosts(const struct rclone_remote *remote, struct rclone_taken *out,
			    struct sp_error *err)
{
	const char *file = rclone_option(remote, "known_hosts_file");
	if (file == NULL)
		return 0;
	SP_AUTO_FREE char *path = expand_home(file);
	SP_AUTO_BUFFER text = { 0 };
	if (text_file_read(path, KNOWN_HOSTS_MAX, &text, err) != 0)
		return -1;
	if (known_hosts_find(sp_buffer_text(&text), text.length, out->server.host, out->server.port,
			     out->keys) == 0)
		return sp_fail(
			err, SP_UNTRUSTED,
			"its file of known hosts has no key of \"%.100s\" that a connector can "
			"trust, so rclone would not connect either",
			out->server.url);
	while (json_array_size(out->keys) > TRUSTED_MAX)
		json_array_remove(out->keys, TRUSTED_MAX);
	return 0;
}

int rclone_remote_take(const struct rclone_remote *remote, struct rclone_taken *out,
		       struct sp_error *err)
{
	*out = (struct rclone_taken){ .keys = json_array(), .notes = json_array() };
	if (look_for_obstacles(remote, err) != 0 || read_server(remote, &out->server, err) != 0 ||
	    read_login(remote, &out->login, err) != 0 || read_known_hosts(remote, out, err) != 0)
		return -1;
	note_differences(remote, out->notes);
	return 0;
}

void rclone_taken_finish(struct rclone_taken *taken)
{
	sp_secret_free(taken->login);
	json_decref(taken->keys);
	json_decref(taken->notes);
	*taken = (struct rclone_taken){ 0 };
}
