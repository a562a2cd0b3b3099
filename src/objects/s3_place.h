#pragma once
/** Within objects/: where a bucket at S3-compatible storage is, and the URLs that lead there. */

#include <pthread.h>
#include <stdbool.h>

#include "objects/objects.h"
#include "sign/presign.h"

enum {
	S3_URL_LIFETIME_S = 15 * 60, /* of what workers get; they ask for new ones */
	S3_MARK_SIZE = 64,
	S3_HEADERS_MAX = 2, /* of a request, besides those that all of them have */
	S3_IDLE_CALLS_MAX =
		24, /* connections of the daemon's own calls that wait for the next one */
};

/** The header by which an object is known as what one attempt at one file made: "<file id>-<attempt>". */
#define S3_MARK_HEADER "x-amz-meta-sallyport"

/** How the storage takes an ETag in the If-Match of a PUT, as far as was seen. */
enum s3_match { S3_MATCH_BARE, S3_MATCH_QUOTED, S3_MATCH_NONE };

/** All texts are owned. */
struct s3_place {
	char *name;     /* ours */
	char *origin;   /* "https://host:port", with the bucket in front where that is the style */
	char *host;     /* to connect to … */
	char *port;     /* … decimal */
	char *server;   /* "host:port" of the endpoint, whatever the style */
	size_t storage; /* number of that, among all of them (objects_storages()) */
	bool tls;
	char *path;           /* in front of each key: "/bucket/prefix/" */
	char *bucket;         /* of that: the storage's */
	size_t prefix_length; /* bytes of "prefix/", which are a part of the storage's keys */
	char *region;
	char *credentials; /* a file */
	char *ca;          /* a file; NULL: the system's */
	pthread_mutex_t lock;
	void *idle[S3_IDLE_CALLS_MAX]; /* CURL *, each with a connection that may still be open */
	size_t idle_count;
	/* What was learnt of it, under the lock too (s3_put.c). */
	enum s3_match match;
	bool no_if_none_match;
	bool expects_taken; /* keys that are put to have been taken lately */
	bool hides_keys;    /* what is missing is denied, and the log says so */
	bool bucket_seen;   /* the storage knows it (s3_source.c) */
};

/** SP_INVALID when the settings make no sense. Credentials that cannot be read now are a warning: they may come yet. */
int s3_place_create(const struct bucket_option *option, struct s3_place **out,
		    struct sp_error *err);
void s3_place_destroy(struct s3_place *place); /* NULL is fine */

/** A request to be signed: all borrowed. */
struct s3_wish {
	const char *method;
	const char *key;
	const char *query; /* escaped; NULL: none */
	/* That have to come along, in the order of their names; the rest of them without a name. */
	struct sign_header headers[S3_HEADERS_MAX];
	uint32_t lifetime_s; /* 0: a minute, for what is done at once */
	/* Asked once, with an answer in this time: for who wants to know whether there is one. 0: again and again. */
	uint32_t patience_ms;
};

/** One of what was learnt, under the lock. s3_place_learn() makes it true; true when that is news. */
bool s3_place_knows(struct s3_place *place, const bool *what);
bool s3_place_learn(struct s3_place *place, bool *what);

/** How many it has. */
size_t s3_wish_headers(const struct s3_wish *wish);

/** @out_url is owned by the caller, to be wiped. The credentials are read from their file each time: they change. */
int s3_place_sign(const struct s3_place *place, const struct s3_wish *wish, char **out_url,
		  struct sp_error *err);

/** "<file id>-<attempt>" */
void s3_mark(const char *file_id, int attempt, char out[S3_MARK_SIZE]);
/** Whether it is that of some attempt at the file. */
bool s3_mark_is_of(const char *mark, const char *file_id);
