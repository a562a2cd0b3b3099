#include "worker/connection.h"

#include "base/clock.h"
#include "base/scope.h"

/* ---- letters ---------------------------------------------------------------------------------------------------- */

void connection_post(struct connection *connection, struct letter *letter)
{
	inbox_post(connection->inbox, letter);
}

void connection_report_file(struct connection *connection, enum letter_kind kind, unsigned file,
			    const struct worker_message *message)
{
	struct letter *letter = letter_create(kind, message, -1);
	letter->from = connection->number;
	letter->file = file;
	inbox_post(connection->desk, letter);
}

void connection_report(struct connection *connection, enum letter_kind kind,
		       const struct worker_message *message)
{
	connection_report_file(connection, kind, 0, message);
}

void connection_tell(struct connection *connection, const struct worker_message *message)
{
	struct worker_message copy;
	worker_message_copy(message, &copy);
	connection_report_file(connection, LETTER_MESSAGE,
			       connection->schedule.current->letter->file, &copy);
}

void connection_tell_failed(struct connection *connection, unsigned file,
			    const struct worker_message *order, enum failure_step step,
			    const struct sp_error *err)
{
	const struct worker_message message = {
		.kind = WORKER_FILE_FAILED,
		.file_id = order->file_id,
		.attempt = order->attempt,
		.step = step,
		.code = err->code,
		.text = (char *)(uintptr_t)err->message,
	};
	struct worker_message copy;
	worker_message_copy(&message, &copy);
	connection_report_file(connection, LETTER_MESSAGE, file, &copy);
}

/* ---- on a file's fiber ------------------------------------------------------------------------------------------ */

void connection_ask_for_current(struct connection *connection)
{
	if (connection->remote != NULL)
		remote_ask_for(connection->remote, connection->schedule.current);
}

void connection_wait(struct connection *connection)
{
	runner_wait(connection->schedule.current);
	connection_ask_for_current(connection);
}

int connection_turn(struct connection *connection, struct sp_error *err)
{
	if (remote_check(connection->remote, err) != 0)
		return -1;
	connection_wait(connection);
	return remote_check(connection->remote, err);
}

bool connection_lives(const struct connection *connection)
{
	struct sp_error ignored = { 0 };
	return remote_check(connection->remote, &ignored) == 0;
}

bool connection_cancelled(const struct connection *connection)
{
	return connection->schedule.current->cancelled;
}

bool connection_take_permit(struct connection *connection)
{
	struct runner *runner = connection->schedule.current;
	bool permitted = runner->permitted;
	runner->permitted = false;
	return permitted;
}

char *connection_take_permit_url(struct connection *connection, char **out_condition)
{
	struct runner *runner = connection->schedule.current;
	*out_condition = sp_take_pointer(&runner->permit_condition);
	return sp_take_pointer(&runner->permit_url);
}

static int wait_patiently(const struct remote_patience *patience, struct sp_error *err)
{
	struct connection *connection = patience->ctx;
	if (connection_turn(connection, err) != 0)
		return -1;
	bool hurried = patience->idle_ms < connection->configuration->idle_timeout_ms;
	if (hurried && sp_monotonic_ms() - patience->since_ms >= patience->idle_ms)
		return sp_fail(err, SP_TIMEOUT, "the server did not answer within %lld ms",
			       (long long)patience->idle_ms);
	return 0;
}

static int wait_or_stop(const struct remote_patience *patience, struct sp_error *err)
{
	const struct connection *connection = patience->ctx;
	if (connection_cancelled(connection))
		return sp_fail(err, SP_CANCELLED, "told to stop");
	return wait_patiently(patience, err);
}

struct remote_patience connection_patience(struct connection *connection, bool may_cancel)
{
	return (struct remote_patience){
		.idle_ms = connection->configuration->idle_timeout_ms,
		.cancel_fd = -1,
		.wait = may_cancel ? wait_or_stop : wait_patiently,
		.ctx = connection,
		.since_ms = sp_monotonic_ms(),
	};
}
