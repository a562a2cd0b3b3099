#include "service/native/health.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/scope.h"
#include "service/context.h"
#include "service/native/operations.h"
#include "store/overview.h"

enum {
	HOLDS_MS = 1000,    /* nobody can make us write more often by asking */
	PATIENCE_MS = 2000, /* less than those wait who watch over programs */
};

struct health {
	struct loop *loop;
	struct store *store;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool loop_owes, store_owes; /* an answer */
	int64_t asked_ms;           /* monotonic; 0: never */
	struct sp_error store_error;
};

struct health *health_create(struct loop *loop, struct store *store)
{
	struct health *health = sp_alloc(sizeof(*health));
	health->loop = loop;
	health->store = store;
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&health->lock, NULL);
	pthread_cond_init(&health->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return health;
}

void health_destroy(struct health *health)
{
	if (health == NULL)
		return;
	pthread_cond_destroy(&health->changed);
	pthread_mutex_destroy(&health->lock);
	free(health);
}

static void loop_turned(void *ctx)
{
	struct health *health = ctx;
	pthread_mutex_lock(&health->lock);
	health->loop_owes = false;
	pthread_cond_broadcast(&health->changed);
	pthread_mutex_unlock(&health->lock);
}

static int write_something(struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	return overview_touch(db, err);
}

static void store_wrote(void *ctx, int result, const struct sp_error *err)
{
	struct health *health = ctx;
	pthread_mutex_lock(&health->lock);
	health->store_owes = false;
	health->store_error = result == 0 ? (struct sp_error){ 0 } : *err;
	pthread_cond_broadcast(&health->changed);
	pthread_mutex_unlock(&health->lock);
}

/* Under the lock, which those who answer at once need too. */
static void ask(struct health *health)
{
	health->asked_ms = sp_monotonic_ms();
	health->loop_owes = health->store_owes = true;
	pthread_mutex_unlock(&health->lock);
	loop_post(health->loop, loop_turned, health);
	store_submit(health->store, write_something, health, store_wrote, health);
	pthread_mutex_lock(&health->lock);
}

static void wait_for_answers(struct health *health)
{
	int64_t end_ms = sp_monotonic_ms() + PATIENCE_MS;
	struct timespec end = { .tv_sec = end_ms / 1000, .tv_nsec = end_ms % 1000 * 1000000 };
	int result = 0;
	while ((health->loop_owes || health->store_owes) && result == 0)
		result = pthread_cond_timedwait(&health->changed, &health->lock, &end);
}

/* Under the lock. */
static int judge(const struct health *health, struct sp_error *err)
{
	if (health->loop_owes)
		return sp_fail(err, SP_TIMEOUT, "the event loop does not answer");
	if (health->store_owes)
		return sp_fail(err, SP_TIMEOUT, "the store does not answer");
	if (health->store_error.code == SP_OK)
		return 0;
	/* What it says in detail may name files of this host; the log has it. */
	return sp_fail(err, SP_SYSTEM, "the store cannot be written%s",
		       health->store_error.code == SP_NO_SPACE ? ": its disk is full" : "");
}

/*
 * Asks both, and waits for their answers a short while; what was found holds for a second, however many ask meanwhile.
 * Any thread but theirs. False: @err says what is wrong.
 */
static bool look(struct health *health, struct sp_error *err)
{
	pthread_mutex_lock(&health->lock);
	bool owed = health->loop_owes || health->store_owes;
	bool fresh = health->asked_ms != 0 && sp_monotonic_ms() - health->asked_ms < HOLDS_MS;
	if (!owed && !fresh)
		ask(health);
	wait_for_answers(health);
	bool good = judge(health, err) == 0;
	pthread_mutex_unlock(&health->lock);
	return good;
}

/* ---- the operation --------------------------------------------------------------------------------------------- */

bool native_health_is_open(const void *context)
{
	(void)context;
	return true;
}

void native_get_health(struct api_call *call)
{
	const struct service_context *context = api_context(call);
	struct sp_error err = { 0 };
	if (context->health == NULL || look(context->health, &err)) {
		api_reply_text(call, 200, "text/plain; charset=utf-8", sp_strdup("ok\n"));
		return;
	}
	char *text = sp_alloc(sizeof(err.message) + 1);
	stpcpy(stpcpy(text, err.message), "\n");
	api_reply_text(call, 503, "text/plain; charset=utf-8", text);
}
