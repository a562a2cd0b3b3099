#include "worker/help.h"

#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "remote/assist.h"

/* ---- bells ----------------------------------------------------------------------------------------------------- */

/* One letter does until it was heard. */
static void ring(void *ctx)
{
	struct bell *bell = ctx;
	if (atomic_exchange(&bell->rung, true))
		return;
	struct letter *letter = letter_create(LETTER_RING, NULL, -1);
	letter->file = bell->file;
	connection_post(bell->connection, letter);
}

void bell_hear(struct bell *bell)
{
	atomic_store(&bell->rung, false);
}

/* ---- the owner's side -------------------------------------------------------------------------------------------- */

bool help_is_worth_while(const struct connection *connection, uint64_t bytes_left)
{
	return connection->configuration->connections > 1 && bytes_left >= HELP_BYTES_MIN;
}

/* It is known after half the time that another connection needs, and they are worth it when twice that time is left. */
bool help_comes_in_time(struct help *help, const struct connection *connection, uint64_t bytes_done,
			uint64_t bytes_left)
{
	int64_t now_us = sp_monotonic_us(), opening_us = connection->opening_us;
	if (help->since_us == 0)
		help->since_us = now_us;
	int64_t took_us = now_us - help->since_us;
	return took_us >= opening_us / 2 && help_is_worth_while(connection, bytes_left) &&
	       (double)bytes_left * (double)took_us > 2.0 * (double)bytes_done * (double)opening_us;
}

void help_call(struct help *help, struct connection *connection, const struct crew_task *task)
{
	const struct letter *order = connection->schedule.current->letter;
	help->bell = (struct bell){ .connection = connection, .file = order->file };
	help->crew = crew_create(task, &(struct crew_bell){ ring, &help->bell });

	/* For the record of a connection that is opened for it. */
	const struct worker_message message = { .file_id = sp_strdup(order->message.file_id) };
	struct letter *letter = letter_create(LETTER_HELP_WANTED, &message, -1);
	letter->from = connection->number;
	crew_hold(help->crew);
	letter->crew = help->crew;
	inbox_post(connection->desk, letter);
}

void help_end(struct help *help)
{
	crew_release(help->crew);
	help->crew = NULL;
}

/* ---- a helper's side --------------------------------------------------------------------------------------------- */

void help_work(struct connection *connection, const struct letter *letter)
{
	struct bell bell = { .connection = connection, .file = ROLL_MAX };
	struct assist *assist =
		assist_start(connection->remote, letter->crew, &(struct crew_bell){ ring, &bell });
	enum job_state state = JOB_DONE; /* there was nothing to do any more */
	while (assist != NULL && (state = assist_step(assist)) == JOB_WORKING) {
		connection_wait(connection);
		bell_hear(&bell);
	}
	assist_destroy(assist);
	struct letter *answer = letter_create(LETTER_HELPED, NULL, -1);
	answer->from = connection->number;
	answer->returned = state == JOB_FAILED;
	crew_hold(letter->crew);
	answer->crew = letter->crew;
	inbox_post(connection->desk, answer);
}
