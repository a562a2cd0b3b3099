/* Single operations: one request, and pumping until its reply is here. */

#include <poll.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "remote/ask.h"
#include "remote/replies.h"
#include "remote/words.h"

/* One request that somebody waits for. */
struct waiting {
	bool answered;
	struct sp_error failure; /* SP_OK: it went well */
	struct remote_attributes attributes;
	struct wire_hash hash;
};

static void note_answer(void *owner, const struct reply *reply)
{
	struct waiting *waiting = owner;
	waiting->answered = true;
	if (reply->dead != NULL ||
	    (reply->kind == REPLY_STATUS && !reply_is_status(reply, WIRE_OK)))
		reply_fail(reply, &waiting->failure);
	else if (reply->kind == REPLY_ATTRIBUTES)
		waiting->attributes = reply->attributes;
	else if (reply->kind == REPLY_HASH)
		waiting->hash = reply->hash;
}

int session_wait(struct remote *remote, const struct remote_patience *patience,
		 struct sp_error *err)
{
	if (patience->wait != NULL)
		return patience->wait(patience, err);
	struct pollfd cancel = { .fd = patience->cancel_fd, .events = POLLIN };
	if (patience->cancel_fd >= 0 && poll(&cancel, 1, 0) > 0)
		return sp_fail(err, SP_CANCELLED, "told to stop");
	return remote_pump(remote, patience->cancel_fd, -1, patience->idle_ms, err);
}

static int check_path(const char *path, struct sp_error *err)
{
	if (*path == '\0')
		return sp_fail(err, SP_INVALID, "the path is empty");
	if (strlen(path) > REMOTE_PATH_MAX)
		return sp_fail(err, SP_INVALID, "the path is longer than %d bytes",
			       REMOTE_PATH_MAX);
	return 0;
}

int session_wait_for_room(struct remote *remote, size_t requests,
			  const struct remote_patience *patience, struct sp_error *err)
{
	const struct sp_error *dead = session_dead(remote);
	if (dead != NULL)
		return sp_fail(err, dead->code, "%s", dead->message);
	while (remote_room(remote) < requests)
		if (session_wait(remote, patience, err) != 0)
			return -1;
	return 0;
}

static int wait_for_answer(struct remote *remote, const struct remote_patience *patience,
			   struct waiting *waiting, struct sp_error *err)
{
	while (!waiting->answered) {
		if (session_wait(remote, patience, err) != 0) {
			session_forget(remote, waiting);
			return -1;
		}
	}
	if (waiting->failure.code != SP_OK)
		return sp_fail(err, waiting->failure.code, "%s", waiting->failure.message);
	return 0;
}

static int stat_path(struct remote *remote, enum wire_type type, const char *path,
		     const struct remote_patience *patience, struct remote_attributes *out,
		     struct sp_error *err)
{
	if (check_path(path, err) != 0 || session_wait_for_room(remote, 1, patience, err) != 0)
		return -1;
	struct waiting waiting = { 0 };
	ask_stat(remote, type, path, (struct asker){ note_answer, &waiting });
	if (wait_for_answer(remote, patience, &waiting, err) != 0)
		return -1;
	*out = waiting.attributes;
	return 0;
}

static int tell_path(struct sp_error *err, const char *what, const char *path)
{
	SP_AUTO_FREE char *shown = words_of_path(path);
	return sp_wrap(err, "could not %s \"%s\"", what, shown);
}

int remote_stat(struct remote *remote, const char *path, const struct remote_patience *patience,
		struct remote_attributes *out, struct sp_error *err)
{
	if (stat_path(remote, WIRE_STAT, path, patience, out, err) != 0)
		return tell_path(err, "look up", path);
	return 0;
}

int remote_lstat(struct remote *remote, const char *path, const struct remote_patience *patience,
		 struct remote_attributes *out, struct sp_error *err)
{
	if (stat_path(remote, WIRE_LSTAT, path, patience, out, err) != 0)
		return tell_path(err, "look up", path);
	return 0;
}

static int remove_path(struct remote *remote, enum wire_type type, const char *path,
		       const struct remote_patience *patience, struct sp_error *err)
{
	if (check_path(path, err) != 0 || session_wait_for_room(remote, 1, patience, err) != 0)
		return -1;
	struct waiting waiting = { 0 };
	ask_remove(remote, type, path, (struct asker){ note_answer, &waiting });
	return wait_for_answer(remote, patience, &waiting, err);
}

int remote_remove(struct remote *remote, const char *path, const struct remote_patience *patience,
		  struct sp_error *err)
{
	if (remove_path(remote, WIRE_REMOVE, path, patience, err) != 0)
		return tell_path(err, "remove", path);
	return 0;
}

int remote_remove_directory(struct remote *remote, const char *path,
			    const struct remote_patience *patience, struct sp_error *err)
{
	if (remove_path(remote, WIRE_RMDIR, path, patience, err) != 0)
		return tell_path(err, "remove the directory", path);
	return 0;
}

static int hash_path(struct remote *remote, const char *path,
		     const struct remote_patience *patience, char out_sha256[SP_SHA256_HEX_SIZE],
		     struct sp_error *err)
{
	if (check_path(path, err) != 0 || session_wait_for_room(remote, 1, patience, err) != 0)
		return -1;
	struct waiting waiting = { 0 };
	ask_hash(remote, path, (struct asker){ note_answer, &waiting });
	if (wait_for_answer(remote, patience, &waiting, err) != 0)
		return -1;
	if (!waiting.hash.is_sha256)
		return sp_fail(err, SP_UNSUPPORTED, "the server answered with no SHA-256");
	sp_hex_encode(waiting.hash.bytes, SP_SHA256_SIZE, out_sha256);
	return 0;
}

int remote_hash(struct remote *remote, const char *path, const struct remote_patience *patience,
		char out_sha256[SP_SHA256_HEX_SIZE], struct sp_error *err)
{
	if (hash_path(remote, path, patience, out_sha256, err) != 0)
		return tell_path(err, "let the server hash", path);
	return 0;
}

static int rename_path(struct remote *remote, const char *from, const char *to, bool replace,
		       const struct remote_patience *patience, struct sp_error *err)
{
	if (check_path(from, err) != 0 || check_path(to, err) != 0 ||
	    session_wait_for_room(remote, 1, patience, err) != 0)
		return -1;
	struct waiting waiting = { 0 };
	ask_rename(remote, from, to, replace && remote_features(remote)->posix_rename,
		   (struct asker){ note_answer, &waiting });
	return wait_for_answer(remote, patience, &waiting, err);
}

static int tell_rename(struct sp_error *err, const char *from, const char *to)
{
	SP_AUTO_FREE char *shown_from = words_of_path(from);
	SP_AUTO_FREE char *shown_to = words_of_path(to);
	return sp_wrap(err, "could not rename \"%s\" to \"%s\"", shown_from, shown_to);
}

int remote_rename(struct remote *remote, const char *from, const char *to, bool replace,
		  const struct remote_patience *patience, struct sp_error *err)
{
	return rename_path(remote, from, to, replace, patience, err) == 0
		       ? 0
		       : tell_rename(err, from, to);
}

/* ---- watched ------------------------------------------------------------------------------------------------------ */

static struct remote_sight sight_of(const struct waiting *look)
{
	bool is_there = look->answered && look->failure.code == SP_OK;
	return (struct remote_sight){
		.is_told = is_there || (look->answered && look->failure.code == SP_NOT_FOUND),
		.exists = is_there,
		.attributes = look->attributes,
	};
}

int remote_rename_watched(struct remote *remote, const char *from, const char *to,
			  const struct remote_patience *patience, struct remote_sight *before,
			  struct remote_sight *after, struct sp_error *err)
{
	enum { LOOK, RENAME, LOOK_AGAIN, QUESTIONS };
	struct waiting waiting[QUESTIONS] = { 0 };
	if (check_path(from, err) != 0 || check_path(to, err) != 0 ||
	    session_wait_for_room(remote, QUESTIONS, patience, err) != 0)
		return tell_rename(err, from, to);
	ask_stat(remote, WIRE_STAT, to, (struct asker){ note_answer, &waiting[LOOK] });
	ask_rename(remote, from, to, true, (struct asker){ note_answer, &waiting[RENAME] });
	ask_stat(remote, WIRE_STAT, to, (struct asker){ note_answer, &waiting[LOOK_AGAIN] });

	int result = 0;
	for (size_t i = 0; i < QUESTIONS; i++)
		while (result == 0 && !waiting[i].answered)
			result = session_wait(remote, patience, err);
	for (size_t i = 0; i < QUESTIONS; i++)
		session_forget(remote, &waiting[i]);
	/* The rename's answer counts, also when the session died behind it. */
	if (waiting[RENAME].answered && waiting[RENAME].failure.code != SP_OK)
		result = sp_fail(err, waiting[RENAME].failure.code, "%s",
				 waiting[RENAME].failure.message);
	*before = sight_of(&waiting[LOOK]);
	*after = sight_of(&waiting[LOOK_AGAIN]);
	return result == 0 ? 0 : tell_rename(err, from, to);
}
