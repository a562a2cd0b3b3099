/* The flow log beside real connections: what it keeps, and that it never keeps one open. */

#include "house.h"
#include "name_server.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>

#include "base/clock.h"
#include "base/text.h"
#include "egress/egress.h"
#include "egress/flow_file.h"
#include "egress/flows.h"
#include "store/flows.h"

#define CONNECTOR "c-00000000000000001"
#define TRANSFER  "00000000-0000-0000-0000-000000000001"

enum { ROOM = 16 };

struct fixture {
	struct house house;
	struct loop *loop;
	struct pool *reads;
	struct networks *networks;
	struct flow_log *flows;
	struct egress *egress;
	int listener;
	uint16_t port;
	char file[96];
	int fd; /* the worker's end, while it has one */
	enum failure_step step;
	struct flow found[ROOM];
	size_t count;
};

static int holder; /* its address is one */

static int open_listener(uint16_t *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	assert_int_equal(inet_pton(AF_INET, "127.0.0.3", &address.sin_addr), 1);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static void open_rooms(struct fixture *f, int64_t records_max)
{
	struct sp_error err = { 0 };
	const struct flow_log_options flows = { .records_max = records_max,
						.file = f->file,
						.file_size_max = 1 << 20,
						.files_kept = 1 };
	const struct networks_options networks = { .state_directory = f->house.folder,
						   .region = "eu-central-1",
						   .account = "000000000000",
						   .netd_fd = -1,
						   .why_no_netd = "this is a test",
						   .default_provider = "host" };
	assert_int_equal(loop_create(&f->loop, &err), 0);
	assert_int_equal(pool_create("reads", 1, 64, &f->reads, &err), 0);
	assert_int_equal(
		networks_open(f->loop, f->house.store, f->reads, &networks, &f->networks, &err), 0);
	if (flow_log_open(f->loop, f->house.store, &flows, &f->flows, &err) != 0)
		fail_msg("%s", err.message);
	const struct egress_options options = { .allow_private_targets = true,
						.connect_timeout_ms = 5000,
						.flows = f->flows };
	assert_int_equal(egress_open(f->loop, f->house.store, f->reads, f->networks, &options,
				     &f->egress, &err),
			 0);
}

/* In the daemon's order. */
static void close_rooms(struct fixture *f)
{
	egress_close(f->egress);
	flow_log_close(f->flows);
	networks_close(f->networks);
	pool_destroy(f->reads);
	house_write(&f->house, change_configuration, &(struct configuration_change){ 0 });
	loop_destroy(f->loop);
	f->egress = NULL;
	f->loop = NULL;
}

static int set_up(void **state)
{
	struct fixture *f = sp_alloc(sizeof(*f));
	alarm(60);
	house_open(&f->house);
	snprintf(f->file, sizeof(f->file), "%s/flows.jsonl", f->house.folder);
	f->listener = open_listener(&f->port);
	f->fd = -1;
	open_rooms(f, 1000);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	if (f->loop != NULL)
		close_rooms(f);
	sp_close_fd(&f->fd);
	close(f->listener);
	house_close(&f->house);
	free(f);
	alarm(0);
	return 0;
}

static void on_result(void *ctx, struct egress_result *result)
{
	struct fixture *f = ctx;
	f->fd = result->fd;
	f->step = result->step;
	loop_stop(f->loop);
}

static void go(struct fixture *f, const char *host, const char *arn, uint16_t port)
{
	const struct egress_target target = { .host = host,
					      .configuration_arn = arn,
					      .port = port,
					      .connector_id = CONNECTOR,
					      .transfer_id = TRANSFER,
					      .holder = &holder };
	f->fd = -1;
	assert_non_null(egress_connect(f->egress, &target, on_result, f));
	loop_run(f->loop);
}

/* A connection that the log knows; returns the partner's end. */
static int connect_to_partner(struct fixture *f)
{
	go(f, "127.0.0.3", NULL, f->port);
	assert_true(f->fd >= 0);
	int partner = accept(f->listener, NULL, NULL);
	assert_true(partner >= 0);
	return partner;
}

static int read_flows(struct db *db, void *ctx, struct sp_error *err)
{
	struct fixture *f = ctx;
	return flows_list(db, &(struct flow_filter){ 0 }, INT64_MAX, f->found, ROOM, &f->count,
			  err);
}

static void read_store(struct fixture *f)
{
	struct sp_error err = { 0 };
	assert_int_equal(store_read(f->house.store, read_flows, f, &err), 0);
}

static void stop_when_ended(void *ctx)
{
	struct fixture *f = ctx;
	read_store(f);
	bool ended = f->count > 0;
	for (size_t i = 0; i < f->count; i++)
		ended = ended && f->found[i].ended_ms != 0;
	if (ended)
		loop_stop(f->loop);
	else
		loop_add_timer(f->loop, 5, stop_when_ended, f);
}

/* Until every record has its end; the newest is found[0]. */
static void run_until_ended(struct fixture *f)
{
	loop_add_timer(f->loop, 0, stop_when_ended, f);
	loop_run(f->loop);
}

static void stop_when_kept(void *ctx)
{
	struct fixture *f = ctx;
	read_store(f);
	if (f->count > 0)
		loop_stop(f->loop);
	else
		loop_add_timer(f->loop, 5, stop_when_kept, f);
}

static void run_until_kept(struct fixture *f)
{
	loop_add_timer(f->loop, 0, stop_when_kept, f);
	loop_run(f->loop);
}

static void say(int fd, size_t length)
{
	SP_AUTO_FREE char *bytes = sp_alloc(length);
	assert_int_equal(write(fd, bytes, length), length);
}

static void hear(int fd, size_t length)
{
	SP_AUTO_FREE char *bytes = sp_alloc(length);
	for (size_t seen = 0; seen < length;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		assert_int_equal(poll(&wait, 1, 10000), 1);
		ssize_t count = read(fd, bytes, length - seen);
		assert_true(count > 0);
		seen += (size_t)count;
	}
}

/* The partner learns of the end now: not after a time-out, and not when the daemon ends. */
static void assert_partner_sees_the_end(int partner)
{
	char byte;
	struct pollfd wait = { .fd = partner, .events = POLLIN };
	assert_int_equal(poll(&wait, 1, 1000), 1);
	assert_true(read(partner, &byte, 1) <= 0);
	close(partner);
}

/* What a worker does where it closes a connection. */
static void leave(struct fixture *f)
{
	shutdown(f->fd, SHUT_RDWR);
	sp_close_fd(&f->fd);
}

static char *file_text(struct fixture *f)
{
	static char text[16384];
	FILE *stream = fopen(f->file, "r");
	assert_non_null(stream);
	text[fread(text, 1, sizeof(text) - 1, stream)] = '\0';
	fclose(stream);
	return text;
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;
	while ((text = strchr(text, '\n')) != NULL) {
		lines++;
		text++;
	}
	return lines;
}

static void a_connection_is_kept_with_its_ends_and_bytes(void **state)
{
	struct fixture *f = *state;
	char target[64];
	int64_t start_ms = sp_now_ms();
	int partner = connect_to_partner(f);
	run_until_kept(f);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->found[0].ended_ms, 0);

	say(f->fd, 5000);
	hear(partner, 5000);
	say(partner, 777);
	hear(f->fd, 777);
	leave(f);
	run_until_ended(f);
	assert_partner_sees_the_end(partner);

	const struct flow *flow = &f->found[0];
	snprintf(target, sizeof(target), "127.0.0.3:%u", f->port);
	assert_int_equal(f->count, 1);
	assert_string_equal(flow->connector_id, CONNECTOR);
	assert_string_equal(flow->transfer_id, TRANSFER);
	assert_string_equal(flow->interface_id, "");
	assert_string_equal(flow->target, target);
	assert_true(sp_text_starts_with(flow->source, "127.0.0."));
	assert_non_null(strchr(flow->source, ':'));
	assert_int_equal(flow->verdict, FLOW_ACCEPTED);
	assert_string_equal(flow->step, "");
	assert_int_equal(flow->bytes_out, 5000);
	assert_int_equal(flow->bytes_in, 777);
	assert_true(flow->began_ms >= start_ms && flow->ended_ms >= flow->began_ms);
	assert_true(flow->ended_ms <= sp_now_ms());
	assert_true(sp_text_starts_with(flow->id, "flow-"));
	assert_int_equal(strlen(flow->id), FLOW_ID_SIZE - 1);
}

/* A worker that was killed shuts nothing down: it is the daemon that does. */
static void the_end_of_a_holder_ends_its_connections_and_no_others(void **state)
{
	struct fixture *f = *state;
	int first = connect_to_partner(f);
	sp_close_fd(&f->fd);
	int second = connect_to_partner(f);
	sp_close_fd(&f->fd);
	struct pollfd wait = { .fd = first, .events = POLLIN };
	egress_flow_end(f->egress, f);
	assert_int_equal(poll(&wait, 1, 0), 0);
	egress_flow_end(f->egress, &holder);
	assert_partner_sees_the_end(first);
	assert_partner_sees_the_end(second);
	run_until_ended(f);
	assert_int_equal(f->count, 2);
}

static void a_partner_that_goes_first_is_no_end_before_the_worker_leaves(void **state)
{
	struct fixture *f = *state;
	int partner = connect_to_partner(f);
	say(partner, 100);
	hear(f->fd, 100);
	close(partner);
	run_until_kept(f);
	assert_int_equal(f->found[0].ended_ms, 0);
	leave(f);
	run_until_ended(f);
	/* The partner's FIN may count. */
	assert_in_range(f->found[0].bytes_in, 100, 101);
}

static void a_reset_is_an_end(void **state)
{
	struct fixture *f = *state;
	const struct linger at_once = { .l_onoff = 1 };
	int partner = connect_to_partner(f);
	say(f->fd, 3000);
	hear(partner, 3000);
	setsockopt(partner, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(partner);
	run_until_ended(f);
	assert_int_equal(f->found[0].bytes_out, 3000);
	/* The worker is told why: the log has not taken the error away. */
	char byte;
	assert_int_equal(read(f->fd, &byte, 1), -1);
	assert_int_equal(errno, ECONNRESET);
}

static void what_failed_is_kept_with_step_and_reason(void **state)
{
	struct fixture *f = *state;
	char target[64];
	go(f, "127.0.0.4", NULL, f->port);
	assert_int_equal(f->fd, -1);
	run_until_ended(f);
	snprintf(target, sizeof(target), "127.0.0.4:%u", f->port);
	assert_int_equal(f->found[0].verdict, FLOW_FAILED);
	assert_string_equal(f->found[0].step, failure_step_name(STEP_CONNECT));
	assert_string_equal(f->found[0].target, target);
	assert_non_null(strstr(f->found[0].reason, "Connection refused"));
	assert_int_equal(f->found[0].bytes_out, 0);
}

static int forbid(struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	return security_rules_delete(db, RULE, err);
}

static void what_is_forbidden_is_rejected(void **state)
{
	struct fixture *f = *state;
	char target[64];
	go(f, NULL, ARN_OF(CONFIGURATION), 23);
	run_until_ended(f);
	assert_int_equal(f->found[0].verdict, FLOW_REJECTED);
	assert_string_equal(f->found[0].step, failure_step_name(STEP_PORT));

	house_write(&f->house, forbid, NULL);
	go(f, NULL, ARN_OF(CONFIGURATION), f->port);
	run_until_ended(f);
	while (f->count < 2)
		run_until_ended(f);
	snprintf(target, sizeof(target), "127.0.0.3:%u", f->port);
	assert_int_equal(f->found[0].verdict, FLOW_REJECTED);
	assert_string_equal(f->found[0].step, failure_step_name(STEP_GROUPS));
	assert_string_equal(f->found[0].interface_id, FIRST_ENI);
	assert_string_equal(f->found[0].source, "127.77.1.5");
	assert_string_equal(f->found[0].target, target);
	assert_non_null(strstr(f->found[0].reason, GROUP));
}

static void a_private_connection_names_its_interface(void **state)
{
	struct fixture *f = *state;
	go(f, NULL, ARN_OF(CONFIGURATION), f->port);
	assert_true(f->fd >= 0);
	leave(f);
	run_until_ended(f);
	assert_int_equal(f->found[0].verdict, FLOW_ACCEPTED);
	assert_string_equal(f->found[0].interface_id, FIRST_ENI);
	assert_true(sp_text_starts_with(f->found[0].source, "127.77.1.5:"));
}

static void what_is_given_up_is_kept_as_failed(void **state)
{
	struct fixture *f = *state;
	const struct egress_target target = { .host = "127.0.0.3", .port = f->port };
	egress_cancel(egress_connect(f->egress, &target, on_result, f));
	run_until_ended(f);
	assert_int_equal(f->found[0].verdict, FLOW_FAILED);
	assert_string_equal(f->found[0].connector_id, "");
	assert_non_null(strstr(f->found[0].reason, "given up"));
}

static void the_end_of_the_daemon_ends_what_is_open_and_loses_nothing(void **state)
{
	struct fixture *f = *state;
	int partner = connect_to_partner(f);
	go(f, "127.0.0.4", NULL, f->port); /* fails; nothing was written yet */
	close_rooms(f);
	read_store(f);
	assert_int_equal(f->count, 2);
	assert_true(f->found[0].ended_ms > 0 && f->found[1].ended_ms > 0);
	assert_int_equal(count_lines(file_text(f)), 2);
	close(partner);
}

static int put_open(struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	const struct flow flow = { .number = 41,
				   .id = "flow-00000000000000041",
				   .connector_id = CONNECTOR,
				   .target = "192.0.2.7:22",
				   .bytes_in = 12,
				   .began_ms = 1000 };
	return flows_put(db, &flow, err);
}

static void what_a_crash_left_open_is_said_to_have_an_unknown_end(void **state)
{
	struct fixture *f = *state;
	close_rooms(f);
	house_write(&f->house, put_open, NULL);
	open_rooms(f, 1000);
	read_store(f);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->found[0].ended_ms, FLOW_END_UNKNOWN);
	assert_int_equal(f->found[0].bytes_in, 12);

	go(f, "127.0.0.4", NULL, f->port);
	close_rooms(f);
	open_rooms(f, 1000);
	read_store(f);
	assert_int_equal(f->count, 2);
	assert_int_equal(f->found[0].number, 42);
	const char *text = file_text(f);
	assert_int_equal(count_lines(text), 2);
	assert_non_null(strstr(text, "\"State\":\"END_UNKNOWN\""));
	assert_null(strstr(strstr(text, "END_UNKNOWN") + 1, "END_UNKNOWN"));
}

static void the_store_keeps_as_many_records_as_it_may(void **state)
{
	struct fixture *f = *state;
	close_rooms(f);
	open_rooms(f, 3);
	for (int i = 0; i < 5; i++)
		go(f, "127.0.0.4", NULL, f->port);
	close_rooms(f);
	read_store(f);
	assert_int_equal(f->count, 3);
	assert_int_equal(f->found[0].number, 5);
	assert_int_equal(count_lines(file_text(f)), 5);
}

static void a_line_has_what_is_known_and_nothing_else(void **state)
{
	(void)state;
	struct flow flow = { .id = "flow-00000000000000001",
			     .connector_id = CONNECTOR,
			     .target = "partner.example:22",
			     .verdict = FLOW_FAILED,
			     .step = "resolve",
			     .reason = "no such name \"\xff\"",
			     .began_ms = 1000,
			     .ended_ms = 2500 };
	SP_AUTO_JSON json_t *value = flow_to_json(&flow);
	SP_AUTO_FREE char *text = sp_json_text(value);
	assert_string_equal(text,
			    "{\"Id\":\"flow-00000000000000001\",\"State\":\"ENDED\","
			    "\"Began\":\"1970-01-01T00:00:01.000Z\","
			    "\"Ended\":\"1970-01-01T00:00:02.500Z\","
			    "\"ConnectorId\":\"" CONNECTOR "\","
			    "\"Target\":\"partner.example:22\",\"Verdict\":\"FAILED\","
			    "\"Step\":\"resolve\",\"Reason\":\"no such name \\\"\\\\xff\\\"\","
			    "\"BytesReceived\":0,\"BytesSent\":0}");
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(a_connection_is_kept_with_its_ends_and_bytes),
		STORY(the_end_of_a_holder_ends_its_connections_and_no_others),
		STORY(a_partner_that_goes_first_is_no_end_before_the_worker_leaves),
		STORY(a_reset_is_an_end),
		STORY(what_failed_is_kept_with_step_and_reason),
		STORY(what_is_forbidden_is_rejected),
		STORY(a_private_connection_names_its_interface),
		STORY(what_is_given_up_is_kept_as_failed),
		STORY(the_end_of_the_daemon_ends_what_is_open_and_loses_nothing),
		STORY(what_a_crash_left_open_is_said_to_have_an_unknown_end),
		STORY(the_store_keeps_as_many_records_as_it_may),
		cmocka_unit_test(a_line_has_what_is_known_and_nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
