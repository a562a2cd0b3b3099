#include "transfer/parts.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/scope.h"
#include "store/transfers.h"
#include "transfer/file_run.h"

enum {
	LOOK_EVERY_MS = 60 * 1000,     /* at the list, at most */
	RETRY_MS = 60 * 1000,          /* after a removal that did not work; doubles … */
	RETRY_MAX_MS = 60 * 60 * 1000, /* … up to this */
	TRIES_MAX = 20,                /* at a server that answers: given up */
	AGE_MAX_DAYS = 30,             /* the same, however few they were */
};

void parts_begin(struct parts *parts)
{
	parts->count = 0;
	parts->next_look_ms = 0;
}

/* ---- asking ------------------------------------------------------------------------------------------------------- */

static bool is_asked(const struct parts *parts, const char *file_id)
{
	for (size_t i = 0; i < parts->count; i++)
		if (strcmp(parts->asked[i].file_id, file_id) == 0)
			return true;
	return false;
}

static void ask(struct parts *parts, const struct part_left *part, const struct transfer_file *file)
{
	if (parts->count == PARTS_AT_ONCE || is_asked(parts, part->file_id))
		return; /* it stays listed */
	struct worker_message message = {
		.kind = WORKER_REMOVE,
		.file_id = (char *)(uintptr_t)file->id,
		.attempt = (uint32_t)file->attempt,
		.oldest_attempt = file_oldest_part(file),
		.part_attempt = (uint32_t)file->part_attempt,
		.directory = file->remote_directory,
		.name = file->remote_name,
		.replaces = file->state == FILE_COMPLETED,
		.staging = file->publishing.staging,
		.temp_pattern = file->publishing.temp_pattern,
	};
	if (parts->send(parts->ctx, &message, -1))
		parts->asked[parts->count++] = *part;
}

void parts_failed(struct parts *parts, const struct transfer_file *file)
{
	struct part_left part = { .since_ms = file->ended_ms };
	memcpy(part.file_id, file->id, sizeof(part.file_id));
	ask(parts, &part, file);
}

/* The list, read in the pool for that. */
struct page {
	struct parts *parts;
	char connector_id[CONNECTOR_ID_SIZE];
	int64_t now_ms;
	struct part_left left[PARTS_AT_ONCE];
	struct transfer_file files[PARTS_AT_ONCE];
	size_t count;
};

static int read_page(struct db *db, void *ctx, struct sp_error *err)
{
	struct page *page = ctx;
	size_t count;
	if (parts_left_list(db, page->connector_id, page->now_ms, page->left, PARTS_AT_ONCE, &count,
			    err) != 0)
		return -1;
	for (page->count = 0; page->count < count; page->count++)
		if (transfers_find_file(db, page->left[page->count].file_id,
					&page->files[page->count], err) != 0)
			return -1;
	return 0;
}

static void page_work(void *ctx)
{
	struct page *page = ctx;
	struct sp_error err = { 0 };
	if (store_read(page->parts->ground->rooms.store, read_page, page, &err) != 0)
		sp_log(SP_LOG_WARNING, "could not read which parts were left: %s", err.message);
}

static void page_done(void *ctx)
{
	struct page *page = ctx;
	struct parts *parts = page->parts;
	parts->reading = false;
	parts->more = page->count == PARTS_AT_ONCE;
	for (size_t i = 0; i < page->count; i++) {
		if (!parts->ground->stopping)
			ask(parts, &page->left[i], &page->files[i]);
		transfer_file_finish(&page->files[i]);
	}
	free(page);
	parts->came_back(parts->ctx);
}

void parts_look(struct parts *parts)
{
	int64_t now_ms = sp_monotonic_ms();
	if (parts->reading || parts->count > 0 || now_ms < parts->next_look_ms)
		return;
	struct page *page = sp_alloc(sizeof(*page));
	page->parts = parts;
	page->now_ms = ground_late_ms(parts->ground);
	snprintf(page->connector_id, sizeof(page->connector_id), "%s", parts->connector_id);
	parts->reading = true;
	parts->next_look_ms = now_ms + LOOK_EVERY_MS;
	ground_read(parts->ground, page_work, page_done, page);
}

/* ---- answers ------------------------------------------------------------------------------------------------------ */

struct note {
	char file_id[FILE_ID_SIZE];
	bool forgets;
	int64_t not_before_ms;
};

static int write_note(struct db *db, void *ctx, struct sp_error *err)
{
	const struct note *note = ctx;
	return note->forgets ? parts_left_forget(db, note->file_id, err)
			     : parts_left_note_try(db, note->file_id, note->not_before_ms, err);
}

static void note_written(void *ctx, int result, const struct sp_error *err)
{
	if (result != 0)
		sp_log(SP_LOG_WARNING, "could not note what became of a part: %s", err->message);
	free(ctx);
}

static bool is_given_up(const struct parts *parts, const struct part_left *part)
{
	const int64_t age_max_ms = (int64_t)AGE_MAX_DAYS * 24 * 60 * 60 * 1000;
	return part->tries + 1 >= TRIES_MAX ||
	       ground_early_ms(parts->ground) - part->since_ms > age_max_ms;
}

static int64_t retry_ms(const struct part_left *part)
{
	int64_t delay = RETRY_MS;
	for (int i = 0; i < part->tries && delay < RETRY_MAX_MS; i++)
		delay *= 2;
	return delay < RETRY_MAX_MS ? delay : RETRY_MAX_MS;
}

int parts_end_waits(struct db *db, int64_t now_ms, struct sp_error *err)
{
	return parts_left_end_waits(db, now_ms + RETRY_MAX_MS, err);
}

static void judge(const struct parts *parts, const struct part_left *part,
		  const struct worker_message *message)
{
	struct note *note = sp_alloc(sizeof(*note));
	memcpy(note->file_id, part->file_id, sizeof(note->file_id));
	note->forgets = message->kind == WORKER_REMOVED || is_given_up(parts, part);
	note->not_before_ms = ground_late_ms(parts->ground) + retry_ms(part);
	if (message->kind != WORKER_REMOVED && note->forgets)
		sp_log(SP_LOG_WARNING,
		       "%s: gave up removing what file %s may have left at its partner: %s",
		       parts->connector_id, part->file_id,
		       message->text == NULL ? "" : message->text);
	ground_commit(parts->ground, write_note, note_written, note);
}

/* Nobody answered there: that says nothing of the part, and it is tried with the next connection. */
static bool was_asked_in_vain(const struct worker_message *message)
{
	return message->kind == WORKER_FILE_FAILED &&
	       ((message->step >= STEP_RESOLVE && message->step <= STEP_SFTP) ||
		message->code == SP_CLOSED || message->code == SP_TIMEOUT);
}

void parts_heard(struct parts *parts, const struct worker_message *message)
{
	size_t i = 0;
	while (i < parts->count && strcmp(parts->asked[i].file_id, message->file_id) != 0)
		i++;
	if (i == parts->count ||
	    (message->kind != WORKER_REMOVED && message->kind != WORKER_FILE_FAILED))
		return;
	if (!was_asked_in_vain(message))
		judge(parts, &parts->asked[i], message);
	parts->asked[i] = parts->asked[--parts->count];
	if (parts->count == 0 && parts->more) {
		parts->next_look_ms = 0;
		parts_look(parts);
	}
}
