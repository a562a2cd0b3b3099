#pragma once
/**
 * The files that the daemon has given to this worker, each with a number by which the threads speak of it: waiting, at
 * work, or, when their end was told, still being tidied up. Fixed memory. The main thread's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/worker_message.h"

enum {
	/* Files whose answer the daemon waits for, others whose end it was told and that are not done yet, and REMOVE. */
	ROLL_MAX = 3 * WORKER_FILES_MAX,
	ROLL_BUCKETS = 1024,
};

struct rolled {
	bool used;
	bool told; /* the daemon was: nobody finds it any more */
	char file_id[FILE_ID_SIZE];
	uint32_t attempt;
	enum worker_kind kind;
	int at;          /* the number of the connection that has it; -1: it waits */
	bool may_permit; /* its READY was told */
	bool rests;      /* since then */
	bool cancelled;  /* the daemon wants it stopped */
	unsigned next;   /* in its bucket, or among the free; ROLL_MAX: none */
};

struct roll {
	struct rolled files[ROLL_MAX];
	unsigned buckets[ROLL_BUCKETS];
	unsigned free;
	size_t unanswered; /* but for REMOVE */
	size_t removals;
};

void roll_init(struct roll *roll);

/** Its number; ROLL_MAX when there is no room for @order. */
unsigned roll_add(struct roll *roll, const struct worker_message *order);

/** The file and try that @message is about; ROLL_MAX when its end was told, or it was never there. */
unsigned roll_find(const struct roll *roll, const struct worker_message *message);

/** The daemon was told its end: it may come again under another number. */
void roll_note_told(struct roll *roll, unsigned number);
void roll_remove(struct roll *roll, unsigned number);
