#include "test.h"

#include "api/places.h"

enum { NOW = 1000000 };

/* A body that has a place. */
struct body {
	struct api_place *place;
	bool is_ours; /* its client waits for us */
	int cuts;
};

static bool cut(void *ctx)
{
	struct body *body = ctx;
	if (body->is_ours)
		return false;
	body->cuts++;
	return true;
}

static void come(struct api_places *places, const char *key, struct body *body, int64_t now_ms)
{
	struct sp_error err = { 0 };
	assert_int_equal(places_enter(places, key, now_ms, &body->place, &err), 0);
	places_watch(body->place, cut, body, now_ms);
}

static void refuse(struct api_places *places, const char *key, int64_t now_ms, const char *words)
{
	struct api_place *place = NULL;
	struct sp_error err = { 0 };
	assert_int_equal(places_enter(places, key, now_ms, &place, &err), -1);
	assert_int_equal(err.code, SP_LIMIT);
	assert_non_null(strstr(err.message, words));
	assert_null(place);
}

static void there_are_so_many_and_of_one_key_fewer(void **state)
{
	(void)state;
	struct api_places *places = places_create(3, 2);
	struct body bodies[4] = { 0 };
	come(places, "AKIA1", &bodies[0], NOW);
	come(places, "AKIA1", &bodies[1], NOW);
	refuse(places, "AKIA1", NOW, "2 objects of \"AKIA1\"");
	come(places, "AKIA2", &bodies[2], NOW);
	refuse(places, "AKIA2", NOW, "3 objects");
	refuse(places, "AKIA1", NOW, "AKIA1");
	places_leave(bodies[0].place);
	come(places, "AKIA3", &bodies[3], NOW);
	for (size_t i = 1; i < 4; i++)
		places_leave(bodies[i].place);
	places_destroy(places);
}

static void the_longest_silent_loses_its_place_once(void **state)
{
	(void)state;
	struct api_places *places = places_create(2, 2);
	struct body old = { 0 }, older = { 0 }, next = { 0 }, last = { 0 };
	come(places, "AKIA1", &older, NOW);
	come(places, "AKIA1", &old, NOW + 1);
	refuse(places, "AKIA2", NOW + PLACE_SILENCE_MS - 1, "2 objects");
	come(places, "AKIA2", &next, NOW + PLACE_SILENCE_MS + 1);
	assert_int_equal(older.cuts, 1);
	assert_int_equal(old.cuts, 0);
	places_heard(old.place, NOW + PLACE_SILENCE_MS + 2);
	refuse(places, "AKIA2", NOW + PLACE_SILENCE_MS + 3, "2 objects");

	/* What was lost is not given back twice. */
	places_leave(older.place);
	refuse(places, "AKIA2", NOW + PLACE_SILENCE_MS + 3, "2 objects");
	places_leave(old.place);
	come(places, "AKIA2", &last, NOW + PLACE_SILENCE_MS + 3);
	places_leave(next.place);
	places_leave(last.place);
	places_destroy(places);
}

static void a_key_with_its_share_takes_from_itself_only(void **state)
{
	(void)state;
	struct api_places *places = places_create(4, 1);
	struct body other = { 0 }, own = { 0 }, next = { 0 };
	const int64_t later = NOW + 2 * PLACE_SILENCE_MS;
	come(places, "AKIA1", &other, NOW);
	come(places, "AKIA2", &own, later);
	refuse(places, "AKIA2", later, "1 objects of \"AKIA2\"");
	assert_int_equal(other.cuts, 0);
	come(places, "AKIA2", &next, later + PLACE_SILENCE_MS);
	assert_int_equal(own.cuts, 1);
	assert_int_equal(other.cuts, 0);
	places_leave(other.place);
	places_leave(own.place);
	places_leave(next.place);
	places_destroy(places);
}

static void who_waits_for_us_keeps_its_place(void **state)
{
	(void)state;
	struct api_places *places = places_create(2, 2);
	struct body waiting = { .is_ours = true }, silent = { 0 }, next = { 0 };
	struct api_place *opening = NULL;
	struct sp_error err = { 0 };
	const int64_t later = NOW + PLACE_SILENCE_MS;
	come(places, "AKIA1", &waiting, NOW - 1);
	come(places, "AKIA1", &silent, NOW);
	come(places, "AKIA1", &next, later);
	assert_int_equal(silent.cuts, 1);
	refuse(places, "AKIA1", later + 1, "AKIA1");
	places_leave(next.place);

	/* Nor does one lose it that is not open yet. */
	assert_int_equal(places_enter(places, "AKIA1", NOW - 9, &opening, &err), 0);
	refuse(places, "AKIA1", later + 2, "AKIA1");
	places_leave(opening);
	places_leave(silent.place);
	places_leave(waiting.place);
	places_destroy(places);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_are_so_many_and_of_one_key_fewer),
		cmocka_unit_test(the_longest_silent_loses_its_place_once),
		cmocka_unit_test(a_key_with_its_share_takes_from_itself_only),
		cmocka_unit_test(who_waits_for_us_keeps_its_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
