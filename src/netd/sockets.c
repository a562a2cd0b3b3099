#include "netd/sockets.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/scope.h"
#include "network/cidr.h"

static int open_bound(int type, struct ip_address address, int *out, struct sp_error *err)
{
	SP_AUTO_FD fd = socket(ip_family(address), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return sp_fail_errno(err, "could not open a socket");
	/* The port is chosen by connect(), per target: an address has more connections than ports. */
	int on = 1;
	struct sockaddr_storage from;
	socklen_t from_length = ip_sockaddr(address, 0, &from);
	char text[ADDRESS_TEXT_SIZE];
	ip_text(address, text);
	if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)) == -1 ||
	    bind(fd, (const struct sockaddr *)&from, from_length) == -1)
		return sp_fail_errno(err, "could not bind a socket to %s", text);
	*out = sp_take_fd(&fd);
	return 0;
}

int sockets_open(const struct namespaces *namespaces, int namespace_fd, struct ip_address address,
		 size_t streams, size_t datagrams, int *out, struct sp_error *err)
{
	if (namespace_enter(namespace_fd, err) != 0)
		return -1;
	size_t count = 0;
	while (count < streams + datagrams && open_bound(count < streams ? SOCK_STREAM : SOCK_DGRAM,
							 address, &out[count], err) == 0)
		count++;
	namespace_leave(namespaces);
	if (count == streams + datagrams)
		return 0;
	while (count > 0)
		close(out[--count]);
	return -1;
}
