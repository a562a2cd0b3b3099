#include "transfer/places.h"

#include <assert.h>

static void append(struct places *places, struct place_seeker *seeker)
{
	struct place_seeker **last = &places->first;
	while (*last != NULL)
		last = &(*last)->next;
	seeker->next = NULL;
	seeker->waits = true;
	*last = seeker;
}

bool places_take(struct places *places, struct place_seeker *seeker)
{
	assert(!seeker->waits);
	bool was_wanted = places_are_wanted(places);
	if (!was_wanted && places->taken < places->max) {
		places->taken++;
		return true;
	}
	append(places, seeker);
	if (!was_wanted && places->crowded != NULL)
		places->crowded(places->crowded_ctx);
	return false;
}

bool places_take_for_test(struct places *places)
{
	if (places->taken >= places->max + PLACES_FOR_TESTS)
		return false;
	places->taken++;
	return true;
}

void places_give_back(struct places *places)
{
	assert(places->taken > 0);
	places->taken--;
	struct place_seeker *seeker = places->first;
	if (seeker == NULL || places->taken >= places->max)
		return;
	places_leave_line(places, seeker);
	places->taken++;
	seeker->given(seeker->ctx);
}

void places_leave_line(struct places *places, struct place_seeker *seeker)
{
	struct place_seeker **at = &places->first;
	while (*at != NULL && *at != seeker)
		at = &(*at)->next;
	if (*at != NULL)
		*at = seeker->next;
	seeker->waits = false;
}

bool places_are_wanted(const struct places *places)
{
	return places->first != NULL;
}
