/* How many branches an upload wishes for; with a real clock, and rates so far apart that it does not matter. */
#include "test.h"

#include "base/clock.h"
#include "peer.h"
#include "remote/growth.h"

enum {
	CHANNELS = 4,
	OPEN_MS = 500,
	MIB = 1 << 20,
	FAR_US = 50 * 1000,
	PATIENCE_US = 20 * 1000 * 1000,
};

static struct channel_opening *begin(void *ctx, int64_t timeout_ms, struct sp_error *err)
{
	(void)ctx, (void)timeout_ms, (void)err;
	fail_msg("growth only wishes");
	return NULL;
}

struct ground {
	struct peer *peer;
	struct remote *remote;
	struct growth growth;
	struct growth_view view;
};

static struct ground ground_of(int64_t round_trip_us)
{
	struct ground ground = { .peer = peer_create() };
	struct sp_error err = { 0 };
	const struct remote_limits known = { REMOTE_BLOCK_MAX, REMOTE_BLOCK_MAX, 100 };
	ground.peer->channel.round_trip_us = round_trip_us;
	ground.peer->late_ms = (int)(round_trip_us / 1000);
	if (remote_open(&ground.peer->channel, &known, OPEN_MS, -1, &ground.remote, &err) != 0)
		fail_msg("%s", err.message);
	remote_may_branch(ground.remote, &(struct channel_opener){ .begin = begin }, CHANNELS);
	return ground;
}

static void finish(struct ground *ground)
{
	growth_end(&ground->growth);
	remote_close(ground->remote);
	peer_destroy(ground->peer);
}

/** Bytes are acknowledged at @alone, with a branch at @branched (bytes a microsecond), until growth has settled. */
static void run(struct ground *ground, double alone, double branched)
{
	int64_t start_us = sp_monotonic_us(), before_us = start_us;
	while (ground->growth.state != GROWTH_SETTLED) {
		int64_t now_us = sp_monotonic_us();
		double rate = ground->growth.wish.count > 0 ? branched : alone;
		ground->view.acknowledged += (uint64_t)((double)(now_us - before_us) * rate);
		before_us = now_us;
		growth_step(&ground->growth, &ground->view);
		if (now_us - start_us > PATIENCE_US)
			fail_msg("it never settles");
	}
}

static void a_near_server_gets_one_branch_that_helps(void **state)
{
	(void)state;
	struct ground ground = ground_of(1);
	ground.view = (struct growth_view){ .left = 1024 * MIB, .is_held_up = true, .rate = 100 };
	growth_begin(&ground.growth, ground.remote, 0, false, ground.view.left);
	assert_int_equal(0, ground.growth.wish.count);
	run(&ground, 100, 1000);
	assert_int_equal(1, ground.growth.wish.count);
	finish(&ground);
}

static void a_branch_that_does_not_help_is_given_up_and_remembered(void **state)
{
	(void)state;
	struct ground ground = ground_of(1);
	ground.view = (struct growth_view){ .left = 1024 * MIB, .is_held_up = true, .rate = 100 };
	growth_begin(&ground.growth, ground.remote, 0, false, ground.view.left);
	run(&ground, 100, 10);
	assert_int_equal(0, ground.growth.wish.count);
	assert_int_equal(0, branches_worth(ground.remote));
	finish(&ground);
}

static void what_is_soon_over_or_never_waits_is_left_alone(void **state)
{
	(void)state;
	struct ground ground = ground_of(1);
	ground.view = (struct growth_view){ .left = 100 * MIB, .is_held_up = true, .rate = 100 };
	growth_begin(&ground.growth, ground.remote, 0, false, ground.view.left);
	growth_step(&ground.growth, &ground.view);
	assert_int_equal(GROWTH_WATCHING, ground.growth.state);
	ground.view = (struct growth_view){ .left = 1024 * MIB, .rate = 100 };
	growth_step(&ground.growth, &ground.view);
	assert_int_equal(GROWTH_WATCHING, ground.growth.state);
	finish(&ground);
}

static void a_far_server_gets_branches_at_once_as_many_as_the_file_is_worth(void **state)
{
	(void)state;
	struct ground ground = ground_of(FAR_US);
	growth_begin(&ground.growth, ground.remote, 0, false, 1024 * MIB);
	assert_int_equal(CHANNELS - 1, ground.growth.wish.count);
	growth_end(&ground.growth);
	growth_begin(&ground.growth, ground.remote, 0, false, 9 * MIB);
	assert_int_equal(2, ground.growth.wish.count);
	growth_end(&ground.growth);
	growth_begin(&ground.growth, ground.remote, 0, true, 1024 * MIB);
	assert_int_equal(1, ground.growth.wish.count);
	finish(&ground);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_near_server_gets_one_branch_that_helps),
		cmocka_unit_test(a_branch_that_does_not_help_is_given_up_and_remembered),
		cmocka_unit_test(what_is_soon_over_or_never_waits_is_left_alone),
		cmocka_unit_test(a_far_server_gets_branches_at_once_as_many_as_the_file_is_worth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
