/* How far a thing, and what it stands on, has come. */

#include "egress/things_inside.h"

#include <string.h>

#include "base/scope.h"

static const struct thing *find_support(const struct things *things,
					const struct netd_support *support)
{
	return support->must_be_good ? things_find(things, support->layer, support->id) : NULL;
}

static const char *sentence_of(const struct thing *thing)
{
	if (thing->wish.refusal != NULL)
		return thing->wish.refusal;
	return thing->failure != NULL ? thing->failure : thing->wish.flaw;
}

/* Supports are in layers before their things': this ends. */
static const char *first_failure(const struct things *things, const struct thing *thing)
{
	for (size_t i = 0; i < thing->wish.support_count; i++) {
		const struct thing *support = find_support(things, &thing->wish.supports[i]);
		const char *failure = support != NULL ? first_failure(things, support) : NULL;
		if (failure != NULL)
			return failure;
	}
	return sentence_of(thing);
}

enum network_state things_state_of(const struct things *things, const char *eni_id,
				   const char **out_failure)
{
	const struct thing *eni = things_find(things, LAYER_ENI, eni_id);
	*out_failure = eni != NULL ? first_failure(things, eni) : NULL;
	if (*out_failure != NULL)
		return NETWORK_FAILED;
	return eni != NULL && eni->was_made ? NETWORK_ACTIVE : NETWORK_IN_PROGRESS;
}

const char *things_failure_of(const struct things *things, const char *id)
{
	for (size_t layer = 0; layer < NETD_LAYERS; layer++) {
		const struct thing *thing = things_find(things, layer, id);
		if (thing != NULL)
			return sentence_of(thing);
	}
	return NULL;
}

/* The round that wanted the oldest of what is not done yet; UINT64_MAX: all is. */
static uint64_t under_way_since(const struct thing *thing)
{
	uint64_t since = thing_must_be_told(thing) ? thing->since : UINT64_MAX;
	if (thing->is_waiting && thing->told_since < since)
		since = thing->told_since;
	return since;
}

/* Made by this netd as it was wanted in @round. */
static bool is_good(const struct things *things, const struct thing *thing, uint64_t round)
{
	if (!thing->is_here || under_way_since(thing) <= round || sentence_of(thing) != NULL)
		return false;
	for (size_t i = 0; i < thing->wish.support_count; i++) {
		const struct thing *support = find_support(things, &thing->wish.supports[i]);
		if (support != NULL && !is_good(things, support, round))
			return false;
	}
	return true;
}

static struct busy *find_busy(const struct things *things, const char *vpc_id)
{
	for (size_t i = 0; i < things->busy_count; i++)
		if (strcmp(things->busy[i].vpc_id, vpc_id) == 0)
			return &things->busy[i];
	return NULL;
}

static void note_busy(struct things *things, const char *vpc_id, uint64_t since)
{
	struct busy *busy = find_busy(things, vpc_id);
	if (busy == NULL) {
		things->busy =
			sp_realloc(things->busy, (things->busy_count + 1) * sizeof(*things->busy));
		busy = &things->busy[things->busy_count++];
		*busy = (struct busy){ vpc_id, since };
	}
	if (since < busy->since)
		busy->since = since;
}

/* What has failed there leads nowhere, and need not be waited for. */
static void note_all_busy(struct things *things)
{
	things->is_busy_known = true;
	things->busy_count = 0;
	for (size_t layer = 0; layer < NETD_LAYERS; layer++)
		for (size_t i = 0; i < things->count[layer]; i++) {
			const struct thing *thing = &things->at[layer][i];
			uint64_t since = under_way_since(thing);
			if (thing_is_on_ways(thing) && since != UINT64_MAX)
				note_busy(things, thing->wish.vpc_id, since);
		}
}

bool things_can_open(struct things *things, const char *eni_id, uint64_t round)
{
	const struct thing *eni = things_find(things, LAYER_ENI, eni_id);
	if (eni == NULL || !is_good(things, eni, round))
		return false;
	if (!things->is_busy_known)
		note_all_busy(things);
	const struct busy *busy = find_busy(things, eni->wish.vpc_id);
	return busy == NULL || busy->since > round;
}
