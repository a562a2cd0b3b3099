#include "connector_row.h"
#include "database.h"

#include "store/breakers.h"

#define CONNECTOR "c-00000000000000001"
#define OTHER     "c-00000000000000002"

static int set_up(void **state)
{
	database_set_up(state);
	assert_int_equal(connector_row_insert(db, CONNECTOR, &err), 0);
	assert_int_equal(connector_row_insert(db, OTHER, &err), 0);
	return 0;
}

static const struct breaker_record record = { .openings = 3,
					      .since_ms = 1000,
					      .next_ms = 5000,
					      .step = STEP_AUTHENTICATE,
					      .code = SP_AUTH,
					      .reason = "wrong password" };

static bool find(const char *id, struct breaker_record *out)
{
	bool found = false;
	assert_int_equal(0, breakers_find(db, id, out, &found, &err));
	return found;
}

static void what_was_put_is_found_until_it_is_deleted(void **state)
{
	(void)state;
	struct breaker_record found;
	assert_false(find(CONNECTOR, &found));
	assert_int_equal(0, breakers_put(db, CONNECTOR, &record, &err));
	assert_true(find(CONNECTOR, &found));
	assert_int_equal(found.openings, 3);
	assert_int_equal(found.since_ms, 1000);
	assert_int_equal(found.next_ms, 5000);
	assert_int_equal(found.step, STEP_AUTHENTICATE);
	assert_int_equal(found.code, SP_AUTH);
	assert_string_equal(found.reason, "wrong password");
	assert_false(find(OTHER, &found));

	struct breaker_record later = record;
	later.openings = 4;
	assert_int_equal(0, breakers_put(db, CONNECTOR, &later, &err));
	assert_true(find(CONNECTOR, &found));
	assert_int_equal(found.openings, 4);
	assert_int_equal(0, breakers_delete(db, CONNECTOR, &err));
	assert_false(find(CONNECTOR, &found));
}

static void one_or_all_are_asked_again(void **state)
{
	(void)state;
	struct breaker_record found;
	assert_int_equal(0, breakers_put(db, CONNECTOR, &record, &err));
	assert_int_equal(0, breakers_put(db, OTHER, &record, &err));
	assert_int_equal(0, breakers_ask_again(db, CONNECTOR, &err));
	assert_true(find(CONNECTOR, &found));
	assert_int_equal(found.next_ms, 0);
	assert_true(find(OTHER, &found));
	assert_int_equal(found.next_ms, 5000);
	assert_int_equal(0, breakers_ask_again(db, NULL, &err));
	assert_true(find(OTHER, &found));
	assert_int_equal(found.next_ms, 0);
}

static void it_goes_with_its_connector_and_does_not_come_back(void **state)
{
	(void)state;
	struct breaker_record found;
	assert_int_equal(0, breakers_put(db, CONNECTOR, &record, &err));
	assert_int_equal(0, connectors_delete(db, CONNECTOR, 1, &err));
	assert_false(find(CONNECTOR, &found));
	assert_int_equal(0, breakers_put(db, CONNECTOR, &record, &err));
	assert_false(find(CONNECTOR, &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_put_is_found_until_it_is_deleted, set_up,
						database_tear_down),
		cmocka_unit_test_setup_teardown(one_or_all_are_asked_again, set_up,
						database_tear_down),
		cmocka_unit_test_setup_teardown(it_goes_with_its_connector_and_does_not_come_back,
						set_up, database_tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
