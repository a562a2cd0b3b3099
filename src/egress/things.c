#include "egress/things.h"

#include <stdlib.h>
#include <string.h>

#include "base/scope.h"

struct thing {
	struct netd_wish wish;              /* first: the lists are searched by its id */
	unsigned char told[SP_SHA256_SIZE]; /* digest of what this netd was told last */
	uint32_t request;                   /* by which it was told: older answers do not count */
	bool is_told, is_waiting;           /* to this netd; for its answer */
	uint64_t since;      /* the first round that wanted what is still to be told … */
	uint64_t told_since; /* … and what was told and is waited for */
	bool is_here;        /* this netd has made it */
	bool was_made;       /* this netd or an earlier one has: connections may go through it */
	char *failure;       /* of the last answer; NULL: none. Owned */
	int64_t doubted_ms;  /* of a VPC: when its ways were, monotonic; 0: never */
};

/* What is wanted no longer. An internet gateway may come back under its id, in this VPC or another. */
struct leaving {
	char id[NETWORK_ID_SIZE];
	enum netd_layer layer;
	uint32_t request;
	bool is_waiting, has_failed;
};

/* How far telling everything has come. */
enum phase { SAY_OWNER, SAY_BEGIN, SAY_ALL, SAY_CHANGES };

struct things {
	char owner[NETD_OWNER_SIZE];
	enum phase phase;
	bool is_known; /* what is wanted, be it nothing */
	struct thing *at[NETD_LAYERS];
	size_t count[NETD_LAYERS];
	struct leaving *leaving;
	size_t leaving_count;
	/* VPCs on whose ways something is under way. Found again when that is asked for after a change. */
	struct busy {
		const char *vpc_id; /* owned by a wish */
		uint64_t since;     /* the round that wanted the oldest of it */
	} * busy;
	size_t busy_count;
	bool is_busy_known;
};

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

static struct thing *find_in(const struct things *things, size_t layer, const char *id)
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

static bool must_be_told(const struct thing *thing)
{
	bool is_new = !thing->is_told ||
		      memcmp(thing->told, thing->wish.digest, sizeof(thing->told)) != 0;
	return is_new && thing->wish.refusal == NULL;
}

/* What is known of the thing stays known. */
static struct thing make_thing(const struct netd_wish *wish, struct thing *before, uint64_t round)
{
	struct thing thing = { 0 };
	uint64_t since = before != NULL && must_be_told(before) ? before->since : round;
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
			list[i] = make_thing(wish, find_in(things, layer, wish->id), round);
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
	const struct thing *thing = find_in(things, leaving->layer, leaving->id);
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
			if (must_be_told(thing) && !thing->is_waiting)
				return thing;
			*out_waits = *out_waits || must_be_told(thing);
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
			return find_in(things, layer, id);
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

/* On those of its VPC. Where a way only begins, no other leads through. */
static bool is_on_ways(const struct thing *thing)
{
	const struct netd_message *message = &thing->wish.message;
	return message->kind != NETD_ENI || message->role != NETD_ROLE_GATEWAY;
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
			if (is_on_ways(thing) && strcmp(thing->wish.vpc_id, vpc_id) == 0)
				doubt(things, thing);
		}
}

void things_doubt(struct things *things, const char *eni_id)
{
	struct thing *eni = find_in(things, LAYER_ENI, eni_id);
	if (eni == NULL)
		return;
	doubt(things, eni);
	doubt_ways(things, eni->wish.vpc_id);
}

bool things_doubt_ways(struct things *things, const char *vpc_id, int64_t now_ms)
{
	struct thing *vpc = find_in(things, LAYER_VPC, vpc_id);
	if (vpc == NULL ||
	    (vpc->doubted_ms != 0 && now_ms - vpc->doubted_ms < THINGS_DOUBT_PAUSE_MS))
		return false;
	vpc->doubted_ms = now_ms;
	doubt_ways(things, vpc_id);
	return true;
}

static const struct thing *find_support(const struct things *things,
					const struct netd_support *support)
{
	return support->must_be_good ? find_in(things, support->layer, support->id) : NULL;
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
	const struct thing *eni = find_in(things, LAYER_ENI, eni_id);
	*out_failure = eni != NULL ? first_failure(things, eni) : NULL;
	if (*out_failure != NULL)
		return NETWORK_FAILED;
	return eni != NULL && eni->was_made ? NETWORK_ACTIVE : NETWORK_IN_PROGRESS;
}

const char *things_failure_of(const struct things *things, const char *id)
{
	for (size_t layer = 0; layer < NETD_LAYERS; layer++) {
		const struct thing *thing = find_in(things, layer, id);
		if (thing != NULL)
			return sentence_of(thing);
	}
	return NULL;
}

/* The round that wanted the oldest of what is not done yet; UINT64_MAX: all is. */
static uint64_t under_way_since(const struct thing *thing)
{
	uint64_t since = must_be_told(thing) ? thing->since : UINT64_MAX;
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
			if (is_on_ways(thing) && since != UINT64_MAX)
				note_busy(things, thing->wish.vpc_id, since);
		}
}

bool things_can_open(struct things *things, const char *eni_id, uint64_t round)
{
	const struct thing *eni = find_in(things, LAYER_ENI, eni_id);
	if (eni == NULL || !is_good(things, eni, round))
		return false;
	if (!things->is_busy_known)
		note_all_busy(things);
	const struct busy *busy = find_busy(things, eni->wish.vpc_id);
	return busy == NULL || busy->since > round;
}
