#include "cli/rclone_conf.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/buffer.h"
#include "base/ini.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"

enum { COUNTER_SIZE = 16, OBSCURED_MAX = 8192 };

static char *copy(struct sp_ini_piece piece)
{
	return sp_strndup(piece.at, piece.length);
}

static int add_remote(struct rclone_conf *conf, struct sp_ini_piece name, struct sp_error *err)
{
	if (conf->count == RCLONE_REMOTES_MAX)
		return sp_fail(err, SP_INVALID, "it has more than %d remotes", RCLONE_REMOTES_MAX);
	conf->remotes = sp_realloc(conf->remotes, (conf->count + 1) * sizeof(*conf->remotes));
	conf->remotes[conf->count++] = (struct rclone_remote){ .name = copy(name) };
	return 0;
}

static int add_option(struct rclone_remote *remote, const struct sp_ini *pair, struct sp_error *err)
{
	if (remote->count == RCLONE_OPTIONS_MAX)
		return sp_fail(err, SP_INVALID, "the remote \"%.100s\" has more than %d options",
			       remote->name, RCLONE_OPTIONS_MAX);
	remote->options =
		sp_realloc(remote->options, (remote->count + 1) * sizeof(*remote->options));
	remote->options[remote->count++] =
		(struct rclone_option){ copy(pair->name), copy(pair->value) };
	return 0;
}

static bool is_encrypted(struct sp_ini_piece line)
{
	static const char word[] = "RCLONE_ENCRYPT_V";
	return line.length >= strlen(word) && memcmp(line.at, word, strlen(word)) == 0;
}

static int take_pair(struct rclone_conf *conf, const struct sp_ini *pair, struct sp_error *err)
{
	if (conf->count == 0)
		return sp_fail(err, SP_INVALID, "line %d stands in front of the first \"[remote]\"",
			       pair->line);
	return add_option(&conf->remotes[conf->count - 1], pair, err);
}

int rclone_conf_read(const char *text, size_t length, struct rclone_conf *out, struct sp_error *err)
{
	*out = (struct rclone_conf){ 0 };
	if (length > RCLONE_CONF_MAX || memchr(text, '\0', length) != NULL)
		return sp_fail(
			err, SP_INVALID,
			"it is no file of rclone's remotes: those are text of at most %d bytes",
			RCLONE_CONF_MAX);
	struct sp_ini ini = { .rest = { text, length } };
	int result = 0;
	while (result == 0) {
		switch (sp_ini_next(&ini, err)) {
		case SP_INI_END:
			return 0;
		case SP_INI_SECTION:
			result = add_remote(out, ini.section, err);
			break;
		case SP_INI_PAIR:
			result = take_pair(out, &ini, err);
			break;
		case SP_INI_BAD:
			if (is_encrypted(ini.name))
				sp_fail(err, SP_INVALID,
					"it is encrypted: \"rclone config show\" writes it in "
					"clear");
			return -1;
		}
	}
	return result;
}

void rclone_conf_finish(struct rclone_conf *conf)
{
	for (size_t i = 0; i < conf->count; i++) {
		struct rclone_remote *remote = &conf->remotes[i];
		for (size_t j = 0; j < remote->count; j++) {
			free(remote->options[j].name);
			sp_secret_free(remote->options[j].value);
		}
		free(remote->options);
		free(remote->name);
	}
	free(conf->remotes);
	*conf = (struct rclone_conf){ 0 };
}

const char *rclone_option(const struct rclone_remote *remote, const char *name)
{
	for (size_t i = remote->count; i-- > 0;)
		if (strcmp(remote->options[i].name, name) == 0)
			return remote->options[i].value[0] == '\0' ? NULL
								   : remote->options[i].value;
	return NULL;
}

/* ---- passwords --------------------------------------------------------------------------------------------------- */

/* From rclone's public source; it hides passwords from eyes and keeps them from nobody. */
static const unsigned char obscuring_key[32] = {
	0x9c, 0x93, 0x5b, 0x48, 0x73, 0x0a, 0x55, 0x4d, 0x6b, 0xfd, 0x7c,
	0x63, 0xc8, 0x86, 0xa9, 0x2b, 0xd3, 0x90, 0x19, 0x8e, 0xb8, 0x12,
	0x8a, 0xfb, 0xf4, 0xde, 0x16, 0x2b, 0x8b, 0x95, 0xf6, 0x38,
};

/* Base64 with "-" and "_" and without padding. Owned by the caller. */
static unsigned char *decode(const char *text, size_t *out_length)
{
	SP_AUTO_BUFFER usual = { .secret = true };
	for (; *text != '\0'; text++)
		sp_buffer_add_char(&usual, *text == '-' ? '+' : *text == '_' ? '/' : *text);
	while (usual.length % 4 != 0)
		sp_buffer_add_char(&usual, '=');
	unsigned char *bytes = sp_alloc(sp_base64_decoded_max(usual.length) + 1);
	if (sp_base64_decode(sp_buffer_text(&usual), usual.length, bytes, out_length))
		return bytes;
	free(bytes);
	return NULL;
}

static bool decrypt(const unsigned char *bytes, size_t length, char *out)
{
	int written = 0;
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	bool is_done =
		cipher != NULL &&
		EVP_DecryptInit_ex(cipher, EVP_aes_256_ctr(), NULL, obscuring_key, bytes) == 1 &&
		EVP_DecryptUpdate(cipher, (unsigned char *)out, &written, bytes + COUNTER_SIZE,
				  (int)(length - COUNTER_SIZE)) == 1;
	EVP_CIPHER_CTX_free(cipher);
	return is_done;
}

char *rclone_reveal(const char *obscured)
{
	size_t length;
	if (strlen(obscured) > OBSCURED_MAX)
		return NULL;
	SP_AUTO_FREE unsigned char *bytes = decode(obscured, &length);
	if (bytes == NULL || length < COUNTER_SIZE)
		return NULL;
	SP_AUTO_SECRET char *clear = sp_alloc(length - COUNTER_SIZE + 1);
	bool is_text = decrypt(bytes, length, clear) && strlen(clear) == length - COUNTER_SIZE &&
		       sp_utf8_valid(clear, strlen(clear));
	return is_text ? sp_take_pointer(&clear) : NULL;
}
