#include "model/transfer.h"

#include <stdlib.h>
#include <string.h>

#define TO(state) (1u << (FILE_##state))

static const struct {
	const char *name, *aws_name;
	unsigned may_move_to;
} states[] = {
	[FILE_QUEUED] = { "QUEUED", "QUEUED", TO(RUNNING) | TO(FAILED) },
	[FILE_RUNNING] = { "RUNNING", "IN_PROGRESS", TO(QUEUED) | TO(PUBLISHING) | TO(FAILED) },
	[FILE_PUBLISHING] = { "PUBLISHING", "IN_PROGRESS",
			      TO(QUEUED) | TO(COMPLETED) | TO(FAILED) },
	[FILE_COMPLETED] = { "COMPLETED", "COMPLETED", 0 },
	[FILE_FAILED] = { "FAILED", "FAILED", 0 },
};

const char *file_state_name(enum file_state state)
{
	return states[state].name;
}

const char *file_state_aws_name(enum file_state state)
{
	return states[state].aws_name;
}

bool file_state_may_move(enum file_state from, enum file_state to)
{
	return (states[from].may_move_to & 1u << to) != 0;
}

static const struct {
	const char *name, *verb, *participle;
	bool makes_object, is_errand;
} directions[TRANSFER_DIRECTION_COUNT] = {
	[TRANSFER_SEND] = { "SEND", "send", "sent", false, false },
	[TRANSFER_RETRIEVE] = { "RETRIEVE", "retrieve", "retrieved", true, false },
	[TRANSFER_LIST] = { "LIST", "list", "listed", true, false },
	[TRANSFER_MOVE] = { "MOVE", "move", "moved", false, true },
	[TRANSFER_DELETE] = { "DELETE", "delete", "deleted", false, true },
};

const char *transfer_direction_name(enum transfer_direction direction)
{
	return directions[direction].name;
}

const char *transfer_direction_verb(enum transfer_direction direction)
{
	return directions[direction].verb;
}

const char *transfer_direction_participle(enum transfer_direction direction)
{
	return directions[direction].participle;
}

bool transfer_makes_object(enum transfer_direction direction)
{
	return directions[direction].makes_object;
}

bool transfer_is_errand(enum transfer_direction direction)
{
	return directions[direction].is_errand;
}

const char *transfer_state_name(enum transfer_state state)
{
	return file_state_aws_name((enum file_state)state);
}

bool transfer_state_find(const char *name, enum transfer_state *out)
{
	static const enum transfer_state all[] = { TRANSFER_QUEUED, TRANSFER_IN_PROGRESS,
						   TRANSFER_COMPLETED, TRANSFER_FAILED };
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(transfer_state_name(all[i]), name) != 0)
			continue;
		*out = all[i];
		return true;
	}
	return false;
}

bool transfer_direction_find(const char *name, enum transfer_direction *out)
{
	for (size_t i = 0; i < TRANSFER_DIRECTION_COUNT; i++) {
		if (strcmp(directions[i].name, name) != 0)
			continue;
		*out = (enum transfer_direction)i;
		return true;
	}
	return false;
}

void transfer_finish(struct transfer *transfer)
{
	free(transfer->local_directory);
	free(transfer->remote_directory);
	*transfer = (struct transfer){ 0 };
}

void transfer_file_finish(struct transfer_file *file)
{
	free(file->path);
	free(file->bucket);
	free(file->key);
	free(file->remote_directory);
	free(file->remote_name);
	free(file->target_path);
	free(file->failure_message);
	free(file->resume_state);
	free(file->source_identity);
	free(file->published_name);
	free(file->connection);
	free(file->cancelled_by);
	free(file->attempt_failure);
	publishing_finish(&file->publishing);
	*file = (struct transfer_file){ 0 };
}

const char *publish_outcome_name(enum publish_outcome outcome)
{
	static const char *const names[PUBLISH_OUTCOME_COUNT] = {
		[PUBLISH_RENAMED] = "RENAMED",   [PUBLISH_CONFIRMED] = "CONFIRMED",
		[PUBLISH_INFERRED] = "INFERRED", [PUBLISH_WRITTEN] = "WRITTEN",
		[PUBLISH_DONE] = "DONE",
	};
	return (unsigned)outcome < PUBLISH_OUTCOME_COUNT ? names[outcome] : names[0];
}

const char *verification_name(enum verification verification)
{
	static const char *const names[VERIFICATION_COUNT] = {
		[VERIFIED_UNKNOWN] = "UNKNOWN",
		[VERIFIED_INFERRED] = "INFERRED",
		[VERIFIED_ACKNOWLEDGED] = "ACKNOWLEDGED",
		[VERIFIED_SIZE] = "SIZE_CHECKED",
		[VERIFIED_REREAD] = "RE_READ",
		[VERIFIED_SERVER_HASH] = "SERVER_HASH",
		[VERIFIED_DIRECT] = "DIRECT",
	};
	return (unsigned)verification < VERIFICATION_COUNT ? names[verification] : names[0];
}
