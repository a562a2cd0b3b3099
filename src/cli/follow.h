#pragma once
/**
 * Transfers that are followed to their end: which files they have, how far each one is and what became of it, by the events
 * that the service tells. One thread.
 */

#include "cli/bar.h"
#include "cli/listen.h"

struct follow;

struct follow_file {
	char *transfer_id, *path; /* as the API has it; owned */
	char file_id[64];         /* "" as long as nobody said */
	int64_t size, done;       /* bytes; -1: not known */
	bool has_ended, has_failed, is_errand;
	char *failure_code, *failure; /* NULL: none */
};

/** A file has ended. The file is the follow's, and stays. */
typedef void follow_ended_fn(void *ctx, const struct follow_file *file);

struct follow_options {
	struct ask *ask;          /* kept */
	const char *connector_id; /* whose events; NULL: all connectors' */
	bool takes_all;           /* also files of transfers that were not added */
	bool is_quiet;
	follow_ended_fn *ended; /* NULL: nobody wants to know */
	void *ctx;
};

/** From now on everything that happens is known. */
int follow_open(const struct follow_options *options, struct follow **out, struct sp_error *err);
void follow_close(struct follow *follow); /* NULL is fine */

/**
 * A file of a transfer that was just begun.
 *
 * @size       bytes, as far as is known; -1: not
 * @is_errand  a move or a deletion: it has no part in the figures
 */
void follow_add(struct follow *follow, const char *transfer_id, const char *path, int64_t size,
		bool is_errand);

/** A transfer that was begun some time ago: its files as they are now are asked for. */
int follow_add_begun(struct follow *follow, const char *transfer_id, struct sp_error *err);

/** So many more files will be added: the figures count them from now on. */
void follow_expect(struct follow *follow, int64_t files, int64_t bytes, bool sizes_are_known);

/** Waits for events for at most @timeout_ms and draws the bar. */
int follow_step(struct follow *follow, int timeout_ms, struct sp_error *err);

/** Files that have not ended. */
size_t follow_pending(const struct follow *follow);

struct amount_done follow_done(const struct follow *follow);

/** All files, in the order in which they came. */
size_t follow_count(const struct follow *follow);
const struct follow_file *follow_at(const struct follow *follow, size_t place);

/** Takes the bar away before something else is written. */
void follow_clear_bar(struct follow *follow);
