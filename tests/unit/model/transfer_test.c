#include "test.h"

#include "model/failure.h"
#include "model/security_policy.h"
#include "model/transfer.h"

static void a_file_ends_once(void **state)
{
	(void)state;
	for (int to = FILE_QUEUED; to <= FILE_FAILED; to++) {
		assert_false(file_state_may_move(FILE_COMPLETED, (enum file_state)to));
		assert_false(file_state_may_move(FILE_FAILED, (enum file_state)to));
	}
	assert_true(file_state_may_move(FILE_PUBLISHING, FILE_COMPLETED));
	assert_false(
		file_state_may_move(FILE_RUNNING, FILE_COMPLETED)); /* never without a permit */
}

/* The contract has one word for two of them, which people who look for a fault must tell apart. */
static void every_state_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int one = FILE_QUEUED; one <= FILE_FAILED; one++)
		for (int other = FILE_QUEUED; other < one; other++)
			assert_string_not_equal(file_state_name((enum file_state)one),
						file_state_name((enum file_state)other));
	assert_string_equal(file_state_aws_name(FILE_RUNNING), "IN_PROGRESS");
	assert_string_equal(file_state_aws_name(FILE_PUBLISHING), "IN_PROGRESS");
}

/* A move or a deletion has no bytes, and an object is made by what comes. */
static void every_direction_has_its_words(void **state)
{
	(void)state;
	assert_string_equal(transfer_direction_name(TRANSFER_LIST), "LIST");
	assert_string_equal(transfer_direction_verb(TRANSFER_DELETE), "delete");
	assert_string_equal(transfer_direction_participle(TRANSFER_SEND), "sent");
	for (int direction = 0; direction < TRANSFER_DIRECTION_COUNT; direction++)
		assert_false(transfer_makes_object((enum transfer_direction)direction) &&
			     transfer_is_errand((enum transfer_direction)direction));
	assert_true(transfer_makes_object(TRANSFER_LIST) && transfer_is_errand(TRANSFER_MOVE));
}

static void failures_have_the_contracts_codes(void **state)
{
	(void)state;
	assert_string_equal(failure_code(STEP_READ_OBJECT, SP_NOT_FOUND), "SEND_FILE_NOT_FOUND");
	assert_string_equal(failure_code(STEP_READ_REMOTE, SP_NOT_FOUND),
			    "RETRIEVE_FILE_NOT_FOUND");
	assert_string_equal(failure_code(STEP_WRITE_REMOTE, SP_NOT_FOUND), "DIRECTORY_NOT_FOUND");
	assert_string_equal(failure_code(STEP_CONNECT, SP_TIMEOUT), "TIMEOUT_ERROR");
	assert_string_equal(failure_code(STEP_LIST_REMOTE, SP_DENIED), "LIST_DIRECTORY_ERROR");
	assert_string_equal(failure_code(STEP_LIST_REMOTE, SP_NOT_FOUND), "DIRECTORY_NOT_FOUND");
	assert_string_equal(failure_code(STEP_MOVE_REMOTE, SP_EXISTS), "RENAME_ERROR");
	assert_string_equal(failure_code(STEP_MOVE_REMOTE, SP_NOT_FOUND), "FILE_NOT_FOUND");
	assert_string_equal(failure_code(STEP_MOVE_TARGET, SP_NOT_FOUND), "PATH_NOT_FOUND");
	assert_string_equal(failure_code(STEP_DELETE_REMOTE, SP_SYSTEM), "DELETE_ERROR");
	assert_string_equal(failure_code(STEP_DELETE_REMOTE, SP_NOT_FOUND), "FILE_NOT_FOUND");
	assert_string_equal(failure_code_from_name("PATH_NOT_FOUND"), "PATH_NOT_FOUND");
	assert_false(failure_is_transient(STEP_LIST_REMOTE, SP_CONFLICT));
	assert_false(failure_is_transient(STEP_AUTHENTICATE, SP_AUTH));
	assert_true(failure_is_transient(STEP_CONNECT, SP_UNREACHABLE));
	/* What is in the way of a private path, and goes away by itself or does not. */
	assert_true(failure_is_transient(STEP_SECRET, SP_SYSTEM));
	assert_false(failure_is_transient(STEP_SECRET, SP_DENIED));
	assert_true(failure_is_transient(STEP_GATEWAY, SP_CONFLICT));
	assert_true(failure_is_transient(STEP_GATEWAY, SP_SYSTEM));
	assert_false(failure_is_transient(STEP_GATEWAY, SP_NOT_FOUND));
	assert_false(failure_is_transient(STEP_GROUPS, SP_DENIED));
	assert_false(failure_is_transient(STEP_CONFIGURATION, SP_NOT_FOUND));
	assert_true(failure_is_transient(STEP_INTERFACE, SP_NOT_FOUND));
	assert_true(failure_is_transient(STEP_RESOLVE, SP_TIMEOUT));
	/* A disk that could not do it now; one that is full, or says no. */
	assert_true(failure_is_transient(STEP_READ_OBJECT, SP_SYSTEM));
	assert_true(failure_is_transient(STEP_WRITE_OBJECT, SP_SYSTEM));
	assert_false(failure_is_transient(STEP_WRITE_OBJECT, SP_NO_SPACE));
	assert_false(failure_is_transient(STEP_WRITE_OBJECT, SP_DENIED));
	assert_false(failure_is_transient(STEP_RESOLVE, SP_NOT_FOUND));
}

static void every_policy_is_found_by_its_name(void **state)
{
	(void)state;
	size_t count = 0;
	for (const struct security_policy *policy; (policy = security_policy_at(count)) != NULL;
	     count++)
		assert_ptr_equal(security_policy_find(policy->name), policy);
	assert_int_equal(count, 3);
	assert_non_null(security_policy_find(security_policy_default_name));
	assert_null(security_policy_find("TransferSFTPConnectorSecurityPolicy-1999-01"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_ends_once),
		cmocka_unit_test(every_state_has_a_name_of_its_own),
		cmocka_unit_test(every_direction_has_its_words),
		cmocka_unit_test(failures_have_the_contracts_codes),
		cmocka_unit_test(every_policy_is_found_by_its_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
