#pragma once
/** For tests that need addresses of their own: the program moves into a network that has nothing but what it adds to it. */

#include "test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static inline bool own_network_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (fd >= 0)
		close(fd);
	return written;
}

/** Where the machine does not let everybody do that: false. Before there are threads. */
static inline bool own_network_enter(void)
{
	char users[64], groups[64];
	if (unshare(CLONE_NEWNET) == 0)
		return true;
	snprintf(users, sizeof(users), "%u %u 1", getuid(), getuid());
	snprintf(groups, sizeof(groups), "%u %u 1", getgid(), getgid());
	return unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 &&
	       own_network_write("/proc/self/setgroups", "deny") &&
	       own_network_write("/proc/self/uid_map", users) &&
	       own_network_write("/proc/self/gid_map", groups);
}

/** An address that answers here; @label: "lo", "lo:1" … */
static inline void own_network_add(const char *label, const char *text)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { 0 };
	struct sockaddr_in address = { .sin_family = AF_INET };
	assert_int_equal(inet_pton(AF_INET, text, &address.sin_addr), 1);
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", label);
	memcpy(&request.ifr_addr, &address, sizeof(address));
	assert_int_equal(ioctl(fd, SIOCSIFADDR, &request), 0);
	inet_pton(AF_INET, "255.255.255.255", &address.sin_addr);
	if (strchr(label, ':') != NULL) {
		memcpy(&request.ifr_netmask, &address, sizeof(address));
		assert_int_equal(ioctl(fd, SIOCSIFNETMASK, &request), 0);
	}
	snprintf(request.ifr_name, sizeof(request.ifr_name), "lo");
	request.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}
