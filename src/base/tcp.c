#include "base/tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static void turn_on(int fd, int option)
{
	setsockopt(fd, IPPROTO_TCP, option, &(int){ 1 }, sizeof(int));
}

void sp_tcp_send_at_once(int fd)
{
	turn_on(fd, TCP_NODELAY);
}

void sp_tcp_acknowledge_at_once(int fd)
{
	turn_on(fd, TCP_QUICKACK);
}
