#pragma once
/** The records of the flow log. They name connectors, transfers and interfaces, and outlive them. */

#include "db/db.h"
#include "model/flow.h"

/** What shall be listed; NULL: all. */
struct flow_filter {
	const char *connector_id, *transfer_id, *interface_id;
	const enum flow_verdict *verdict;
};

/** A new record, or of one that is there: how it has gone on (bytes and end). */
int flows_put(struct db *db, const struct flow *flow, struct sp_error *err);

/** Those whose number is @up_to or lower go. */
int flows_forget(struct db *db, int64_t up_to, struct sp_error *err);

/** The highest number that there is; 0: none. */
int flows_last_number(struct db *db, int64_t *out, struct sp_error *err);

/**
 * The newest first, with a number below @before.
 * @out  room for @room of them
 */
int flows_list(struct db *db, const struct flow_filter *filter, int64_t before, struct flow *out,
	       size_t room, size_t *out_count, struct sp_error *err);

/** Calls @fn for each that has no end yet, the oldest first. */
typedef void flow_fn(void *ctx, const struct flow *flow);
int flows_each_under_way(struct db *db, flow_fn *fn, void *ctx, struct sp_error *err);

/** Those that have no end yet: FLOW_END_UNKNOWN. */
int flows_give_up(struct db *db, struct sp_error *err);
