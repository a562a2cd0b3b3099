#include "remote/private_key.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"

#define BEGIN_LINE    "-----BEGIN "
#define OPENSSH_BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----\n"
#define OPENSSH_END   "-----END OPENSSH PRIVATE KEY-----\n"
#define PASSPHRASE                                                                                 \
	"the private key has a passphrase: only keys without one can be used (\"ssh-keygen -p\" "  \
	"removes it)"
#define BROKEN            "the private key cannot be read: was it cut or changed while it was copied?"
#define PUBLIC_KEY        "this is a public key: the private key is needed, the file without \".pub\""
#define LINE_ENDS_MISSING "the private key's line ends are missing"

/* ---- what people give instead, and what never reaches libssh ----------------------------------------------------- */

/** The first that is found anywhere in the text decides. */
static const struct mistake {
	const char *sign;
	const char *sentence;
} mistakes[] = {
	{ "PuTTY-User-Key-File", "this is a PuTTY key file (.ppk): export it from PuTTYgen as an "
				 "OpenSSH key" },
	{ "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY", "this is a key in the SSH2 form of ssh.com: "
						   "only OpenSSH and PEM keys can be used" },
	{ "\\n", "the private key has a literal \"\\n\" where its line ends must be: store it in "
		 "the secret with real line ends (\"jq -sR .\" makes the JSON string)" },
	{ "BEGIN ENCRYPTED PRIVATE KEY", PASSPHRASE },
	{ "Proc-Type: 4,ENCRYPTED", PASSPHRASE },
	{ "BEGIN DSA PRIVATE KEY", "DSA keys are too weak to be used: RSA, ECDSA or ed25519 is "
				   "needed" },
	{ "BEGIN CERTIFICATE", "this is a certificate: the private key is needed" },
	{ "BEGIN PUBLIC KEY", PUBLIC_KEY },
	{ "BEGIN RSA PUBLIC KEY", PUBLIC_KEY },
	{ "BEGIN SSH2 PUBLIC KEY", PUBLIC_KEY },
};

static const char *const public_key_starts[] = { "ssh-rsa ", "ssh-ed25519 ", "ecdsa-sha2-",
						 "ssh-dss ", "sk-" };

/** First lines that are let through. */
static const char *const good_starts[] = {
	OPENSSH_BEGIN,
	"-----BEGIN RSA PRIVATE KEY-----\n",
	"-----BEGIN EC PRIVATE KEY-----\n",
	"-----BEGIN PRIVATE KEY-----\n",
};

static int refuse_known_mistakes(const char *text, struct sp_error *err)
{
	for (size_t i = 0; i < SP_COUNT_OF(mistakes); i++)
		if (strstr(text, mistakes[i].sign) != NULL)
			return sp_fail(err, SP_INVALID, "%s", mistakes[i].sentence);
	for (size_t i = 0; i < SP_COUNT_OF(public_key_starts); i++)
		if (sp_text_starts_with(text, public_key_starts[i]))
			return sp_fail(err, SP_INVALID, PUBLIC_KEY);
	return 0;
}

static int check_first_line(const char *text, struct sp_error *err)
{
	for (size_t i = 0; i < SP_COUNT_OF(good_starts); i++)
		if (sp_text_starts_with(text, good_starts[i]))
			return 0;
	if (!sp_text_starts_with(text, BEGIN_LINE))
		return sp_fail(err, SP_INVALID,
			       "this is no private key: its first line has to be \"-----BEGIN … "
			       "PRIVATE KEY-----\"");
	/* Whoever pastes a key into a one-line field gets blanks for line ends. */
	if (strchr(text, '\n') == text + strlen(text) - 1)
		return sp_fail(err, SP_INVALID, LINE_ENDS_MISSING);
	return sp_fail(err, SP_INVALID,
		       "the private key is of an unknown form: RSA, ECDSA or ed25519 in OpenSSH or "
		       "PEM form is needed");
}

/* ---- OpenSSH's own form (PROTOCOL.key of its source) ----------------------------------------------------------- */

static const char openssh_magic[] = "openssh-key-v1"; /* with its NUL */

static const char *const key_types[] = { "ssh-rsa", "ssh-ed25519", "ecdsa-sha2-nistp256",
					 "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521" };

static bool equals(const uint8_t *bytes, size_t length, const char *text)
{
	return bytes != NULL && length == strlen(text) && memcmp(bytes, text, length) == 0;
}

static int check_public_part(struct sp_reader *key, struct sp_error *err)
{
	size_t blob_length, type_length;
	const uint8_t *blob = sp_read_string(key, &blob_length);
	struct sp_reader inner = sp_reader_of(blob, blob_length);
	const uint8_t *type = sp_read_string(&inner, &type_length);

	if (blob == NULL || type == NULL)
		return sp_fail(err, SP_INVALID, BROKEN);
	for (size_t i = 0; i < SP_COUNT_OF(key_types); i++)
		if (equals(type, type_length, key_types[i]))
			return 0;
	if (equals(type, type_length, "ssh-dss"))
		return sp_fail(err, SP_INVALID,
			       "DSA keys are too weak to be used: RSA, ECDSA or ed25519 is needed");
	return sp_fail(err, SP_INVALID,
		       "the private key is of a type that cannot be used: RSA, ECDSA or ed25519 is "
		       "needed");
}

/** No cipher name but "none" passes, so that libssh's decryption is never reached. */
static int check_openssh_bytes(const uint8_t *bytes, size_t length, struct sp_error *err)
{
	struct sp_reader key = sp_reader_of(bytes, length);
	const uint8_t *magic = sp_read_bytes(&key, sizeof(openssh_magic));
	size_t cipher_length, derivation_length, ignored;

	if (magic == NULL || memcmp(magic, openssh_magic, sizeof(openssh_magic)) != 0)
		return sp_fail(err, SP_INVALID, BROKEN);
	const uint8_t *cipher = sp_read_string(&key, &cipher_length);
	const uint8_t *derivation = sp_read_string(&key, &derivation_length);
	sp_read_string(&key, &ignored);
	uint32_t count = sp_read_u32(&key);
	if (key.failed)
		return sp_fail(err, SP_INVALID, BROKEN);
	if (!equals(cipher, cipher_length, "none") ||
	    !equals(derivation, derivation_length, "none"))
		return sp_fail(err, SP_INVALID, PASSPHRASE);
	if (count != 1)
		return sp_fail(err, SP_INVALID, "the private key file holds more than one key");
	if (check_public_part(&key, err) != 0)
		return -1;
	sp_read_string(&key, &ignored);
	if (!sp_reader_ended_well(&key))
		return sp_fail(err, SP_INVALID, BROKEN);
	return 0;
}

/** @text begins with OPENSSH_BEGIN. */
static int check_openssh_form(const char *text, struct sp_error *err)
{
	const char *at = text + strlen(OPENSSH_BEGIN);
	const char *end = strstr(at, OPENSSH_END);
	if (end == NULL || end[strlen(OPENSSH_END)] != '\0')
		return sp_fail(err, SP_INVALID, BROKEN);

	size_t length = 0, byte_count = 0;
	SP_AUTO_SECRET char *base64 = sp_alloc((size_t)(end - at) + 1);
	for (; at < end; at++)
		if (*at != '\n')
			base64[length++] = *at;
	uint8_t *bytes = sp_alloc(sp_base64_decoded_max(length) + 1);
	int result = sp_base64_decode(base64, length, bytes, &byte_count)
			     ? check_openssh_bytes(bytes, byte_count, err)
			     : sp_fail(err, SP_INVALID, BROKEN);
	explicit_bzero(bytes, sp_base64_decoded_max(length));
	free(bytes);
	return result;
}

/* ---- the text -------------------------------------------------------------------------------------------------- */

/** Without CRs, blanks at line ends and around the text; with one line end at the end. */
static char *normalise(const char *text)
{
	char *out = sp_alloc(strlen(text) + 2);
	size_t used = 0;
	text += strspn(text, " \t\r\n");
	for (; *text != '\0'; text++) {
		if (*text == '\r')
			continue;
		while (*text == '\n' && used != 0 && strchr(" \t", out[used - 1]) != NULL)
			used--;
		out[used++] = *text;
	}
	while (used != 0 && strchr(" \t\n", out[used - 1]) != NULL)
		used--;
	out[used] = '\n';
	out[used + 1] = '\0';
	return out;
}

int private_key_prepare(const char *text, char **out, struct sp_error *err)
{
	if (strlen(text) > PRIVATE_KEY_MAX)
		return sp_fail(err, SP_INVALID, "the private key is longer than %d characters",
			       PRIVATE_KEY_MAX);
	SP_AUTO_SECRET char *key = normalise(text);
	if (strcmp(key, "\n") == 0)
		return sp_fail(err, SP_INVALID, "the private key is empty");
	if (refuse_known_mistakes(key, err) != 0 || check_first_line(key, err) != 0)
		return -1;
	if (sp_text_starts_with(key, OPENSSH_BEGIN) && check_openssh_form(key, err) != 0)
		return -1;
	*out = sp_take_pointer(&key);
	return 0;
}
