/**
 * The API's server with a toy service, for the story of the front: toy_api ADDRESS [CERTIFICATE KEY]
 *
 * Says "port N" first, and "deferred", "blocked" or "slow" when such a call has come. Obeys lines on its standard input:
 *   release     answers every deferred call, each from a thread of its own       -> "released N"
 *   unblock     lets the calls go on that block a thread of the pool             -> "unblocked"
 *   reload      reads certificate and key again                                  -> "reloaded" or "refused …"
 *   close MS    closes the server, waiting MS milliseconds for calls under way   -> "closed"
 *   (the end)   closes what is open and ends
 */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/server.h"
#include "base/scope.h"
#include "base/text.h"
#include "loop/pool.h"

enum { POOL_THREADS = 2, POOL_QUEUE = 16, DEFERRED_MAX = 64, BODY_MAX = 1 << 20 };

static struct toy {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct api_call *deferred[DEFERRED_MAX];
	size_t deferred_count;
	bool unblocked;
} toy = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void say(const char *line)
{
	puts(line);
	fflush(stdout);
}

static void echo(struct api_call *call)
{
	json_t *output = json_deep_copy(api_input(call));
	json_object_set_new(output, "RequestId", json_string(api_request_id(call)));
	json_object_set_new(output, "KeyId", json_string(api_access_key_id(call)));
	api_reply(call, output);
}

static void say_nothing(struct api_call *call)
{
	api_reply(call, NULL);
}

static void fail(struct api_call *call)
{
	const char *text = sp_json_string(api_input(call), "Text");
	if (text == NULL)
		api_fail(call, "ToyBrokenException", "broken");
	else
		api_fail_with(call, "ToyMissingException", json_pack("{s:s}", "Resource", text),
			      "there is no \"%s\"", text);
}

static void defer(struct api_call *call)
{
	pthread_mutex_lock(&toy.lock);
	toy.deferred[toy.deferred_count++ % DEFERRED_MAX] = call;
	say("deferred");
	pthread_mutex_unlock(&toy.lock);
}

static void block(struct api_call *call)
{
	pthread_mutex_lock(&toy.lock);
	say("blocked");
	while (!toy.unblocked)
		pthread_cond_wait(&toy.changed, &toy.lock);
	pthread_mutex_unlock(&toy.lock);
	api_reply(call, json_object());
}

static void be_slow(struct api_call *call)
{
	const struct timespec half_a_second = { .tv_nsec = 500 * 1000 * 1000 };
	say("slow");
	nanosleep(&half_a_second, NULL);
	api_reply(call, json_object());
}

static const struct shape text = { .type = SHAPE_STRING, .min = 1, .max = 100 };
static const struct shape number = { .type = SHAPE_INTEGER, .min = 1, .max = 10 };
static const struct shape texts = { .type = SHAPE_LIST, .max = 3, .element = &text };
static const struct shape_member members[] = {
	{ "Text", &text, false },
	{ "Number", &number, false },
	{ "Texts", &texts, false },
	{ 0 },
};
static const struct shape input = { .type = SHAPE_STRUCTURE, .members = members };

static const struct api_operation operations[] = {
	{ .name = "Echo", .input = &input, .handle = echo, .resource = "*" },
	{ .name = "SayNothing", .input = &input, .handle = say_nothing, .resource = "*" },
	{ .name = "Fail", .input = &input, .handle = fail, .resource = "*" },
	{ .name = "Defer", .input = &input, .handle = defer, .resource = "*" },
	{ .name = "Block", .input = &input, .handle = block, .resource = "*" },
	{ .name = "BeSlow", .input = &input, .handle = be_slow, .resource = "*" },
	{ 0 },
};

static const struct api_error_type errors[] = { { "ToyBrokenException", 500 }, { 0 } };

static const struct api_service service_toy = {
	.signing_name = "toy",
	.title = "Toy",
	.protocol = API_JSON_1_1,
	.target_prefix = "ToyService",
	.validation_error = "ToyInvalidException",
	.internal_error = "ToyBrokenException",
	.operations = operations,
	.errors = errors,
};

/* The same operations in the Query protocol. */
static const struct api_service service_query = {
	.signing_name = "toyquery",
	.title = "Toy of forms",
	.protocol = API_QUERY,
	.version = "2026-01-01",
	.xml_namespace = "https://toy.invalid/doc/2026-01-01/",
	.validation_error = "ValidationError",
	.internal_error = "InternalFailure",
	.operations = operations,
	.errors = errors,
};

/* And in EC2's. */
static const struct api_service service_ec2_like = {
	.signing_name = "toyec2",
	.title = "Toy of items",
	.protocol = API_EC2,
	.version = "2016-11-15",
	.xml_namespace = "https://toy.invalid/doc/2016-11-15/",
	.validation_error = "InvalidParameterValue",
	.internal_error = "InternalError",
	.operations = operations,
	.errors = errors,
};

/* By method and path. */
static const struct shape_member thing_members[] = {
	{ "Thing", &text, true },
	{ "Number", &number, false },
	{ "Texts", &texts, false },
	{ 0 },
};
static const struct shape thing_input = { .type = SHAPE_STRUCTURE, .members = thing_members };

static const struct api_operation rest_operations[] = {
	{ "CreateThing", &input, echo, "POST", "/things", 201, "thing/*" },
	{ "GetThing", &thing_input, echo, "GET", "/things/{Thing}", 200, "thing/{Thing}" },
	{ "DeleteThing", &thing_input, say_nothing, "DELETE", "/things/{Thing}", 204,
	  "thing/{Thing}" },
	{ "BreakThing", &input, fail, "PATCH", "/things", 200, "*" },
	{ 0 },
};

static const struct api_service service_rest = {
	.signing_name = "toyrest",
	.title = "Toy of paths",
	.protocol = API_REST_JSON,
	.validation_error = "ValidationException",
	.internal_error = "ToyBrokenException",
	.operations = rest_operations,
	.errors = errors,
};

/* What clients of STS presign. */
static void tell_caller(struct api_call *call)
{
	api_reply(call, json_pack("{s:s, s:s, s:s}", "Arn", "arn:aws:iam::123456789012:root",
				  "UserId", "123456789012", "Account", "123456789012"));
}

static const struct api_operation sts_operations[] = {
	{ .name = "GetCallerIdentity",
	  .input = &input,
	  .handle = tell_caller,
	  .resource = GUARD_ANYBODY },
	{ 0 },
};

static const struct api_service service_sts_like = {
	.signing_name = "sts",
	.title = "Toy of callers",
	.protocol = API_QUERY,
	.version = "2011-06-15",
	.xml_namespace = "https://sts.amazonaws.com/doc/2011-06-15/",
	.validation_error = "ValidationError",
	.internal_error = "InternalFailure",
	.operations = sts_operations,
	.errors = errors,
};

static enum sign_verdict find_key(void *ctx, const char *id, const char *token, int64_t now_ms,
				  struct sign_key *out)
{
	(void)ctx;
	(void)now_ms;
	if (strcmp(id, "AKIATOYTOYTOYTOYTOY1") != 0 && strcmp(id, "AKIATOYTOYTOYTOYSECND") != 0)
		return SIGN_UNKNOWN_KEY;
	snprintf(out->id, sizeof(out->id), "%s", id);
	snprintf(out->secret, sizeof(out->secret), "toytoytoytoytoytoytoytoytoytoytoytoytoy1");
	return token == NULL ? SIGN_GOOD : SIGN_BAD_TOKEN;
}

/* The second key's owner may Echo, and take away or read one thing. */
static bool is_owner(void *ctx, const struct sign_identity *who)
{
	(void)ctx;
	return strcmp(who->access_key_id, "AKIATOYTOYTOYTOYTOY1") == 0;
}

static int check(void *ctx, const struct sign_identity *who, struct access_request *request,
		 struct sp_buffer *refusal, struct sp_error *err)
{
	(void)ctx;
	(void)who;
	bool can = strcmp(request->action + strcspn(request->action, ":"), ":Echo") == 0 ||
		   strcmp(request->resource,
			  "arn:aws:toyrest:eu-central-1:123456789012:thing/mine") == 0;
	if (can)
		return 0;
	access_add_sentence(ACCESS_NOT_ALLOWED, "arn:aws:iam::123456789012:user/toy", request,
			    refusal);
	return sp_fail(err, SP_DENIED, "no");
}

static void *answer(void *call)
{
	api_reply(call, json_pack("{s:s}", "Late", "yes"));
	return NULL;
}

static void release(void)
{
	pthread_mutex_lock(&toy.lock);
	size_t count = toy.deferred_count;
	for (size_t i = 0; i < count; i++) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, answer, toy.deferred[i]) != 0)
			sp_die("no thread");
		pthread_join(thread, NULL);
	}
	toy.deferred_count = 0;
	pthread_mutex_unlock(&toy.lock);
	printf("released %zu\n", count);
	fflush(stdout);
}

static void unblock(void)
{
	pthread_mutex_lock(&toy.lock);
	toy.unblocked = true;
	pthread_cond_broadcast(&toy.changed);
	pthread_mutex_unlock(&toy.lock);
	say("unblocked");
}

static void obey(struct api_server **server, const char *line)
{
	struct sp_error err = { 0 };
	if (strcmp(line, "release") == 0) {
		release();
	} else if (strcmp(line, "unblock") == 0) {
		unblock();
	} else if (strcmp(line, "reload") == 0 && api_server_reload(*server, &err) == 0) {
		say("reloaded");
	} else if (strcmp(line, "reload") == 0) {
		printf("refused %s\n", err.message);
		fflush(stdout);
	} else if (sp_text_starts_with(line, "close ")) {
		api_server_close(*server, atoi(line + strlen("close ")));
		*server = NULL;
		say("closed");
	}
}

int main(int argc, char **argv)
{
	static const struct sign_keys keys = { .find = find_key };
	static const struct api_guard guard = { .is_owner = is_owner, .check = check };
	const struct api_served served[] = { { &service_toy, NULL },
					     { &service_query, NULL },
					     { &service_ec2_like, NULL },
					     { &service_rest, NULL },
					     { &service_sts_like, NULL } };
	struct api_limits *limits = api_limits_create(0);
	struct pool *pool;
	struct api_server *server;
	struct sp_error err = { 0 };
	char line[64];

	if (argc != 2 && argc != 4)
		return 2;
	if (pool_create("toy", POOL_THREADS, POOL_QUEUE, &pool, &err) != 0)
		sp_die("%s", err.message);
	const struct api_server_options options = {
		.listen = argv[1],
		.tls_certificate = argc == 4 ? argv[2] : NULL,
		.tls_key = argc == 4 ? argv[3] : NULL,
		.io_threads = 2,
		.body_max = BODY_MAX,
		.connection_max = 64,
		.idle_timeout_ms = 3000,
		.region = "eu-central-1",
		.account = "123456789012",
		.keys = &keys,
		.guard = &guard,
		.limits = limits,
		.operations = pool,
		.services = served,
		.service_count = SP_COUNT_OF(served),
	};
	if (api_server_open(&options, &server, &err) != 0) {
		printf("refused %s\n", err.message);
		pool_destroy(pool);
		api_limits_destroy(limits);
		return 1;
	}
	printf("port %u\n", (unsigned)api_server_port(server));
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		obey(&server, line);
	}
	api_server_close(server, 1000);
	pool_destroy(pool);
	api_limits_destroy(limits);
	return 0;
}
