#include "remote/download.h"

#include <assert.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/scope.h"
#include "remote/ask.h"
#include "remote/flight.h"
#include "remote/replies.h"
#include "remote/words.h"

/*
 *   OPEN ──► OPENING ──► LOOK ──► LOOKING ──► READING ──► END ──► ENDING ──► DONE
 *               │                   │            │                  │
 *               └► EXPLAIN ─► …ING ─┴────────────┴──────────────────┴──► FAILED
 *
 * LOOK is FSTAT and, when that does not tell size and type, STAT on the path as well; END is the same look again, in
 * one burst with CLOSE. With the first look goes a READ of the first block: of a small file that is all. EXPLAIN asks
 * whether what could not be opened or read is a directory.
 */
enum download_state {
	DOWNLOAD_OPEN,
	DOWNLOAD_OPENING,
	DOWNLOAD_EXPLAIN,
	DOWNLOAD_EXPLAINING,
	DOWNLOAD_LOOK,
	DOWNLOAD_LOOKING,
	DOWNLOAD_READING,
	DOWNLOAD_END,
	DOWNLOAD_ENDING,
	DOWNLOAD_DONE,
	DOWNLOAD_FAILED,
};

#define UNKNOWN UINT64_MAX

/* Bytes of a file whose size the server tells as 0 or not at all: a disk must not be filled by a server that lies. */
#define UNTOLD_MAX (UINT64_C(1) << 30)

enum { LOOK_REQUESTS = 2, END_REQUESTS = 3, LENT_MAX = 64 /* blocks */ };

/* What the server says about the file: of the handle, and of the path where the handle did not tell enough. */
struct look {
	struct remote_attributes attributes;
	size_t unanswered;
};

struct download {
	struct remote *remote;
	const struct block_sink *sink;
	char *path, *shown_path; /* owned */
	enum download_state state;

	struct wire_handle handle;
	bool is_open;                         /* and CLOSE was not asked for */
	uint64_t offset, old_size, old_mtime; /* gone on with; 0: from the start */
	struct look before, after;
	bool ask_path; /* the handle alone does not tell enough */

	/*
	 *   0 ────────── delivered ─────────── next ─────────── limit
	 *    in the sink     blocks, asked for       not asked for    what we were told; then one probe for more
	 */
	/* Ascending; the tail is being filled with requests while it has room. */
	struct block *head, *tail;
	uint64_t delivered, next;
	uint64_t limit; /* UNKNOWN: until EOF shows */
	uint64_t end;   /* where EOF was seen; UNKNOWN until then */
	uint64_t seen;  /* one past the highest byte that came */
	size_t reading; /* READs that were not answered, the probe among them */
	bool probed;
	uint8_t probe;
	struct flight flight;
	struct crew *crew;             /* NULL: nobody helps … */
	size_t lent;                   /* … or has so many blocks … */
	struct block *again[LENT_MAX]; /* … and gave these back as they were */
	size_t again_count;

	struct sp_error failure;
	enum failure_step failed_step;
};

static struct asker asker(struct download *download, reply_fn *fn)
{
	return (struct asker){ fn, download };
}

/* ---- failing --------------------------------------------------------------------------------------------------- */

static bool has_failed(const struct download *download)
{
	return download->failure.code != SP_OK;
}

static void fail(struct download *download, enum failure_step step)
{
	download->failed_step = step;
	download->state = DOWNLOAD_FAILED;
}

static void fail_remote(struct download *download, const struct reply *reply, const char *what)
{
	if (has_failed(download))
		return;
	reply_fail(reply, &download->failure);
	sp_wrap(&download->failure, "could not %s \"%s\"", what, download->shown_path);
	fail(download, STEP_READ_REMOTE);
}

static void fail_changed(struct download *download, const char *how)
{
	sp_fail(&download->failure, SP_CHANGED, "\"%s\" changed while it was read: %s",
		download->shown_path, how);
	fail(download, STEP_READ_REMOTE);
}

/* ---- what it is ------------------------------------------------------------------------------------------------ */

static uint32_t type_of(const struct remote_attributes *attributes)
{
	return attributes->has_permissions ? attributes->permissions & S_IFMT : 0;
}

/* Only regular files are read. Servers that tell no type are believed. */
static bool is_refused(struct download *download, const struct remote_attributes *attributes)
{
	uint32_t type = type_of(attributes);
	if (type == S_IFREG || type == 0)
		return false;
	sp_fail(&download->failure, SP_UNSUPPORTED, "cannot read \"%s\": it is %s",
		download->shown_path, type == S_IFDIR ? "a directory" : "not a regular file");
	fail(download, STEP_READ_REMOTE);
	return true;
}

static void explained(void *owner, const struct reply *reply)
{
	struct download *download = owner;
	download->state = DOWNLOAD_FAILED;
	if (reply->dead == NULL && reply->kind == REPLY_ATTRIBUTES)
		is_refused(download, &reply->attributes);
}

static void step_explain(struct download *download)
{
	if (remote_room(download->remote) == 0)
		return;
	ask_stat(download->remote, WIRE_STAT, download->path, asker(download, explained));
	download->state = DOWNLOAD_EXPLAINING;
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

static void opened(void *owner, const struct reply *reply)
{
	struct download *download = owner;
	if (reply->dead != NULL)
		return;
	if (reply->kind == REPLY_HANDLE) {
		download->handle = reply->handle;
		download->is_open = true;
		download->state = DOWNLOAD_LOOK;
		return;
	}
	fail_remote(download, reply, "open");
	/* Servers that refuse to open a directory do not say that it is one. */
	if (!reply_is_status(reply, WIRE_NO_SUCH_FILE))
		download->state = DOWNLOAD_EXPLAIN;
}

static void step_open(struct download *download)
{
	if (strlen(download->path) > REMOTE_PATH_MAX) {
		sp_fail(&download->failure, SP_INVALID,
			"cannot open \"%s\": the path is longer than %d bytes",
			download->shown_path, REMOTE_PATH_MAX);
		fail(download, STEP_READ_REMOTE);
		return;
	}
	if (remote_room(download->remote) == 0)
		return;
	ask_open(download->remote, download->path, WIRE_OPEN_READ, asker(download, opened));
	download->state = DOWNLOAD_OPENING;
}

/* ---- looking, before and after --------------------------------------------------------------------------------- */

/* Takes over what is not known yet: the handle's answer comes first and counts. */
static void add_attributes(struct remote_attributes *known, const struct remote_attributes *more)
{
	if (!known->has_size && more->has_size) {
		known->has_size = true;
		known->size = more->size;
	}
	if (type_of(known) == 0 && more->has_permissions) {
		known->has_permissions = true;
		known->permissions = more->permissions;
	}
	if (!known->has_times && more->has_times) {
		known->has_times = true;
		known->mtime = more->mtime;
	}
}

static bool tells_enough(const struct remote_attributes *attributes)
{
	return attributes->has_size && type_of(attributes) != 0;
}

bool download_identity(const struct download *download, uint64_t *out_size, uint64_t *out_mtime)
{
	const struct remote_attributes *attributes = &download->before.attributes;
	*out_size = attributes->size;
	*out_mtime = attributes->mtime;
	return attributes->has_size && attributes->has_times;
}

bool download_saw_size(const struct download *download)
{
	return download->before.attributes.has_size;
}

static bool is_what_it_was(const struct download *download)
{
	uint64_t size, mtime;
	return download_identity(download, &size, &mtime) && size == download->old_size &&
	       mtime == download->old_mtime;
}

static void begin_reading(struct download *download)
{
	const struct remote_attributes *attributes = &download->before.attributes;
	if (is_refused(download, attributes))
		return;
	if (attributes->has_size && attributes->size > INT64_MAX) {
		sp_fail(&download->failure, SP_UNSUPPORTED,
			"cannot read \"%s\": the server says that it has %llu bytes, which no file "
			"can have",
			download->shown_path, (unsigned long long)attributes->size);
		fail(download, STEP_READ_REMOTE);
		return;
	}
	if (download->offset > 0 && !is_what_it_was(download)) {
		fail_changed(download, "it is another one than when it was begun");
		return;
	}
	download->limit = attributes->has_size ? attributes->size : UNKNOWN;
	download->state = DOWNLOAD_READING;
}

static void looked(void *owner, const struct reply *reply)
{
	struct download *download = owner;
	struct look *before = &download->before;
	if (reply->dead != NULL || download->state != DOWNLOAD_LOOKING)
		return;
	if (reply->kind == REPLY_ATTRIBUTES)
		add_attributes(&before->attributes, &reply->attributes);
	if (!download->ask_path && !tells_enough(&before->attributes)) {
		download->ask_path = true;
		download->state = DOWNLOAD_LOOK;
		return;
	}
	begin_reading(download);
}

static bool ask_next(struct download *download);

static void step_look(struct download *download)
{
	if (remote_room(download->remote) == 0)
		return;
	download->state = DOWNLOAD_LOOKING;
	if (download->ask_path)
		ask_stat(download->remote, WIRE_STAT, download->path, asker(download, looked));
	else
		ask_fstat(download->remote, &download->handle, asker(download, looked));
	if (download->next == 0 && remote_room(download->remote) > 0)
		ask_next(download);
}

static void conclude(struct download *download)
{
	const struct remote_attributes *before = &download->before.attributes;
	const struct remote_attributes *after = &download->after.attributes;
	if (download->state != DOWNLOAD_ENDING || download->after.unanswered > 0)
		return;
	if (before->has_size && !after->has_size)
		fail_changed(download, "the server does not tell its size any more");
	else if (before->has_size && before->size != after->size)
		fail_changed(download, "its size is another now");
	else if (before->has_times && after->has_times && before->mtime != after->mtime)
		fail_changed(download, "it was written to");
	else if (before->has_size && download->delivered < before->size)
		fail_changed(download, "it ended before its size");
	else
		download->state = DOWNLOAD_DONE;
}

static void looked_again(void *owner, const struct reply *reply)
{
	struct download *download = owner;
	if (reply->dead != NULL)
		return;
	download->after.unanswered--;
	if (reply->kind == REPLY_ATTRIBUTES)
		add_attributes(&download->after.attributes, &reply->attributes);
	conclude(download);
}

/* What was read is not touched by a CLOSE that fails: that it was answered is enough. */
static void closed(void *owner, const struct reply *reply)
{
	struct download *download = owner;
	if (reply->dead != NULL)
		return;
	download->after.unanswered--;
	conclude(download);
}

static void step_end(struct download *download)
{
	if (remote_room(download->remote) < END_REQUESTS)
		return;
	download->state = DOWNLOAD_ENDING;
	download->after.unanswered = 2;
	ask_fstat(download->remote, &download->handle, asker(download, looked_again));
	if (download->ask_path) {
		download->after.unanswered++;
		ask_stat(download->remote, WIRE_STAT, download->path,
			 asker(download, looked_again));
	}
	ask_close(download->remote, &download->handle, asker(download, closed));
	download->is_open = false;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static void note_end(struct download *download, uint64_t offset)
{
	if (offset < download->end)
		download->end = offset;
}

static void note_seen(struct download *download, uint64_t offset)
{
	if (offset > download->seen)
		download->seen = offset;
}

static void read_answered(void *owner, const struct reply *reply);

/* Asks for @length bytes of @block, from the file's @offset on. */
static void ask_piece(struct download *download, struct block *block, uint64_t offset,
		      uint32_t length)
{
	struct piece piece = { offset, length, block };
	download->reading++;
	ask_read(download->remote, &download->handle, &piece,
		 block->data + (offset - block->offset), asker(download, read_answered));
}

static void read_answered(void *owner, const struct reply *reply)
{
	struct download *download = owner;
	struct block *block = reply->item;
	if (reply->dead != NULL)
		return;
	download->reading--;
	if (reply->kind == REPLY_DATA) {
		uint64_t behind = reply->offset + reply->data_length;
		uint32_t missing = reply->length - reply->data_length;
		block->pending -= reply->data_length;
		note_seen(download, behind);
		if (missing > 0 && behind == download->limit) {
			/* More was asked for than there is: that is the answer to whether there is more. */
			block->pending -= missing;
			note_end(download, behind);
		} else if (missing > 0) {
			ask_piece(download, block, behind, missing);
		}
		return;
	}
	block->pending -= reply->length;
	if (reply_is_status(reply, WIRE_EOF)) {
		note_end(download, reply->offset);
		return;
	}
	bool looked = download->state != DOWNLOAD_LOOKING;
	fail_remote(download, reply, "read");
	if (!looked) /* at what kind of file it is */
		download->state = DOWNLOAD_EXPLAIN;
}

/* Whether there is more behind the size that we were told. */
static void probe_answered(void *owner, const struct reply *reply)
{
	struct download *download = owner;
	if (reply->dead != NULL)
		return;
	download->reading--;
	if (reply->kind == REPLY_DATA && download->limit > 0) {
		fail_changed(download, "there is more of it than its size");
	} else if (reply->kind == REPLY_DATA) {
		/* A size of 0 is what servers tell of files that are made as they are read. */
		note_seen(download, reply->offset + reply->data_length);
		download->limit = UNKNOWN;
	} else if (reply_is_status(reply, WIRE_EOF)) {
		note_end(download, reply->offset);
	} else {
		fail_remote(download, reply, "read");
	}
}

static void ask_probe(struct download *download)
{
	struct piece piece = { download->limit, sizeof(download->probe), NULL };
	download->probed = true;
	download->reading++;
	ask_read(download->remote, &download->handle, &piece, &download->probe,
		 asker(download, probe_answered));
}

/* Bytes of a block that are used: whole requests, so that none is small without need. */
static size_t usable(const struct block *block, uint32_t read_max)
{
	return block->room < read_max ? block->room : block->room - block->room % read_max;
}

static bool is_full(const struct block *block, uint32_t read_max)
{
	return block->length >= usable(block, read_max);
}

/* The block that the next request goes into; NULL when there is none now. */
static struct block *filling(struct download *download, uint32_t read_max)
{
	struct block *tail = download->tail;
	if (tail != NULL && !is_full(tail, read_max))
		return tail;
	struct block *block = download->sink->get(download->sink->ctx);
	if (block == NULL)
		return NULL;
	block->offset = download->next;
	block->length = 0;
	block->pending = 0;
	block->is_lent = false;
	block->next = NULL;
	if (tail != NULL)
		tail->next = block;
	else
		download->head = block;
	download->tail = block;
	return block;
}

/* All of a block that nobody else reads. */
static void read_alone(struct download *download, struct block *block, uint32_t read_max)
{
	block->is_lent = false;
	flight_leave(&download->flight, block->length, sp_monotonic_us());
	for (uint64_t at = 0; at < block->length; at += read_max) {
		uint64_t left = block->length - at;
		ask_piece(download, block, block->offset + at,
			  left < read_max ? (uint32_t)left : read_max);
	}
}

/* What was lent and came back as it was. */
static bool ask_again(struct download *download, uint32_t read_max)
{
	struct block *block = download->again[download->again_count - 1];
	if (remote_room(download->remote) < block->length / read_max + 1)
		return false;
	download->again_count--;
	read_alone(download, block, read_max);
	return true;
}

/* The next block is read by somebody else, since we have enough under way. */
static bool lend_next(struct download *download, uint32_t read_max)
{
	if (download->crew == NULL || download->limit == UNKNOWN || download->lent == LENT_MAX ||
	    (download->tail != NULL && !is_full(download->tail, read_max)) ||
	    !crew_has_room(download->crew))
		return false;
	struct block *block = filling(download, read_max);
	if (block == NULL)
		return false;
	block->length = usable(block, read_max);
	if (block->length > download->limit - download->next)
		block->length = download->limit - download->next;
	block->pending = block->length;
	download->next += block->length;
	block->is_lent = true;
	download->lent++;
	if (!crew_lend(download->crew, block)) { /* who had room has left */
		download->lent--;
		download->again[download->again_count++] = block;
	}
	return true;
}

static void take_all_back(struct download *download)
{
	bool ignored;
	for (struct block *block; (block = crew_take_back(download->crew, &ignored)) != NULL;) {
		download->lent--;
		if (block->is_done) {
			block->pending = 0;
			note_seen(download, block->offset + block->length);
		} else {
			download->again[download->again_count++] = block;
		}
	}
}

static bool ask_next(struct download *download)
{
	uint32_t read_max = remote_features(download->remote)->read_max;
	if (download->again_count > 0)
		return ask_again(download, read_max);
	if (download->next >= download->limit) {
		/* What was asked for before the size was known may have gone beyond it, and tells as much. */
		if (download->probed || download->next > download->limit)
			return false;
		ask_probe(download);
		return true;
	}
	if (!flight_allows(&download->flight, read_max))
		return lend_next(download, read_max);
	if (download->limit == UNKNOWN && download->next >= UNTOLD_MAX) {
		sp_fail(&download->failure, SP_UNSUPPORTED,
			"cannot read \"%s\": the server tells no size, and more than %llu bytes "
			"come",
			download->shown_path, (unsigned long long)UNTOLD_MAX);
		fail(download, STEP_READ_REMOTE);
		return false;
	}
	struct block *block = filling(download, read_max);
	if (block == NULL)
		return false;
	uint64_t length = usable(block, read_max) - block->length;
	if (length > read_max)
		length = read_max;
	if (length > download->limit - download->next)
		length = download->limit - download->next;
	block->length += length;
	block->pending += length;
	flight_leave(&download->flight, length, sp_monotonic_us());
	uint64_t offset = download->next;
	download->next += length;
	ask_piece(download, block, offset, (uint32_t)length);
	return true;
}

static void ask_more(struct download *download)
{
	while (download->end == UNKNOWN && remote_room(download->remote) > 0)
		if (!ask_next(download))
			return;
}

static struct block *take_head(struct download *download)
{
	struct block *head = download->head;
	download->head = head->next;
	if (download->head == NULL)
		download->tail = NULL;
	head->next = NULL;
	if (!head->is_lent)
		flight_arrive(&download->flight, head->length,
			      remote_round_trip_us(download->remote), sp_monotonic_us());
	return head;
}

/* A block is ready when all its bytes are here and it gets no more requests: it is full, or none is under way. */
static bool is_head_ready(const struct download *download)
{
	const struct block *head = download->head;
	return head != NULL && head->pending == 0 &&
	       (head != download->tail || download->reading == 0);
}

static void deliver(struct download *download)
{
	while (is_head_ready(download)) {
		struct block *block = take_head(download);
		if (block->offset >= download->end) {
			download->sink->give_back(download->sink->ctx, block);
			continue;
		}
		if (block->length > download->end - block->offset)
			block->length = download->end - block->offset;
		download->delivered += block->length;
		if (download->sink->put(download->sink->ctx, block, &download->failure) != 0) {
			fail(download, STEP_WRITE_OBJECT);
			return;
		}
	}
}

static void step_read(struct download *download)
{
	if (download->crew != NULL)
		take_all_back(download);
	if (download->limit == 0 && download->seen > 0)
		download->limit = UNKNOWN; /* see probe_answered() */
	if (download->limit != UNKNOWN && download->seen > download->limit) {
		fail_changed(download, "there is more of it than its size");
		return;
	}
	ask_more(download);
	if (download->end != UNKNOWN && download->seen > download->end) {
		fail_changed(download, "bytes came from behind its end");
		return;
	}
	deliver(download);
	if (download->state != DOWNLOAD_READING)
		return;
	/* Blocks that were delivered make room for more. */
	ask_more(download);
	if (download->end == UNKNOWN || download->reading > 0 || download->lent > 0 ||
	    download->again_count > 0)
		return;
	if (download->crew != NULL)
		crew_end(download->crew);
	download->state = DOWNLOAD_END;
}

/* ---- the door -------------------------------------------------------------------------------------------------- */

struct download *download_start(struct remote *remote, const struct download_plan *plan,
				const struct block_sink *sink)
{
	struct download *download = sp_alloc(sizeof(*download));
	download->remote = remote;
	download->sink = sink;
	download->path = sp_strdup(plan->path);
	download->shown_path = words_of_path(plan->path);
	download->offset = download->delivered = download->next = plan->offset;
	download->old_size = plan->size;
	download->old_mtime = plan->mtime;
	download->limit = UNKNOWN;
	download->end = UNKNOWN;
	download->flight = flight_of(plan->flight_max, remote_features(remote)->read_max,
				     remote_round_trip_us(remote));
	return download;
}

static void (*const steps[])(struct download *download) = {
	[DOWNLOAD_OPEN] = step_open, [DOWNLOAD_EXPLAIN] = step_explain,
	[DOWNLOAD_LOOK] = step_look, [DOWNLOAD_READING] = step_read,
	[DOWNLOAD_END] = step_end,   [DOWNLOAD_FAILED] = NULL,
};

static void notice_death(struct download *download)
{
	const struct sp_error *dead = session_dead(download->remote);
	if (dead == NULL || download->state == DOWNLOAD_DONE || download->state == DOWNLOAD_FAILED)
		return;
	if (!has_failed(download)) {
		download->failure = *dead;
		download->failed_step = STEP_READ_REMOTE;
	}
	download->state = DOWNLOAD_FAILED;
}

enum job_state download_step(struct download *download, enum failure_step *out_step,
			     struct sp_error *err)
{
	notice_death(download);
	for (enum download_state before = DOWNLOAD_DONE; download->state != before;) {
		before = download->state;
		if (steps[download->state] != NULL)
			steps[download->state](download);
	}
	if (download->state == DOWNLOAD_DONE)
		return JOB_DONE;
	if (download->state != DOWNLOAD_FAILED)
		return JOB_WORKING;
	*out_step = download->failed_step;
	sp_fail(err, download->failure.code, "%s", download->failure.message);
	return JOB_FAILED;
}

uint64_t download_progress(const struct download *download)
{
	return download->delivered;
}

void download_lend_to(struct download *download, struct crew *crew)
{
	download->crew = crew;
}

bool download_recall(struct download *download)
{
	if (download->crew == NULL)
		return true;
	crew_recall(download->crew);
	bool is_over = crew_is_over(download->crew);
	take_all_back(download);
	return is_over;
}

void download_destroy(struct download *download)
{
	if (download == NULL)
		return;
	assert(download->lent == 0);
	session_forget(download->remote, download);
	if (download->is_open)
		ask_close(download->remote, &download->handle, (struct asker){ 0 });
	while (download->head != NULL) {
		struct block *block = take_head(download);
		download->sink->give_back(download->sink->ctx, block);
	}
	free(download->path);
	free(download->shown_path);
	free(download);
}
