/* Lookups by sockets that were given: what asks inside a VPC. What asks by this host's own is in connect_test.c. */

#include "name_server.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "egress/lookup.h"

enum {
	MANY_ADDRESSES = 60, /* more than a datagram without extensions holds */
	/* So that nothing is asked twice for want of time: another process answers, on a machine that may be busy. Of the
	 * whole time a try has a part. */
	PATIENT_MS = 40000,
};

static const struct dns_name names[] = {
	{ .name = "one.test", .v4 = { "10.0.0.3" }, .v6 = { "2001:db8::3" } },
	{ .name = "two.test", .v4 = { "10.0.0.9", "10.0.0.4" } },
	{ .name = "six.test", .v6 = { "2001:db8::3" } },
	{ .name = "silent.test", .silent = true },
	{ .name = "broken.test", .code = DNS_SERVFAIL },
	{ NULL },
};

struct fixture {
	struct loop *loop;
	struct name_server server;
	struct lookup_supply supply;
	int streams, datagrams; /* that are left */
	int taken;
	struct lookup_result result;
	int answers;
};

static int take(void *ctx, int family, bool stream)
{
	struct fixture *f = ctx;
	assert_int_equal(family, AF_INET);
	int *left = stream ? &f->streams : &f->datagrams;
	if (*left == 0)
		return -1;
	--*left;
	f->taken++;
	struct sockaddr_in from = { .sin_family = AF_INET };
	assert_int_equal(inet_pton(AF_INET, "127.77.0.5", &from.sin_addr), 1);
	int fd = socket(AF_INET, (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC,
			0);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	return fd;
}

static int set_up(void **state)
{
	struct fixture *f = sp_alloc(sizeof(*f));
	struct sp_error err = { 0 };
	alarm(60);
	assert_int_equal(loop_create(&f->loop, &err), 0);
	name_server_open(&f->server, f->loop, names);
	f->supply = (struct lookup_supply){ .ctx = f, .take = take };
	f->streams = 1;
	f->datagrams = LOOKUP_DATAGRAMS_A_SERVER;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	name_server_close(&f->server);
	loop_destroy(f->loop);
	free(f);
	alarm(0);
	return 0;
}

static void on_result(void *ctx, const struct lookup_result *result)
{
	struct fixture *f = ctx;
	f->result = *result;
	f->answers++;
	loop_stop(f->loop);
}

static void look_up(struct fixture *f, const char *host, const char *servers, int64_t timeout_ms)
{
	const struct lookup_question question = {
		.host = host,
		.port = 22,
		.servers = servers == NULL ? f->server.address : servers,
		.at = " at the name servers of the test",
		.families = ADDRESS_TYPE_IPV4,
		.supply = &f->supply,
		.timeout_ms = timeout_ms,
	};
	f->answers = 0;
	assert_non_null(lookup_start(f->loop, &question, on_result, f));
	assert_int_equal(f->answers, 0);
	loop_run(f->loop);
	assert_int_equal(f->answers, 1);
}

static void assert_found(struct fixture *f, size_t index, const char *text)
{
	char host[EGRESS_ADDRESS_TEXT_MAX];
	if (f->result.error.code != SP_OK)
		fail_msg("%s", f->result.error.message);
	assert_true(index < f->result.count);
	address_host_text(&f->result.addresses[index], host);
	assert_string_equal(host, text);
}

static void assert_failed(struct fixture *f, enum sp_code code, const char *message)
{
	assert_int_equal(f->result.count, 0);
	assert_string_equal(f->result.error.message, message);
	assert_int_equal(f->result.error.code, code);
}

static void asks_from_the_sockets_that_it_was_given(void **state)
{
	struct fixture *f = *state;
	look_up(f, "one.test", NULL, 5000);
	assert_int_equal(f->result.count, 1); /* IPv4 only */
	assert_found(f, 0, "10.0.0.3");
	assert_int_equal(ntohs(f->result.addresses[0].at.v4.sin_port), 22);
	assert_string_equal(f->server.asked_from, "127.77.0.5");
	assert_int_equal(f->taken, 1);

	/* In the server's order: nobody knows better inside the VPC. */
	look_up(f, "two.test", NULL, 5000);
	assert_found(f, 0, "10.0.0.9");
	assert_found(f, 1, "10.0.0.4");
}

static void set_flag(void *ctx)
{
	*(bool *)ctx = true;
}

static void says_why_a_name_leads_nowhere(void **state)
{
	struct fixture *f = *state;
	f->datagrams = 100;
	look_up(f, "nobody.test", NULL, 5000);
	assert_failed(
		f, SP_NOT_FOUND,
		"cannot find the host \"nobody.test\" at the name servers of the test: no such "
		"name");
	look_up(f, "six.test", NULL, 5000);
	assert_failed(f, SP_NOT_FOUND,
		      "cannot find the host \"six.test\" at the name servers of the test: the name "
		      "has no IPv4 address");
	look_up(f, "broken.test", NULL, 5000);
	assert_int_equal(f->result.error.code, SP_UNREACHABLE);
	bool late = false;
	/* Of two timers that are due the earlier one comes first, also on a machine that is late for both. */
	struct loop_timer *limit = loop_add_timer(f->loop, 1000, set_flag, &late);
	look_up(f, "silent.test", NULL, 500);
	assert_failed(f, SP_TIMEOUT,
		      "could not find the host \"silent.test\" at the name servers of the test: no "
		      "name server answered in time");
	assert_false(late);
	loop_cancel_timer(limit);
}

/* Bound to a port of loopback, 0 taking any, which whoever knows it may share. -1 when the port is taken. */
static int hold_port(int type, in_port_t *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				       .sin_port = htons(*port) };
	socklen_t length = sizeof(address);
	int yes = 1, fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)), 0);
	if (bind(fd, (struct sockaddr *)&address, length) == -1) {
		close(fd);
		return -1;
	}
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*port = ntohs(address.sin_port);
	/* It hears from itself alone: whoever else sends a datagram there is refused. */
	if (type == SOCK_DGRAM)
		assert_int_equal(connect(fd, (struct sockaddr *)&address, length), 0);
	return fd;
}

/* A port that refuses, and that no other process can take as long as the descriptor is open. */
static int closed_port(char out[32])
{
	in_port_t port = 0;
	int fd = hold_port(SOCK_DGRAM, &port);
	assert_int_not_equal(fd, -1);
	snprintf(out, 32, "127.0.0.1:%u", port);
	return fd;
}

static void asks_the_next_server_when_one_refuses(void **state)
{
	struct fixture *f = *state;
	char closed[32], both[80];
	SP_AUTO_FD held = closed_port(closed);
	look_up(f, "one.test", closed, 5000);
	assert_failed(
		f, SP_UNREACHABLE,
		"could not find the host \"one.test\" at the name servers of the test: no name "
		"server could be reached");
	f->datagrams = 2 * LOOKUP_DATAGRAMS_A_SERVER;
	snprintf(both, sizeof(both), "%s, %s", closed, f->server.address);
	look_up(f, "one.test", both, 5000);
	assert_found(f, 0, "10.0.0.3");
	sp_close_fd(&held);
}

static void ends_when_there_are_no_sockets_left(void **state)
{
	struct fixture *f = *state;
	f->datagrams = 0;
	look_up(f, "one.test", NULL, 5000);
	assert_int_equal(f->result.error.code, SP_UNREACHABLE);
	assert_int_equal(f->server.questions, 0);
}

/* The host's own lookups take its search list; what is asked inside a VPC is asked as it was given. */
static void nothing_of_this_hosts_configuration_counts(void **state)
{
	struct fixture *f = *state;
	setenv("LOCALDOMAIN", "test", 1);
	struct lookup_question question = {
		.host = "one", .port = 22, .servers = f->server.address, .timeout_ms = 5000
	};
	lookup_start(f->loop, &question, on_result, f);
	loop_run(f->loop);
	assert_found(f, 0, "10.0.0.3");

	look_up(f, "one", NULL, 5000);
	unsetenv("LOCALDOMAIN");
	assert_failed(f, SP_NOT_FOUND,
		      "cannot find the host \"one\" at the name servers of the test: no such name");
}

static void what_is_cancelled_is_never_heard_of(void **state)
{
	struct fixture *f = *state;
	const struct lookup_question question = { .host = "silent.test",
						  .port = 22,
						  .servers = f->server.address,
						  .supply = &f->supply,
						  .timeout_ms = 5000 };
	lookup_cancel(lookup_start(f->loop, &question, on_result, f));
	look_up(f, "one.test", NULL, 5000);
	assert_int_equal(f->answers, 1);
}

static void counts_servers(void **state)
{
	(void)state;
	assert_int_equal(lookup_count_servers("", AF_INET), 0);
	assert_int_equal(lookup_count_servers("10.0.0.2", AF_INET), 1);
	assert_int_equal(lookup_count_servers("10.0.0.2, 10.0.0.3:5353,10.0.0.4", AF_INET), 3);
	static const char mixed[] = "10.0.0.2:53, fd00::2,[fd00::3]:5353";
	assert_int_equal(lookup_count_servers(mixed, AF_INET), 1);
	assert_int_equal(lookup_count_servers(mixed, AF_INET6), 2);
}

/* ---- a real name server ------------------------------------------------------------------------------------------ */

#define DNSMASQ "/usr/sbin/dnsmasq"

/* The same port for datagrams and streams. */
static void hold_both(int held[2], in_port_t *port)
{
	held[1] = -1;
	for (int i = 0; i < 100 && held[1] == -1; i++) {
		*port = 0;
		held[0] = hold_port(SOCK_DGRAM, port);
		held[1] = hold_port(SOCK_STREAM, port);
		if (held[1] == -1)
			close(held[0]);
	}
	assert_int_not_equal(held[1], -1);
}

static pid_t start_dnsmasq(in_port_t number)
{
	static char port[16], records[MANY_ADDRESSES][64];
	char *argv[MANY_ADDRESSES + 10] = { (char[]){ "dnsmasq" },
					    (char[]){ "--keep-in-foreground" },
					    (char[]){ "--conf-file=/dev/null" },
					    (char[]){ "--no-resolv" },
					    (char[]){ "--no-hosts" },
					    (char[]){ "--bind-interfaces" },
					    (char[]){ "--listen-address=127.0.0.1" },
					    (char[]){ "--pid-file=" },
					    port };
	snprintf(port, sizeof(port), "--port=%u", number);
	size_t count = 9;
	for (int i = 0; i < MANY_ADDRESSES; i++) {
		snprintf(records[i], sizeof(records[i]), "--host-record=many.test,10.1.0.%d",
			 i + 1);
		argv[count++] = records[i];
	}
	pid_t pid = fork();
	if (pid == 0) {
		execv(DNSMASQ, argv);
		_exit(127);
	}
	return pid;
}

static void long_answers_come_by_a_stream(void **state)
{
	struct fixture *f = *state;
	char address[32];
	int held[2];
	in_port_t port;
	if (access(DNSMASQ, X_OK) != 0)
		skip();
	hold_both(held, &port); /* dnsmasq shares it, nobody else takes it */
	snprintf(address, sizeof(address), "127.0.0.1:%u", port);
	pid_t pid = start_dnsmasq(port);
	assert_true(pid > 0);
	int64_t end_ms = sp_monotonic_ms() + 20000;
	do { /* until it listens, it refuses, as often as it is asked */
		usleep(1000);
		f->datagrams = f->streams = 1000;
		look_up(f, "many.test", address, PATIENT_MS);
	} while (f->result.error.code != SP_OK && sp_monotonic_ms() < end_ms);
	f->taken = 0;
	f->streams = 1;
	look_up(f, "many.test", address, PATIENT_MS);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	close(held[0]);
	close(held[1]);
	assert_int_equal(f->result.error.code, SP_OK);
	assert_int_equal(f->result.count, LOOKUP_ADDRESSES_MAX);
	assert_int_equal(f->taken, 2); /* a datagram that said "too long", and the stream */
	assert_int_equal(f->streams, 0);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		STORY(asks_from_the_sockets_that_it_was_given),
		STORY(says_why_a_name_leads_nowhere),
		STORY(asks_the_next_server_when_one_refuses),
		STORY(ends_when_there_are_no_sockets_left),
		STORY(nothing_of_this_hosts_configuration_counts),
		STORY(what_is_cancelled_is_never_heard_of),
		STORY(counts_servers),
		STORY(long_answers_come_by_a_stream),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
