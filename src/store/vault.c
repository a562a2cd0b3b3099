#include "store/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/id.h"
#include "base/scope.h"
#include "base/secret.h"
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

/* Written under another name first, so that the file is never seen half; a file that is there already stays. */
static int create_key(const char *path, struct sp_error *err)
{
	unsigned char key[KEY_SIZE];
	char digits[KEY_DIGITS + 1], suffix[17];
	sp_random_hex(suffix, sizeof(suffix) - 1);
	SP_AUTO_BUFFER part = { 0 };
	sp_buffer_format(&part, "%s.%s", path, suffix);
	SP_AUTO_FREE char *copy = sp_strdup(path);
	SP_AUTO_FD folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	SP_AUTO_FD fd = open(sp_buffer_text(&part), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (folder == -1 || fd == -1)
		return sp_fail_errno(err, "could not create the master key \"%s\"", path);

	sp_random_bytes(key, sizeof(key));
	sp_hex_encode(key, sizeof(key), digits);
	digits[KEY_DIGITS] = '\n';
	bool good = write(fd, digits, sizeof(digits)) == (ssize_t)sizeof(digits) &&
		    fsync(fd) == 0 && (link(sp_buffer_text(&part), path) == 0 || errno == EEXIST);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(digits, sizeof(digits));
	if (!good)
		sp_fail_errno(err, "could not write the master key \"%s\"", path);
	unlink(sp_buffer_text(&part));
	if (good && fsync(folder) == -1)
		return sp_fail_errno(err, "could not sync the folder of \"%s\"", path);
	return good ? 0 : -1;
}

/*
 * Ours alone, or root's: a service manager hands the key over as a file of root's that an access list opens for us,
 * which shows as a group's permission to read.
 */
static int check_key_file(int fd, const char *path, struct sp_error *err)
{
	struct stat status;
	if (fstat(fd, &status) == -1)
		return sp_fail_errno(err, "could not look at the master key \"%s\"", path);
	if (!S_ISREG(status.st_mode))
		return sp_fail(err, SP_DENIED, "cannot use the master key \"%s\": it is no file",
			       path);
	if (status.st_uid != geteuid() && status.st_uid != 0)
		return sp_fail(err, SP_DENIED,
			       "cannot use the master key \"%s\": it belongs to user %u, who could "
			       "change it",
			       path, (unsigned)status.st_uid);
	mode_t others = status.st_uid == 0 && status.st_gid == 0 && geteuid() != 0 ? 037 : 077;
	if ((status.st_mode & others) != 0)
		return sp_fail(err, SP_DENIED,
			       "cannot use the master key \"%s\": others may use it, too (mode "
			       "%04o): set its mode to 0600",
			       path, (unsigned)status.st_mode & 07777);
	return 0;
}

static int read_key(int fd, const char *path, unsigned char key[KEY_SIZE], struct sp_error *err)
{
	char digits[KEY_DIGITS + 3];
	size_t length = 0;
	ssize_t got;
	while (length < sizeof(digits) - 1 &&
	       (got = read(fd, digits + length, sizeof(digits) - 1 - length)) != 0) {
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return sp_fail_errno(err, "could not read the master key \"%s\"", path);
		length += (size_t)got;
	}
	if (length == KEY_DIGITS + 1 && digits[KEY_DIGITS] == '\n')
		length--;
	digits[length] = '\0';
	bool good = length == KEY_DIGITS && sp_hex_decode(digits, key, KEY_SIZE);
	explicit_bzero(digits, sizeof(digits));
	if (!good)
		return sp_fail(err, SP_INVALID,
			       "cannot use the master key \"%s\": it must hold %d hex digits and "
			       "nothing else",
			       path, KEY_DIGITS);
	return 0;
}

int vault_open(const char *path, struct vault **out, struct sp_error *err)
{
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	SP_AUTO_FD fd = open(path, flags);
	if (fd == -1 && errno == ENOENT) {
		if (create_key(path, err) != 0)
			return -1;
		fd = open(path, flags);
	}
	if (fd == -1 && errno == ELOOP)
		return sp_fail(err, SP_DENIED,
			       "cannot use the master key \"%s\": it is a symbolic link", path);
	if (fd == -1)
		return sp_fail_errno(err, "could not open the master key \"%s\"", path);

	struct vault *vault = sp_secret_pages(sizeof(*vault));
	if (check_key_file(fd, path, err) != 0 || read_key(fd, path, vault->key, err) != 0) {
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
