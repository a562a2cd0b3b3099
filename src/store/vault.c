#include "store/vault.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <string.h>

#include "base/buffer.h"
#include "base/id.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/secret_file.h"
#include "base/text.h"

/* A sealed value: the form's number, the nonce, the ciphertext, the tag. */
enum {
	KEY_SIZE = 32,
	KEY_DIGITS = 2 * KEY_SIZE,
	FORM = 1,
	NONCE_AT = 1,
	NONCE_SIZE = 12,
	TAG_SIZE = 16,
	AROUND = NONCE_AT + NONCE_SIZE + TAG_SIZE,
};

struct vault {
	unsigned char key[KEY_SIZE];
};

/* ---- the master key's file ---- */

static const char what[] = "master key";

static int create_key(const char *path, struct sp_error *err)
{
	unsigned char key[KEY_SIZE];
	char digits[KEY_DIGITS + 1];
	sp_random_bytes(key, sizeof(key));
	sp_hex_encode(key, sizeof(key), digits);
	int result = sp_secret_file_create(path, what, digits, err);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(digits, sizeof(digits));
	return result;
}

static int read_key(const char *path, unsigned char key[KEY_SIZE], struct sp_error *err)
{
	char digits[KEY_DIGITS + 2];
	struct sp_error reason = { 0 };
	int result = sp_secret_file_read(path, what, digits, sizeof(digits), &reason);
	bool good =
		result == 0 && strlen(digits) == KEY_DIGITS && sp_hex_decode(digits, key, KEY_SIZE);
	explicit_bzero(digits, sizeof(digits));
	if (result != 0 && reason.code != SP_INVALID) {
		*err = reason;
		return -1;
	}
	if (!good)
		return sp_fail(err, SP_INVALID,
			       "cannot use the master key \"%s\": it must hold %d hex digits and "
			       "nothing else",
			       path, KEY_DIGITS);
	return 0;
}

int vault_open(const char *path, struct vault **out, struct sp_error *err)
{
	struct vault *vault = sp_secret_pages(sizeof(*vault));
	int result = read_key(path, vault->key, err);
	if (result != 0 && err->code == SP_NOT_FOUND && create_key(path, err) == 0)
		result = read_key(path, vault->key, err);
	if (result != 0) {
		vault_close(vault);
		return -1;
	}
	*out = vault;
	return 0;
}

void vault_close(struct vault *vault)
{
	sp_secret_pages_free(vault, sizeof(*vault));
}

/* ---- sealing ---- */

static void cleanup_cipher(EVP_CIPHER_CTX **cipher)
{
	EVP_CIPHER_CTX_free(*cipher);
}

#define AUTO_CIPHER __attribute__((cleanup(cleanup_cipher))) EVP_CIPHER_CTX

/* EVP's lengths are int. */
static bool length_fits(size_t length)
{
	return length <= INT_MAX - AROUND;
}

static EVP_CIPHER_CTX *start_cipher(const struct vault *vault, bool seal,
				    const unsigned char *nonce, const char *associated)
{
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	int used;
	if (cipher != NULL &&
	    EVP_CipherInit_ex(cipher, EVP_aes_256_gcm(), NULL, vault->key, nonce, seal) == 1 &&
	    EVP_CipherUpdate(cipher, NULL, &used, (const unsigned char *)associated,
			     (int)strlen(associated)) == 1)
		return cipher;
	EVP_CIPHER_CTX_free(cipher);
	return NULL;
}

int vault_seal(const struct vault *vault, const char *associated, const void *plain, size_t length,
	       void **out, size_t *out_length, struct sp_error *err)
{
	if (!length_fits(length))
		return sp_fail(err, SP_LIMIT, "cannot seal a value of %zu bytes", length);
	SP_AUTO_FREE unsigned char *sealed = sp_alloc(length + AROUND);
	unsigned char *text = sealed + NONCE_AT + NONCE_SIZE;
	sealed[0] = FORM;
	sp_random_bytes(sealed + NONCE_AT, NONCE_SIZE);

	AUTO_CIPHER *cipher = start_cipher(vault, true, sealed + NONCE_AT, associated);
	int used = 0;
	if (cipher == NULL || EVP_CipherUpdate(cipher, text, &used, plain, (int)length) != 1 ||
	    EVP_CipherFinal_ex(cipher, text + length, &used) != 1 ||
	    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, text + length) != 1)
		return sp_fail(err, SP_INTERNAL, "could not seal a value");
	*out = sp_take_pointer(&sealed);
	*out_length = length + AROUND;
	return 0;
}

int vault_unseal(const struct vault *vault, const char *associated, const void *sealed,
		 size_t length, char **out, size_t *out_length, struct sp_error *err)
{
	const unsigned char *bytes = sealed;
	if (length < AROUND || !length_fits(length) || bytes[0] != FORM)
		return sp_fail(err, SP_DENIED, "cannot open a sealed value: it is damaged");
	size_t plain_length = length - AROUND;
	const unsigned char *text = bytes + NONCE_AT + NONCE_SIZE;
	unsigned char tag[TAG_SIZE];
	memcpy(tag, text + plain_length, TAG_SIZE);

	unsigned char *plain = sp_alloc(plain_length + 1);
	AUTO_CIPHER *cipher = start_cipher(vault, false, bytes + NONCE_AT, associated);
	int used = 0;
	if (cipher == NULL ||
	    EVP_CipherUpdate(cipher, plain, &used, text, (int)plain_length) != 1 ||
	    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) != 1 ||
	    EVP_CipherFinal_ex(cipher, plain + plain_length, &used) != 1) {
		explicit_bzero(plain, plain_length); /* not to be trusted, nor to be left behind */
		free(plain);
		return sp_fail(err, SP_DENIED,
			       "cannot open a sealed value: the master key is another one, or the "
			       "value was changed");
	}
	*out = (char *)plain;
	*out_length = plain_length;
	return 0;
}

void vault_derive(const struct vault *vault, const char *purpose,
		  unsigned char out[VAULT_DERIVED_SIZE])
{
	if (HMAC(EVP_sha256(), vault->key, sizeof(vault->key), (const unsigned char *)purpose,
		 strlen(purpose), out, NULL) == NULL)
		sp_die("could not derive a key for %s", purpose);
}
