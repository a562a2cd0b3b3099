#include "worker/verify.h"

#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "remote/words.h"

enum {
	PIECE_MAX = 2 << 20,    /* bytes that are read back at a time, and so kept in memory … */
	REREADS_MAX = 2,        /* … of so many files at once on one connection … */
	REREAD_SMALL = 1 << 16, /* … but for small ones */
};

/* Piece by piece: memory stays what it is, and nothing of it goes to a disk. */
static int read_pieces(struct task *task, const char *path, uint64_t size,
		       char out_sha256[SP_SHA256_HEX_SIZE])
{
	struct sp_digest digest;
	unsigned char sum[SP_SHA256_SIZE];
	sp_digest_start(&digest);
	SP_AUTO_FREE uint8_t *piece = sp_alloc(size < PIECE_MAX ? size + 1 : PIECE_MAX);
	for (uint64_t at = 0; at < size;) {
		size_t length = size - at < PIECE_MAX ? (size_t)(size - at) : PIECE_MAX;
		struct remote_patience patience = connection_patience(task->connection, true);
		if (remote_read(task->connection->remote, path, at, piece, length, &patience,
				&task->err) != 0)
			return -1;
		sp_digest_add(&digest, piece, length);
		at += length;
	}
	sp_digest_end(&digest, sum);
	sp_hex_encode(sum, sizeof(sum), out_sha256);
	return 0;
}

static int read_again(struct task *task, const char *path, uint64_t size,
		      char out_sha256[SP_SHA256_HEX_SIZE])
{
	struct connection *connection = task->connection;
	if (size <= REREAD_SMALL)
		return read_pieces(task, path, size, out_sha256);
	while (connection->rereads >= REREADS_MAX)
		if (task_wait_for_more(task) != 0)
			return -1;
	connection->rereads++;
	int result = read_pieces(task, path, size, out_sha256);
	connection->rereads--;
	return result;
}

/* 1: it was asked and answered, 0: it cannot be asked, -1. */
static int ask_server(struct task *task, const char *path, char out_sha256[SP_SHA256_HEX_SIZE])
{
	struct connection *connection = task->connection;
	if (!learnt_has_hash(connection))
		return 0;
	struct remote_patience patience = connection_patience(connection, true);
	if (remote_hash(connection->remote, path, &patience, out_sha256, &task->err) == 0)
		return 1;
	if (!connection_lives(connection) || task->err.code == SP_CANCELLED)
		return -1;
	if (task->err.code == SP_UNSUPPORTED)
		learnt_note(connection, &connection->learnt.no_hash);
	return 0;
}

static int fail_other(struct task *task, const char *path, const char *what)
{
	SP_AUTO_FREE char *shown = words_of_path(path);
	return task_fail(task, SP_CHANGED,
			 "could not verify \"%s\": %s other bytes than were moved", shown, what);
}

/* Several who write one file are a habit that few servers were made for: where the owner wants it, it is looked at. */
static enum verify_wish wish_of(const struct connection *connection)
{
	const struct worker_message *configuration = connection->configuration;
	enum verify_wish wish = (enum verify_wish)configuration->verify;
	bool trusted = configuration->upload_mode != UPLOAD_STRIPED ||
		       remote_stripes_well(connection->report.banner);
	return wish == VERIFY_SIZE && !trusted ? VERIFY_SERVER_HASH : wish;
}

int verify_remote(struct task *task, const char *path, uint64_t size, const char *sha256)
{
	char theirs[SP_SHA256_HEX_SIZE];
	enum verification level = VERIFIED_SERVER_HASH;
	enum verify_wish wish = wish_of(task->connection);
	if (wish == VERIFY_SIZE)
		return 0;
	int asked = wish == VERIFY_SERVER_HASH ? ask_server(task, path, theirs) : 0;
	if (asked == 0) {
		level = VERIFIED_REREAD;
		asked = read_again(task, path, size, theirs);
	}
	if (asked < 0)
		return -1;
	if (strcmp(theirs, sha256) != 0)
		return fail_other(task, path,
				  level == VERIFIED_REREAD ? "read back, it has"
							   : "the server's own SHA-256 is of");
	if (!task->direct)
		task->verification = level;
	return 0;
}
