#include "database.h"

#include <sqlite3.h>

#include "base/text.h"
#include "store/flows.h"

#define CONNECTOR "c-00000000000000001"
#define OTHER     "c-00000000000000002"
#define ENI       "eni-00000000000000001"

static struct flow flow_of(int64_t number)
{
	struct flow flow = { .number = number,
			     .connector_id = CONNECTOR,
			     .transfer_id = "00000000-0000-0000-0000-000000000001",
			     .interface_id = ENI,
			     .source = "10.0.1.5:40112",
			     .public_address = "203.0.113.9",
			     .target = "198.51.100.7:22",
			     .way = "by the route 0.0.0.0/0",
			     .began_ms = 1000 * number };
	snprintf(flow.id, sizeof(flow.id), "flow-%017d", (int)number);
	return flow;
}

static void put(int64_t number)
{
	struct flow flow = flow_of(number);
	assert_int_equal(0, flows_put(db, &flow, &err));
}

static size_t list(const struct flow_filter *filter, int64_t before, struct flow out[8])
{
	size_t count;
	assert_int_equal(0, flows_list(db, filter, before, out, 8, &count, &err));
	return count;
}

static void a_record_comes_back_as_it_was_kept(void **state)
{
	(void)state;
	struct flow flow = flow_of(7), found[8];
	flow.verdict = FLOW_REJECTED;
	flow.ended_ms = 7500;
	flow.bytes_in = 1ll << 40;
	flow.bytes_out = 3;
	strcpy(flow.step, "groups");
	strcpy(flow.reason, "no rule \"allows\" it");
	assert_int_equal(0, flows_put(db, &flow, &err));
	assert_int_equal(1, list(&(struct flow_filter){ 0 }, INT64_MAX, found));
	assert_int_equal(7, found[0].number);
	assert_string_equal(flow.id, found[0].id);
	assert_string_equal(flow.connector_id, found[0].connector_id);
	assert_string_equal(flow.transfer_id, found[0].transfer_id);
	assert_string_equal(flow.interface_id, found[0].interface_id);
	assert_string_equal(flow.source, found[0].source);
	assert_string_equal(flow.public_address, found[0].public_address);
	assert_string_equal(flow.target, found[0].target);
	assert_string_equal(flow.way, found[0].way);
	assert_int_equal(FLOW_REJECTED, found[0].verdict);
	assert_string_equal(flow.step, found[0].step);
	assert_string_equal(flow.reason, found[0].reason);
	assert_true(found[0].bytes_in == 1ll << 40);
	assert_int_equal(3, found[0].bytes_out);
	assert_int_equal(7000, found[0].began_ms);
	assert_int_equal(7500, found[0].ended_ms);
}

static void how_it_goes_on_is_kept_and_nothing_else_changes(void **state)
{
	(void)state;
	struct flow flow = flow_of(1), found[8];
	put(1);
	flow.bytes_in = 10;
	flow.bytes_out = 20;
	flow.ended_ms = 5000;
	strcpy(flow.source, "10.0.0.9:1");
	assert_int_equal(0, flows_put(db, &flow, &err));
	assert_int_equal(1, list(&(struct flow_filter){ 0 }, INT64_MAX, found));
	assert_string_equal("10.0.1.5:40112", found[0].source);
	assert_int_equal(10, found[0].bytes_in);
	assert_int_equal(20, found[0].bytes_out);
	assert_int_equal(5000, found[0].ended_ms);
}

static void lists_are_newest_first_and_filtered(void **state)
{
	(void)state;
	struct flow found[8];
	for (int64_t number = 1; number <= 6; number++) {
		struct flow flow = flow_of(number);
		if (number % 2 == 0)
			strcpy(flow.connector_id, OTHER);
		if (number == 4) {
			strcpy(flow.interface_id, "");
			flow.verdict = FLOW_FAILED;
		}
		if (number == 5)
			strcpy(flow.transfer_id, "");
		assert_int_equal(0, flows_put(db, &flow, &err));
	}
	assert_int_equal(6, list(&(struct flow_filter){ 0 }, INT64_MAX, found));
	assert_int_equal(6, found[0].number);
	assert_int_equal(1, found[5].number);
	assert_int_equal(2, list(&(struct flow_filter){ 0 }, 3, found));
	assert_int_equal(2, found[0].number);

	assert_int_equal(3, list(&(struct flow_filter){ .connector_id = OTHER }, INT64_MAX, found));
	assert_int_equal(1, list(&(struct flow_filter){ .connector_id = OTHER }, 4, found));
	assert_int_equal(5, list(&(struct flow_filter){ .interface_id = ENI }, INT64_MAX, found));
	assert_int_equal(5, list(&(struct flow_filter){ .transfer_id = found[0].transfer_id },
				 INT64_MAX, found));
	const enum flow_verdict failed = FLOW_FAILED, rejected = FLOW_REJECTED;
	assert_int_equal(1, list(&(struct flow_filter){ .verdict = &failed }, INT64_MAX, found));
	assert_int_equal(4, found[0].number);
	assert_int_equal(0, list(&(struct flow_filter){ .verdict = &rejected }, INT64_MAX, found));
	assert_int_equal(1, list(&(struct flow_filter){ .connector_id = OTHER, .verdict = &failed },
				 INT64_MAX, found));
	assert_int_equal(
		0, list(&(struct flow_filter){ .connector_id = CONNECTOR, .verdict = &failed },
			INT64_MAX, found));

	size_t count;
	assert_int_equal(
		0, flows_list(db, &(struct flow_filter){ 0 }, INT64_MAX, found, 2, &count, &err));
	assert_int_equal(2, count);
}

static void the_oldest_go(void **state)
{
	(void)state;
	struct flow found[8];
	int64_t last;
	assert_int_equal(0, flows_last_number(db, &last, &err));
	assert_int_equal(0, last);
	for (int64_t number = 1; number <= 5; number++)
		put(number);
	assert_int_equal(0, flows_forget(db, 3, &err));
	assert_int_equal(2, list(&(struct flow_filter){ 0 }, INT64_MAX, found));
	assert_int_equal(4, found[1].number);
	assert_int_equal(0, flows_last_number(db, &last, &err));
	assert_int_equal(5, last);
}

static void count_number(void *ctx, const struct flow *flow)
{
	int64_t *sum = ctx;
	*sum = 10 * *sum + flow->number;
}

static void what_has_no_end_is_given_up_once(void **state)
{
	(void)state;
	struct flow ended = flow_of(2), found[8];
	int64_t numbers = 0;
	ended.ended_ms = 9;
	put(1);
	assert_int_equal(0, flows_put(db, &ended, &err));
	put(3);
	assert_int_equal(0, flows_each_under_way(db, count_number, &numbers, &err));
	assert_int_equal(13, numbers);
	assert_int_equal(0, flows_give_up(db, &err));
	assert_int_equal(3, list(&(struct flow_filter){ 0 }, INT64_MAX, found));
	assert_int_equal(FLOW_END_UNKNOWN, found[0].ended_ms);
	assert_int_equal(9, found[1].ended_ms);
	assert_int_equal(FLOW_END_UNKNOWN, found[2].ended_ms);
	assert_int_equal(0, flows_each_under_way(db, count_number, &numbers, &err));
	assert_int_equal(13, numbers);
}

/* ---- a log is long ---- */

struct plan_check {
	sqlite3 *handle;
	int statements;
};

static void check_plan(void *ctx, const char *sql)
{
	struct plan_check *check = ctx;
	char explain[2048];
	sqlite3_stmt *statement;
	if (strstr(sql, "flows") == NULL || strstr(sql, "INSERT") == sql)
		return;
	check->statements++;
	snprintf(explain, sizeof(explain), "EXPLAIN QUERY PLAN %s", sql);
	assert_int_equal(sqlite3_prepare_v2(check->handle, explain, -1, &statement, NULL),
			 SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		const char *detail = (const char *)sqlite3_column_text(statement, 3);
		if (strcmp(detail, "SCAN flows") == 0 || strstr(detail, "TEMP B-TREE") != NULL)
			fail_msg("\"%s\" in the plan of: %s", detail, sql);
	}
	sqlite3_finalize(statement);
}

static void no_step_walks_through_a_long_log(void **state)
{
	(void)state;
	struct flow found[8];
	const enum flow_verdict rejected = FLOW_REJECTED;
	int64_t number;
	put(1);
	list(&(struct flow_filter){ 0 }, INT64_MAX, found);
	list(&(struct flow_filter){ .connector_id = CONNECTOR }, INT64_MAX, found);
	list(&(struct flow_filter){ .transfer_id = "x" }, INT64_MAX, found);
	list(&(struct flow_filter){ .interface_id = "x" }, INT64_MAX, found);
	list(&(struct flow_filter){ .verdict = &rejected }, INT64_MAX, found);
	assert_int_equal(0, flows_each_under_way(db, count_number, &number, &err));
	assert_int_equal(0, flows_give_up(db, &err));
	assert_int_equal(0, flows_forget(db, 0, &err));
	assert_int_equal(0, flows_last_number(db, &number, &err));

	struct plan_check check = { 0 };
	assert_int_equal(sqlite3_open(folder_file(&folder, "store.db"), &check.handle), SQLITE_OK);
	db_each_statement(db, check_plan, &check);
	sqlite3_close(check.handle);
	assert_true(check.statements >= 8);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, database_set_up, database_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_record_comes_back_as_it_was_kept),
		TEST(how_it_goes_on_is_kept_and_nothing_else_changes),
		TEST(lists_are_newest_first_and_filtered),
		TEST(the_oldest_go),
		TEST(what_has_no_end_is_given_up_once),
		TEST(no_step_walks_through_a_long_log),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
