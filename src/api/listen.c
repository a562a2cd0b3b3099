#include "api/listen.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/scope.h"
#include "base/text.h"

/* Connections that wait to be accepted; the kernel caps it at its own limit. */
enum { LISTEN_BACKLOG = 512 };

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static int parse(const char *text, union address *out, struct sp_error *err)
{
	SP_AUTO_FREE char *copy = sp_strdup(text);
	uint64_t port = 0;
	char *host = copy;
	char *colon = strrchr(copy, ':');
	if (colon == NULL || !sp_text_to_u64(colon + 1, 0, UINT16_MAX, &port))
		return sp_fail(err, SP_INVALID, "\"%s\" is no address and port", text);
	*colon = '\0';

	memset(out, 0, sizeof(*out));
	size_t length = strlen(host);
	if (host[0] == '[' && host[length - 1] == ']') {
		host[length - 1] = '\0';
		out->v6.sin6_family = AF_INET6;
		out->v6.sin6_port = htons((uint16_t)port);
		if (inet_pton(AF_INET6, host + 1, &out->v6.sin6_addr) == 1)
			return 0;
	} else {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons((uint16_t)port);
		const char *number = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
		if (inet_pton(AF_INET, number, &out->v4.sin_addr) == 1)
			return 0;
	}
	return sp_fail(err, SP_INVALID,
		       "\"%s\" is no address and port: write 127.0.0.1:8722 or [::1]:8722", text);
}

static bool is_loopback(const union address *address)
{
	if (address->any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
	return ntohl(address->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

int listen_open(const char *text, bool loopback_only, int *out_fd, uint16_t *out_port,
		struct sp_error *err)
{
	union address address;
	const int on = 1;
	if (parse(text, &address, err) != 0)
		return sp_wrap(err, "cannot listen");
	if (loopback_only && !is_loopback(&address))
		return sp_fail(err, SP_DENIED,
			       "cannot serve plain HTTP on %s: others can reach that address, so "
			       "a TLS certificate and its key must be set",
			       text);

	bool v6 = address.any.sa_family == AF_INET6;
	socklen_t size = v6 ? sizeof(address.v6) : sizeof(address.v4);
	SP_AUTO_FD fd =
		socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    (v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == -1) ||
	    bind(fd, &address.any, size) == -1 || listen(fd, LISTEN_BACKLOG) == -1 ||
	    getsockname(fd, &address.any, &size) == -1)
		return sp_fail_errno(err, "could not listen on %s", text);
	*out_port = ntohs(v6 ? address.v6.sin6_port : address.v4.sin_port);
	*out_fd = sp_take_fd(&fd);
	return 0;
}
