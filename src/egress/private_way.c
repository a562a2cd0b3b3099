/* What is held of a private way, and what it tells of itself. */

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "egress/private_inside.h"
#include "network/cidr.h"

/* ---- sockets --------------------------------------------------------------------------------------------------- */

void private_fill_stock(struct private_way *way, const struct networks_sockets *sockets)
{
	way->stock = *sockets;
}

static bool is_of(int fd, int family, int type)
{
	int its_family = AF_UNSPEC, its_type = -1;
	socklen_t length = sizeof(its_family);
	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &its_family, &length);
	length = sizeof(its_type);
	getsockopt(fd, SOL_SOCKET, SO_TYPE, &its_type, &length);
	return its_family == family && its_type == type;
}

int private_take_socket(void *ctx, int family, bool stream)
{
	struct private_way *way = ctx;
	for (size_t i = 0; i < way->stock.count; i++)
		if (way->stock.fds[i] != -1 &&
		    is_of(way->stock.fds[i], family, stream ? SOCK_STREAM : SOCK_DGRAM))
			return sp_take_fd(&way->stock.fds[i]);
	return -1;
}

void private_empty_stock(struct private_way *way)
{
	for (size_t i = 0; i < way->stock.count; i++)
		sp_close_fd(&way->stock.fds[i]);
	way->stock.count = 0;
}

const char *private_source(const struct private_way *way, const struct address *to)
{
	if (to == NULL && way->address_count > 0)
		to = &way->addresses[0];
	return to != NULL && address_family(to) == AF_INET6 ? way->interface->address6
							    : way->interface->address;
}

void private_drop(struct egress_attempt *attempt)
{
	struct private_way *way = attempt->way;
	if (attempt->reading != NULL)
		attempt->reading->attempt = NULL; /* it frees itself */
	networks_cancel(attempt->sockets);
	if (way == NULL)
		return;
	private_empty_stock(way);
	path_finish(&way->path);
	sp_buffer_finish(&way->at);
	free(way);
}

void private_tell(const struct egress_attempt *attempt, struct egress_result *result)
{
	const struct private_way *way = attempt->way;
	if (way == NULL || way->interface == NULL)
		return;
	memcpy(result->interface_id, way->interface->id, sizeof(result->interface_id));
	const struct way *route = &way->ways[0];
	for (size_t i = 0; i < way->address_count; i++) {
		char target[EGRESS_ADDRESS_TEXT_MAX];
		address_text(&way->addresses[i], target);
		if (strcmp(target, result->target) == 0)
			route = &way->ways[i];
	}
	if (route->count == 0)
		return;
	SP_AUTO_BUFFER words = { 0 };
	SP_AUTO_BUFFER between = { 0 };
	way_describe(route, &words);
	result->way = sp_buffer_take(&words);
	way_describe_between(route, &between);
	if (between.length > 0)
		result->between = sp_buffer_take(&between);
	if (route->end == WAY_PUBLIC)
		ip_text(route->source, result->public_address);
}

/* A name and a port until it is known better. */
void private_note(const struct egress_attempt *attempt, struct flow *out)
{
	const struct private_way *way = attempt->way;
	if (way == NULL || way->interface == NULL)
		return;
	snprintf(out->source, sizeof(out->source), "%s", private_source(way, NULL));
	if (way->address_count > 0)
		address_text(&way->addresses[0], out->target);
	else
		snprintf(out->target, sizeof(out->target), "%s:%u", way->path.configuration.target,
			 attempt->port);
}
