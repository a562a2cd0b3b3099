/* Private paths from end to end, in a VPC of this host's own loopback addresses. */

#include "house.h"
#include "name_server.h"

#include <fcntl.h>
#include <poll.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "egress/egress.h"

#define ARN ARN_OF(CONFIGURATION)

static const struct dns_name names[] = {
	{ .name = "one.test", .v4 = { "127.0.0.3" } },
	{ .name = "second-allowed.test", .v4 = { "127.0.9.3", "127.0.0.3" } },
	{ .name = "forbidden.test", .v4 = { "127.0.9.3", "127.0.9.4" } },
	{ .name = "silent.test", .silent = true },
	{ NULL },
};

struct fixture {
	struct house house;
	struct loop *loop;
	struct pool *reads;
	struct networks *networks;
	struct name_server server;
	struct egress *egress;
	struct egress_result result;
	int answers;
	int listener; /* on 127.0.0.3 */
	uint16_t port;
};

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

static void open_egress(struct fixture *f, int64_t timeout_ms)
{
	struct sp_error err = { 0 };
	const struct egress_options options = { .connect_timeout_ms = timeout_ms };
	egress_close(f->egress);
	assert_int_equal(egress_open(f->loop, f->house.store, f->reads, f->networks, &options,
				     &f->egress, &err),
			 0);
}

static int set_up(void **state)
{
	struct fixture *f = sp_alloc(sizeof(*f));
	struct sp_error err = { 0 };
	alarm(60);
	house_open(&f->house);
	assert_int_equal(loop_create(&f->loop, &err), 0);
	assert_int_equal(pool_create("reads", 1, 64, &f->reads, &err), 0);
	const struct networks_options options = { .state_directory = f->house.folder,
						  .region = "eu-central-1",
						  .account = "000000000000",
						  .netd_fd = -1,
						  .why_no_netd = "this is a test",
						  .default_provider = "host" };
	assert_int_equal(
		networks_open(f->loop, f->house.store, f->reads, &options, &f->networks, &err), 0);
	name_server_open(&f->server, f->loop, names);
	f->listener = listen_on("127.0.0.3", &f->port);
	open_egress(f, 5000);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	egress_close(f->egress);
	networks_close(f->networks);
	pool_destroy(f->reads);
	trace_finish(&f->result.trace);
	name_server_close(&f->server);
	close(f->listener);
	house_close(&f->house); /* what it commits is posted to the loop */
	loop_destroy(f->loop);
	free(f);
	alarm(0);
	return 0;
}

static void on_result(void *ctx, struct egress_result *result)
{
	struct fixture *f = ctx;
	f->result = *result;
	trace_begin(&f->result.trace);
	trace_move(&f->result.trace, &result->trace);
	f->answers++;
	loop_stop(f->loop);
}

static void go(struct fixture *f, uint16_t port)
{
	const struct egress_target target = { .configuration_arn = ARN, .port = port };
	f->answers = 0;
	trace_finish(&f->result.trace);
	assert_non_null(egress_connect(f->egress, &target, on_result, f));
	loop_run(f->loop);
	assert_int_equal(f->answers, 1);
}

/*
 * What comes to nothing for want of time, and gets as far as @step on the way there. The time is for all of the way, and
 * a busy machine may need all of it for the beginning: then it gets twice as much.
 */
static void go_in_vain(struct fixture *f, uint16_t port, enum failure_step step)
{
	int64_t timeout_ms = 300;
	do {
		open_egress(f, timeout_ms);
		go(f, port);
		timeout_ms *= 2;
	} while (f->result.step != step && timeout_ms < 30000);
}

static int set_tag(struct db *db, void *ctx, struct sp_error *err)
{
	return tags_put(db, VPC_ARN, NETWORK_TAG_DNS, ctx, err);
}

static void lead_to(struct fixture *f, const char *target, bool is_name)
{
	house_write(&f->house, change_configuration,
		    &(struct configuration_change){ .target = target, .is_name = is_name });
}

static void lead_to_name(struct fixture *f, const char *name)
{
	house_write(&f->house, set_tag, f->server.address);
	lead_to(f, name, true);
}

static const struct trace_step *step_of(struct fixture *f, enum failure_step step)
{
	for (size_t i = 0; i < f->result.trace.count; i++)
		if (f->result.trace.steps[i].step == step)
			return &f->result.trace.steps[i];
	fail_msg("there is no step \"%s\"", failure_step_name(step));
	return NULL;
}

static void assert_steps(struct fixture *f, const enum failure_step *steps, size_t count)
{
	for (size_t i = 0; i < count && i < f->result.trace.count; i++)
		assert_string_equal(failure_step_name(f->result.trace.steps[i].step),
				    failure_step_name(steps[i]));
	assert_int_equal(f->result.trace.count, count);
}

static void assert_connected_from(struct fixture *f, const char *source)
{
	struct sockaddr_in from;
	socklen_t length = sizeof(from);
	char text[INET_ADDRSTRLEN];
	if (f->result.error.code != SP_OK)
		fail_msg("%s", f->result.error.message);
	assert_true(fcntl(f->result.fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(f->result.fd, F_GETFD) & FD_CLOEXEC);
	int accepted = accept(f->listener, (struct sockaddr *)&from, &length);
	assert_true(accepted >= 0);
	inet_ntop(AF_INET, &from.sin_addr, text, sizeof(text));
	assert_string_equal(text, source);
	close(accepted);
	close(f->result.fd);
}

/* Nothing reached the server, and everybody says the same. */
static void assert_failed(struct fixture *f, enum failure_step step, enum sp_code code,
			  const char *message)
{
	assert_string_equal(f->result.error.message, message);
	assert_int_equal(f->result.error.code, code);
	assert_int_equal(f->result.step, step);
	assert_int_equal(f->result.fd, -1);
	const struct trace_step *last = &f->result.trace.steps[f->result.trace.count - 1];
	assert_int_equal(last->step, step);
	assert_true(last->failed);
	assert_string_equal(last->text, message);
	assert_int_equal(accept(f->listener, NULL, NULL), -1);
}

static void leaves_from_the_gateways_interfaces_in_turn(void **state)
{
	struct fixture *f = *state;
	static const enum failure_step steps[] = { STEP_CONFIGURATION, STEP_PORT,   STEP_GATEWAY,
						   STEP_INTERFACE,     STEP_GROUPS, STEP_CONNECT };
	go(f, f->port);
	assert_connected_from(f, "127.77.1.5");
	assert_steps(f, steps, SP_COUNT_OF(steps));
	assert_string_equal(step_of(f, STEP_INTERFACE)->text,
			    "leaves from 127.77.1.5 by " FIRST_ENI " in " SUBNET ", interface lo");
	assert_string_equal(
		sp_json_string(step_of(f, STEP_INTERFACE)->details, "NetworkInterfaceId"),
		FIRST_ENI);
	assert_string_equal(f->result.interface_id, FIRST_ENI);
	go(f, f->port);
	assert_connected_from(f, "127.77.1.6");
	assert_string_equal(f->result.interface_id, SECOND_ENI);
	go(f, f->port);
	assert_connected_from(f, "127.77.1.5");
}

static void names_are_asked_for_inside_the_vpc(void **state)
{
	struct fixture *f = *state;
	static const enum failure_step steps[] = { STEP_CONFIGURATION, STEP_PORT,      STEP_GATEWAY,
						   STEP_RESOLVE,       STEP_INTERFACE, STEP_GROUPS,
						   STEP_CONNECT };
	char text[128];
	lead_to_name(f, "one.test");
	go(f, f->port);
	assert_connected_from(f, "127.77.1.5");
	assert_string_equal(f->server.asked_from, "127.77.1.5");
	assert_steps(f, steps, SP_COUNT_OF(steps));
	snprintf(text, sizeof(text),
		 "\"one.test\" is 127.0.0.3 at the name servers of " VPC " (%s)",
		 f->server.address);
	assert_string_equal(step_of(f, STEP_RESOLVE)->text, text);
}

static void of_several_addresses_only_the_allowed_are_tried(void **state)
{
	struct fixture *f = *state;
	lead_to_name(f, "second-allowed.test");
	go(f, f->port);
	assert_connected_from(f, "127.77.1.5");
	char message[256];
	lead_to_name(f, "forbidden.test");
	go(f, f->port);
	snprintf(message, sizeof(message),
		 "cannot connect to 127.0.9.3 port %u: no egress rule of the security group " GROUP
		 " of the resource gateway \"gate\" (" GATEWAY ") allows it",
		 f->port);
	assert_failed(f, STEP_GROUPS, SP_DENIED, message);
}

static void says_why_a_name_leads_nowhere(void **state)
{
	struct fixture *f = *state;
	char message[256];
	lead_to_name(f, "nobody.test");
	go(f, f->port);
	snprintf(message, sizeof(message),
		 "cannot find the host \"nobody.test\" at the name servers of " VPC
		 " (%s): no such name",
		 f->server.address);
	assert_failed(f, STEP_RESOLVE, SP_NOT_FOUND, message);

	lead_to_name(f, "silent.test");
	go_in_vain(f, f->port, STEP_RESOLVE);
	snprintf(message, sizeof(message),
		 "could not find the host \"silent.test\" at the name servers of " VPC
		 " (%s): no name server answered in time",
		 f->server.address);
	assert_failed(f, STEP_RESOLVE, SP_TIMEOUT, message);

	open_egress(f, 5000);
	house_write(&f->house, set_tag, (char[]){ "my-server" });
	go(f, f->port);
	assert_failed(f, STEP_RESOLVE, SP_INVALID,
		      "cannot find the host \"silent.test\" inside " VPC
		      ": cannot use the name servers \"my-server\": addresses are expected, as in "
		      "\"192.0.2.1, 192.0.2.2:5353\"");
}

/* Only a VPC of this host's own networks may ask whom the host asks. */
static void a_kernel_network_needs_the_tag(void **state)
{
	struct fixture *f = *state;
	lead_to(f, "one.test", true);
	house_write(&f->house, run_script,
		    (char[]){ "UPDATE vpcs SET provider = 1 WHERE id = '" VPC "'" });
	go(f, f->port);
	assert_failed(f, STEP_RESOLVE, SP_NOT_FOUND,
		      "cannot find the host \"one.test\" inside " VPC
		      ": the VPC has no tag \"sallyport:dns\" that says which name servers to ask");
	assert_int_equal(f->server.questions, 0);
}

static void a_removed_rule_holds_at_once(void **state)
{
	struct fixture *f = *state;
	char message[256];
	go(f, f->port);
	assert_connected_from(f, "127.77.1.5");
	house_write(&f->house, run_script, (char[]){ "DELETE FROM security_rules" });
	go(f, f->port);
	snprintf(message, sizeof(message),
		 "cannot connect to 127.0.0.3 port %u: no egress rule of the security group " GROUP
		 " of the resource gateway \"gate\" (" GATEWAY ") allows it",
		 f->port);
	assert_failed(f, STEP_GROUPS, SP_DENIED, message);
}

static void says_where_the_path_ends(void **state)
{
	struct fixture *f = *state;
	go(f, 23);
	assert_failed(f, STEP_PORT, SP_DENIED,
		      "cannot connect to 127.0.0.3 port 23: the resource configuration \"partner\" "
		      "(" CONFIGURATION ") permits only 22, 1024-65535");
	house_write(&f->house, change_gateway,
		    &(struct gateway_change){ .state = NETWORK_IN_PROGRESS });
	go(f, f->port);
	assert_int_equal(f->result.step, STEP_GATEWAY);
	house_write(&f->house, run_script, (char[]){ "DELETE FROM configurations" });
	go(f, f->port);
	assert_failed(f, STEP_CONFIGURATION, SP_NOT_FOUND,
		      "there is no resource configuration \"" CONFIGURATION "\" any more");
}

static void an_ipv6_target_is_refused(void **state)
{
	struct fixture *f = *state;
	lead_to(f, "2001:db8::1", false);
	go(f, f->port);
	assert_failed(f, STEP_CONFIGURATION, SP_UNSUPPORTED,
		      "cannot connect to 2001:db8::1: it is an address of IPv6, and the resource "
		      "gateway \"gate\" (rgw-00000000000000001) is IPV4");
}

static void says_what_the_network_said(void **state)
{
	struct fixture *f = *state;
	char message[256];
	lead_to(f, "127.0.0.4", false);
	go(f, f->port);
	snprintf(message, sizeof(message),
		 "could not connect to 127.0.0.4 port %u from 127.77.1.5 (" FIRST_ENI
		 "): Connection refused (its host answers, but nothing listens on this port)",
		 f->port);
	assert_failed(f, STEP_CONNECT, SP_UNREACHABLE, message);

	/* A listener whose queue is full drops what comes: the silence of a firewall. */
	int waiting[8];
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(f->port) };
	inet_pton(AF_INET, "127.0.0.3", &address.sin_addr);
	lead_to(f, "127.0.0.3", false);
	for (size_t i = 0; i < SP_COUNT_OF(waiting); i++) {
		waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(waiting[i], (struct sockaddr *)&address, sizeof(address));
	}
	struct pollfd queue = { .fd = f->listener, .events = POLLIN };
	assert_int_equal(poll(&queue, 1, -1), 1); /* it has one, and room for no more */
	go_in_vain(f, f->port, STEP_CONNECT);
	assert_int_equal(f->result.step, STEP_CONNECT);
	assert_int_equal(f->result.error.code, SP_TIMEOUT);
	assert_non_null(strstr(f->result.error.message,
			       " s (its host may be off, a firewall may drop the packets, or the "
			       "way back may be missing)"));
	for (size_t i = 0; i < SP_COUNT_OF(waiting); i++)
		close(waiting[i]);
}

/* Whoever notices first says it: the gateway's state, or the attempt to leave. */
static void an_address_that_this_host_has_lost_is_no_door(void **state)
{
	struct fixture *f = *state;
	house_write(&f->house, run_script,
		    (char[]){ "UPDATE interfaces SET address = '192.0.2.' || substr(id, -1)" });
	go(f, f->port);
	assert_true(f->result.step == STEP_INTERFACE || f->result.step == STEP_GATEWAY);
	assert_int_equal(f->result.fd, -1);
	assert_non_null(strstr(f->result.error.message, "could not leave from 192.0.2.1"));
	assert_non_null(strstr(f->result.error.message, FIRST_ENI));
	assert_int_equal(accept(f->listener, NULL, NULL), -1);
}

static void stop(void *ctx)
{
	loop_stop(ctx);
}

static void what_is_cancelled_is_never_heard_of(void **state)
{
	struct fixture *f = *state;
	const struct egress_target target = { .configuration_arn = ARN, .port = f->port };
	lead_to_name(f, "silent.test");
	f->answers = 0;
	egress_cancel(egress_connect(f->egress, &target, on_result, f));
	struct egress_attempt *attempt = egress_connect(f->egress, &target, on_result, f);
	loop_add_timer(f->loop, 0, stop, f->loop);
	loop_run(f->loop); /* it is being read */
	egress_cancel(attempt);
	egress_connect(f->egress, &target, on_result, f);
	while (f->server.questions == 0) {
		loop_add_timer(f->loop, 1, stop, f->loop);
		loop_run(f->loop);
	}
	egress_close(f->egress); /* in the middle of a lookup */
	f->egress = NULL;
	loop_add_timer(f->loop, 0, stop, f->loop);
	loop_run(f->loop);
	assert_int_equal(f->answers, 0);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		STORY(leaves_from_the_gateways_interfaces_in_turn),
		STORY(names_are_asked_for_inside_the_vpc),
		STORY(of_several_addresses_only_the_allowed_are_tried),
		STORY(says_why_a_name_leads_nowhere),
		STORY(a_kernel_network_needs_the_tag),
		STORY(a_removed_rule_holds_at_once),
		STORY(says_where_the_path_ends),
		STORY(an_ipv6_target_is_refused),
		STORY(says_what_the_network_said),
		STORY(an_address_that_this_host_has_lost_is_no_door),
		STORY(what_is_cancelled_is_never_heard_of),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
