#include "egress/provider_host.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/scope.h"
#include "base/text.h"
#include "egress/host_addresses.h"

struct place {
	const char *eni;
	struct ip_address address;
	char text[ADDRESS_TEXT_SIZE];
	char interface[IF_NAMESIZE];
};

static int find_place(const struct network_interface *interface, struct place *out,
		      struct sp_error *err)
{
	*out = (struct place){ .eni = interface->id };
	memcpy(out->text, interface->address, sizeof(out->text));
	if (!ip_parse_v4(interface->address, &out->address))
		return sp_fail(err, SP_INTERNAL, "cannot use the address \"%s\" of %s",
			       interface->address, interface->id);
	if (host_addresses_interface(out->address, out->interface, err) != 0)
		return sp_wrap(err, "could not use %s", interface->id);
	return 0;
}

int provider_host_check(const struct network_interface *interface, struct sp_error *err)
{
	struct place place;
	return find_place(interface, &place, err);
}

static int open_socket(const struct place *place, int type, int *out_fd, struct sp_error *err)
{
	SP_AUTO_FD fd = socket(ip_family(place->address), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return sp_fail_errno(err, "could not open a socket of %s", place->eni);
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, place->interface,
		       (socklen_t)strlen(place->interface)) == -1)
		return sp_fail_errno(err, "could not leave through the interface \"%s\" of %s",
				     place->interface, place->eni);
	/* The port is chosen when it connects, so that all ports serve for each target. */
	int yes = 1;
	if (type == SOCK_STREAM &&
	    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof(yes)) == -1)
		return sp_fail_errno(err, "could not leave from %s", place->text);
	struct sockaddr_storage from;
	socklen_t length = ip_sockaddr(place->address, 0, &from);
	if (bind(fd, (const struct sockaddr *)&from, length) == -1)
		return sp_fail_errno(err, "could not leave from %s on \"%s\"", place->text,
				     place->interface);
	*out_fd = sp_take_fd(&fd);
	return 0;
}

void provider_host_open(const struct network_interface *interface, const struct socket_wish *wish,
			struct networks_sockets *out)
{
	*out = (struct networks_sockets){ 0 };
	struct place place;
	int result = find_place(interface, &place, &out->error);
	size_t count = wish->streams + wish->datagrams;
	if (wish->streams6 + wish->datagrams6 > 0)
		result = sp_fail(
			&out->error, SP_UNSUPPORTED,
			"cannot leave from %s by IPv6: networks of this host have IPv4 only",
			interface->id);
	else if (count > SP_COUNT_OF(out->fds))
		result = sp_fail(&out->error, SP_LIMIT, "cannot open %zu sockets of %s at once",
				 count, interface->id);
	while (result == 0 && out->count < count) {
		int type = out->count < wish->streams ? SOCK_STREAM : SOCK_DGRAM;
		result = open_socket(&place, type, &out->fds[out->count], &out->error);
		if (result == 0)
			out->count++;
	}
	if (result != 0)
		while (out->count > 0)
			close(out->fds[--out->count]);
}
