#pragma once
/**
 * What sallyportd and a worker say to each other. One flat struct; the table in worker_message.c says which fields
 * each kind carries, in which order, and which kinds bring a descriptor. Unknown kinds, missing and left-over bytes
 * are errors.
 *
 *   daemon ──► worker                          worker ──► daemon
 *   CONFIGURE   once, first                    NEED_SOCKET    request, the file that waits for it (not in a test)
 *   SOCKET      request, fd                    READY          file: all bytes are there, checked, not yet published
 *   NO_SOCKET   request, why                   PUBLISHED      file (SEND): it has its final name
 *   SEND        file, source fd                FILE_FAILED    file, why
 *   RETRIEVE    file, staging fd               PROGRESS       file, bytes
 *                                              WATERMARK      file: what may be gone on behind
 *                                              CONNECTED      what a connection's server is and can do
 *                                              BEAT           it lives
 *   RECOVER     file: finish a publish         TAKEN          file: its final name is; what else may be done?
 *   REMOVE      file: it has ended             REMOVED        file: nothing of it lies at the server
 *   PERMIT      file: publish it now,          TEST_RESULT
 *               or do what TAKEN said
 *   CANCEL      file                           FOUND          file (MOVE, DELETE): what it is; may it be done?
 *   TEST        try the connection once        DONE           file (MOVE, DELETE): it is done
 *   LIST        file, staging fd
 *   URLS        file: of parts or source         NEED_URLS      file, the first part
 *   STORAGE_CA      origin, fd                   NEED_STORAGE   request, origin
 *   STORAGE_SOCKET  request, fd
 *   NO_STORAGE      request, why
 *   MOVE        file: rename at the partner
 *   DELETE      file: remove at the partner
 *
 * A file whose bucket is at storage that speaks S3 brings no descriptor but a URL (url). Its bytes go over sockets that
 * the worker asks for by NEED_STORAGE, by URLs that it asks for by NEED_URLS. What it holds when it says READY (held: it is
 * small, and nothing of it is at the storage yet) it may PUT by the URL that the PERMIT brings, which says what has to be
 * there; then it says PUBLISHED, or TAKEN when something else is there, and gets another PERMIT.
 *
 * The end of the socket tells a worker to leave. A worker that has been given a file answers with exactly one of
 * PUBLISHED (SEND, RECOVER), READY (RETRIEVE, LIST: the daemon publishes), DONE (MOVE, DELETE), REMOVED (REMOVE) or
 * FILE_FAILED.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/connector.h"
#include "model/failure.h"
#include "model/transfer.h"

enum worker_kind {
	WORKER_CONFIGURE = 1,
	WORKER_SOCKET,
	WORKER_NO_SOCKET,
	WORKER_SEND,
	WORKER_RETRIEVE,
	WORKER_RECOVER,
	WORKER_PERMIT,
	WORKER_CANCEL,
	WORKER_TEST,
	WORKER_REMOVE,
	WORKER_LIST,
	WORKER_MOVE,
	WORKER_DELETE,
	WORKER_URLS,
	WORKER_STORAGE_CA,
	WORKER_STORAGE_SOCKET,
	WORKER_NO_STORAGE,
	WORKER_NEED_SOCKET = 64,
	WORKER_READY,
	WORKER_PUBLISHED,
	WORKER_FILE_FAILED,
	WORKER_PROGRESS,
	WORKER_TEST_RESULT,
	WORKER_WATERMARK,
	WORKER_CONNECTED,
	WORKER_BEAT,
	WORKER_TAKEN,
	WORKER_REMOVED,
	WORKER_FOUND,
	WORKER_DONE,
	WORKER_NEED_URLS,
	WORKER_NEED_STORAGE,
};

enum {
	WORKER_BEAT_MS =
		2000, /* a worker says BEAT this often, whatever its connections and files do */
	WORKER_BEATS_MISSED_MAX =
		8, /* one that says nothing for so many is stopped, and is killed */
	/* Files without an answer that a worker may have at a time. Most bring a descriptor, and all of them have to fit
	 * the usual limit of 1024. */
	WORKER_FILES_MAX = 512,
	/* So many of them are at work on one connection at most, besides those that are READY; the others wait at the worker
	 * for their turn. */
	WORKER_CONNECTION_FILES_MAX = 256,
	WORKER_TEXT_MAX = 32768,   /* bytes of one text */
	STORAGE_PARTS_MAX = 10000, /* of one upload: S3's limit */
	WORKER_URLS_MAX = 60000,   /* of those in one message */
	WORKER_OTHER_LOGINS_MAX = CONNECTOR_STAGES_MAX - 1,
	WORKER_LINE_MAX = 1024, /* of what a test learnt, each */
};

/** "SEND", "READY" …: as the picture above has it, for logs. */
const char *worker_kind_name(enum worker_kind kind);

/** Texts are C strings, NULL when empty; in a message that was received they are owned by it. */
struct worker_message {
	enum worker_kind kind;

	/* NEED_SOCKET, SOCKET, NO_SOCKET; NEED_STORAGE, STORAGE_SOCKET, NO_STORAGE, which count by themselves. CONNECTED, READY, PUBLISHED, FOUND, DONE: of the connection that it speaks of. */
	uint32_t request;

	char *file_id; /* every kind about a file, and NEED_SOCKET … */
	/* … and which try of it: what is said late of an earlier one is known as such. */
	uint32_t attempt;
	/* Parts of the attempts from here on may lie about, and are removed. SEND: before this one. REMOVE: with it. */
	uint32_t oldest_attempt;
	/* SEND, RETRIEVE, RECOVER, REMOVE: whose part or temporary is in use; others go. READY, WATERMARK: now. */
	uint32_t part_attempt;
	uint64_t
		resume_at; /* SEND, RETRIEVE: go on behind so many bytes; 0: from the start, a new part */
	char *resume_state; /* the same, and WATERMARK: hex, the hash's state there */
	/* WATERMARK of a RETRIEVE, and RETRIEVE with resume_at: what the remote file was; another one is SP_CHANGED.
	 * FOUND: the same of what is to be moved or deleted. MOVE, DELETE that recover: what it was. */
	uint64_t source_size;
	uint64_t source_mtime; /* seconds, as SFTP has it */
	uint32_t
		source_kind; /* FOUND; MOVE, DELETE: enum found_kind. Of a directory the other two are 0 */
	uint32_t recovers;  /* MOVE, DELETE: 1: it was permitted before, and may have been done */
	uint32_t items_max; /* LIST: entries */
	uint32_t items;     /* READY of a LIST: entries … */
	uint32_t truncated; /* … and 1: there are more */
	uint32_t verification; /* READY, PUBLISHED: enum verification */
	/* Bytes. WATERMARK: at which. SEND: of the source. RECOVER, READY: of the part. PROGRESS: done so far. */
	uint64_t size;
	char *directory; /* SEND, RECOVER, REMOVE: remote, bytes; NULL is the home directory */
	char *name; /* The same: in the directory, bytes. RETRIEVE, LIST, MOVE, DELETE: the remote path, bytes. */
	/* RECOVER: the name that it gets instead, since that one is taken. TAKEN: the one that it could get; NULL: the file
	 * that has the name is in the way, and could be removed. */
	char *final_name;
	/* 1: RECOVER: that was permitted, and may have been done. PUBLISHED: what it replaced lies aside still. REMOVE: it is
	 * COMPLETED, and what lies aside is what it replaced; 0: that gets its name back. */
	uint32_t replaces;
	/* SEND, RECOVER, REMOVE: how the file began, which it keeps to its end. */
	uint32_t conflict;    /* enum conflict_policy */
	uint32_t upload_mode; /* enum upload_mode; also CONFIGURE: whether there may be stripes */
	char *staging;        /* remote directory of parts; NULL: the file's own */
	char *temp_pattern;   /* of their names; NULL: ours */
	char *sha256;         /* READY: 64 hex digits. RECOVER: of the part */
	uint32_t outcome;     /* PUBLISHED, DONE: enum publish_outcome */

	/* Of files at storage, where there is no descriptor. SEND: what may be read. RETRIEVE, LIST, NEED_STORAGE, STORAGE_CA:
	 * "https://host:port". PERMIT: under which what is held may be put; NULL: it holds nothing. URLS: a line each; NULL:
	 * there are none, and code and text say why. */
	char *url;
	/* SEND: of the object, with its quotes. PERMIT: what has to be where it is put: "*": nothing; else an ETag; NULL:
	 * whatever is there. */
	char *etag;
	uint32_t
		part; /* NEED_URLS, URLS: the first one; 0: the source. RETRIEVE: those that are there */
	uint32_t held; /* READY of a RETRIEVE or LIST: 1: it is with the worker still */

	uint32_t step; /* NO_SOCKET, FILE_FAILED, TEST_RESULT: enum failure_step */
	/* The same: enum sp_code; SP_OK in the TEST_RESULT of a success. TAKEN of what is held: what
	 * became of the PUT, as object_put_may_repeat() has it. Of another one SP_OK. */
	uint32_t code;
	/* The same: the sentence. SOCKET: the address connected to, and what lies in between, for sentences */
	char *text;

	/* CONFIGURE */
	char *connector_id;
	char *host; /* the name in the URL: for sentences only */
	uint32_t port;
	char *user;
	char *password;    /* NULL when none */
	char *private_key; /* NULL when none */
	/* Of further versions of the secret, tried in their order when that was refused; both NULL: no further one */
	char *other_passwords[WORKER_OTHER_LOGINS_MAX];
	char *other_private_keys[WORKER_OTHER_LOGINS_MAX];
	char *trusted_keys; /* lines, one key each */
	char *security_policy;
	uint32_t connections;          /* at most that many SSH connections */
	uint32_t handshake_timeout_ms; /* from the connected socket to SFTP's VERSION */
	/* A connection on which an answer is owed and nothing comes for so long is dead. */
	uint32_t idle_timeout_ms;
	uint32_t keepalive_ms; /* a warm connection without work says something this often */
	uint32_t verify;       /* enum verify_wish */
	uint32_t
		resume_check; /* bytes before the watermark that are compared, where the server has no hash */
	/* Also CONNECTED: what was learnt of the server, our own text. CONFIGURE: of the one with that banner and fingerprint. */
	char *features;

	/* TEST_RESULT: what was learnt, as far as it came */
	char *host_key; /* "type base64" of the server */
	char *fingerprint; /* "SHA256:…" of it, as ssh-keygen -lf prints it. Also CONNECTED, CONFIGURE, as … */
	char *banner; /* … the server's version line */
	/* Names joined by commas: what we offered … */
	char *offered_kexs, *offered_host_keys, *offered_ciphers, *offered_macs;
	char *kex, *host_key_algorithm, *cipher, *mac; /* … and what both agreed on */
	char *authenticated_by;                        /* NULL when it was not */
	char *methods;    /* "publickey, password": what the server offered last */
	char *extensions; /* "posix-rename@openssh.com, …" */
	uint32_t sftp_version, read_max, write_max; /* 0 when there was no SFTP */
	/* How long each step took. */
	uint32_t banner_ms, key_exchange_ms, host_key_ms, authenticate_ms, sftp_ms;
};

/**
 * Returns 0, or -1 with SP_LIMIT when it does not fit IPC_MESSAGE_MAX.
 * @out  room for IPC_MESSAGE_MAX bytes
 */
int worker_message_encode(const struct worker_message *message, void *out, size_t *out_length,
			  struct sp_error *err);

/**
 * Returns 0, or -1 with SP_PROTOCOL and nothing to finish.
 * @fd_count  how many descriptors came along: a kind that needs one must have exactly one, but for a file with a URL;
 *            others none
 */
int worker_message_decode(const void *data, size_t length, size_t fd_count,
			  struct worker_message *out, struct sp_error *err);

/** The message with texts of its own. */
void worker_message_copy(const struct worker_message *message, struct worker_message *out);

/** Wipes and frees the texts. Not for messages that were put together by hand. */
void worker_message_finish(struct worker_message *message);
