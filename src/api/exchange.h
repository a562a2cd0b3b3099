#pragma once
/**
 * One request and its answer, inside the room: what stands behind struct api_call.
 *
 * Two sides hold it: HTTP (until libmicrohttpd says that the request is completed) and the handler (from the moment
 * it is given to the pool until it answers). Whoever lets go last frees it. The handler's side touches the server
 * only to resume the connection, under the lock and only while nobody has answered: when the server is closed it
 * answers what is left itself, and a handler that comes later finds the call answered.
 *
 * A function on a call is named call_…() when it is for this room, and api_…() when handlers may use it (api/call.h).
 */

#include <arpa/inet.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "api/answer.h"
#include "api/call.h"
#include "api/guard.h"
#include "api/limits.h"
#include "api/places.h"
#include "api/refusal.h"
#include "api/server.h"
#include "base/buffer.h"
#include "base/id.h"
#include "loop/pool.h"
#include "sign/seal.h"
#include "sign/verify.h"

enum {
	/* What is read and dropped of a body that is too large, so that the client gets to read why. */
	API_DRAIN_MAX = 16 << 20,
	/* A client that sends its body slower than this is not waited for. */
	API_BODY_DEADLINE_MS = 120 * 1000,
	LIMITED_NAME_SIZE = 129, /* an access key id, or a session without its name */
	API_HEADERS_MAX = 64,    /* of an answer, besides those that all have */
	/* Of a body that is XML and comes after its head was verified: 10,000 parts of an upload fit, with checksums. */
	API_DOCUMENT_MAX = 4 << 20,
};

/** What operations need of the server: constant while it is open, and copied into each call. */
struct api_catalogue {
	const struct api_served *services;
	size_t service_count;
	const struct sign_keys *keys;
	const struct api_guard *guard;
	struct api_limits *limits;
	struct pool *bodies;       /* of those that do not fit into memory */
	struct api_places *places; /* for those bodies */
	int64_t body_patience_ms;
	size_t body_max; /* of those that anybody may send; what has more needs a place */
	const char *region, *account;
};

/** How a request is read. */
enum call_phase {
	CALL_READING, /* its body goes into memory */
	CALL_AT_DOOR, /* the connection is suspended while its head is verified, before any of the body is read */
	CALL_STREAMING, /* its body goes to the operation's sink (api/body.h) */
};

struct api_header {
	char *name, *value; /* owned */
};

struct api_call {
	/* HTTP's side */
	struct api_server *server;
	struct MHD_Connection *connection;
	bool under_way; /* counted by the server */
	enum call_phase phase;
	bool refuse_body; /* too large, or refused already: dropped while it comes */
	size_t body_max;
	size_t body_seen;
	int64_t begun_ms; /* monotonic */
	LIST_ENTRY(api_call) link;

	/* The request; constant once it is given to the pool. All owned. */
	struct api_catalogue catalogue; /* a copy: the call may outlive the server */
	char *method, *target;
	struct sign_header *headers;
	size_t header_count;
	struct sp_buffer body;
	bool secure;
	char source[INET6_ADDRSTRLEN]; /* the client's address; "": not known */
	char id[SP_UUID_SIZE];

	/* What was found in it */
	struct sign_identity identity;
	struct sign_seal seal;             /* S3's: of a body that comes later */
	struct api_place *place;           /* owned: of a body that comes later; NULL: none */
	struct body *streamed;             /* owned; NULL: none */
	const struct api_service *service; /* NULL: not known (yet) */
	void *context;
	const struct api_operation *operation;
	json_t *input;

	/* The answer */
	atomic_int holders;
	pthread_mutex_t lock;
	bool answered;
	struct api_answer answer;
	struct api_header more[API_HEADERS_MAX];
	size_t more_count;
	struct api_stream *stream; /* held; NULL: the answer is no stream */
};

/** One holder. */
struct api_call *call_create(const char *target);
void call_hold(struct api_call *call);
void call_release(struct api_call *call); /* NULL is fine */

/** Whose limits count: the access key, or the role, whose sessions are one, or each of them would be another. */
void call_limited_name(const struct api_call *call, char out[LIMITED_NAME_SIZE]);

/** The request as the signature sees it; borrows from @call. */
struct sign_request call_request(const struct api_call *call);

/** The form of errors that this client reads: by the service that was found, else by the looks of the request. */
enum refusal_form call_form(const struct api_call *call);

/** By the looks only: any thread, also while the call runs. */
enum refusal_form call_form_as_asked(const struct api_call *call);

/** Gives the answer (taken), wakes the connection. False, and nothing happens, when there is one already. */
bool call_answer(struct api_call *call, struct api_answer *answer);

/** Was it answered already: the server was closed? */
bool call_is_answered(struct api_call *call);

/** An error that the call's service declares. @members: further members, borrowed, may be NULL. */
void call_write_error(const struct api_call *call, const char *type, const char *message,
		      const json_t *members, struct api_answer *out);

/* The handler's side has said all it has to say: both answer and let go of the call. */
void call_finish(struct api_call *call, struct api_answer *answer);
void call_refuse(struct api_call *call, enum refusal_reason reason, const char *message);

/** Whoever writes a stream is told that it is over. For the server, when it is closed. */
void call_end_stream(struct api_call *call);

/** Whether its head is to be verified before its body is read: it may be large, and nobody shall fill disks or memory unasked. */
bool call_has_door(const struct api_call *call);

/** From the pool: verifies the head of a call whose body is not here. Then the connection goes on, with an answer or without. */
void call_run_head(void *ctx);

/** From the pool: verifies, finds the operation, checks the input, runs it. @ctx: a call, held by the handler's side. */
void call_run(void *ctx);
