#include "name_server.h"

#include <fcntl.h>
#include <netinet/tcp.h>

#include "base/clock.h"
#include "base/text.h"
#include "egress/egress.h"

static const struct dns_name names[] = {
	{ .name = "one.test", .v4 = { "127.0.0.3" } },
	{ .name = "second-answers.test", .v4 = { "127.0.0.2", "127.0.0.3" } },
	{ .name = "none-answers.test", .v4 = { "127.0.0.2", "127.0.0.4" } },
	{ .name = "half-silent.test", .v4 = { "127.0.0.3" }, .silent_v6 = true },
	{ .name = "six.test", .v6 = { "::1" } },
	{ .name = "both.test", .v4 = { "127.0.0.3" }, .v6 = { "::1" } },
	{ .name = "empty.test" },
	{ .name = "silent.test", .silent = true },
	{ .name = "broken.test", .code = DNS_SERVFAIL },
	{ .name = "mapped.test", .v6 = { "::ffff:127.0.0.3" } },
	{ NULL },
};

struct fixture {
	struct loop *loop;
	struct name_server server;
	struct egress *egress;
	struct egress_result result;
	int answers;
	bool dual_stack; /* of the target */
	int listener;    /* on 127.0.0.3 */
	uint16_t port;
	struct loop_timer *timer;
};

static void on_result(void *ctx, struct egress_result *result)
{
	struct fixture *f = ctx;
	f->result = *result;
	trace_begin(&f->result.trace);
	trace_move(&f->result.trace, &result->trace);
	f->answers++;
	loop_stop(f->loop);
}

static int listen_on(const char *host, uint16_t *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(*port) };
	socklen_t length = sizeof(address);
	assert_int_equal(inet_pton(AF_INET, host, &address.sin_addr), 1);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(fd, 0), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct sp_error err = { 0 };
	alarm(60);
	assert_int_equal(loop_create(&f->loop, &err), 0);
	name_server_open(&f->server, f->loop, names);
	f->listener = listen_on("127.0.0.3", &f->port);
	f->dual_stack = true;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	egress_close(f->egress);
	trace_finish(&f->result.trace);
	name_server_close(&f->server);
	close(f->listener);
	loop_destroy(f->loop);
	free(f);
	alarm(0);
	return 0;
}

static void open_egress(struct fixture *f, const char *source, bool allow_private,
			int64_t timeout_ms)
{
	struct egress_options options = {
		.source_addresses = &source,
		.source_address_count = source != NULL,
		.allow_private_targets = allow_private,
		.connect_timeout_ms = timeout_ms,
		.dns_servers = f->server.address,
	};
	struct sp_error err = { 0 };
	egress_close(f->egress);
	f->egress = NULL;
	assert_int_equal(egress_open(f->loop, NULL, NULL, NULL, &options, &f->egress, &err), 0);
}

static void go_to(struct fixture *f, const char *host, uint16_t port)
{
	f->answers = 0;
	const struct egress_target target = { .host = host,
					      .port = port,
					      .dual_stack = f->dual_stack };
	trace_finish(&f->result.trace);
	assert_non_null(egress_connect(f->egress, &target, on_result, f));
	assert_int_equal(f->answers, 0);
	loop_run(f->loop);
	assert_int_equal(f->answers, 1);
}

static void assert_connected(struct fixture *f)
{
	if (f->result.error.code != SP_OK)
		fail_msg("%s", f->result.error.message);
	int fd = f->result.fd;
	int no_delay = 0;
	socklen_t length = sizeof(no_delay);
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &length), 0);
	assert_true(no_delay);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	int accepted = accept(f->listener, NULL, NULL);
	assert_true(accepted >= 0);
	close(accepted);
}

static void assert_failed(struct fixture *f, enum failure_step step, enum sp_code code,
			  const char *message)
{
	assert_int_equal(f->result.fd, -1);
	assert_string_equal(f->result.error.message, message);
	assert_int_equal(f->result.error.code, code);
	assert_int_equal(f->result.step, step);
	assert_string_equal(f->result.source, "");
}

static void connects_to_an_address(void **state)
{
	struct fixture *f = *state;
	char target[64];
	open_egress(f, NULL, true, 5000);
	go_to(f, "127.0.0.3", f->port);
	snprintf(target, sizeof(target), "127.0.0.3:%u", f->port);
	assert_string_equal(f->result.target, target);
	assert_true(sp_text_starts_with(f->result.source, "127.0.0."));
	assert_connected(f);
	assert_int_equal(f->server.questions, 0);
}

static void finds_names_at_the_name_server(void **state)
{
	struct fixture *f = *state;
	open_egress(f, NULL, true, 5000);
	go_to(f, "one.test", f->port);
	assert_connected(f);
	assert_true(f->server.questions > 0);
}

static void assert_step(const struct trace *trace, size_t index, enum failure_step step,
			const char *text)
{
	assert_true(index < trace->count);
	assert_int_equal(trace->steps[index].step, step);
	assert_string_equal(trace->steps[index].text, text);
}

static void traces_what_was_found_and_where_it_ended(void **state)
{
	struct fixture *f = *state;
	char text[256];
	open_egress(f, NULL, true, 5000);
	go_to(f, "second-answers.test", f->port);
	assert_int_equal(f->result.trace.count, 2);
	assert_step(&f->result.trace, 0, STEP_RESOLVE,
		    "\"second-answers.test\" is 127.0.0.2, 127.0.0.3");
	snprintf(text, sizeof(text), "connected to %s from %s", f->result.target, f->result.source);
	assert_step(&f->result.trace, 1, STEP_CONNECT, text);
	assert_false(f->result.trace.steps[1].failed);
	assert_connected(f);

	go_to(f, "127.0.0.4", f->port);
	assert_int_equal(f->result.trace.count, 1);
	assert_step(&f->result.trace, 0, STEP_CONNECT, f->result.error.message);
	assert_true(f->result.trace.steps[0].failed);

	go_to(f, "nobody.test", f->port);
	assert_int_equal(f->result.trace.count, 1);
	assert_step(&f->result.trace, 0, STEP_RESOLVE, f->result.error.message);
	assert_true(f->result.trace.steps[0].failed);
}

static void localhost_is_this_host_and_nobody_is_asked(void **state)
{
	struct fixture *f = *state;
	static const char *const hosts[] = { "localhost", "LocalHost", "deep.er.localhost" };
	open_egress(f, NULL, true, 5000);
	uint16_t port = 0;
	int listener = listen_on("127.0.0.1", &port);
	for (size_t i = 0; i < SP_COUNT_OF(hosts); i++) {
		go_to(f, hosts[i], port);
		assert_int_equal(f->result.error.code, SP_OK);
		assert_true(sp_text_starts_with(f->result.target, "127.0.0.1:"));
		close(f->result.fd);
		close(accept(listener, NULL, NULL));
	}
	close(listener);
	assert_int_equal(f->server.questions, 0);
	go_to(f, "notlocalhost", port);
	assert_int_equal(f->result.step, STEP_RESOLVE);
	assert_true(f->server.questions > 0);
}

static void tries_all_addresses_in_turn(void **state)
{
	struct fixture *f = *state;
	open_egress(f, NULL, true, 5000);
	go_to(f, "second-answers.test", f->port);
	assert_connected(f);

	go_to(f, "none-answers.test", f->port);
	assert_int_equal(f->result.error.code, SP_UNREACHABLE);
	assert_int_equal(f->result.step, STEP_CONNECT);
	assert_non_null(strstr(f->result.error.message, "127.0.0.2: Connection refused"));
	assert_non_null(strstr(f->result.error.message, "127.0.0.4: Connection refused"));
}

static int listen_on_v6(uint16_t port)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6,
					.sin6_addr = IN6ADDR_LOOPBACK_INIT,
					.sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		skip(); /* this machine has no IPv6 */
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void prefers_ipv6_where_it_may_and_takes_ipv4_alone_where_it_may_not(void **state)
{
	struct fixture *f = *state;
	open_egress(f, NULL, true, 5000);
	int listener = listen_on_v6(f->port);
	go_to(f, "both.test", f->port);
	assert_int_equal(f->result.error.code, SP_OK);
	assert_true(sp_text_starts_with(f->result.target, "[::1]:"));
	close(f->result.fd);
	close(listener);
	go_to(f, "both.test", f->port); /* nobody answers there any more */
	assert_connected(f);

	f->dual_stack = false;
	listener = listen_on_v6(f->port);
	go_to(f, "both.test", f->port);
	assert_connected(f);
	close(listener);
	go_to(f, "::1", f->port);
	assert_int_equal(f->result.error.code, SP_DENIED);
	assert_non_null(strstr(f->result.error.message, "DUALSTACK"));
	go_to(f, "six.test", f->port);
	assert_failed(f, STEP_RESOLVE, SP_NOT_FOUND,
		      "cannot find the host \"six.test\": the name has no IPv4 address");
}

/* A server that says nothing about IPv6 must not make everybody wait for the whole time-out. */
static void does_not_wait_for_the_family_that_nobody_answers(void **state)
{
	struct fixture *f = *state;
	open_egress(f, NULL, true, 40000);
	int64_t start_ms = sp_monotonic_ms();
	go_to(f, "half-silent.test", f->port);
	assert_connected(f);
	assert_true(sp_monotonic_ms() - start_ms < 5000);
}

static void leaves_from_the_configured_address_or_not_at_all(void **state)
{
	struct fixture *f = *state;
	open_egress(f, "127.0.0.77", true, 5000);
	assert_int_equal(egress_source_count(f->egress), 1);
	assert_string_equal(egress_source_at(f->egress, 0), "127.0.0.77");
	assert_null(egress_source_at(f->egress, 1));
	go_to(f, "one.test", f->port);
	assert_true(sp_text_starts_with(f->result.source, "127.0.0.77:"));
	assert_connected(f);

	go_to(f, "::1", f->port);
	assert_int_equal(f->result.error.code, SP_DENIED);
	assert_non_null(strstr(f->result.error.message,
			       "egress.source_addresses has no IPv6 address to leave from"));
}

static void takes_no_address_that_this_host_does_not_have(void **state)
{
	struct fixture *f = *state;
	static const char *const wrong[] = { "192.0.2.77", "2001:db8::77" };
	for (size_t i = 0; i < SP_COUNT_OF(wrong); i++) {
		const char *sources[] = { "127.0.0.77", wrong[i] };
		const struct egress_options options = { .source_addresses = sources,
							.source_address_count = 2,
							.connect_timeout_ms = 1000 };
		struct sp_error err = { 0 };
		char sentence[128];
		assert_int_equal(egress_open(f->loop, NULL, NULL, NULL, &options, &f->egress, &err),
				 -1);
		assert_int_equal(err.code, SP_NOT_FOUND);
		snprintf(
			sentence, sizeof(sentence),
			"cannot leave from %s, as egress.source_addresses has it: it is no address "
			"of this host; this host has ",
			wrong[i]);
		assert_non_null(strstr(err.message, sentence));
		assert_true(i > 0 || strstr(err.message, "127.0.0.1") != NULL);
	}
}

static void connections_leave_from_the_configured_addresses_in_turn(void **state)
{
	struct fixture *f = *state;
	const char *sources[] = { "127.0.0.77", "127.0.0.78", "127.0.0.79" };
	const struct egress_options options = { .source_addresses = sources,
						.source_address_count = 3,
						.allow_private_targets = true,
						.connect_timeout_ms = 5000 };
	struct sp_error err = { 0 };
	assert_int_equal(egress_open(f->loop, NULL, NULL, NULL, &options, &f->egress, &err), 0);
	for (size_t i = 0; i < 6; i++) {
		go_to(f, "127.0.0.3", f->port);
		assert_true(sp_text_starts_with(f->result.source, sources[i % 3]));
		assert_connected(f);
	}
}

static void refuses_private_targets_also_behind_names(void **state)
{
	struct fixture *f = *state;
	static const char *const hosts[] = { "127.0.0.3",   "one.test",  "::1",    "six.test",
					     "mapped.test", "localhost", "0.0.0.0" };
	open_egress(f, NULL, false, 5000);
	for (size_t i = 0; i < SP_COUNT_OF(hosts); i++) {
		go_to(f, hosts[i], f->port);
		assert_int_equal(f->result.error.code, SP_DENIED);
		assert_int_equal(f->result.step, STEP_CONNECT);
		assert_non_null(strstr(f->result.error.message, "egress.allow_private_targets"));
		assert_non_null(strstr(f->result.error.message, hosts[i]));
	}
	go_to(f, "127.0.0.3", f->port);
	char message[256];
	snprintf(message, sizeof(message),
		 "cannot connect to 127.0.0.3 port %u: it is a loopback address, which the setting "
		 "egress.allow_private_targets forbids",
		 f->port);
	assert_failed(f, STEP_CONNECT, SP_DENIED, message);
	assert_int_equal(accept(f->listener, NULL, NULL), -1);
}

static void says_why_a_name_leads_nowhere(void **state)
{
	struct fixture *f = *state;
	open_egress(f, NULL, true, 1000);
	go_to(f, "nobody.test", 22);
	assert_failed(f, STEP_RESOLVE, SP_NOT_FOUND,
		      "cannot find the host \"nobody.test\": no such name");
	go_to(f, "empty.test", 22);
	assert_failed(f, STEP_RESOLVE, SP_NOT_FOUND,
		      "cannot find the host \"empty.test\": the name has no address");
	go_to(f, "broken.test", 22);
	assert_int_equal(f->result.step, STEP_RESOLVE);
	assert_int_equal(f->result.error.code, SP_UNREACHABLE);
	int64_t start_ms = sp_monotonic_ms();
	go_to(f, "silent.test", 22);
	assert_failed(f, STEP_RESOLVE, SP_TIMEOUT,
		      "could not find the host \"silent.test\": no name server answered in time");
	assert_true(sp_monotonic_ms() - start_ms <= 1000);
}

static void says_why_nobody_answers(void **state)
{
	struct fixture *f = *state;
	open_egress(f, NULL, true, 300);
	char message[128];
	snprintf(message, sizeof(message),
		 "could not connect to 127.0.0.4 port %u: Connection refused", f->port);
	go_to(f, "127.0.0.4", f->port);
	assert_failed(f, STEP_CONNECT, SP_UNREACHABLE, message);

	/* A listener whose queue is full drops what comes: the silence of a firewall. */
	int waiting[8];
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(f->port) };
	inet_pton(AF_INET, "127.0.0.3", &address.sin_addr);
	for (size_t i = 0; i < SP_COUNT_OF(waiting); i++) {
		waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(waiting[i], (struct sockaddr *)&address, sizeof(address));
	}
	go_to(f, "127.0.0.3", f->port);
	assert_int_equal(f->result.error.code, SP_TIMEOUT);
	assert_int_equal(f->result.step, STEP_CONNECT);
	assert_non_null(strstr(f->result.error.message, "no answer within 0.3 s"));
	for (size_t i = 0; i < SP_COUNT_OF(waiting); i++)
		close(waiting[i]);
}

static void refuses_options_that_make_no_sense(void **state)
{
	struct fixture *f = *state;
	struct sp_error err = { 0 };
	const char *source = "not-an-address";
	struct egress_options options = { .source_addresses = &source, .source_address_count = 1 };
	assert_int_equal(egress_open(f->loop, NULL, NULL, NULL, &options, &f->egress, &err), -1);
	assert_int_equal(err.code, SP_INVALID);
	assert_non_null(strstr(err.message, "\"not-an-address\""));
	options = (struct egress_options){ .dns_servers = "nonsense" };
	assert_int_equal(egress_open(f->loop, NULL, NULL, NULL, &options, &f->egress, &err), -1);
	assert_int_equal(err.code, SP_INVALID);
	assert_null(f->egress);
}

static void stop(void *ctx)
{
	loop_stop(ctx);
}

static void what_is_cancelled_is_never_heard_of(void **state)
{
	struct fixture *f = *state;
	open_egress(f, NULL, true, 5000);
	struct egress_attempt *attempts[3];
	static const char *const hosts[] = { "silent.test", "one.test", "127.0.0.3" };
	struct egress_target target = { .port = f->port };
	for (size_t i = 0; i < SP_COUNT_OF(hosts); i++) {
		target.host = hosts[i];
		attempts[i] = egress_connect(f->egress, &target, on_result, f);
	}
	egress_cancel(attempts[1]);
	loop_add_timer(f->loop, 0, stop, f->loop);
	loop_run(f->loop);
	f->answers = 0;
	egress_cancel(attempts[0]); /* in the middle of its lookup */
	target.host = "silent.test";
	egress_connect(f->egress, &target, on_result, f);
	egress_close(f->egress); /* with another one under way */
	f->egress = NULL;
	loop_add_timer(f->loop, 0, stop, f->loop);
	loop_run(f->loop);
	assert_int_equal(f->answers, 0);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		STORY(connects_to_an_address),
		STORY(finds_names_at_the_name_server),
		STORY(traces_what_was_found_and_where_it_ended),
		STORY(localhost_is_this_host_and_nobody_is_asked),
		STORY(tries_all_addresses_in_turn),
		STORY(prefers_ipv6_where_it_may_and_takes_ipv4_alone_where_it_may_not),
		STORY(does_not_wait_for_the_family_that_nobody_answers),
		STORY(leaves_from_the_configured_address_or_not_at_all),
		STORY(takes_no_address_that_this_host_does_not_have),
		STORY(connections_leave_from_the_configured_addresses_in_turn),
		STORY(refuses_private_targets_also_behind_names),
		STORY(says_why_a_name_leads_nowhere),
		STORY(says_why_nobody_answers),
		STORY(refuses_options_that_make_no_sense),
		STORY(what_is_cancelled_is_never_heard_of),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
