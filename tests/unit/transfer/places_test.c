#include "test.h"

#include "transfer/places.h"

enum { SEEKERS = 4 };

/* Who was given a place, in order. */
struct given {
	const struct place_seeker *seekers[SEEKERS];
	size_t count;
};

struct hall {
	struct places places;
	struct place_seeker seekers[SEEKERS];
	struct given given;
	size_t crowded;
	struct seat {
		struct hall *hall;
		const struct place_seeker *seeker;
	} seats[SEEKERS];
};

static void given(void *ctx)
{
	const struct seat *seat = ctx;
	seat->hall->given.seekers[seat->hall->given.count++] = seat->seeker;
}

static void crowded(void *ctx)
{
	struct hall *hall = ctx;
	hall->crowded++;
}

static void open_hall(struct hall *hall, size_t max)
{
	*hall = (struct hall){ .places = { .max = max, .crowded = crowded, .crowded_ctx = hall } };
	for (size_t i = 0; i < SEEKERS; i++) {
		hall->seats[i] = (struct seat){ hall, &hall->seekers[i] };
		hall->seekers[i] = (struct place_seeker){ .given = given, .ctx = &hall->seats[i] };
	}
}

static void places_go_to_those_who_waited_longest(void **state)
{
	(void)state;
	struct hall hall;
	open_hall(&hall, 1);
	assert_true(places_take(&hall.places, &hall.seekers[0]));
	assert_false(places_take(&hall.places, &hall.seekers[1]));
	assert_false(places_take(&hall.places, &hall.seekers[2]));
	assert_int_equal(hall.crowded, 1); /* told once */

	places_give_back(&hall.places);
	assert_int_equal(hall.given.count, 1);
	assert_ptr_equal(hall.given.seekers[0], &hall.seekers[1]);
	assert_true(places_are_wanted(&hall.places));
	places_give_back(&hall.places);
	assert_ptr_equal(hall.given.seekers[1], &hall.seekers[2]);
	assert_false(places_are_wanted(&hall.places));
	assert_int_equal(hall.places.taken, 1);
}

static void nobody_passes_the_line(void **state)
{
	(void)state;
	struct hall hall;
	open_hall(&hall, 2);
	assert_true(places_take(&hall.places, &hall.seekers[0]));
	assert_true(places_take_for_test(&hall.places));
	assert_false(places_take(&hall.places, &hall.seekers[1]));
	/* Tests have places of their own, and none of those becomes one of the line's. */
	assert_true(places_take_for_test(&hall.places));
	places_give_back(&hall.places);
	assert_int_equal(hall.given.count, 0);
	places_give_back(&hall.places);
	assert_int_equal(hall.given.count, 1);
	assert_false(places_take(&hall.places, &hall.seekers[2]));
	assert_int_equal(hall.crowded, 2);
}

static void tests_find_places_when_all_are_taken_and_not_without_end(void **state)
{
	(void)state;
	struct hall hall;
	open_hall(&hall, 1);
	assert_true(places_take(&hall.places, &hall.seekers[0]));
	for (int i = 0; i < PLACES_FOR_TESTS; i++)
		assert_true(places_take_for_test(&hall.places));
	assert_false(places_take_for_test(&hall.places));
	assert_int_equal(hall.crowded, 0);
}

static void who_leaves_the_line_is_given_nothing(void **state)
{
	(void)state;
	struct hall hall;
	open_hall(&hall, 1);
	assert_true(places_take(&hall.places, &hall.seekers[0]));
	for (size_t i = 1; i < SEEKERS; i++)
		assert_false(places_take(&hall.places, &hall.seekers[i]));
	places_leave_line(&hall.places, &hall.seekers[1]);
	places_leave_line(&hall.places, &hall.seekers[3]);
	places_leave_line(&hall.places, &hall.seekers[3]); /* nothing happens */
	places_give_back(&hall.places);
	assert_int_equal(hall.given.count, 1);
	assert_ptr_equal(hall.given.seekers[0], &hall.seekers[2]);
	places_give_back(&hall.places);
	assert_int_equal(hall.given.count, 1);
	assert_int_equal(hall.places.taken, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_go_to_those_who_waited_longest),
		cmocka_unit_test(nobody_passes_the_line),
		cmocka_unit_test(tests_find_places_when_all_are_taken_and_not_without_end),
		cmocka_unit_test(who_leaves_the_line_is_given_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
