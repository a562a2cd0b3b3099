#include "egress/things_inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/scope.h"

struct things *things_create(const char owner[NETD_OWNER_SIZE])
{
	struct things *things = sp_alloc(sizeof(*things));
	memcpy(things->owner, owner, NETD_OWNER_SIZE);
	return things;
}

static void free_list(struct thing *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i].failure);
	free(list);
}

void things_destroy(struct things *things)
{
	if (things == NULL)
		return;
	for (size_t layer = 0; layer < NETD_LAYERS; layer++)
		free_list(things->at[layer], things->count[layer]);
	free(things->leaving);
	free(things->busy);
	free(things);
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(a, b); /* both begin with one */
}

struct thing *things_find(const struct things *things, size_t layer, const char *id)
{
	if (things->count[layer] == 0)
		return NULL;
	return bsearch(id, things->at[layer], things->count[layer], sizeof(struct thing),
		       compare_ids);
}

/* ---- what is wanted -------------------------------------------------------------------------------------------- */

/*
 * Whether the old one goes before there is another: an internet gateway that is attached to another VPC, and one that is
 * refused now. (Other things that are refused stay as they were, because of the connections through them; of this one
 * nothing is left anyway, once no route leads there.)
 */
static bool must_leave(const struct thing *before, const struct netd_wish *wish)
{
	return wish->message.kind == NETD_INTERNET &&
	       (wish->refusal != NULL ||
		strcmp(before->wish.message.parent, wish->message.parent) != 0);
}

bool thing_must_be_told(const struct thing *thing)
{
	bool is_new = !thing->is_told ||
		      memcmp(thing->told, thing->wish.digest, sizeof(thing->told)) != 0;
	return is_new && thing->wish.refusal == NULL;
}

/* Where a way only begins, no other leads through. */
bool thing_is_on_ways(const struct thing *thing)
{
	const struct netd_message *message = &thing->wish.message;
	return message->kind != NETD_ENI || message->role != NETD_ROLE_GATEWAY;
}

/* What is known of the thing stays known. */
static struct thing make_thing(const struct netd_wish *wish, struct thing *before, uint64_t round)
{
	struct thing thing = { 0 };
	uint64_t since = before != NULL && thing_must_be_told(before) ? before->since : round;
	if (before != NULL && !must_leave(before, wish)) {
		thing = *before;
		before->failure = NULL;
		before->is_told = false; /* so that it does not leave */
	}
	thing.wish = *wish;
	thing.since = since;
	return thing;
}

static void add_leaving(struct things *things, size_t layer, const char *id)
{
	things->leaving =
		sp_realloc(things->leaving, (things->leaving_count + 1) * sizeof(*things->leaving));
	struct leaving *leaving = &things->leaving[things->leaving_count++];
	*leaving = (struct leaving){ .layer = (enum netd_layer)layer };
	strcpy(leaving->id, id);
}

void things_want(struct things *things, struct netd_wishes *wishes, uint64_t round)
{
	things->is_busy_known = false;
	for (size_t layer = 0; layer < NETD_LAYERS; layer++) {
		size_t count = wishes->count[layer];
		struct thing *list = sp_alloc((count + 1) * sizeof(*list));
		for (size_t i = 0; i < count; i++) {
			const struct netd_wish *wish = &wishes->at[layer][i];
			list[i] = make_thing(wish, things_find(things, layer, wish->id), round);
		}
		/* What this netd was never told is not there, or END takes it away. */
		for (size_t i = 0; i < things->count[layer]; i++)
			if (things->at[layer][i].is_told)
				add_leaving(things, layer, things->at[layer][i].wish.id);
		free_list(things->at[layer], things->count[layer]);
		things->at[layer] = list;
		things->count[layer] = count;
	}
	netd_wishes_finish(wishes);
	things->is_known = true;
}

void things_begin_again(struct things *things)
{
	things->is_busy_known = false;
	things->phase = SAY_OWNER;
	things->leaving_count = 0;
	for (size_t layer = 0; layer < NETD_LAYERS; layer++)
		for (size_t i = 0; i < things->count[layer]; i++) {
			struct thing *thing = &things->at[layer][i];
			thing->is_told = thing->is_waiting = thing->is_here = false;
			thing->since = 0;
		}
}

/* ---- what is told ---------------------------------------------------------------------------------------------- */

/* It was told again since: taking it away would take the new one. */
static bool has_come_back(const struct things *things, const struct leaving *leaving)
{
	const struct thing *thing = things_find(things, leaving->layer, leaving->id);
	return thing != NULL && thing->is_told;
}

/* What stands on others leaves before them. */
static const struct leaving *next_leaving(const struct things *things)
{
	for (size_t layer = NETD_LAYERS; layer-- > 0;)
		for (size_t i = 0; i < things->leaving_count; i++) {
			const struct leaving *leaving = &things->leaving[i];
			if (leaving->layer == layer && !leaving->is_waiting &&
			    !leaving->has_failed && !has_come_back(things, leaving))
				return leaving;
		}
	return NULL;
}

/*
 * One word at a time about one thing: an answer is then about what was told last. What stands on one that has to wait
 * for that waits with it; @out_waits then says that there is more to tell.
 */
static const struct thing *next_thing(const struct things *things, bool *out_waits)
{
	*out_waits = false;
	for (size_t layer = 0; layer < NETD_LAYERS && !*out_waits; layer++)
		for (size_t i = 0; i < things->count[layer]; i++) {
			const struct thing *thing = &things->at[layer][i];
			if (thing_must_be_told(thing) && !thing->is_waiting)
				return thing;
			*out_waits = *out_waits || thing_must_be_told(thing);
		}
	return NULL;
}

bool things_next(const struct things *things, struct netd_message *out)
{
	const struct leaving *leaving = things->phase == SAY_CHANGES ? next_leaving(things) : NULL;
	bool waits = false;
	const struct thing *thing = things->phase >= SAY_ALL ? next_thing(things, &waits) : NULL;
	*out = (struct netd_message){ 0 };
	if (!things->is_known) {
		return false;
	} else if (things->phase == SAY_OWNER) {
		out->kind = NETD_OWNER;
		memcpy(out->owner, things->owner, sizeof(out->owner));
	} else if (things->phase == SAY_BEGIN) {
		out->kind = NETD_BEGIN;
	} else if (leaving != NULL) {
		out->kind = NETD_REMOVE;
		strcpy(out->id, leaving->id);
	} else if (thing != NULL) {
		*out = thing->wish.message;
	} else if (things->phase == SAY_ALL && !waits) {
		out->kind = NETD_END;
	} else {
		return false;
	}
	return true;
}

/* Of the layer of this kind; NULL when it is not wanted any more. */
static struct thing *find_thing(const struct things *things, enum netd_kind kind, const char *id)
{
	for (size_t layer = 0; layer < NETD_LAYERS; layer++)
		if (netd_layer_kinds[layer] == kind)
			return things_find(things, layer, id);
	return NULL;
}

/* @request  by which it was told; 0: the one that was not */
static struct leaving *find_leaving(const struct things *things, const char *id, uint32_t request)
{
	for (size_t i = 0; i < things->leaving_count; i++) {
		struct leaving *leaving = &things->leaving[i];
		if (strcmp(leaving->id, id) == 0 &&
		    (leaving->is_waiting ? leaving->request : 0) == request)
			return leaving;
	}
	return NULL;
}

void things_told(struct things *things, const struct netd_message *message)
{
	struct thing *thing = find_thing(things, message->kind, message->id);
	struct leaving *leaving =
		message->kind == NETD_REMOVE ? find_leaving(things, message->id, 0) : NULL;
	things->is_busy_known = false;
	if (message->kind == NETD_OWNER)
		things->phase = SAY_BEGIN;
	else if (message->kind == NETD_BEGIN)
		things->phase = SAY_ALL;
	else if (message->kind == NETD_END)
		things->phase = SAY_CHANGES;
	else if (leaving != NULL) {
		leaving->is_waiting = true;
		leaving->request = message->request;
	} else if (thing != NULL) {
		thing->request = message->request;
		thing->is_told = thing->is_waiting = true;
		thing->told_since = thing->since;
		memcpy(thing->told, thing->wish.digest, sizeof(thing->told));
	}
}

/* ---- what is answered ------------------------------------------------------------------------------------------ */

static void thing_answered(struct thing *thing, const char *failure)
{
	thing->is_waiting = false;
	free(thing->failure);
	thing->failure = sp_strdup(failure);
	if (failure == NULL)
		thing->is_here = thing->was_made = true;
}

void things_answered(struct things *things, enum netd_kind kind, const char *id, uint32_t request,
		     const char *failure)
{
	struct thing *thing = find_thing(things, kind, id);
	things->is_busy_known = false;
	if (thing != NULL && thing->is_waiting && thing->request == request)
		thing_answered(thing, failure);
	struct leaving *leaving = kind == NETD_REMOVE ? find_leaving(things, id, request) : NULL;
	if (leaving == NULL)
		return;
	leaving->is_waiting = false;
	leaving->has_failed = failure != NULL;
	if (failure == NULL)
		*leaving = things->leaving[--things->leaving_count];
}

static bool is_failure(const struct thing *thing)
{
	return thing->failure != NULL && !thing->is_waiting;
}

bool things_have_failed(const struct things *things)
{
	for (size_t layer = 0; layer < NETD_LAYERS; layer++)
		for (size_t i = 0; i < things->count[layer]; i++)
			if (is_failure(&things->at[layer][i]))
				return true;
	for (size_t i = 0; i < things->leaving_count; i++)
		if (things->leaving[i].has_failed)
			return true;
	return false;
}

/* For whoever asks: it was wanted all the time. */
static void tell_again(struct thing *thing)
{
	memset(thing->told, 0, sizeof(thing->told));
	thing->since = 0;
}

bool things_retry(struct things *things)
{
	bool any = false;
	things->is_busy_known = false;
	for (size_t layer = 0; layer < NETD_LAYERS; layer++)
		for (size_t i = 0; i < things->count[layer]; i++) {
			struct thing *thing = &things->at[layer][i];
			if (!is_failure(thing))
				continue;
			tell_again(thing);
			any = true;
		}
	for (size_t i = things->leaving_count; i-- > 0;) {
		struct leaving *leaving = &things->leaving[i];
		any = any || leaving->has_failed;
		if (leaving->has_failed && has_come_back(things, leaving))
			*leaving = things->leaving[--things->leaving_count];
		else
			leaving->has_failed = false;
	}
	return any;
}

static void doubt(struct things *things, struct thing *thing)
{
	tell_again(thing);
	thing->is_here = false;
	things->is_busy_known = false;
}

static void doubt_ways(struct things *things, const char *vpc_id)
{
	for (size_t layer = 0; layer < NETD_LAYERS; layer++)
		for (size_t i = 0; i < things->count[layer]; i++) {
			struct thing *thing = &things->at[layer][i];
			if (thing_is_on_ways(thing) && strcmp(thing->wish.vpc_id, vpc_id) == 0)
				doubt(things, thing);
		}
}

void things_doubt(struct things *things, const char *eni_id)
{
	struct thing *eni = things_find(things, LAYER_ENI, eni_id);
	if (eni == NULL)
		return;
	doubt(things, eni);
	doubt_ways(things, eni->wish.vpc_id);
}

bool things_doubt_ways(struct things *things, const char *vpc_id, int64_t now_ms)
{
	struct thing *vpc = things_find(things, LAYER_VPC, vpc_id);
	if (vpc == NULL ||
	    (vpc->doubted_ms != 0 && now_ms - vpc->doubted_ms < THINGS_DOUBT_PAUSE_MS))
		return false;
	vpc->doubted_ms = now_ms;
	doubt_ways(things, vpc_id);
	return true;
}
