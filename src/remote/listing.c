#include "remote/listing.h"

#include <string.h>
#include <sys/stat.h>

#include "base/scope.h"
#include "base/text.h"
#include "remote/ask.h"
#include "remote/replies.h"
#include "remote/words.h"

enum {
	QUEUED_MAX =
		256 *
		1024, /* bytes of replies that wait to be read: with more nothing is asked for */
	LARGE_REPLY = 48 * 1024, /* bytes of one: whoever sends so much at once … */
	READS_OF_LARGE = 4,      /* … is asked for no more at a time */
	DOTS_MAX = 64,           /* "." and ".." in one directory: two of them are usual */
};

/*
 *   OPEN ──► OPENING ──► READING ──► ENDED
 *               │            │
 *               ├────────────┴─────────► FAILED
 *               └► EXPLAIN ─► …ING ────────┘    why a directory could not be opened: is it one?
 */
enum listing_state {
	LISTING_OPEN,
	LISTING_OPENING,
	LISTING_EXPLAIN,
	LISTING_EXPLAINING,
	LISTING_READING,
	LISTING_ENDED,
	LISTING_FAILED,
};

/* The names of one reply, as they came. */
struct batch {
	struct batch *next;
	uint32_t left;
	size_t length;
	uint8_t bytes[];
};

struct listing {
	struct remote *remote;
	char *path, *shown_path; /* owned */
	enum listing_state state;
	struct wire_handle handle;
	bool is_open;
	size_t reads, reads_max, reading; /* READDIRs: may be under way, ever may, are */
	bool saw_end;
	struct batch *first, *last; /* owned; the first is being read … */
	struct wire_names names;    /* … at this place */
	size_t queued;              /* bytes of all of them */
	unsigned dots;
	struct sp_error failure;
};

static struct asker asker_of(struct listing *listing, reply_fn *fn)
{
	return (struct asker){ fn, listing };
}

/* ---- endings ---------------------------------------------------------------------------------------------------- */

static void fail(struct listing *listing)
{
	sp_wrap(&listing->failure, "could not list \"%s\"", listing->shown_path);
	listing->state = LISTING_FAILED;
}

static void fail_reply(struct listing *listing, const struct reply *reply)
{
	reply_fail(reply, &listing->failure);
	fail(listing);
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static void opened(void *owner, const struct reply *reply)
{
	struct listing *listing = owner;
	if (reply->dead == NULL && reply->kind == REPLY_HANDLE) {
		listing->handle = reply->handle;
		listing->is_open = true;
		listing->state = LISTING_READING;
		return;
	}
	reply_fail(reply, &listing->failure);
	if (reply->dead != NULL)
		fail(listing);
	else
		listing->state = LISTING_EXPLAIN;
}

/* Of a file most servers say that there is no such directory, or nothing but "failure". */
static void explained(void *owner, const struct reply *reply)
{
	struct listing *listing = owner;
	bool is_known = reply->dead == NULL && reply->kind == REPLY_ATTRIBUTES &&
			reply->attributes.has_permissions;
	if (is_known && !S_ISDIR(reply->attributes.permissions))
		sp_fail(&listing->failure, SP_CONFLICT, "it is no directory");
	else if (reply_is_status(reply, WIRE_NO_SUCH_FILE))
		sp_fail(&listing->failure, SP_NOT_FOUND, "there is no such directory");
	fail(listing);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static void queue(struct listing *listing, const struct wire_names *names)
{
	size_t length = sp_reader_left(&names->entries);
	struct batch *batch = sp_alloc(sizeof(*batch) + length);
	batch->left = names->left;
	batch->length = length;
	memcpy(batch->bytes, names->entries.at, length);
	listing->queued += length;
	if (listing->first == NULL) {
		listing->first = batch;
		listing->names =
			(struct wire_names){ batch->left, sp_reader_of(batch->bytes, length) };
	} else {
		listing->last->next = batch;
	}
	listing->last = batch;
	if (length > LARGE_REPLY && listing->reads_max > READS_OF_LARGE)
		listing->reads_max = READS_OF_LARGE;
	listing->reads++;
}

/* What is asked behind the end is answered with the end once more, or with some failure. A reply without names is the
 * end as well: it would come again and again. */
static void names_came(void *owner, const struct reply *reply)
{
	struct listing *listing = owner;
	listing->reading--;
	bool has_names = reply->dead == NULL && reply->kind == REPLY_NAMES;
	if (listing->state == LISTING_FAILED)
		return;
	if (has_names && reply->names.left > 0)
		queue(listing, &reply->names);
	else if (has_names || reply_is_status(reply, WIRE_EOF))
		listing->saw_end = true;
	else if (reply->dead != NULL || !listing->saw_end)
		fail_reply(listing, reply);
}

static void ask_more(struct listing *listing)
{
	size_t most = listing->reads < listing->reads_max ? listing->reads : listing->reads_max;
	while (!listing->saw_end && listing->reading < most && listing->queued <= QUEUED_MAX &&
	       remote_room(listing->remote) > 0) {
		listing->reading++;
		ask_names(listing->remote, &listing->handle, asker_of(listing, names_came));
	}
}

static void drop_first(struct listing *listing)
{
	struct batch *batch = listing->first;
	listing->first = batch->next;
	listing->queued -= batch->length;
	free(batch);
	if (listing->first != NULL)
		listing->names = (struct wire_names){
			listing->first->left,
			sp_reader_of(listing->first->bytes, listing->first->length),
		};
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

static int refuse(struct listing *listing, enum sp_code code, const struct wire_bytes *name,
		  const char *why)
{
	SP_AUTO_FREE char *shown = words_of_server(name->data, name->length);
	sp_fail(&listing->failure, code, "the server names an entry \"%s\", %s", shown, why);
	fail(listing);
	return -1;
}

static bool is_dots(const struct wire_bytes *name)
{
	return (name->length == 1 && name->data[0] == '.') ||
	       (name->length == 2 && memcmp(name->data, "..", 2) == 0);
}

/* What a path of this name would lead to must be in this directory. */
static int check_name(struct listing *listing, const struct wire_bytes *name)
{
	if (name->length == 0)
		return refuse(listing, SP_PROTOCOL, name, "which is no name");
	if (name->length > LISTING_NAME_MAX)
		return refuse(listing, SP_PROTOCOL, name, "which is longer than any name");
	if (memchr(name->data, '\0', name->length) != NULL)
		return refuse(listing, SP_PROTOCOL, name, "and a NUL byte behind it");
	if (memchr(name->data, '/', name->length) != NULL)
		return refuse(listing, SP_PROTOCOL, name, "and no name holds a slash");
	if (memchr(name->data, '\n', name->length) != NULL)
		return refuse(listing, SP_UNSUPPORTED, name,
			      "and a name with a line break is not taken");
	return 0;
}

/* A server that tells no permissions may still show what `ls -l` does. */
static void fill(const struct wire_name *name, struct remote_entry *out)
{
	memcpy(out->name, name->name.data, name->name.length);
	out->name[name->name.length] = '\0';
	out->attributes = name->attributes;
	char first = name->line.length > 0 ? (char)name->line.data[0] : '\0';
	bool is_told = name->attributes.has_permissions;
	mode_t mode = name->attributes.permissions;
	out->is_directory = is_told ? S_ISDIR(mode) : first == 'd';
	out->is_link = is_told ? S_ISLNK(mode) : first == 'l';
}

/* 1, 0 when all that came was read, -1. */
static int take(struct listing *listing, struct remote_entry *out)
{
	struct wire_name name;
	while (listing->first != NULL) {
		if (!wire_next_name(&listing->names, &name)) {
			drop_first(listing);
			continue;
		}
		if (!is_dots(&name.name)) {
			if (check_name(listing, &name.name) != 0)
				return -1;
			fill(&name, out);
			return 1;
		}
		if (++listing->dots > DOTS_MAX)
			return refuse(listing, SP_PROTOCOL, &name.name, "again and again");
	}
	return 0;
}

/* ---- the door --------------------------------------------------------------------------------------------------- */

static int read_next(struct listing *listing, struct remote_entry *out)
{
	int taken = take(listing, out);
	if (taken == 0 && listing->saw_end && listing->reading == 0) {
		listing->state = LISTING_ENDED;
		return 2;
	}
	if (taken >= 0)
		ask_more(listing);
	return taken;
}

int listing_next(struct listing *listing, struct remote_entry *out, struct sp_error *err)
{
	int result = 0;
	bool has_room = remote_room(listing->remote) > 0;
	switch (listing->state) {
	case LISTING_OPEN:
		if (!has_room)
			break;
		listing->state = LISTING_OPENING;
		ask_open_directory(listing->remote, listing->path, asker_of(listing, opened));
		break;
	case LISTING_EXPLAIN:
		if (!has_room)
			break;
		listing->state = LISTING_EXPLAINING;
		ask_stat(listing->remote, WIRE_STAT, listing->path, asker_of(listing, explained));
		break;
	case LISTING_OPENING:
	case LISTING_EXPLAINING:
		break;
	case LISTING_READING:
		result = read_next(listing, out);
		break;
	case LISTING_ENDED:
		return 2;
	case LISTING_FAILED:
		break;
	}
	if (listing->state != LISTING_FAILED)
		return result;
	*err = listing->failure;
	return -1;
}

void listing_allow_reads(struct listing *listing, size_t reads)
{
	if (remote_features(listing->remote)->keeps_order && listing->reads_max != READS_OF_LARGE)
		listing->reads_max = reads;
}

struct listing *listing_start(struct remote *remote, const char *path)
{
	struct listing *listing = sp_alloc(sizeof(*listing));
	listing->remote = remote;
	listing->path = sp_strdup(path);
	listing->shown_path = words_of_path(path);
	listing->reads = LISTING_READS_FIRST;
	listing->reads_max = LISTING_READS_UNKNOWN;
	if (strlen(path) > REMOTE_PATH_MAX) {
		sp_fail(&listing->failure, SP_INVALID, "the path is longer than %d bytes",
			REMOTE_PATH_MAX);
		fail(listing);
	}
	return listing;
}

void listing_destroy(struct listing *listing)
{
	if (listing == NULL)
		return;
	session_forget(listing->remote, listing);
	if (listing->is_open && session_dead(listing->remote) == NULL)
		ask_close(listing->remote, &listing->handle, (struct asker){ 0 });
	while (listing->first != NULL)
		drop_first(listing);
	free(listing->path);
	free(listing->shown_path);
	free(listing);
}
