#include "test.h"

#include <libssh/libssh.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/secret.h"
#include "base/text.h"
#include "remote/private_key.h"
#include "servers.h"

static struct ssh_folder folder;

/** The text of a key that @command makes as "~/key", owned by the caller. */
static char *make_key(const char *command)
{
	ssh_folder_run(&folder, "rm -f ~/key ~/key.pub");
	ssh_folder_run(&folder, command);
	return ssh_folder_read(&folder, "key");
}

/** Whether libssh takes what came out. */
static void expect_usable(const char *text)
{
	char *prepared = NULL;
	struct sp_error err = { 0 };
	ssh_key key = NULL;
	if (private_key_prepare(text, &prepared, &err) != 0)
		fail_msg("refused: %s", err.message);
	assert_int_equal(ssh_pki_import_privkey_base64(prepared, NULL, NULL, NULL, &key), SSH_OK);
	ssh_key_free(key);
	sp_secret_free(prepared);
}

static void expect_refused(const char *text, const char *says)
{
	char *prepared = NULL;
	struct sp_error err = { 0 };
	assert_int_equal(private_key_prepare(text, &prepared, &err), -1);
	assert_null(prepared);
	assert_int_equal(err.code, SP_INVALID);
	if (strstr(err.message, says) == NULL)
		fail_msg("refused with \"%s\", not \"%s\"", err.message, says);
}

static const char *const good[] = {
	"ssh-keygen -q -t rsa -b 2048 -N '' -f ~/key",
	"ssh-keygen -q -t rsa -b 4096 -N '' -f ~/key",
	"ssh-keygen -q -t ecdsa -b 256 -N '' -f ~/key",
	"ssh-keygen -q -t ecdsa -b 384 -N '' -f ~/key",
	"ssh-keygen -q -t ecdsa -b 521 -N '' -f ~/key",
	"ssh-keygen -q -t ed25519 -N '' -f ~/key",
	"ssh-keygen -q -m PEM -t rsa -b 2048 -N '' -f ~/key",
	"ssh-keygen -q -m PEM -t ecdsa -b 384 -N '' -f ~/key",
	"ssh-keygen -q -m PKCS8 -t rsa -b 2048 -N '' -f ~/key",
	"ssh-keygen -q -m PKCS8 -t ecdsa -N '' -f ~/key",
	"openssl genpkey -quiet -algorithm ed25519 -out ~/key",
};

static void takes_every_kind_without_a_passphrase(void **state)
{
	(void)state;
	for (size_t i = 0; i < SP_COUNT_OF(good); i++) {
		char *text = make_key(good[i]);
		expect_usable(text);
		free(text);
	}
}

/** @text with every @from replaced by @to, owned by the caller. */
static char *replace(const char *text, char from, const char *to)
{
	struct sp_buffer out = { 0 };
	for (; *text != '\0'; text++) {
		if (*text == from)
			sp_buffer_add_text(&out, to);
		else
			sp_buffer_add_char(&out, *text);
	}
	return sp_buffer_take(&out);
}

static void puts_line_ends_right(void **state)
{
	(void)state;
	static const char *const kinds[] = { "ssh-keygen -q -t ed25519 -N '' -f ~/key",
					     "ssh-keygen -q -m PEM -t rsa -N '' -f ~/key" };
	for (size_t i = 0; i < SP_COUNT_OF(kinds); i++) {
		char *text = make_key(kinds[i]);
		char *with_cr = replace(text, '\n', "\r\n");
		char *with_blanks = replace(text, '\n', " \t\n");
		char padded[8192];
		expect_usable(with_cr);
		expect_usable(with_blanks);
		snprintf(padded, sizeof(padded), "\n  %s\n\n", text);
		expect_usable(padded);
		text[strlen(text) - 1] = '\0'; /* the last line end */
		expect_usable(text);
		free(with_blanks);
		free(with_cr);
		free(text);
	}
}

/* The AEAD ciphers are those that crash libssh. */
static void refuses_every_passphrase(void **state)
{
	(void)state;
	static const char *const locked[] = {
		"ssh-keygen -q -t ed25519 -N secret -f ~/key",
		"ssh-keygen -q -t ed25519 -Z aes256-gcm@openssh.com -N secret -f ~/key",
		"ssh-keygen -q -t rsa -Z chacha20-poly1305@openssh.com -N secret -f ~/key",
		"ssh-keygen -q -t ecdsa -Z aes128-cbc -N secret -f ~/key",
		"ssh-keygen -q -m PEM -t rsa -N secret -f ~/key",
		"ssh-keygen -q -m PEM -t ecdsa -N secret -f ~/key",
		"ssh-keygen -q -m PKCS8 -t rsa -N secret -f ~/key",
	};
	for (size_t i = 0; i < SP_COUNT_OF(locked); i++) {
		char *text = make_key(locked[i]);
		expect_refused(text, "has a passphrase");
		free(text);
	}
}

static void says_what_was_given_instead(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "", "is empty" },
		{ " \r\n\n", "is empty" },
		{ "hunter2", "no private key" },
		{ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICOp alice", "is a public key" },
		{ "-----BEGIN PUBLIC KEY-----\nAAAA\n", "is a public key" },
		{ "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n", "is a public key" },
		{ "PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: none\r\n", "PuTTY" },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\\nb3Bl\\n", "literal \"\\n\"" },
		{ "-----BEGIN OPENSSH PRIVATE KEY----- b3Bl -----END OPENSSH PRIVATE KEY-----",
		  "line ends are missing" },
		{ "-----BEGIN DSA PRIVATE KEY-----\nMIIB\n", "DSA" },
		{ "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nxcZY\n", "unknown form" },
		{ "-----BEGIN CERTIFICATE-----\nMIIB\n", "certificate" },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\n-----END OPENSSH PRIVATE KEY-----\n",
		  "cannot be read" },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", "cannot be read" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++)
		expect_refused(bad[i].text, bad[i].says);
	char *dsa = make_key("ssh-keygen -q -t dsa -N '' -f ~/key");
	expect_refused(dsa, "DSA");
	free(dsa);
	char *huge = malloc(PRIVATE_KEY_MAX + 2);
	memset(huge, 'A', PRIVATE_KEY_MAX + 1);
	huge[PRIVATE_KEY_MAX + 1] = '\0';
	expect_refused(huge, "longer than");
	free(huge);
}

/* Cut by whole groups of base64 with the last line put back, so that the inside is what breaks. */
static void refuses_every_truncation_of_the_inside(void **state)
{
	(void)state;
	static const char begin[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
	char *text = make_key("ssh-keygen -q -t ed25519 -N '' -f ~/key");
	size_t end = (size_t)(strstr(text, "-----END") - text);
	for (size_t length = strlen(begin); length < end - 1; length++) {
		char cut[4096];
		snprintf(cut, sizeof(cut), "%.*s\n-----END OPENSSH PRIVATE KEY-----\n", (int)length,
			 text);
		expect_refused(cut, "");
	}
	free(text);
}

/* Any byte of the header may be anything: refused or taken, but libssh never meets a cipher. */
static void no_cipher_passes(void **state)
{
	(void)state;
	static const char begin[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
	char *text = make_key("ssh-keygen -q -t ed25519 -Z aes256-gcm@openssh.com -N x -f ~/key");
	for (size_t at = strlen(begin); at < strlen(begin) + 64; at++) {
		char kept = text[at];
		for (const char *digit = "AQgwBR/+9z"; *digit != '\0'; digit++) {
			char *prepared = NULL;
			text[at] = *digit;
			assert_int_equal(private_key_prepare(text, &prepared, NULL), -1);
		}
		text[at] = kept;
	}
	free(text);
}

static int set_up(void **state)
{
	(void)state;
	ssh_folder_make(&folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ssh_folder_remove(&folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_every_kind_without_a_passphrase),
		cmocka_unit_test(puts_line_ends_right),
		cmocka_unit_test(refuses_every_passphrase),
		cmocka_unit_test(says_what_was_given_instead),
		cmocka_unit_test(refuses_every_truncation_of_the_inside),
		cmocka_unit_test(no_cipher_passes),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
