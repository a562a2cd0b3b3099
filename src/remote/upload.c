#include "remote/upload.h"

#include <assert.h>
#include <string.h>
#include <sys/stat.h>

#include "base/scope.h"
#include "remote/ask.h"
#include "remote/replies.h"
#include "remote/stripes.h"
#include "remote/words.h"

/*
 *   OPEN ──► OPENING ──► WRITING ──► ENDING ──┬──► DONE
 *               │           │           │     └► CHECK ──► CHECKING ──► DONE
 *               └───────────┴───────────┴──► EXPLAIN ──► EXPLAINING ──► FAILED
 *
 * OPEN, CHECK and EXPLAIN ask one question, as soon as there is room for it; the states in -ING wait for replies.
 * ENDING is FSYNC, CLOSE and STAT in one burst: the protocol has requests for one file carried out in order. Only the
 * last one sees what CLOSE has left. CHECK asks it again on its own, for servers that take a path's requests as they
 * like; of those the handle is asked as well (FSTAT), before it is closed.
 * EXPLAIN is for servers that only say "failure": the reason is looked for, and what failed stays the error.
 */
enum upload_state {
	UPLOAD_OPEN,
	UPLOAD_OPENING,
	UPLOAD_WRITING,
	UPLOAD_ENDING,
	UPLOAD_CHECK,
	UPLOAD_CHECKING,
	UPLOAD_EXPLAIN,
	UPLOAD_EXPLAINING,
	UPLOAD_DONE,
	UPLOAD_FAILED,
};

/* What may explain a failure. */
enum question {
	QUESTION_NONE,
	QUESTION_FOLDER, /* is the folder there? */
	QUESTION_PART,   /* is the part there already? */
	QUESTION_SPACE,  /* is the disk full? */
};

enum { ENDING_REQUESTS = 4 };

struct upload {
	struct remote *remote;
	char *path, *shown_path; /* owned */
	uint64_t size, offset;
	bool overwrites, has_file;
	enum upload_state state;

	struct wire_handle handle;
	bool is_open; /* and CLOSE was not asked for */

	struct stripes stripes; /* the bytes */
	bool helps;             /* with a part that is somebody else's */

	size_t ending; /* requests of the burst that were not answered */
	struct remote_attributes before_close, after_close;

	struct sp_error failure;
	enum failure_step failed_step;
	enum question question;
	uint32_t failed_length; /* of the WRITE that failed */
};

static struct asker asker(struct upload *upload, reply_fn *fn)
{
	return (struct asker){ fn, upload };
}

/* ---- failing --------------------------------------------------------------------------------------------------- */

/* The first failure is the one that is told; @upload->failure holds its error. */
static void fail(struct upload *upload, enum failure_step step, enum question question)
{
	upload->failed_step = step;
	upload->question = question;
	upload->state = question == QUESTION_NONE ? UPLOAD_FAILED : UPLOAD_EXPLAIN;
}

static bool has_failed(const struct upload *upload)
{
	return upload->failure.code != SP_OK;
}

static bool may_ask_space(const struct upload *upload)
{
	return remote_features(upload->remote)->statvfs;
}

/* What went wrong with the bytes came before what is known now. */
static void take_failure_of_stripes(struct upload *upload)
{
	const struct stripes *stripes = &upload->stripes;
	if (has_failed(upload) || stripes->failure.code == SP_OK)
		return;
	upload->failure = stripes->failure;
	upload->failed_length = stripes->failed_length;
	fail(upload, stripes->failed_step,
	     stripes->failed_barely && may_ask_space(upload) ? QUESTION_SPACE : QUESTION_NONE);
}

/* @what went wrong at the server, as @reply says. */
static void fail_remote(struct upload *upload, const struct reply *reply, const char *what,
			enum question question)
{
	take_failure_of_stripes(upload);
	if (has_failed(upload))
		return;
	reply_fail(reply, &upload->failure);
	sp_wrap(&upload->failure, "could not %s \"%s\"", what, upload->shown_path);
	fail(upload, STEP_WRITE_REMOTE, question);
}

/* A full disk is, to OpenSSH, a failure without a reason. */
static enum question ask_about(const struct upload *upload, const struct reply *reply)
{
	return reply_is_status(reply, WIRE_FAILURE) && may_ask_space(upload) ? QUESTION_SPACE
									     : QUESTION_NONE;
}

static void fail_fewer(struct upload *upload)
{
	sp_fail(&upload->failure, SP_CHANGED,
		"the source changed: it has fewer bytes than the %llu it had before",
		(unsigned long long)upload->size);
	fail(upload, STEP_READ_OBJECT, QUESTION_NONE);
}

/* ---- explaining ------------------------------------------------------------------------------------------------ */

/* The folder of the part, owned by the caller. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (slash == NULL)
		return sp_strdup(".");
	char *folder = sp_strdup(path);
	folder[slash == path ? 1 : slash - path] = '\0';
	return folder;
}

static bool is_of_type(const struct remote_attributes *attributes, uint32_t type)
{
	return attributes->has_permissions && (attributes->permissions & S_IFMT) == type;
}

static void folder_answered(void *owner, const struct reply *reply)
{
	struct upload *upload = owner;
	upload->state = UPLOAD_FAILED;
	SP_AUTO_FREE char *folder = folder_of(upload->path);
	SP_AUTO_FREE char *shown = words_of_path(folder);
	if (reply_is_status(reply, WIRE_NO_SUCH_FILE))
		sp_fail(&upload->failure, SP_NOT_FOUND,
			"the remote directory \"%s\" does not exist", shown);
	else if (reply->kind == REPLY_ATTRIBUTES && is_of_type(&reply->attributes, S_IFREG))
		sp_fail(&upload->failure, SP_NOT_FOUND,
			"the remote directory \"%s\" is a file, not a directory", shown);
}

static void part_answered(void *owner, const struct reply *reply)
{
	struct upload *upload = owner;
	upload->state = UPLOAD_FAILED;
	if (reply->dead == NULL && reply->kind == REPLY_ATTRIBUTES)
		sp_fail(&upload->failure, SP_EXISTS,
			"could not create \"%s\": it exists already at the server",
			upload->shown_path);
	else if (may_ask_space(upload))
		fail(upload, upload->failed_step, QUESTION_SPACE);
}

static void space_answered(void *owner, const struct reply *reply)
{
	struct upload *upload = owner;
	upload->state = UPLOAD_FAILED;
	if (reply->dead != NULL || reply->kind != REPLY_SPACE)
		return;
	uint64_t bytes;
	bool huge = __builtin_mul_overflow(reply->space.available, reply->space.unit, &bytes);
	if (!huge && (reply->space.available == 0 || bytes < upload->failed_length))
		sp_fail(&upload->failure, SP_NO_SPACE,
			"could not write \"%s\": the server's disk is full", upload->shown_path);
}

static void step_explain(struct upload *upload)
{
	if (remote_room(upload->remote) == 0)
		return;
	SP_AUTO_FREE char *folder = folder_of(upload->path);
	upload->state = UPLOAD_EXPLAINING;
	switch (upload->question) {
	case QUESTION_FOLDER:
		ask_stat(upload->remote, WIRE_STAT, folder, asker(upload, folder_answered));
		break;
	case QUESTION_PART:
		ask_stat(upload->remote, WIRE_LSTAT, upload->path, asker(upload, part_answered));
		break;
	case QUESTION_SPACE:
		ask_space(upload->remote, folder, asker(upload, space_answered));
		break;
	case QUESTION_NONE:
		upload->state = UPLOAD_FAILED;
		break;
	}
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

static bool is_there(const struct upload *upload)
{
	return upload->offset > 0 || upload->helps;
}

static void opened(void *owner, const struct reply *reply)
{
	struct upload *upload = owner;
	if (reply->dead != NULL)
		return;
	if (reply->kind == REPLY_HANDLE) {
		upload->handle = reply->handle;
		upload->is_open = upload->has_file = true;
		upload->state = UPLOAD_WRITING;
		stripes_begin(&upload->stripes, &reply->handle);
		return;
	}
	/* With CREAT, what is missing can only be the folder, unless the server means something else by it. OpenSSH
	 * says nothing but FAILURE when the part exists. */
	enum question question = QUESTION_NONE;
	if (reply_is_status(reply, WIRE_NO_SUCH_FILE))
		question = QUESTION_FOLDER;
	else if (reply_is_status(reply, WIRE_FAILURE))
		question = QUESTION_PART;
	if (is_there(upload) || (upload->overwrites && question == QUESTION_PART))
		question = QUESTION_NONE;
	fail_remote(upload, reply, is_there(upload) ? "go on with" : "create", question);
}

static void step_open(struct upload *upload)
{
	if (strlen(upload->path) > REMOTE_PATH_MAX) {
		sp_fail(&upload->failure, SP_INVALID,
			"cannot create \"%s\": the path is longer than %d bytes",
			upload->shown_path, REMOTE_PATH_MAX);
		fail(upload, STEP_WRITE_REMOTE, QUESTION_NONE);
		return;
	}
	if (remote_room(upload->remote) == 0)
		return;
	uint32_t flags = upload->overwrites ? WIRE_OPEN_OVER : WIRE_OPEN_NEW;
	ask_open(upload->remote, upload->path, is_there(upload) ? WIRE_OPEN_CHANGE : flags,
		 asker(upload, opened));
	upload->state = UPLOAD_OPENING;
}

/* ---- ending: FSYNC, CLOSE, STAT, and when that is another size, STAT again ---------------------------------------- */

static void fail_size(struct upload *upload, uint64_t size)
{
	sp_fail(&upload->failure, SP_CHANGED,
		"the server has %llu bytes of \"%s\" after %llu were written",
		(unsigned long long)size, upload->shown_path, (unsigned long long)upload->size);
	fail(upload, STEP_WRITE_REMOTE, QUESTION_NONE);
}

/* What was told last counts. Without any size to compare, every WRITE and the CLOSE were acknowledged, and that has
 * to do. */
static void judge(struct upload *upload)
{
	const struct remote_attributes *told =
		upload->after_close.has_size ? &upload->after_close : &upload->before_close;
	if (told->has_size && told->size != upload->size)
		fail_size(upload, told->size);
	else
		upload->state = UPLOAD_DONE;
}

/* Once everything is answered. */
static void conclude(struct upload *upload)
{
	take_failure_of_stripes(upload);
	if (upload->state != UPLOAD_ENDING || upload->ending > 0 ||
	    stripes_are_owed(&upload->stripes))
		return;
	if (upload->helps)
		upload->state = UPLOAD_DONE;
	else if (upload->after_close.has_size && upload->after_close.size != upload->size)
		upload->state = UPLOAD_CHECK;
	else
		judge(upload);
}

static void checked(void *owner, const struct reply *reply)
{
	struct upload *upload = owner;
	if (reply->dead != NULL)
		return;
	if (reply->kind == REPLY_ATTRIBUTES && reply->attributes.has_size)
		upload->after_close = reply->attributes;
	judge(upload);
}

static void step_check(struct upload *upload)
{
	if (remote_room(upload->remote) == 0)
		return;
	ask_stat(upload->remote, WIRE_STAT, upload->path, asker(upload, checked));
	upload->state = UPLOAD_CHECKING;
}

static void synced(void *owner, const struct reply *reply)
{
	struct upload *upload = owner;
	upload->ending--;
	if (reply->dead != NULL)
		return;
	if (!reply_is_status(reply, WIRE_OK) && !reply_is_status(reply, WIRE_OP_UNSUPPORTED))
		fail_remote(upload, reply, "flush", ask_about(upload, reply));
}

static void note_size(struct upload *upload, const struct reply *reply,
		      struct remote_attributes *out)
{
	upload->ending--;
	if (reply->dead != NULL)
		return;
	if (reply->kind == REPLY_ATTRIBUTES)
		*out = reply->attributes;
}

static void measured_open(void *owner, const struct reply *reply)
{
	struct upload *upload = owner;
	note_size(upload, reply, &upload->before_close);
}

static void measured_closed(void *owner, const struct reply *reply)
{
	struct upload *upload = owner;
	note_size(upload, reply, &upload->after_close);
}

static void closed(void *owner, const struct reply *reply)
{
	struct upload *upload = owner;
	upload->ending--;
	if (reply->dead != NULL)
		return;
	if (!reply_is_status(reply, WIRE_OK))
		fail_remote(upload, reply, "close", ask_about(upload, reply));
}

static void end(struct upload *upload)
{
	if (remote_room(upload->remote) < ENDING_REQUESTS)
		return;
	upload->state = UPLOAD_ENDING;
	upload->is_open = false;
	if (upload->helps) {
		ask_close(upload->remote, &upload->handle, asker(upload, closed));
		upload->ending++;
		return;
	}
	if (remote_features(upload->remote)->fsync) {
		ask_fsync(upload->remote, &upload->handle, asker(upload, synced));
		upload->ending++;
	}
	if (!remote_features(upload->remote)->keeps_order) {
		ask_fstat(upload->remote, &upload->handle, asker(upload, measured_open));
		upload->ending++;
	}
	ask_close(upload->remote, &upload->handle, asker(upload, closed));
	ask_stat(upload->remote, WIRE_STAT, upload->path, asker(upload, measured_closed));
	upload->ending += 2;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static void step_write(struct upload *upload)
{
	stripes_step(&upload->stripes);
	take_failure_of_stripes(upload);
	if (has_failed(upload) || !stripes_are_written(&upload->stripes))
		return;
	if (upload->stripes.taken < upload->size && !upload->helps)
		fail_fewer(upload);
	else
		end(upload);
}

/* ---- the door -------------------------------------------------------------------------------------------------- */

struct upload *upload_start(struct remote *remote, const struct upload_plan *plan,
			    const struct block_source *source)
{
	struct upload *upload = sp_alloc(sizeof(*upload));
	upload->remote = remote;
	upload->path = sp_strdup(plan->part_path);
	upload->shown_path = words_of_path(plan->part_path);
	upload->size = plan->size;
	upload->overwrites = plan->overwrites;
	upload->offset = plan->offset;
	upload->helps = plan->helps;
	stripes_init(&upload->stripes, &(struct stripes_plan){
					       .trunk = remote,
					       .source = source,
					       .path = upload->path,
					       .shown_path = upload->shown_path,
					       .size = plan->size,
					       .offset = plan->offset,
					       .flight_max = plan->flight_max,
					       .branches = plan->branches,
					       .crew = plan->crew,
					       .helps = plan->helps,
				       });
	return upload;
}

static void (*const steps[])(struct upload *upload) = {
	[UPLOAD_OPEN] = step_open,   [UPLOAD_WRITING] = step_write,   [UPLOAD_ENDING] = conclude,
	[UPLOAD_CHECK] = step_check, [UPLOAD_EXPLAIN] = step_explain, [UPLOAD_FAILED] = NULL,
};

static void notice_death(struct upload *upload)
{
	const struct sp_error *dead = session_dead(upload->remote);
	if (dead == NULL || upload->state == UPLOAD_DONE || upload->state == UPLOAD_FAILED)
		return;
	if (!has_failed(upload)) {
		upload->failure = *dead;
		upload->failed_step = STEP_WRITE_REMOTE;
	}
	upload->state = UPLOAD_FAILED;
}

enum job_state upload_step(struct upload *upload, enum failure_step *out_step, struct sp_error *err)
{
	notice_death(upload);
	for (enum upload_state before = UPLOAD_DONE; upload->state != before;) {
		before = upload->state;
		if (steps[upload->state] != NULL)
			steps[upload->state](upload);
	}
	if (upload->state == UPLOAD_DONE)
		return JOB_DONE;
	if (upload->state != UPLOAD_FAILED)
		return JOB_WORKING;
	*out_step = upload->failed_step;
	sp_fail(err, upload->failure.code, "%s", upload->failure.message);
	return JOB_FAILED;
}

uint64_t upload_progress(const struct upload *upload)
{
	return upload->stripes.acknowledged;
}

uint64_t upload_watermark(const struct upload *upload)
{
	return stripes_watermark(&upload->stripes);
}

bool upload_recall(struct upload *upload)
{
	return stripes_recall(&upload->stripes);
}

bool upload_has_file(const struct upload *upload)
{
	return upload->has_file;
}

bool upload_saw_size(const struct upload *upload)
{
	return upload->after_close.has_size || upload->before_close.has_size;
}

void upload_destroy(struct upload *upload)
{
	if (upload == NULL)
		return;
	session_forget(upload->remote, upload);
	stripes_finish(&upload->stripes);
	if (upload->is_open)
		ask_close(upload->remote, &upload->handle, (struct asker){ 0 });
	free(upload->path);
	free(upload->shown_path);
	free(upload);
}
