#include "events/lanes.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/backoff.h"
#include "base/scope.h"

static bool has_more(const struct lane *lane)
{
	return lane->newest > lane->delivered;
}

static bool waits(const struct lane *lane)
{
	return has_more(lane) && !lane->under_way && !lane->parked;
}

struct lane *lanes_find(const struct lanes *lanes, const char *connector_id)
{
	struct lane *lane = lanes->first;
	while (lane != NULL && strcmp(lane->connector_id, connector_id) != 0)
		lane = lane->next;
	return lane;
}

struct lane *lanes_add(struct lanes *lanes, const char *connector_id, int64_t delivered)
{
	struct lane *lane = sp_alloc(sizeof(*lane));
	snprintf(lane->connector_id, sizeof(lane->connector_id), "%s", connector_id);
	lane->delivered = lane->newest = delivered;
	lane->is_noted = true;
	lane->next = lanes->first;
	lanes->first = lane;
	return lane;
}

struct lane *lanes_take_ready(struct lanes *lanes, int64_t now_ms)
{
	struct lane *start = lanes->turn != NULL ? lanes->turn : lanes->first;
	struct lane *lane = start;
	if (lane == NULL)
		return NULL;
	do {
		struct lane *after = lane->next != NULL ? lane->next : lanes->first;
		if (waits(lane) && lane->ready_ms <= now_ms) {
			lane->under_way = true;
			lanes->turn = after;
			return lane;
		}
		lane = after;
	} while (lane != start);
	return NULL;
}

int64_t lanes_next_ready_ms(const struct lanes *lanes)
{
	int64_t earliest = INT64_MAX;
	for (const struct lane *lane = lanes->first; lane != NULL; lane = lane->next)
		if (waits(lane) && lane->ready_ms < earliest)
			earliest = lane->ready_ms;
	return earliest;
}

void lane_succeeded(struct lane *lane, int64_t number)
{
	assert(lane->under_way && number > lane->delivered);
	lane->under_way = false;
	lane->delivered = number;
	lane->is_noted = false;
	lane->tries = 0;
	lane->ready_ms = 0;
	lane->parked = false;
	free(sp_take_pointer(&lane->failure));
}

void lane_passed(struct lane *lane)
{
	assert(lane->under_way);
	lane->under_way = false;
	lane->delivered = lane->newest;
	lane->is_noted = false;
}

int64_t lane_failed(struct lane *lane, const struct lane_patience *patience, int64_t now_ms,
		    uint32_t random, const char *why)
{
	assert(lane->under_way);
	lane->under_way = false;
	lane->tries++;
	free(lane->failure);
	lane->failure = sp_strdup(why);
	lane->parked = lane->tries >= patience->attempts;
	if (lane->parked)
		return 0;
	int64_t delay_ms =
		sp_backoff_ms(patience->delay_ms, patience->delay_max_ms, lane->tries, random);
	lane->ready_ms = now_ms + delay_ms;
	return delay_ms > 0 ? delay_ms : 1;
}

size_t lanes_go_on(struct lanes *lanes, const char *connector_id)
{
	size_t parked = 0;
	for (struct lane *lane = lanes->first; lane != NULL; lane = lane->next) {
		if (connector_id != NULL && strcmp(lane->connector_id, connector_id) != 0)
			continue;
		parked += lane->parked;
		lane->parked = false;
		lane->tries = 0;
		lane->ready_ms = 0;
	}
	return parked;
}

int64_t lanes_delivered(const struct lanes *lanes)
{
	int64_t least = lanes->seen;
	for (const struct lane *lane = lanes->first; lane != NULL; lane = lane->next)
		if (has_more(lane) && lane->delivered < least)
			least = lane->delivered;
	return least;
}

void lanes_forget_idle(struct lanes *lanes, int64_t delivered)
{
	for (struct lane **at = &lanes->first; *at != NULL;) {
		struct lane *lane = *at;
		if (has_more(lane) || lane->under_way || lane->delivered > delivered) {
			at = &lane->next;
			continue;
		}
		if (lanes->turn == lane)
			lanes->turn = lane->next;
		*at = lane->next;
		free(lane->failure);
		free(lane);
	}
}

void lanes_finish(struct lanes *lanes)
{
	while (lanes->first != NULL) {
		struct lane *lane = lanes->first;
		lanes->first = lane->next;
		free(lane->failure);
		free(lane);
	}
	*lanes = (struct lanes){ 0 };
}
