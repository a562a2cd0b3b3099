#include "cli/follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"

struct follow {
	struct follow_options options;
	struct listen *listen;
	struct bar bar;
	struct follow_file **files; /* owned, in the order in which they came */
	size_t count, room, pending;
	json_t *by_path, *by_id; /* places in @files, by "TransferId path" and by FileId */
	struct amount_done done;
	int64_t unsized; /* files whose size nobody said */
	bool has_plan;   /* follow_expect(): files and bytes are counted already */
	bool must_look;  /* the service knows nothing of where we were: all is asked for anew */
};

/* ---- files ------------------------------------------------------------------------------------------------------ */

static struct follow_file *find(const struct follow *follow, const json_t *places, const char *key)
{
	const json_t *place = key == NULL ? NULL : json_object_get(places, key);
	return place == NULL ? NULL : follow->files[json_integer_value(place)];
}

static char *key_of(const char *transfer_id, const char *path)
{
	return sp_format("%s %s", transfer_id, path);
}

static struct follow_file *add_file(struct follow *follow, const char *transfer_id,
				    const char *path, int64_t size, bool is_errand)
{
	struct follow_file *file = sp_alloc(sizeof(*file));
	SP_AUTO_FREE char *key = key_of(transfer_id, path);
	file->transfer_id = sp_strdup(transfer_id);
	file->path = sp_strdup(path);
	file->size = size;
	file->is_errand = is_errand;
	if (follow->count == follow->room) {
		follow->room = follow->room == 0 ? 256 : 2 * follow->room;
		follow->files =
			sp_realloc(follow->files, follow->room * sizeof(struct follow_file *));
	}
	json_object_set_new(follow->by_path, key, json_integer((json_int_t)follow->count));
	follow->files[follow->count++] = file;
	follow->pending++;
	if (is_errand || follow->has_plan)
		return file;
	follow->done.files++;
	follow->unsized += size < 0;
	follow->done.bytes += size < 0 ? 0 : size;
	follow->done.sizes_are_known = follow->unsized == 0;
	return file;
}

static void finish_file(struct follow_file *file)
{
	free(file->transfer_id);
	free(file->path);
	free(file->failure_code);
	free(file->failure);
	free(file);
}

/* ---- what is told ----------------------------------------------------------------------------------------------- */

static void set_done(struct follow *follow, struct follow_file *file, int64_t done)
{
	if (file->is_errand || done < 0)
		return;
	follow->done.bytes_done += done - file->done;
	file->done = done;
}

static void set_size(struct follow *follow, struct follow_file *file, int64_t size)
{
	if (size < 0 || file->size >= 0 || file->is_errand)
		return;
	file->size = size;
	follow->done.bytes += size;
	follow->unsized--;
	follow->done.sizes_are_known = follow->unsized <= 0;
}

static void end_file(struct follow *follow, struct follow_file *file, bool has_failed,
		     const json_t *data)
{
	file->has_ended = true;
	file->has_failed = has_failed;
	follow->pending--;
	file->failure_code = sp_strdup(sp_json_string(data, "FailureCode"));
	file->failure = sp_strdup(sp_json_string(data, "FailureMessage"));
	if (!file->is_errand) {
		follow->done.files_ended++;
		follow->done.files_failed += has_failed;
		set_done(follow, file, has_failed ? 0 : file->size);
	}
	if (follow->options.ended != NULL)
		follow->options.ended(follow->options.ctx, file);
}

/* @data: an event's, or an entry of a transfer's Files. */
static void take_state(struct follow *follow, struct follow_file *file, const json_t *data)
{
	const char *id = sp_json_string(data, "FileId");
	const char *state = sp_json_string(data, "StatusCode");
	if (id != NULL && file->file_id[0] == '\0') {
		SP_AUTO_FREE char *key = key_of(file->transfer_id, file->path);
		snprintf(file->file_id, sizeof(file->file_id), "%s", id);
		json_object_set(follow->by_id, id, json_object_get(follow->by_path, key));
	}
	set_size(follow, file, sp_json_integer(data, "Size", -1));
	if (file->has_ended || state == NULL)
		return;
	set_done(follow, file, sp_json_integer(json_object_get(data, "Progress"), "BytesDone", -1));
	if (strcmp(state, "COMPLETED") == 0 || strcmp(state, "FAILED") == 0)
		end_file(follow, file, state[0] == 'F', data);
}

static bool is_errand(const json_t *data)
{
	const char *direction = sp_json_string(data, "Direction");
	return direction != NULL && strcmp(direction, "SEND") != 0 &&
	       strcmp(direction, "RETRIEVE") != 0;
}

static void take_file_event(struct follow *follow, const json_t *data)
{
	const char *transfer_id = sp_json_string(data, "TransferId");
	const char *path = sp_json_string(data, "FilePath");
	if (transfer_id == NULL || path == NULL)
		return;
	SP_AUTO_FREE char *key = key_of(transfer_id, path);
	struct follow_file *file = find(follow, follow->by_path, key);
	if (file == NULL && follow->options.takes_all)
		file = add_file(follow, transfer_id, path, -1, is_errand(data));
	if (file != NULL)
		take_state(follow, file, data);
}

static void take_event(void *ctx, const char *name, const json_t *data)
{
	struct follow *follow = ctx;
	if (strcmp(name, "file") == 0) {
		take_file_event(follow, data);
	} else if (strcmp(name, "progress") == 0) {
		struct follow_file *file =
			find(follow, follow->by_id, sp_json_string(data, "FileId"));
		if (file != NULL && !file->has_ended) {
			set_size(follow, file, sp_json_integer(data, "Size", -1));
			set_done(follow, file, sp_json_integer(data, "BytesDone", -1));
		}
	} else if (strcmp(name, "reset") == 0) {
		follow->must_look = true;
	}
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

int follow_add_begun(struct follow *follow, const char *transfer_id, struct sp_error *err)
{
	SP_AUTO_BUFFER target = { 0 };
	SP_AUTO_JSON json_t *transfer = NULL;
	sp_buffer_add_text(&target, "/v1/transfers/");
	ask_add_encoded(&target, transfer_id);
	if (ask_native(follow->options.ask, "GET", sp_buffer_text(&target), &transfer, err) != 0)
		return -1;
	size_t i;
	json_t *entry;
	json_array_foreach (json_object_get(transfer, "Files"), i, entry) {
		const char *path = sp_json_string(entry, "FilePath");
		SP_AUTO_FREE char *key = key_of(transfer_id, path == NULL ? "" : path);
		struct follow_file *file = find(follow, follow->by_path, key);
		if (file == NULL)
			file = add_file(follow, transfer_id, path == NULL ? "" : path, -1,
					is_errand(transfer));
		take_state(follow, file, entry);
	}
	return 0;
}

/* Whatever has not ended is looked at. What the service has forgotten has ended in some way that nobody will tell. */
static int look_anew(struct follow *follow, struct sp_error *err)
{
	size_t count = follow->count;
	follow->must_look = false;
	for (size_t i = 0; i < count; i++)
		if (!follow->files[i]->has_ended &&
		    follow_add_begun(follow, follow->files[i]->transfer_id, err) != 0)
			return -1;
	return 0;
}

int follow_step(struct follow *follow, int timeout_ms, struct sp_error *err)
{
	bar_draw(&follow->bar, &follow->done);
	if (listen_step(follow->listen, timeout_ms, err) != 0)
		return -1;
	if (follow->must_look && look_anew(follow, err) != 0)
		return -1;
	bar_draw(&follow->bar, &follow->done);
	return 0;
}

void follow_add(struct follow *follow, const char *transfer_id, const char *path, int64_t size,
		bool errand)
{
	add_file(follow, transfer_id, path, size, errand);
}

void follow_expect(struct follow *follow, int64_t files, int64_t bytes, bool sizes_are_known)
{
	follow->has_plan = true;
	follow->done.files += files;
	follow->done.bytes += bytes;
	follow->unsized = sizes_are_known ? 0 : files;
	follow->done.sizes_are_known = sizes_are_known;
}

int follow_open(const struct follow_options *options, struct follow **out, struct sp_error *err)
{
	struct follow *follow = sp_alloc(sizeof(*follow));
	follow->options = *options;
	follow->by_path = json_object();
	follow->by_id = json_object();
	follow->done.sizes_are_known = true;
	bar_open(&follow->bar, options->is_quiet);
	if (listen_open(options->ask, options->connector_id, take_event, follow, &follow->listen,
			err) != 0) {
		follow_close(follow);
		return -1;
	}
	*out = follow;
	return 0;
}

void follow_close(struct follow *follow)
{
	if (follow == NULL)
		return;
	bar_clear(&follow->bar);
	listen_close(follow->listen);
	for (size_t i = 0; i < follow->count; i++)
		finish_file(follow->files[i]);
	free(follow->files);
	json_decref(follow->by_path);
	json_decref(follow->by_id);
	free(follow);
}

size_t follow_pending(const struct follow *follow)
{
	return follow->pending;
}

struct amount_done follow_done(const struct follow *follow)
{
	return follow->done;
}

size_t follow_count(const struct follow *follow)
{
	return follow->count;
}

const struct follow_file *follow_at(const struct follow *follow, size_t place)
{
	return follow->files[place];
}

void follow_clear_bar(struct follow *follow)
{
	bar_clear(&follow->bar);
}
