#pragma once
/** What became of the files that a command asked for: told while they end, and in the end. */

#include "cli/follow.h"

struct outcome {
	const char *connector; /* as it was typed; kept, as all below */
	json_t *transfer_ids;
	size_t planned, asked; /* files */
	bool is_errand;        /* moves and deletions: no bytes to speak of */
	int64_t began_ms;      /* monotonic */
};

/** One line to standard error for a file that has FAILED; nothing for others. */
void outcome_tell_file(struct follow *follow, const struct follow_file *file);

/** {TransferId, FilePath, StatusCode, …} */
json_t *outcome_file(const struct follow_file *file);

/**
 * The summary, and the status that the program ends with. After an interruption: how to watch what goes on.
 * @follow NULL: nobody followed them, only their ids are told.
 */
void outcome_tell(const struct outcome *outcome, struct follow *follow, struct run *run);
