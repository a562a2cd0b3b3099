#include "model/host_key_line.h"

#include <stdint.h>
#include <string.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/text.h"

#define KNOWN_TYPES                                                                                \
	"ssh-rsa, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, ecdsa-sha2-nistp521 or ssh-ed25519"
#define BLANKS    " \t"
#define LINE_ENDS "\r\n"

enum { ED25519_BYTES = 32, QUOTED_MAX = 60 };

/* ---- what people paste instead --------------------------------------------------------------------------------- */

/** The first that is found anywhere in the text decides. */
static const struct mistake {
	const char *sign;
	const char *sentence;
} mistakes[] = {
	{ "PRIVATE KEY", "this is a private key: a trusted host key is the server's public key, "
			 "\"type base64\" as ssh-keyscan prints it" },
	{ "PuTTY-User-Key-File", "this is a PuTTY private key file: a trusted host key is the "
				 "server's public key, \"type base64\" as ssh-keyscan prints it" },
	{ "BEGIN SSH2 PUBLIC KEY", "this is a public key in the SSH2 (RFC 4716) form: \"ssh-keygen "
				   "-i -f FILE\" turns it into \"type base64\"" },
	{ "BEGIN PUBLIC KEY", "this is a public key in the PEM form: \"ssh-keygen -i -m PKCS8 -f "
			      "FILE\" turns it into \"type base64\"" },
	{ "BEGIN RSA PUBLIC KEY", "this is a public key in the PEM form: \"ssh-keygen -i -m PEM -f "
				  "FILE\" turns it into \"type base64\"" },
	{ "BEGIN CERTIFICATE", "this is a TLS certificate: SSH servers have host keys, \"type "
			       "base64\" as ssh-keyscan prints them" },
	{ "SHA256:", "this is a fingerprint: the whole public key is needed, \"type base64\" as "
		     "ssh-keyscan prints it" },
	{ "MD5:", "this is a fingerprint: the whole public key is needed, \"type base64\" as "
		  "ssh-keyscan prints it" },
	{ "-cert-v01@openssh.com", "this is a host certificate: give the plain public key of the "
				   "server instead" },
	{ "@cert-authority", "certificate authorities are not used: give the public key of the "
			     "server itself" },
	{ "@revoked", "this line revokes a key: give the public key that the server has now" },
};

/** Where a key's type is expected: names that are none of ours, with the reason. */
static const struct mistake wrong_types[] = {
	{ "ssh-dss",
	  "DSA host keys are too weak to be trusted: the server needs a key of type " KNOWN_TYPES },
	{ "rsa-sha2-256", "\"rsa-sha2-256\" names a signature algorithm: the type of an RSA key is "
			  "written \"ssh-rsa\"" },
	{ "rsa-sha2-512", "\"rsa-sha2-512\" names a signature algorithm: the type of an RSA key is "
			  "written \"ssh-rsa\"" },
	{ "ssh-ed448", "host keys of type \"ssh-ed448\" are not supported: use " KNOWN_TYPES },
	{ "sk-ssh-ed25519@openssh.com",
	  "this is the key of a hardware token, which no server has" },
	{ "sk-ecdsa-sha2-nistp256@openssh.com",
	  "this is the key of a hardware token, which no server has" },
};

static int refuse_known_mistakes(const char *line, struct sp_error *err)
{
	for (size_t i = 0; i < SP_COUNT_OF(mistakes); i++)
		if (strstr(line, mistakes[i].sign) != NULL)
			return sp_fail(err, SP_INVALID, "%s", mistakes[i].sentence);
	return 0;
}

/* ---- the key's bytes ------------------------------------------------------------------------------------------- */

static bool is_rsa_body(struct sp_reader *reader, const char *curve)
{
	(void)curve;
	size_t exponent, modulus;
	sp_read_string(reader, &exponent);
	sp_read_string(reader, &modulus);
	return exponent != 0 && modulus != 0;
}

static bool is_ecdsa_body(struct sp_reader *reader, const char *curve)
{
	size_t name_length, point_length;
	const uint8_t *name = sp_read_string(reader, &name_length);
	sp_read_string(reader, &point_length);
	return name != NULL && name_length == strlen(curve) &&
	       memcmp(name, curve, name_length) == 0 && point_length != 0;
}

static bool is_ed25519_body(struct sp_reader *reader, const char *curve)
{
	(void)curve;
	size_t length;
	sp_read_string(reader, &length);
	return length == ED25519_BYTES;
}

static const struct key_type {
	const char *name;
	bool (*is_body)(struct sp_reader *reader, const char *curve);
	const char *curve;
} key_types[] = {
	{ "ssh-rsa", is_rsa_body, NULL },
	{ "ecdsa-sha2-nistp256", is_ecdsa_body, "nistp256" },
	{ "ecdsa-sha2-nistp384", is_ecdsa_body, "nistp384" },
	{ "ecdsa-sha2-nistp521", is_ecdsa_body, "nistp521" },
	{ "ssh-ed25519", is_ed25519_body, NULL },
};

static int check_bytes(const struct key_type *type, const char *base64, struct sp_error *err)
{
	uint8_t bytes[HOST_KEY_LINE_MAX];
	size_t length;
	if (!sp_base64_decode(base64, strlen(base64), bytes, &length))
		return sp_fail(err, SP_INVALID,
			       "the text after \"%s\" is not base64: was it cut or broken up?",
			       type->name);

	struct sp_reader reader = sp_reader_of(bytes, length);
	size_t name_length;
	const uint8_t *name = sp_read_string(&reader, &name_length);
	if (name == NULL)
		return sp_fail(err, SP_INVALID, "the text after \"%s\" is no SSH key", type->name);
	if (name_length != strlen(type->name) || memcmp(name, type->name, name_length) != 0)
		return sp_fail(err, SP_INVALID, "the key after \"%s\" is of another type",
			       type->name);
	if (!type->is_body(&reader, type->curve) || !sp_reader_ended_well(&reader))
		return sp_fail(err, SP_INVALID,
			       "the key after \"%s\" is not whole: was it cut or pasted twice?",
			       type->name);
	return 0;
}

/* ---- the line -------------------------------------------------------------------------------------------------- */

struct words {
	char text[HOST_KEY_LINE_MAX + 1];
	char *rest;
};

/** The next word of the line, "" at its end. */
static const char *next_word(struct words *words)
{
	char *word = words->rest + strspn(words->rest, BLANKS);
	char *end = word + strcspn(word, BLANKS);
	words->rest = *end == '\0' ? end : end + 1;
	*end = '\0';
	return word;
}

static int copy_line(const char *line, struct words *out, struct sp_error *err)
{
	line += strspn(line, BLANKS LINE_ENDS);
	size_t length = strlen(line);
	while (length != 0 && strchr(BLANKS LINE_ENDS, line[length - 1]) != NULL)
		length--;
	if (length == 0)
		return sp_fail(err, SP_INVALID, "the trusted host key is empty");
	if (length > HOST_KEY_LINE_MAX)
		return sp_fail(err, SP_INVALID, "the trusted host key is longer than %d characters",
			       HOST_KEY_LINE_MAX);
	memcpy(out->text, line, length);
	out->text[length] = '\0';
	out->rest = out->text;
	for (size_t i = 0; i < length; i++)
		if (strchr(LINE_ENDS, out->text[i]) != NULL)
			return sp_fail(err, SP_INVALID,
				       "the trusted host key has more than one line: give one key "
				       "in each entry");
	return 0;
}

static const struct key_type *find_type(const char *name)
{
	for (size_t i = 0; i < SP_COUNT_OF(key_types); i++)
		if (strcmp(key_types[i].name, name) == 0)
			return &key_types[i];
	return NULL;
}

static bool is_quotable(const char *word)
{
	for (const char *at = word; *at != '\0'; at++)
		if (*at < '!' || *at > '~')
			return false;
	return strlen(word) <= QUOTED_MAX;
}

/** @word is where the type had to be. */
static int refuse_type(const char *word, struct sp_error *err)
{
	for (size_t i = 0; i < SP_COUNT_OF(wrong_types); i++)
		if (strcmp(word, wrong_types[i].sign) == 0)
			return sp_fail(err, SP_INVALID, "%s", wrong_types[i].sentence);
	/* Every key begins with the four bytes of a small length, and so its base64 with AAAA. */
	if (sp_text_starts_with(word, "AAAA"))
		return sp_fail(
			err, SP_INVALID,
			"the key's type is missing in front of \"AAAA…\": write " KNOWN_TYPES);
	if (!is_quotable(word))
		return sp_fail(err, SP_INVALID,
			       "a trusted host key begins with its type: " KNOWN_TYPES);
	return sp_fail(err, SP_INVALID, "\"%s\" is no type of host key: use " KNOWN_TYPES, word);
}

/** A word that is no type may be a host only when something that stands where a type would follows. */
static bool is_type_like(const char *word)
{
	for (size_t i = 0; i < SP_COUNT_OF(wrong_types); i++)
		if (strcmp(word, wrong_types[i].sign) == 0)
			return true;
	return find_type(word) != NULL;
}

static int find_type_word(struct words *words, bool allow_host, const struct key_type **out,
			  struct sp_error *err)
{
	const char *word = next_word(words);
	if (is_type_like(word)) {
		*out = find_type(word);
		return *out != NULL ? 0 : refuse_type(word, err);
	}
	const char *second = next_word(words);
	if (!is_type_like(second))
		return refuse_type(word, err);
	if (!allow_host)
		return sp_fail(err, SP_INVALID,
			       "a host name in front of the key is not accepted here: write only "
			       "\"%s\" and the key",
			       second);
	*out = find_type(second);
	return *out != NULL ? 0 : refuse_type(second, err);
}

int host_key_line_parse(const char *line, bool allow_host, struct host_key_line *out,
			struct sp_error *err)
{
	struct words words;
	const struct key_type *type = NULL;

	if (refuse_known_mistakes(line, err) != 0 || copy_line(line, &words, err) != 0 ||
	    find_type_word(&words, allow_host, &type, err) != 0 || type == NULL)
		return -1;
	const char *base64 = next_word(&words);
	if (*base64 == '\0')
		return sp_fail(err, SP_INVALID, "the key itself is missing after \"%s\"",
			       type->name);
	if (check_bytes(type, base64, err) != 0)
		return -1;
	memcpy(out->type, type->name, strlen(type->name) + 1);
	memcpy(out->base64, base64, strlen(base64) + 1);
	return 0;
}
