/* Connected sockets to storage, for those who may not make any. */

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/tcp.h"
#include "base/text.h"
#include "objects/bucket.h"

enum { CONNECT_MS = 10000 };

/* Where systems keep the certificates that they trust. */
static const char *const system_files[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
};

static const struct s3_place *find_place(const struct objects *objects, const char *origin)
{
	size_t at = 0;
	for (struct s3_place *place; (place = bucket_next_place(objects, &at)) != NULL;)
		if (strcmp(place->origin, origin) == 0)
			return place;
	return NULL;
}

bool objects_is_origin(const struct objects *objects, const char *bucket, const char *origin)
{
	const struct s3_place *place = bucket_place(objects, bucket);
	return place != NULL && strcmp(place->origin, origin) == 0;
}

bool objects_storage_at(const struct objects *objects, const char *origin, size_t *out)
{
	const struct s3_place *place = find_place(objects, origin);
	if (place != NULL)
		*out = place->storage;
	return place != NULL;
}

static int open_ca(const struct s3_place *place, int *out_fd, struct sp_error *err)
{
	int fd = -1;
	if (place->ca != NULL)
		fd = open(place->ca, O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; place->ca == NULL && fd == -1 && i < SP_COUNT_OF(system_files); i++)
		fd = open(system_files[i], O_RDONLY | O_CLOEXEC);
	if (fd == -1) {
		sp_fail_errno(err, "could not open the certificates that bucket \"%s\" trusts%s%s",
			      place->name, place->ca != NULL ? ": " : "",
			      place->ca != NULL ? place->ca : "");
		err->code = SP_SYSTEM; /* it is not the object that is not there */
		return -1;
	}
	*out_fd = fd;
	return 0;
}

/* 0, or the errno. */
static int finish_connect(int fd, int64_t deadline_ms)
{
	struct pollfd wait = { .fd = fd, .events = POLLOUT };
	int got;
	do {
		int64_t left = deadline_ms - sp_monotonic_ms();
		got = poll(&wait, 1, left < 0 ? 0 : (int)left);
	} while (got == -1 && errno == EINTR);
	if (got == 0)
		return ETIMEDOUT;
	int failure = 0;
	socklen_t length = sizeof(failure);
	if (got == -1 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &length) != 0)
		return errno;
	return failure;
}

/* 0, or the errno. */
static int connect_to(const struct addrinfo *address, int64_t deadline_ms, int *out_fd)
{
	SP_AUTO_FD fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return errno;
	sp_tcp_send_at_once(fd);
	int failure = 0;
	if (connect(fd, address->ai_addr, address->ai_addrlen) != 0)
		failure = errno == EINPROGRESS ? finish_connect(fd, deadline_ms) : errno;
	if (failure == 0)
		*out_fd = sp_take_fd(&fd);
	return failure;
}

static int dial(const struct s3_place *place, int *out_fd, struct sp_error *err)
{
	struct addrinfo *found = NULL;
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	SP_AUTO_FREE char *host = sp_strdup(place->host[0] == '[' ? place->host + 1 : place->host);
	host[strcspn(host, "]")] = '\0';
	int result = getaddrinfo(host, place->port, &hints, &found);
	if (result != 0)
		return sp_fail(err, SP_UNREACHABLE, "could not find the storage %s: %s",
			       place->host, gai_strerror(result));
	int failure = EHOSTUNREACH;
	int64_t deadline = sp_monotonic_ms() + CONNECT_MS;
	for (const struct addrinfo *at = found; at != NULL && failure != 0; at = at->ai_next)
		failure = connect_to(at, deadline, out_fd);
	freeaddrinfo(found);
	if (failure == 0)
		return 0;
	return sp_fail(err, failure == ETIMEDOUT ? SP_TIMEOUT : SP_UNREACHABLE,
		       "could not connect to the storage at %s: %s", place->origin,
		       strerror(failure));
}

int objects_dial(struct objects *objects, const char *origin, int *out_fd, int *out_ca,
		 struct sp_error *err)
{
	const struct s3_place *place = find_place(objects, origin);
	if (place == NULL)
		return sp_fail(err, SP_DENIED, "\"%s\" is no bucket's storage", origin);
	SP_AUTO_FD ca = -1;
	SP_AUTO_FD fd = -1;
	if ((place->tls && open_ca(place, &ca, err) != 0) || dial(place, &fd, err) != 0)
		return -1;
	*out_fd = sp_take_fd(&fd);
	*out_ca = sp_take_fd(&ca);
	return 0;
}
