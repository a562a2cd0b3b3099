#pragma once
/**
 * The table of outstanding requests: fixed memory, id → who wants the reply. An id names a slot and how often it was
 * used, so that a reply that comes twice, or for an id never given, finds nothing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "remote/session.h"
#include "remote/wire.h"

/** What a request is answered with, when it is not a STATUS that refuses. */
enum reply_kind {
	REPLY_STATUS,
	REPLY_HANDLE,
	REPLY_DATA,
	REPLY_ATTRIBUTES,
	REPLY_LIMITS,
	REPLY_SPACE,
	REPLY_HASH,
	REPLY_NAMES,
	REPLY_KIND_COUNT,
};

/** A reply, valid during the call. */
struct reply {
	const struct sp_error *dead; /* the session ended before a reply came; NULL: it lives */
	enum reply_kind kind;        /* as asked, or REPLY_STATUS */
	struct wire_status status;
	struct wire_handle handle;
	struct remote_attributes attributes;
	struct wire_limits limits;
	struct wire_space space;
	struct wire_hash hash;
	struct wire_names names;
	uint32_t data_length; /* bytes that were stored where the request said */

	/* As the request had them. */
	void *item;
	uint64_t offset;
	uint32_t length;
};

/** Called once for every request that was not forgotten. It may send requests; it must not pump or close. */
typedef void reply_fn(void *owner, const struct reply *reply);

struct request {
	enum reply_kind wants;
	reply_fn *fn; /* NULL: nobody wants the reply (any more) */
	void *owner;
	void *asked_for; /* whom remote_on_reply()'s function wakes; NULL: nobody */
	void *item;      /* these three are for READ and WRITE, and come back with the reply */
	uint64_t offset;
	uint32_t length;
	uint8_t *into; /* READ: where @length bytes fit; NULL: they are thrown away */

	/* CLOSE: it is sent even when its owner goes before, because a handle that nobody closes would be lost; and see
	 * struct outbox. */
	bool closes;

	uint32_t id;
	bool used, sent;
	int64_t sent_us;          /* monotonic; when its last byte went out */
	uint64_t answered_before; /* replies that the session had seen when it was asked */
};

enum {
	/* Handles of jobs that were given up are closed even when the others use every request there is. */
	REQUESTS_FOR_CLOSING = 256,
	REQUESTS_SLOTS = REMOTE_REQUESTS_MAX + REQUESTS_FOR_CLOSING,
};

struct requests {
	struct request slots[REQUESTS_SLOTS];
	uint16_t free[REQUESTS_SLOTS]; /* a stack of the free slots' numbers */
	size_t free_count;
	size_t data_bytes; /* that the answers to all READs under way may have */
};

void requests_init(struct requests *requests);
size_t requests_count(const struct requests *requests);

/** Copies @request into a free slot and gives it an id; NULL when there is none. Valid until it is removed. */
struct request *requests_add(struct requests *requests, const struct request *request);

/** NULL when no request has that id. */
struct request *requests_find(struct requests *requests, uint32_t id);
void requests_remove(struct requests *requests, struct request *request);
