#include "remote/requests.h"

#include <assert.h>

static_assert(REQUESTS_SLOTS <= UINT16_MAX, "slot numbers fit the stack of free slots");

void requests_init(struct requests *requests)
{
	*requests = (struct requests){ .free_count = REQUESTS_SLOTS };
	for (size_t i = 0; i < REQUESTS_SLOTS; i++) {
		requests->free[i] = (uint16_t)(REQUESTS_SLOTS - 1 - i);
		requests->slots[i].id = (uint32_t)i;
	}
}

size_t requests_count(const struct requests *requests)
{
	return REQUESTS_SLOTS - requests->free_count;
}

static size_t data_bytes_of(const struct request *request)
{
	return request->wants == REPLY_DATA ? request->length + WIRE_DATA_HEAD : 0;
}

struct request *requests_add(struct requests *requests, const struct request *request)
{
	if (requests->free_count == 0)
		return NULL;
	struct request *slot = &requests->slots[requests->free[--requests->free_count]];
	/* Each use has an id of its own; it wraps after three million uses of one slot, in step with the slot. */
	uint32_t id = slot->id + REQUESTS_SLOTS;
	if (id < slot->id)
		id = (uint32_t)(slot - requests->slots);
	*slot = *request;
	slot->id = id;
	slot->used = true;
	slot->sent = false;
	requests->data_bytes += data_bytes_of(slot);
	return slot;
}

struct request *requests_find(struct requests *requests, uint32_t id)
{
	struct request *slot = &requests->slots[id % REQUESTS_SLOTS];
	return slot->used && slot->id == id ? slot : NULL;
}

void requests_remove(struct requests *requests, struct request *request)
{
	assert(request->used);
	requests->data_bytes -= data_bytes_of(request);
	request->used = false;
	requests->free[requests->free_count++] = (uint16_t)(request - requests->slots);
}
