#include "api/places.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/queue.h>

#include "base/scope.h"
#include "base/text.h"

struct api_place {
	struct api_places *places;
	char *key;          /* owned */
	bool lost;          /* another has it: it is not counted any more */
	places_cut_fn *cut; /* NULL: it cannot be lost yet */
	void *ctx;
	_Atomic int64_t heard_ms;
	TAILQ_ENTRY(api_place) link;
};

struct api_places {
	pthread_mutex_t lock;
	size_t max, per_key, count;
	TAILQ_HEAD(place_list, api_place) taken; /* those that are counted */
};

struct api_places *places_create(size_t max, size_t per_key)
{
	struct api_places *places = sp_alloc(sizeof(*places));
	places->max = max;
	places->per_key = per_key;
	pthread_mutex_init(&places->lock, NULL);
	TAILQ_INIT(&places->taken);
	return places;
}

void places_destroy(struct api_places *places)
{
	if (places == NULL)
		return;
	pthread_mutex_destroy(&places->lock);
	free(places);
}

/* Under the lock, as all that follows. */
static void forget(struct api_place *place)
{
	TAILQ_REMOVE(&place->places->taken, place, link);
	place->places->count--;
}

/* @key NULL: of all. */
static struct api_place *most_silent(struct api_places *places, const char *key, int64_t now_ms)
{
	struct api_place *place, *found = NULL;
	int64_t longest_ms = PLACE_SILENCE_MS;
	TAILQ_FOREACH(place, &places->taken, link)
	{
		int64_t silence_ms = now_ms - atomic_load(&place->heard_ms);
		if (place->cut == NULL || (key != NULL && strcmp(place->key, key) != 0) ||
		    silence_ms < longest_ms)
			continue;
		found = place;
		longest_ms = silence_ms;
	}
	return found;
}

/* False when nobody who may lose a place has been silent for long. */
static bool take_from_silent(struct api_places *places, const char *key, int64_t now_ms)
{
	struct api_place *place;
	while ((place = most_silent(places, key, now_ms)) != NULL) {
		if (place->cut(place->ctx)) {
			forget(place);
			place->lost = true;
			return true;
		}
		/* Its client waits for us: the time in which it may be silent has not begun. */
		places_heard(place, now_ms);
	}
	return false;
}

static size_t count_of(const struct api_places *places, const char *key)
{
	const struct api_place *place;
	size_t count = 0;
	TAILQ_FOREACH(place, &places->taken, link)
	count += strcmp(place->key, key) == 0;
	return count;
}

/* A key that has its share can only take from itself. */
static int make_room(struct api_places *places, const char *key, int64_t now_ms,
		     struct sp_error *err)
{
	if (count_of(places, key) >= places->per_key && !take_from_silent(places, key, now_ms))
		return sp_fail(err, SP_LIMIT,
			       "%zu objects of \"%.128s\" are on their way already, which is all "
			       "that one access key may have at a time: send this one when "
			       "another is there",
			       places->per_key, key);
	if (places->count >= places->max && !take_from_silent(places, NULL, now_ms))
		return sp_fail(err, SP_LIMIT,
			       "%zu objects are on their way already, and more are not taken at a "
			       "time: send this one a little later",
			       places->max);
	return 0;
}

int places_enter(struct api_places *places, const char *key, int64_t now_ms, struct api_place **out,
		 struct sp_error *err)
{
	pthread_mutex_lock(&places->lock);
	int result = make_room(places, key, now_ms, err);
	if (result == 0) {
		struct api_place *place = sp_alloc(sizeof(*place));
		place->places = places;
		place->key = sp_strdup(key);
		TAILQ_INSERT_TAIL(&places->taken, place, link);
		places->count++;
		*out = place;
	}
	pthread_mutex_unlock(&places->lock);
	return result;
}

void places_watch(struct api_place *place, places_cut_fn *cut, void *ctx, int64_t now_ms)
{
	pthread_mutex_lock(&place->places->lock);
	places_heard(place, now_ms);
	place->cut = cut;
	place->ctx = ctx;
	pthread_mutex_unlock(&place->places->lock);
}

void places_heard(struct api_place *place, int64_t now_ms)
{
	atomic_store(&place->heard_ms, now_ms);
}

void places_leave(struct api_place *place)
{
	struct api_places *places = place->places;
	pthread_mutex_lock(&places->lock);
	if (!place->lost)
		forget(place);
	pthread_mutex_unlock(&places->lock);
	free(place->key);
	free(place);
}
