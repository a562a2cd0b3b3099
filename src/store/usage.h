#pragma once
/**
 * What was used, by the hour: files and bytes for each connector, the gateway that it left by, and direction, written in
 * the commits that end files; and from when to when there were connectors and gateways, which are paid for by the hour.
 */

#include "db/db.h"
#include "model/network.h"
#include "model/transfer.h"

enum { USAGE_HOUR_MS = 60 * 60 * 1000 };

/** @file has ended. */
int usage_add(struct db *db, const struct transfer_file *file, struct sp_error *err);

struct usage_row {
	int64_t hour_ms; /* when the hour began */
	char connector_id[CONNECTOR_ID_SIZE];
	char gateway_id[NETWORK_ID_SIZE]; /* "": service-managed egress */
	enum transfer_direction direction;
	int64_t files_completed, files_failed;
	int64_t bytes;       /* of the files that were completed */
	int64_t bytes_moved; /* over the wire, all attempts of all that have ended */
};

/** Where a page of them begins: behind this one. */
struct usage_position {
	int64_t hour_ms;
	char connector_id[CONNECTOR_ID_SIZE];
	char gateway_id[NETWORK_ID_SIZE];
	int direction;
};

/** Ascending hours from @from_ms to before @until_ms, behind @after (NULL: from the start), at most @max. */
int usage_list(struct db *db, int64_t from_ms, int64_t until_ms, const struct usage_position *after,
	       struct usage_row *out, size_t max, size_t *out_count, struct sp_error *err);

/** Numbers are kept. */
enum lifetime_kind { LIFETIME_CONNECTOR, LIFETIME_GATEWAY };

int lifetimes_begin(struct db *db, const char *id, enum lifetime_kind kind, int64_t now_ms,
		    struct sp_error *err);
int lifetimes_end(struct db *db, const char *id, int64_t now_ms, struct sp_error *err);

typedef void lifetime_fn(void *ctx, const char *id, enum lifetime_kind kind, int64_t created_ms,
			 int64_t deleted_ms /* 0: it is there */);
/** Those that were there between the two times, ascending ids, behind @after ("": from the start), at most @max. */
int lifetimes_each(struct db *db, int64_t from_ms, int64_t until_ms, const char *after, size_t max,
		   lifetime_fn *fn, void *ctx, struct sp_error *err);

/** Forgets hours that began, and what was deleted, before @before_ms. */
int usage_forget(struct db *db, int64_t before_ms, struct sp_error *err);
