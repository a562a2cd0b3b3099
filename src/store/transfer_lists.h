#pragma once
/**
 * Looking over many transfers: lists with filters, the newest first; and what happened to files since somebody looked.
 * Each is a walk along an index of bounded length, however many rows there are.
 */

#include "db/db.h"
#include "model/transfer.h"

/** So many transfers are looked at for one page, whether or not they fit. */
enum { TRANSFERS_LOOKED_AT_MAX = 5000 };

struct transfer_filter {
	const char *connector_id; /* NULL: any, as for all below */
	const enum transfer_state *state;
	const enum transfer_direction *direction;
	const char *
		path; /* a text that the path of one of its files has in it, as the request has it */
	int64_t since_ms; /* created then or later; 0: any */
	int64_t until_ms; /* created before; INT64_MAX: any */
};

struct transfer_position {
	int64_t created_ms;
	char id[TRANSFER_ID_SIZE];
};

struct transfer_list {
	struct transfer *transfers; /* room for @max; the caller's to finish */
	size_t max, count;
	/* There may be more: behind this one. Also when the page is not full, or empty: it took too long to fill. */
	bool more;
	struct transfer_position last;
};

/** Behind @after; NULL: from the newest. */
int transfers_list(struct db *db, const struct transfer_filter *filter,
		   const struct transfer_position *after, struct transfer_list *list,
		   struct sp_error *err);

struct transfer_counts {
	int64_t files, queued, in_progress, completed, failed;
	int64_t bytes;       /* of all files whose size is known */
	int64_t bytes_moved; /* over the wire, all attempts, as last noted */
};

int transfers_count_files(struct db *db, const char *transfer_id, struct transfer_counts *out,
			  struct sp_error *err);

/** The id of the transfer that repeats this one; "" when there is none. */
int transfers_find_retry(struct db *db, const char *transfer_id, char out_id[TRANSFER_ID_SIZE],
			 struct sp_error *err);

/** The number of the last change of any file's state. */
int transfers_last_change(struct db *db, int64_t *out, struct sp_error *err);

/** False: no more, and this one was not taken either. */
typedef bool transfers_change_fn(void *ctx, int64_t change, const struct transfer_file *file);

/**
 * Files whose state changed behind change @after, each as it is now, in the order of their last changes; at most @max.
 * @out_last  up to where was read: @after when there was nothing
 */
int transfers_each_change(struct db *db, int64_t after, size_t max, transfers_change_fn *fn,
			  void *ctx, int64_t *out_last, struct sp_error *err);
