#include "api/tls.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/secret.h"

enum { PEM_MAX = 1 << 20 }; /* bytes of a file: a chain of certificates is a few KiB */

const char tls_priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

struct tls_credentials {
	gnutls_certificate_credentials_t handle;
	atomic_int holders;
};

struct tls {
	char *certificate_path, *key_path;
	char *certificate, *key; /* what was read first */
	pthread_mutex_t lock;
	struct tls_credentials *current; /* under the lock */
};

static int read_pem(const char *path, char **out, struct sp_error *err)
{
	SP_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return sp_fail_errno(err, "could not open \"%s\"", path);
	SP_AUTO_SECRET char *text = sp_alloc(PEM_MAX + 1);
	size_t length = 0;
	ssize_t got;
	while ((got = read(fd, text + length, PEM_MAX - length)) > 0)
		length += (size_t)got;
	if (got == -1)
		return sp_fail_errno(err, "could not read \"%s\"", path);
	if (length == PEM_MAX || strstr(text, "-----BEGIN") == NULL)
		return sp_fail(err, SP_INVALID,
			       "cannot use \"%s\": it is no PEM file of at most %d bytes, with "
			       "\"-----BEGIN\" in it",
			       path, PEM_MAX - 1);
	*out = sp_take_pointer(&text);
	return 0;
}

void tls_return(struct tls_credentials *credentials)
{
	if (credentials == NULL || atomic_fetch_sub(&credentials->holders, 1) != 1)
		return;
	gnutls_certificate_free_credentials(credentials->handle);
	free(credentials);
}

/* GnuTLS checks that the key is the certificate's. */
static int make_credentials(const struct tls *tls, const char *certificate, const char *key,
			    struct tls_credentials **out, struct sp_error *err)
{
	gnutls_certificate_credentials_t handle;
	const gnutls_datum_t certificate_text = { (unsigned char *)certificate,
						  (unsigned)strlen(certificate) };
	const gnutls_datum_t key_text = { (unsigned char *)key, (unsigned)strlen(key) };

	if (gnutls_certificate_allocate_credentials(&handle) != GNUTLS_E_SUCCESS)
		sp_die("out of memory");
	int result = gnutls_certificate_set_x509_key_mem(handle, &certificate_text, &key_text,
							 GNUTLS_X509_FMT_PEM);
	if (result < 0) {
		gnutls_certificate_free_credentials(handle);
		return sp_fail(err, SP_INVALID,
			       "cannot use the certificate \"%s\" with the key \"%s\": %s",
			       tls->certificate_path, tls->key_path, gnutls_strerror(result));
	}
	*out = sp_alloc(sizeof(**out));
	(*out)->handle = handle;
	atomic_init(&(*out)->holders, 1);
	return 0;
}

static int load(const struct tls *tls, char **out_certificate, char **out_key,
		struct tls_credentials **out, struct sp_error *err)
{
	SP_AUTO_FREE char *certificate = NULL;
	SP_AUTO_SECRET char *key = NULL;
	if (read_pem(tls->certificate_path, &certificate, err) != 0 ||
	    read_pem(tls->key_path, &key, err) != 0 ||
	    make_credentials(tls, certificate, key, out, err) != 0)
		return sp_wrap(err, "could not read the TLS certificate and key");
	*out_certificate = sp_take_pointer(&certificate);
	*out_key = sp_take_pointer(&key);
	return 0;
}

int tls_open(const char *certificate, const char *key, struct tls **out, struct sp_error *err)
{
	struct tls *tls = sp_alloc(sizeof(*tls));
	tls->certificate_path = sp_strdup(certificate);
	tls->key_path = sp_strdup(key);
	pthread_mutex_init(&tls->lock, NULL);
	if (load(tls, &tls->certificate, &tls->key, &tls->current, err) != 0) {
		tls_close(tls);
		return -1;
	}
	*out = tls;
	return 0;
}

void tls_close(struct tls *tls)
{
	if (tls == NULL)
		return;
	tls_return(tls->current);
	free(tls->certificate_path);
	free(tls->key_path);
	free(tls->certificate);
	sp_secret_free(tls->key);
	pthread_mutex_destroy(&tls->lock);
	free(tls);
}

int tls_reload(struct tls *tls, struct sp_error *err)
{
	SP_AUTO_FREE char *certificate = NULL;
	SP_AUTO_SECRET char *key = NULL;
	struct tls_credentials *fresh;
	if (load(tls, &certificate, &key, &fresh, err) != 0)
		return -1;
	pthread_mutex_lock(&tls->lock);
	struct tls_credentials *old = tls->current;
	tls->current = fresh;
	pthread_mutex_unlock(&tls->lock);
	tls_return(old);
	return 0;
}

struct tls_credentials *tls_equip(struct tls *tls, gnutls_session_t session)
{
	pthread_mutex_lock(&tls->lock);
	struct tls_credentials *credentials = tls->current;
	atomic_fetch_add(&credentials->holders, 1);
	pthread_mutex_unlock(&tls->lock);
	if (gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials->handle) !=
	    GNUTLS_E_SUCCESS)
		sp_die("out of memory");
	return credentials;
}

const char *tls_certificate_text(const struct tls *tls)
{
	return tls->certificate;
}

const char *tls_key_text(const struct tls *tls)
{
	return tls->key;
}
