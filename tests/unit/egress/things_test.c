/* The difference between what is wanted of netd and what it has made, without a netd. */

#include "test.h"

#include <stdlib.h>

#include "base/scope.h"
#include "egress/things.h"

#define VPC       "vpc-00000000000000001"
#define OTHER_VPC "vpc-00000000000000002"
#define INTERNET  "igw-00000000000000001"
#define TABLE     "rtb-00000000000000001"

static struct things *things;
static uint32_t last_request;
static uint64_t last_round;

static int set_up(void **state)
{
	(void)state;
	things = things_create("01234567");
	last_request = 0;
	last_round = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	things_destroy(things);
	return 0;
}

/* ---- what is wanted ---- */

static struct netd_wish *add_wish(struct netd_wishes *wishes, enum netd_layer layer, const char *id,
				  const char *parent)
{
	if (wishes->at[layer] == NULL)
		wishes->at[layer] = sp_alloc(4 * sizeof(struct netd_wish));
	struct netd_wish *wish = &wishes->at[layer][wishes->count[layer]++];
	wish->message.kind = netd_layer_kinds[layer];
	wish->vpc_id = VPC;
	wish->digest[0] = 1;
	strcpy(wish->id, id);
	strcpy(wish->message.id, id);
	strcpy(wish->message.parent, parent);
	return wish;
}

/* @parent: of the internet gateway; NULL: it is not attached. @digest: tells one state of it from another. */
static void want(const char *parent, unsigned char digest, const char *refusal)
{
	struct netd_wishes wishes = { 0 };
	add_wish(&wishes, LAYER_VPC, VPC, "");
	add_wish(&wishes, LAYER_VPC, OTHER_VPC, "");
	if (parent != NULL) {
		struct netd_wish *internet = add_wish(&wishes, LAYER_INTERNET, INTERNET, parent);
		internet->digest[0] = digest;
		internet->refusal = refusal;
	}
	things_want(things, &wishes, ++last_round);
}

/* ---- what is said ---- */

/* The next message, which must be this one; returns its number. */
static uint32_t tell(enum netd_kind kind, const char *id)
{
	struct netd_message message;
	assert_true(things_next(things, &message));
	assert_int_equal(message.kind, kind);
	assert_string_equal(message.id, id);
	message.request = ++last_request;
	things_told(things, &message);
	return last_request;
}

static void tell_and_answer(enum netd_kind kind, const char *id, const char *failure)
{
	uint32_t request = tell(kind, id);
	things_answered(things, kind, id, request, failure);
}

static void assert_silent(void)
{
	struct netd_message message;
	assert_false(things_next(things, &message));
}

static void begin(void)
{
	tell_and_answer(NETD_OWNER, "", NULL);
	tell_and_answer(NETD_BEGIN, "", NULL);
	tell_and_answer(NETD_VPC, VPC, NULL);
	tell_and_answer(NETD_VPC, OTHER_VPC, NULL);
}

static void begin_attached(void)
{
	want(VPC, 1, NULL);
	begin();
	tell_and_answer(NETD_INTERNET, INTERNET, NULL);
	tell_and_answer(NETD_END, "", NULL);
	assert_silent();
}

/* ---- the tests ---- */

static void what_is_attached_elsewhere_leaves_first(void **state)
{
	(void)state;
	begin_attached();
	want(OTHER_VPC, 2, NULL);
	tell_and_answer(NETD_REMOVE, INTERNET, NULL);
	tell_and_answer(NETD_INTERNET, INTERNET, NULL);
	assert_silent();
}

static void what_is_refused_leaves_and_comes_back(void **state)
{
	(void)state;
	begin_attached();
	want(VPC, 1, "not here");
	assert_string_equal(things_failure_of(things, INTERNET), "not here");
	tell_and_answer(NETD_REMOVE, INTERNET, NULL);
	assert_silent();
	want(VPC, 1, NULL);
	assert_null(things_failure_of(things, INTERNET));
	tell_and_answer(NETD_INTERNET, INTERNET, NULL);
	assert_silent();
}

static void old_answers_say_nothing_about_what_has_come_back(void **state)
{
	(void)state;
	begin_attached();
	want(VPC, 2, NULL);
	uint32_t changed = tell(NETD_INTERNET, INTERNET);
	want(NULL, 0, NULL);
	uint32_t removed = tell(NETD_REMOVE, INTERNET);
	want(VPC, 3, NULL);
	uint32_t again = tell(NETD_INTERNET, INTERNET);
	things_answered(things, NETD_INTERNET, INTERNET, changed, "the old way failed");
	assert_null(things_failure_of(things, INTERNET));
	things_answered(things, NETD_REMOVE, INTERNET, removed, NULL);
	/* One word at a time: the next waits for the answer to this one. */
	want(VPC, 4, NULL);
	assert_silent();
	things_answered(things, NETD_INTERNET, INTERNET, again, "the new way failed");
	assert_string_equal(things_failure_of(things, INTERNET), "the new way failed");
	tell_and_answer(NETD_INTERNET, INTERNET, NULL);
	assert_silent();
}

static void what_could_not_leave_and_has_come_back_stays(void **state)
{
	(void)state;
	begin_attached();
	want(NULL, 0, NULL);
	tell_and_answer(NETD_REMOVE, INTERNET, "the moon is full");
	want(VPC, 1, NULL);
	tell_and_answer(NETD_INTERNET, INTERNET, NULL);
	assert_true(things_have_failed(things));
	assert_true(things_retry(things));
	assert_silent();
	assert_false(things_have_failed(things));

	/* And once more it may leave. */
	want(NULL, 0, NULL);
	tell_and_answer(NETD_REMOVE, INTERNET, NULL);
	assert_silent();
}

static void what_could_not_leave_is_tried_again(void **state)
{
	(void)state;
	begin_attached();
	want(NULL, 0, NULL);
	tell_and_answer(NETD_REMOVE, INTERNET, "the moon is full");
	assert_silent();
	assert_true(things_retry(things));
	tell_and_answer(NETD_REMOVE, INTERNET, NULL);
	assert_silent();
	assert_false(things_have_failed(things));
}

/* Gone and back again while everything is being told: END must not be followed by its removal. */
static void what_comes_back_while_all_is_told_stays(void **state)
{
	(void)state;
	want(VPC, 1, NULL);
	begin();
	tell_and_answer(NETD_INTERNET, INTERNET, NULL);
	want(NULL, 0, NULL);
	want(VPC, 1, NULL);
	tell_and_answer(NETD_INTERNET, INTERNET, NULL);
	tell_and_answer(NETD_END, "", NULL);
	assert_silent();
}

static void what_stands_on_others_says_what_failed_first(void **state)
{
	(void)state;
	struct netd_wishes wishes = { 0 };
	const char *why;
	add_wish(&wishes, LAYER_VPC, VPC, "");
	struct netd_wish *table = add_wish(&wishes, LAYER_TABLE, TABLE, VPC);
	table->flaw = "one route leads nowhere";
	struct netd_wish *eni = add_wish(&wishes, LAYER_ENI, "eni-1", "subnet-1");
	eni->supports[0] = (struct netd_support){ LAYER_TABLE, TABLE, false, true };
	eni->support_count = 1;
	struct netd_wish *other = add_wish(&wishes, LAYER_ENI, "eni-2", "subnet-2");
	other->supports[0] = (struct netd_support){ LAYER_TABLE, TABLE, true, false };
	other->support_count = 1;
	things_want(things, &wishes, ++last_round);
	tell_and_answer(NETD_OWNER, "", NULL);
	tell_and_answer(NETD_BEGIN, "", NULL);
	tell_and_answer(NETD_VPC, VPC, NULL);
	tell_and_answer(NETD_TABLE, TABLE, NULL); /* all but that route is there */
	uint32_t first = tell(NETD_ENI, "eni-1"), second = tell(NETD_ENI, "eni-2");
	assert_int_equal(things_state_of(things, "eni-1", &why), NETWORK_FAILED);
	assert_string_equal(why, "one route leads nowhere");
	assert_int_equal(things_state_of(things, "eni-2", &why), NETWORK_IN_PROGRESS);
	things_answered(things, NETD_ENI, "eni-1", first, NULL);
	things_answered(things, NETD_ENI, "eni-2", second, NULL);
	assert_int_equal(things_state_of(things, "eni-2", &why), NETWORK_ACTIVE);
	assert_false(things_can_open(things, "eni-1", last_round));
	assert_true(things_can_open(things, "eni-2", last_round));
	assert_int_equal(things_state_of(things, "eni-3", &why), NETWORK_IN_PROGRESS);
}

/* An ENI beside the internet gateway, in the round that is returned. */
static uint64_t want_eni(unsigned char digest)
{
	struct netd_wishes wishes = { 0 };
	add_wish(&wishes, LAYER_VPC, VPC, "");
	add_wish(&wishes, LAYER_INTERNET, INTERNET, VPC)->digest[0] = digest;
	add_wish(&wishes, LAYER_ENI, "eni-1", "subnet-1");
	things_want(things, &wishes, ++last_round);
	return last_round;
}

static void nobody_waits_for_what_came_to_be_wanted_later(void **state)
{
	(void)state;
	uint64_t first = want_eni(1);
	tell_and_answer(NETD_OWNER, "", NULL);
	tell_and_answer(NETD_BEGIN, "", NULL);
	tell_and_answer(NETD_VPC, VPC, NULL);
	tell_and_answer(NETD_INTERNET, INTERNET, NULL);
	assert_false(things_can_open(things, "eni-1", first));
	tell_and_answer(NETD_ENI, "eni-1", NULL);
	assert_true(things_can_open(things, "eni-1", first));

	uint64_t second = want_eni(2);
	assert_true(things_can_open(things, "eni-1", first));
	assert_false(things_can_open(things, "eni-1", second));
	uint32_t changed = tell(NETD_INTERNET, INTERNET);
	uint64_t third = want_eni(3);
	assert_false(things_can_open(things, "eni-1", second));
	things_answered(things, NETD_INTERNET, INTERNET, changed, NULL);
	assert_true(things_can_open(things, "eni-1", second));
	assert_false(things_can_open(things, "eni-1", third));

	/* What is wanted in its place while it waits is as old as it is. */
	uint64_t fourth = want_eni(4);
	assert_false(things_can_open(things, "eni-1", third));
	tell_and_answer(NETD_INTERNET, INTERNET, NULL);
	assert_true(things_can_open(things, "eni-1", fourth));
}

static void everybody_waits_for_what_is_looked_at_again(void **state)
{
	(void)state;
	uint64_t round = want_eni(1);
	tell_and_answer(NETD_OWNER, "", NULL);
	tell_and_answer(NETD_BEGIN, "", NULL);
	tell_and_answer(NETD_VPC, VPC, NULL);
	tell_and_answer(NETD_INTERNET, INTERNET, NULL);
	tell_and_answer(NETD_ENI, "eni-1", NULL);
	assert_true(things_doubt_ways(things, VPC, 1));
	assert_false(things_can_open(things, "eni-1", round));
	want_eni(1);
	assert_false(things_can_open(things, "eni-1", round));
	tell_and_answer(NETD_VPC, VPC, NULL);
	assert_false(things_can_open(things, "eni-1", round));
	tell_and_answer(NETD_INTERNET, INTERNET, NULL);
	assert_true(things_can_open(things, "eni-1", round));
}

#define PROVES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROVES(what_is_attached_elsewhere_leaves_first),
		PROVES(what_is_refused_leaves_and_comes_back),
		PROVES(old_answers_say_nothing_about_what_has_come_back),
		PROVES(what_could_not_leave_and_has_come_back_stays),
		PROVES(what_could_not_leave_is_tried_again),
		PROVES(what_comes_back_while_all_is_told_stays),
		PROVES(nobody_waits_for_what_came_to_be_wanted_later),
		PROVES(everybody_waits_for_what_is_looked_at_again),
		PROVES(what_stands_on_others_says_what_failed_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
