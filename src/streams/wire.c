#include "streams/wire.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/scope.h"
#include "base/tcp.h"

enum {
	CA_FILE_MAX = 4 << 20,
	PIECE = 65536,
	FEW_BYTES = 1024, /* of a read: an answer's head, whose body may wait for our word of it */
};

struct wire_trust {
	SSL_CTX *context;
	char *host;
	char said[SP_SHA256_HEX_SIZE]; /* of the file */
};

struct wire {
	int fd;
	SSL *ssl; /* NULL: in clear */
	short events;
};

void wire_prepare(void)
{
	OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, NULL);
	/* Algorithms are looked up by name the first time. */
	SSL_CTX_free(SSL_CTX_new(TLS_client_method()));
}

static int fail_tls(struct sp_error *err, const char *what)
{
	char reason[160];
	unsigned long number = ERR_get_error();
	ERR_error_string_n(number, reason, sizeof(reason));
	ERR_clear_error();
	return sp_fail(err, SP_PROTOCOL, "%s: %s", what, number == 0 ? "it ended early" : reason);
}

/* ---- trust ------------------------------------------------------------------------------------------------------ */

static int read_file(int fd, struct sp_buffer *out, struct sp_error *err)
{
	char piece[PIECE];
	ssize_t got;
	while ((got = read(fd, piece, sizeof(piece))) > 0)
		sp_buffer_add(out, piece, (size_t)got);
	if (got == -1)
		return sp_fail_errno(err, "could not read the certificates that are trusted");
	return out->failed ? sp_fail(err, SP_LIMIT, "cannot use so many certificates") : 0;
}

static size_t add_certificates(X509_STORE *store, const struct sp_buffer *text)
{
	size_t count = 0;
	BIO *bio = BIO_new_mem_buf(text->data, (int)text->length);
	for (X509 *one; bio != NULL && (one = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL;) {
		count += X509_STORE_add_cert(store, one) == 1;
		X509_free(one);
	}
	BIO_free(bio);
	ERR_clear_error(); /* the end of the file is one */
	return count;
}

static int make_trust(const struct sp_buffer *text, const char *host, struct wire_trust *out,
		      struct sp_error *err)
{
	out->host = sp_strdup(host);
	out->context = SSL_CTX_new(TLS_client_method());
	if (out->context == NULL)
		return fail_tls(err, "could not prepare TLS");
	SSL_CTX_set_min_proto_version(out->context, TLS1_2_VERSION);
	SSL_CTX_set_verify(out->context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(out->context,
			 SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (text->length == 0 || add_certificates(SSL_CTX_get_cert_store(out->context), text) == 0)
		return sp_fail(err, SP_UNTRUSTED,
			       "cannot trust the storage: there is no certificate in the file of "
			       "those that are trusted");
	return 0;
}

int wire_trust_read(int fd, const char *host, struct wire_trust **inout, struct sp_error *err)
{
	SP_AUTO_FD file = fd;
	SP_AUTO_BUFFER text = { .limit = CA_FILE_MAX };
	struct wire_trust *trust = sp_alloc(sizeof(*trust));
	int result = read_file(file, &text, err);
	if (result == 0)
		sp_sha256_hex(text.data, text.length, trust->said);
	if (result == 0 && *inout != NULL && strcmp((*inout)->said, trust->said) == 0) {
		wire_trust_destroy(trust);
		return 0;
	}
	wire_trust_destroy(sp_take_pointer(inout));
	if (result == 0)
		result = make_trust(&text, host, trust, err);
	if (result == 0)
		*inout = trust;
	else
		wire_trust_destroy(trust);
	return result;
}

void wire_trust_destroy(struct wire_trust *trust)
{
	if (trust == NULL)
		return;
	SSL_CTX_free(trust->context);
	free(trust->host);
	free(trust);
}

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

static bool is_address(const char *host)
{
	return strchr(host, ':') != NULL || strspn(host, "0123456789.") == strlen(host);
}

static bool name_host(SSL *ssl, const char *host)
{
	if (is_address(host))
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
	return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

int wire_open(int fd, const struct wire_trust *trust, struct wire **out, struct sp_error *err)
{
	struct wire *wire = sp_alloc(sizeof(*wire));
	*wire = (struct wire){ .fd = fd, .events = trust != NULL ? POLLOUT : POLLIN };
	if (trust != NULL) {
		wire->ssl = SSL_new(trust->context);
		if (wire->ssl == NULL || !name_host(wire->ssl, trust->host) ||
		    SSL_set_fd(wire->ssl, fd) != 1) {
			wire_close(wire);
			return fail_tls(err, "could not prepare TLS");
		}
		SSL_set_connect_state(wire->ssl);
	}
	*out = wire;
	return 0;
}

void wire_close(struct wire *wire)
{
	if (wire == NULL)
		return;
	SSL_free(wire->ssl);
	sp_close_fd(&wire->fd);
	free(wire);
}

int wire_fd(const struct wire *wire)
{
	return wire->fd;
}

short wire_events(const struct wire *wire)
{
	return wire->events;
}

bool wire_is_opening(const struct wire *wire)
{
	return wire->ssl != NULL && !SSL_is_init_finished(wire->ssl);
}

bool wire_is_quiet(const struct wire *wire)
{
	struct pollfd now = { .fd = wire->fd, .events = POLLIN };
	return (wire->ssl == NULL || !SSL_has_pending(wire->ssl)) && poll(&now, 1, 0) == 0;
}

static ssize_t later(struct wire *wire, short events)
{
	wire->events = events;
	return WIRE_LATER;
}

static ssize_t judge_tls(struct wire *wire, int result, struct sp_error *err)
{
	if (result > 0)
		return result;
	switch (SSL_get_error(wire->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return later(wire, POLLIN);
	case SSL_ERROR_WANT_WRITE:
		return later(wire, POLLOUT);
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		break;
	}
	long verdict = SSL_get_verify_result(wire->ssl);
	if (verdict != X509_V_OK) {
		ERR_clear_error();
		return sp_fail(err, SP_UNTRUSTED, "cannot trust the storage's certificate: %s",
			       X509_verify_cert_error_string(verdict));
	}
	fail_tls(err, "the storage's TLS connection broke");
	if (err != NULL)
		err->code = SP_CLOSED;
	return -1;
}

static ssize_t judge(struct wire *wire, ssize_t result, short events, struct sp_error *err)
{
	if (result >= 0)
		return result;
	if (errno == EAGAIN || errno == EINTR)
		return later(wire, events);
	sp_fail_errno(err, "the connection to the storage broke");
	if (err != NULL)
		err->code = SP_CLOSED;
	return -1;
}

static ssize_t read_some(struct wire *wire, void *out, size_t room, struct sp_error *err)
{
	if (wire->ssl == NULL)
		return judge(wire, read(wire->fd, out, room), POLLIN, err);
	ERR_clear_error();
	return judge_tls(wire, SSL_read(wire->ssl, out, room > PIECE ? PIECE : (int)room), err);
}

ssize_t wire_read(struct wire *wire, void *out, size_t room, struct sp_error *err)
{
	ssize_t got = read_some(wire, out, room, err);
	if (got > 0 && got <= FEW_BYTES)
		sp_tcp_acknowledge_at_once(wire->fd);
	return got;
}

ssize_t wire_write(struct wire *wire, const void *data, size_t length, struct sp_error *err)
{
	if (wire->ssl == NULL)
		return judge(wire, write(wire->fd, data, length), POLLOUT, err);
	ERR_clear_error();
	return judge_tls(wire, SSL_write(wire->ssl, data, length > PIECE ? PIECE : (int)length),
			 err);
}
