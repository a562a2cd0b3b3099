#include "worker/roll.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static unsigned bucket_of(const char *file_id)
{
	unsigned hash = 2166136261u; /* FNV-1a */
	for (const char *at = file_id; *at != '\0'; at++)
		hash = (hash ^ (unsigned char)*at) * 16777619u;
	return hash % ROLL_BUCKETS;
}

void roll_init(struct roll *roll)
{
	*roll = (struct roll){ 0 };
	for (unsigned i = 0; i < ROLL_MAX; i++)
		roll->files[i].next = i + 1;
	for (unsigned i = 0; i < ROLL_BUCKETS; i++)
		roll->buckets[i] = ROLL_MAX;
}

static bool has_room_for(const struct roll *roll, enum worker_kind kind)
{
	if (roll->free == ROLL_MAX)
		return false;
	return kind == WORKER_REMOVE ? roll->removals < WORKER_FILES_MAX
				     : roll->unanswered < WORKER_FILES_MAX;
}

unsigned roll_add(struct roll *roll, const struct worker_message *order)
{
	if (!has_room_for(roll, order->kind))
		return ROLL_MAX;
	unsigned number = roll->free;
	struct rolled *file = &roll->files[number];
	roll->free = file->next;
	unsigned *bucket = &roll->buckets[bucket_of(order->file_id)];
	*file = (struct rolled){
		.used = true,
		.attempt = order->attempt,
		.kind = order->kind,
		.at = -1,
		.next = *bucket,
	};
	snprintf(file->file_id, sizeof(file->file_id), "%s", order->file_id);
	*bucket = number;
	if (order->kind == WORKER_REMOVE)
		roll->removals++;
	else
		roll->unanswered++;
	return number;
}

unsigned roll_find(const struct roll *roll, const struct worker_message *message)
{
	unsigned number = roll->buckets[bucket_of(message->file_id)];
	while (number != ROLL_MAX && (roll->files[number].attempt != message->attempt ||
				      strcmp(roll->files[number].file_id, message->file_id) != 0))
		number = roll->files[number].next;
	return number;
}

static void leave_bucket(struct roll *roll, unsigned number)
{
	unsigned *at = &roll->buckets[bucket_of(roll->files[number].file_id)];
	while (*at != number)
		at = &roll->files[*at].next;
	*at = roll->files[number].next;
}

void roll_note_told(struct roll *roll, unsigned number)
{
	struct rolled *file = &roll->files[number];
	assert(file->used);
	if (file->told)
		return;
	file->told = true;
	leave_bucket(roll, number);
	if (file->kind == WORKER_REMOVE)
		roll->removals--;
	else
		roll->unanswered--;
}

void roll_remove(struct roll *roll, unsigned number)
{
	roll_note_told(roll, number);
	roll->files[number] = (struct rolled){ .next = roll->free };
	roll->free = number;
}
