#include "addresses.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/scope.h"
#include "base/text.h"
#include "egress/host_addresses.h"
#include "egress/provider_host.h"

static struct cidr block(const char *text)
{
	struct cidr cidr;
	assert_true(cidr_parse(text, &cidr, NULL));
	return cidr;
}

static size_t count_in(const char *subnet, struct ip_address **out)
{
	struct cidr cidr = block(subnet);
	size_t count = 0;
	struct sp_error err = { 0 };
	assert_int_equal(host_addresses_in(&cidr, out, &count, &err), 0);
	for (size_t i = 0; i < count; i++) {
		assert_true(cidr_contains(&cidr, (*out)[i]));
		for (size_t j = 0; j < i && count < 600; j++)
			assert_false(ip_equal((*out)[i], (*out)[j]));
	}
	return count;
}

static void knows_loopback_and_its_interface(void **state)
{
	(void)state;
	struct sp_error err = { 0 };
	SP_AUTO_FREE struct host_address *list = NULL;
	size_t count, loopbacks = 0;
	assert_int_equal(host_addresses_list(&list, &count, &err), 0);
	for (size_t i = 0; i < count; i++)
		if (ip_equal(list[i].address, address("127.0.0.1"))) {
			assert_string_equal(list[i].interface, "lo");
			assert_true(list[i].is_loopback);
			assert_address(list[i].network.address, address("127.0.0.0"));
			assert_int_equal(list[i].network.bits, 8);
			loopbacks++;
		}
	assert_int_equal(loopbacks, 1);

	char name[IF_NAMESIZE];
	assert_int_equal(host_addresses_interface(address("127.77.3.9"), name, &err), 0);
	assert_string_equal(name, "lo");
}

static void offers_every_address_of_a_loopback_subnet(void **state)
{
	(void)state;
	SP_AUTO_FREE struct ip_address *small = NULL, *one = NULL, *all = NULL;
	assert_int_equal(count_in("127.77.0.0/24", &small), 256);
	assert_int_equal(count_in("127.77.0.5/32", &one), 1);
	assert_address(one[0], address("127.77.0.5"));
	assert_int_equal(count_in("127.0.0.0/8", &all), HOST_CANDIDATES_MAX);
}

static void offers_neither_the_first_nor_the_last_address_of_loopback(void **state)
{
	(void)state;
	SP_AUTO_FREE struct ip_address *first = NULL, *last = NULL;
	assert_int_equal(count_in("127.0.0.0/30", &first), 3);
	assert_address(first[0], address("127.0.0.1"));
	assert_int_equal(count_in("127.255.255.252/30", &last), 3);
	assert_address(last[2], address("127.255.255.254"));
}

static void offers_nothing_that_this_host_does_not_own(void **state)
{
	(void)state;
	SP_AUTO_FREE struct ip_address *none = NULL;
	assert_int_equal(count_in("203.0.113.0/24", &none), 0);

	char name[IF_NAMESIZE] = "as it was";
	struct sp_error err = { 0 };
	assert_int_equal(host_addresses_interface(address("203.0.113.9"), name, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	assert_non_null(strstr(err.message, "203.0.113.9"));
	assert_non_null(strstr(err.message, "127.0.0.1 (lo)"));
	assert_string_equal(name, "as it was");
}

static void a_lone_address_owns_itself_only(void **state)
{
	(void)state;
	const struct host_address alone = { .address = IPV4(0x0a000005),
					    .network = { IPV4(0x0a000005), 32 },
					    .interface = "ppp0" };
	assert_true(host_addresses_own(&alone, 1, address("10.0.0.5")));
	assert_false(host_addresses_own(&alone, 1, address("10.0.0.6")));
}

static void says_what_a_bound_socket_cannot_reach(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to;
		bool reaches;
	} cases[] = {
		{ "127.77.0.5", "127.0.0.1", true },    { "127.0.0.1", "127.255.0.1", true },
		{ "127.77.0.5", "203.0.113.9", false }, { "192.0.2.9", "127.0.0.1", false },
		{ "192.0.2.9", "203.0.113.9", true },   { "192.0.2.9", "192.0.2.10", true },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct sp_error err = { 0 };
		int result = host_addresses_check_reach(address(cases[i].from),
							address(cases[i].to), &err);
		assert_int_equal(result, cases[i].reaches ? 0 : -1);
		assert_int_equal(err.code, cases[i].reaches ? SP_OK : SP_UNREACHABLE);
		if (!cases[i].reaches)
			assert_non_null(strstr(err.message, cases[i].to));
	}
}

/* Sockets of an ENI */

static void assert_bound(int fd, int type)
{
	int value;
	socklen_t length = sizeof(value);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &length), 0);
	assert_int_equal(value, type);
	char name[IF_NAMESIZE] = "";
	length = sizeof(name);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &length), 0);
	assert_string_equal(name, "lo");
	struct sockaddr_in from;
	length = sizeof(from);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&from, &length), 0);
	assert_address(ip_of_bytes(&from.sin_addr, IPV4_BYTES), address("127.77.0.5"));
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void opens_sockets_bound_to_address_and_interface(void **state)
{
	(void)state;
	struct network_interface eni = { .id = "eni-1", .address = "127.77.0.5" };
	struct networks_sockets sockets;
	provider_host_open(&eni, &(struct socket_wish){ 2, 1, 0, 0 }, &sockets);
	assert_int_equal(sockets.error.code, SP_OK);
	assert_int_equal(sockets.count, 3);
	for (size_t i = 0; i < sockets.count; i++) {
		assert_bound(sockets.fds[i], i < 2 ? SOCK_STREAM : SOCK_DGRAM);
		close(sockets.fds[i]);
	}
}

static void connects_from_the_eni(void **state)
{
	(void)state;
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(at);
	SP_AUTO_FD listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&at, length), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &length), 0);

	struct network_interface eni = { .id = "eni-1", .address = "127.77.0.5" };
	struct networks_sockets sockets;
	provider_host_open(&eni, &(struct socket_wish){ 1, 0, 0, 0 }, &sockets);
	assert_int_equal(sockets.count, 1);
	SP_AUTO_FD fd = sockets.fds[0];
	if (connect(fd, (struct sockaddr *)&at, length) == -1)
		assert_int_equal(errno, EINPROGRESS);
	struct sockaddr_in peer;
	length = sizeof(peer);
	SP_AUTO_FD accepted = accept(listener, (struct sockaddr *)&peer, &length);
	assert_true(accepted >= 0);
	assert_address(ip_of_bytes(&peer.sin_addr, IPV4_BYTES), address("127.77.0.5"));
}

static void opens_nothing_when_the_host_lost_the_address(void **state)
{
	(void)state;
	struct network_interface eni = { .id = "eni-1", .address = "203.0.113.9" };
	struct networks_sockets sockets;
	provider_host_open(&eni, &(struct socket_wish){ 1, 1, 0, 0 }, &sockets);
	assert_int_equal(sockets.count, 0);
	assert_int_equal(sockets.error.code, SP_NOT_FOUND);
	assert_non_null(strstr(sockets.error.message, "could not use eni-1: could not leave from "
						      "203.0.113.9: this host does not have it"));
	struct sp_error err = { 0 };
	assert_int_equal(provider_host_check(&eni, &err), -1);
}

static void opens_no_more_sockets_than_a_message_carries(void **state)
{
	(void)state;
	struct network_interface eni = { .id = "eni-1", .address = "127.77.0.5" };
	struct networks_sockets sockets;
	provider_host_open(&eni, &(struct socket_wish){ 17, 0, 0, 0 }, &sockets);
	assert_int_equal(sockets.count, 0);
	assert_int_equal(sockets.error.code, SP_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_loopback_and_its_interface),
		cmocka_unit_test(offers_every_address_of_a_loopback_subnet),
		cmocka_unit_test(offers_neither_the_first_nor_the_last_address_of_loopback),
		cmocka_unit_test(offers_nothing_that_this_host_does_not_own),
		cmocka_unit_test(a_lone_address_owns_itself_only),
		cmocka_unit_test(says_what_a_bound_socket_cannot_reach),
		cmocka_unit_test(opens_sockets_bound_to_address_and_interface),
		cmocka_unit_test(connects_from_the_eni),
		cmocka_unit_test(opens_nothing_when_the_host_lost_the_address),
		cmocka_unit_test(opens_no_more_sockets_than_a_message_carries),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
