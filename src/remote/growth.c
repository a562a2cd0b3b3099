#include "remote/growth.h"

#include "base/clock.h"
#include "remote/flight.h"

enum {
	CHANNEL_WINDOW =
		2 << 20,        /* bytes that OpenSSH's server takes on a channel in a round trip */
	LINE_IS_LONG_US = 2000, /* a round trip from which on that may be too little */
	BYTES_A_BRANCH = 4 << 20, /* that must be left for it, for its opening to be worth while */
	HELPER_BRANCHES =
		1, /* every connection brings some, and they share the blocks that there are */
	WARM_UP_ROUND_TRIPS = 3,
	MEASURED_ROUND_TRIPS = 4,

	/* Without delay a machine's cores are what is shared: one branch more keeps them busy. */
	NEAR_BRANCHES = 1,
	NEAR_BYTES_MIN = 128 << 20, /* left: less is over before anything is known */
	NEAR_WARM_UP_US = 20 * 1000,
	NEAR_MEASURE_US = 100 * 1000,
};

static const double GAIN_MIN = 1.2;
static const double NEAR_GAIN_MIN = 1.05;

static int64_t round_trip_us(const struct growth *growth)
{
	return remote_round_trip_us(growth->trunk);
}

/* As many as what is left is worth. */
static size_t worth_while(const struct growth *growth, uint64_t left)
{
	uint64_t branches = left / BYTES_A_BRANCH;
	size_t most = branches_most(growth->trunk);
	if (growth->helps && most > HELPER_BRANCHES)
		most = HELPER_BRANCHES;
	return branches < most ? (size_t)branches : most;
}

static void pause_for(struct growth *growth, enum growth_state next, int round_trips,
		      int64_t least_us)
{
	int64_t pause_us = round_trips * round_trip_us(growth);
	growth->state = next;
	growth->next_us = sp_monotonic_us() + (pause_us > least_us ? pause_us : least_us);
}

static void begin_to_measure(struct growth *growth, enum growth_state state,
			     const struct growth_view *view)
{
	pause_for(growth, state, MEASURED_ROUND_TRIPS, growth->measure_us);
	growth->since_us = sp_monotonic_us();
	growth->since_bytes = view->acknowledged;
}

static double measured(const struct growth *growth, const struct growth_view *view)
{
	int64_t took_us = sp_monotonic_us() - growth->since_us;
	if (took_us <= 0) /* it was stopped between the two clocks of begin_to_measure() */
		return 0;
	return (double)(view->acknowledged - growth->since_bytes) / (double)took_us;
}

/* gain = rate with branches / rate alone. Less than gain_min is chance, and no branch; else ⌊gain⌋ + 1 branches. ⌈gain⌉ - 1
 * of them carry, beside the trunk, what was seen: the rest is for what was not. */
static void judge(struct growth *growth, double rate)
{
	/* Alone it was held up by something else, a disk say: that says nothing of channels. */
	if (growth->rate_alone <= 0)
		return;
	double gain = rate / growth->rate_alone;
	size_t worth = gain < growth->gain_min ? 0 : (size_t)gain + 1;
	if (worth < growth->wish.count)
		growth->wish.count = worth;
	branches_judge(growth->trunk, worth);
}

/* @rate_alone: what is reached without branches. */
static void open_branches(struct growth *growth, size_t wanted, double rate_alone)
{
	size_t worth = branches_worth(growth->trunk);
	growth->rate_alone = rate_alone;
	growth->wish.count = wanted < worth ? wanted : worth;
	pause_for(growth, worth == SIZE_MAX ? GROWTH_OPENING : GROWTH_SETTLED, 1, 0);
}

/* A long line is not tried first: what one channel reaches there at most is known, and while the part is opened so are
 * the branches. */
static void begin_early(struct growth *growth, uint64_t left)
{
	if (branches_most(growth->trunk) > 0 && round_trip_us(growth) >= FLIGHT_FAR_US)
		open_branches(growth, worth_while(growth, left),
			      (double)CHANNEL_WINDOW / (double)round_trip_us(growth));
}

static void watch(struct growth *growth, const struct growth_view *view)
{
	if (branches_most(growth->trunk) == 0 || !view->is_held_up || view->rate <= 0)
		return;
	if (round_trip_us(growth) >= LINE_IS_LONG_US) {
		open_branches(growth, worth_while(growth, view->left), view->rate);
	} else if (!growth->helps && view->left >= NEAR_BYTES_MIN) {
		growth->gain_min = NEAR_GAIN_MIN;
		growth->measure_us = NEAR_MEASURE_US;
		begin_to_measure(growth, GROWTH_TIMING, view);
	}
}

void growth_step(struct growth *growth, const struct growth_view *view)
{
	bool is_time = sp_monotonic_us() >= growth->next_us;
	switch (growth->state) {
	case GROWTH_WATCHING:
		watch(growth, view);
		break;
	case GROWTH_TIMING:
		if (is_time)
			open_branches(growth, NEAR_BRANCHES, measured(growth, view));
		break;
	case GROWTH_OPENING:
		if (is_time && !view->is_opening && branches_settled(growth->trunk))
			pause_for(growth, GROWTH_WARMING, WARM_UP_ROUND_TRIPS,
				  growth->measure_us > 0 ? NEAR_WARM_UP_US : 0);
		break;
	case GROWTH_WARMING:
		if (is_time)
			begin_to_measure(growth, GROWTH_MEASURING, view);
		break;
	case GROWTH_MEASURING:
		if (!is_time)
			break;
		judge(growth, measured(growth, view));
		growth->state = GROWTH_SETTLED;
		break;
	case GROWTH_SETTLED:
		break;
	}
}

void growth_begin(struct growth *growth, struct remote *trunk, size_t branches, bool helps,
		  uint64_t left)
{
	*growth = (struct growth){
		.trunk = trunk,
		.helps = helps,
		.gain_min = GAIN_MIN,
		.wish.count = branches,
		.state = branches == 0 ? GROWTH_WATCHING : GROWTH_SETTLED,
	};
	branches_enter(trunk, &growth->wish);
	if (growth->state == GROWTH_WATCHING)
		begin_early(growth, left);
}

void growth_end(struct growth *growth)
{
	branches_leave(growth->trunk, &growth->wish);
}
