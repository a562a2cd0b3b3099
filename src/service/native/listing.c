/* One directory listing: what became of it, where its object lies, and what is in that, a page at a time. */

#include <inttypes.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "service/native/file_view.h"
#include "service/native/listing_page.h"
#include "service/native/operations.h"
#include "service/native/request.h"
#include "store/transfers.h"

enum { LISTING_BYTES_MAX = 256 << 20 /* of an object at storage, which is fetched */ };

/* Where a page begins, and in which object: that may be replaced between two pages. */
struct position {
	struct listing_place place;
	uint64_t inode;
	int64_t mtime_ns;
};

/* Lives until the call is answered, for buckets are read elsewhere. */
struct listing {
	struct api_call *call;
	struct transfer_file file;
	size_t max;
	bool goes_on;          /* there was a page before … */
	struct position after; /* … which ended here */
};

#define POSITION_FORMAT "%d %" PRId64 " %" PRIu64 " %" PRId64

static void finish(struct listing *listing)
{
	transfer_file_finish(&listing->file);
	free(listing);
}

static char *list_name(const char *listing_id)
{
	return sp_format("listing %s", listing_id);
}

static void read_position(const char *text, struct listing *listing)
{
	int in_paths;
	struct position *at = &listing->after;
	listing->goes_on =
		text != NULL && sscanf(text, "%d %" SCNd64 " %" SCNu64 " %" SCNd64, &in_paths,
				       &at->place.offset, &at->inode, &at->mtime_ns) == 4;
	at->place.in_paths = listing->goes_on && in_paths != 0;
}

static json_t *describe(const struct listing *listing)
{
	json_t *output = file_view_receipt(&listing->file, NULL);
	sp_json_set_text(output, "ListingId", listing->file.transfer_id);
	return output;
}

/* ---- what is in it: where buckets are read -------------------------------------------------------------------------- */

static int check_identity(const struct listing *listing, const struct object_identity *found,
			  struct sp_error *err)
{
	if (found->size != (uint64_t)listing->file.size)
		return sp_fail(err, SP_CONFLICT,
			       "it has %" PRIu64 " bytes, and the listing had %" PRId64,
			       found->size, listing->file.size);
	if (listing->goes_on &&
	    (found->inode != listing->after.inode || found->mtime_ns != listing->after.mtime_ns))
		return sp_fail(err, SP_CONFLICT,
			       "it is another one than it was at the page before: begin without "
			       "NextToken");
	return 0;
}

static int read_page(const struct listing *listing, struct listing_page *page,
		     struct object_identity *identity, struct sp_error *err)
{
	const struct transfer_file *file = &listing->file;
	SP_AUTO_FD fd = -1;
	if (objects_open_bytes(answer_context(listing->call)->objects, file->bucket, file->key,
			       LISTING_BYTES_MAX, &fd, identity, err) != 0)
		return -1;
	return check_identity(listing, identity, err) == 0 &&
			       listing_page_read(fd, listing->max, page, err) == 0
		       ? 0
		       : sp_wrap(err, "cannot read the listing's object");
}

static void add_token(const struct listing *listing, const struct listing_page *page,
		      const struct object_identity *identity, json_t *output)
{
	char position[128];
	SP_AUTO_FREE char *name = list_name(listing->file.transfer_id);
	snprintf(position, sizeof(position), POSITION_FORMAT, page->next.in_paths,
		 page->next.offset, identity->inode, identity->mtime_ns);
	answer_next_token(answer_context(listing->call), output, name, position);
}

/* What became of it is answered in any case; who is on its way through the entries learns that it cannot go on. */
static void answer_page(void *ctx)
{
	struct listing *listing = ctx;
	struct listing_page page = { .next = listing->after.place,
				     .files = json_array(),
				     .paths = json_array() };
	struct object_identity identity;
	struct sp_error err = { 0 };
	int result = read_page(listing, &page, &identity, &err);
	if (result != 0 && listing->goes_on) {
		api_fail(listing->call, CONFLICT_EXCEPTION, "%s", err.message);
	} else {
		json_t *output = describe(listing);
		if (result != 0) {
			sp_json_set_text(output, "Unreadable", err.message);
		} else {
			json_object_set(output, "Files", page.files);
			json_object_set(output, "Paths", page.paths);
		}
		if (result == 0 && page.more)
			add_token(listing, &page, &identity, output);
		api_reply(listing->call, output);
	}
	json_decref(page.files);
	json_decref(page.paths);
	finish(listing);
}

/* On the loop's thread. */
static void refuse_page(void *ctx)
{
	struct listing *listing = ctx;
	struct sp_error err = { 0 };
	sp_fail(&err, SP_LIMIT,
		"could not read the listing's object: its storage has not answered those who asked "
		"before, or the daemon ends");
	native_error(listing->call, &err);
	finish(listing);
}

/* Storage may hang, and those who ask it then must not have all the threads that folders are read by. */
static int begin_page(struct listing *listing, struct sp_error *err)
{
	const struct service_context *context = answer_context(listing->call);
	size_t storage;
	if (!objects_storage_of(context->objects, listing->file.bucket, &storage))
		return pool_submit(context->buckets, answer_page, listing, err);
	transfer_engine_ask_storage(context->engine, storage, answer_page, refuse_page, listing);
	return 0;
}

/* ---- the operation ---------------------------------------------------------------------------------------------- */

static int find(struct db *db, void *ctx, struct sp_error *err)
{
	struct listing *listing = ctx;
	const char *id = sp_json_string(api_input(listing->call), "ListingId");
	size_t count;
	if (transfers_list_files(db, id, 0, &listing->file, 1, &count, err) != 0)
		return -1;
	if (count == 1 && listing->file.direction == TRANSFER_LIST)
		return 0;
	return sp_fail(err, SP_NOT_FOUND, "there is no listing \"%s\"", id);
}

static void carry_out(struct listing *listing)
{
	struct api_call *call = listing->call;
	struct service_context *context = answer_context(call);
	struct sp_error err = { 0 };
	if (store_read(context->store, find, listing, &err) == 0) {
		if (listing->file.state != FILE_COMPLETED)
			api_reply(call, describe(listing));
		else if (begin_page(listing, &err) == 0)
			return;
		else
			native_error(call, &err);
	} else if (err.code == SP_NOT_FOUND) {
		answer_not_found(call, "Listing", sp_json_string(api_input(call), "ListingId"),
				 err.message);
	} else {
		native_error(call, &err);
	}
	finish(listing);
}

void native_get_listing(struct api_call *call)
{
	SP_AUTO_FREE char *name = list_name(sp_json_string(api_input(call), "ListingId"));
	SP_AUTO_FREE char *position = NULL;
	if (answer_page_start(call, name, INVALID_REQUEST, &position) != 0)
		return;
	struct listing *listing = sp_alloc(sizeof(*listing));
	listing->call = call;
	listing->max = answer_page_size(call);
	read_position(position, listing);
	carry_out(listing);
}
