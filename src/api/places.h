#pragma once
/**
 * The places of bodies that are on their way to disks: so many in all, and so many for those of one access key. When there
 * is none left, whoever has one and has long been silent loses it to whoever comes. Any thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct api_places;
struct api_place;

enum {
	/* Whose client sent nothing for so long may lose its place: well beyond what a lost packet or a disk costs a client. */
	PLACE_SILENCE_MS = 5000,
};

/**
 * Ends the body that has a place. False, and nothing is done, when it is not its client who is waited for. Called under
 * the places' lock: calls none of these functions but places_heard().
 */
typedef bool places_cut_fn(void *ctx);

/** @max: in all. @per_key: those of one key. */
struct api_places *places_create(size_t max, size_t per_key);
void places_destroy(struct api_places *places); /* NULL is fine. All were left */

/**
 * @key  whose it is: copied
 * @out  owned by the caller until places_leave()
 * SP_LIMIT, with a sentence for the client: there is none left.
 */
int places_enter(struct api_places *places, const char *key, int64_t now_ms, struct api_place **out,
		 struct sp_error *err);

/** From now on it can be lost. @ctx: kept until places_leave() returns. */
void places_watch(struct api_place *place, places_cut_fn *cut, void *ctx, int64_t now_ms);

/** Its client has sent something, or has to only from now on. */
void places_heard(struct api_place *place, int64_t now_ms);

void places_leave(struct api_place *place);
