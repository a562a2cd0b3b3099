#include "transfer/worker_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/scope.h"
#include "base/secret.h"
#include "ipc/channel.h"
#include "loop/spawn.h"
#include "transfer/storage_sockets.h"
#include "transfer/worker_log.h"

enum {
	LEAVE_PATIENCE_MS = 5000, /* between the end of the socket and SIGKILL */
	KEEPALIVE_MS = 15000,
	SOCKET_REQUESTS_MAX = CONNECTOR_CONNECTIONS_MAX,
	MESSAGES_A_ROUND = 64, /* so that one busy worker does not keep the loop from the others */
};

struct outgoing {
	struct outgoing *next;
	int fd; /* -1 for none */
	size_t length;
	uint8_t data[];
};

struct socket_request {
	struct worker_process *process;
	struct egress_attempt *attempt; /* NULL: free */
	uint32_t number;
};

struct worker_process {
	struct ground *ground;
	struct worker_owner owner;
	char connector_id[CONNECTOR_ID_SIZE];
	char *host;
	char *configuration_arn; /* NULL: service-managed */
	bool dual_stack;
	uint16_t port;
	pid_t pid;
	int fd; /* -1 once closed */
	struct loop_watch *watch;
	struct outgoing *first, **last;
	struct socket_request sockets[SOCKET_REQUESTS_MAX];
	struct storage_sockets storage;
	struct loop_timer *patience, *listening;
	struct loop_timer *sending; /* until the first message is tried again: IPC_BUSY */
	int sending_tries;          /* in vain, in a row */
	struct worker_log log;
	int beats_missed; /* in a row */
	bool spoke;
};

static void destroy(struct worker_process *process)
{
	free(process->host);
	free(process->configuration_arn);
	free(process);
}

/* Everything but the child itself, which the loop reaps. */
static void close_channel(struct worker_process *process)
{
	for (size_t i = 0; i < SOCKET_REQUESTS_MAX; i++) {
		egress_cancel(process->sockets[i].attempt);
		process->sockets[i].attempt = NULL;
	}
	storage_sockets_end(&process->storage);
	while (process->first != NULL) {
		struct outgoing *message = process->first;
		process->first = message->next;
		sp_close_fd(&message->fd);
		explicit_bzero(message->data, message->length);
		free(message);
	}
	process->last = &process->first;
	loop_watch_remove(process->watch);
	process->watch = NULL;
	loop_cancel_timer(process->listening);
	process->listening = NULL;
	loop_cancel_timer(process->sending);
	process->sending = NULL;
	sp_close_fd(&process->fd);
}

static void kill_late_leaver(void *ctx)
{
	struct worker_process *process = ctx;
	process->patience = NULL;
	kill(process->pid, SIGKILL);
}

void worker_process_close(struct worker_process *process)
{
	if (process == NULL)
		return;
	process->owner = (struct worker_owner){ 0 };
	close_channel(process);
	if (process->pid > 0 && process->patience == NULL)
		process->patience = loop_add_timer(process->ground->rooms.loop, LEAVE_PATIENCE_MS,
						   kill_late_leaver, process);
}

void worker_process_kill(struct worker_process *process)
{
	if (process->pid > 0)
		kill(process->pid, SIGKILL);
	worker_process_close(process);
}

static void end(struct worker_process *process, const char *how)
{
	struct worker_owner owner = process->owner;
	worker_process_kill(process);
	if (owner.ended != NULL)
		owner.ended(owner.ctx, how, process->spoke);
}

/* Who follows a file through the log sees here what was said about it. What a message holds may be secret. */
static void trace(const struct worker_process *process, const char *verb,
		  const struct worker_message *message)
{
	bool about_file = message->file_id != NULL;
	sp_log(SP_LOG_DEBUG, "worker %d of %s %s %s, connection %u%s%s", (int)process->pid,
	       process->connector_id, verb, worker_kind_name(message->kind), message->request,
	       about_file ? ", file " : "", about_file ? message->file_id : "");
}

/* ---- sending ------------------------------------------------------------------------------------------------------ */

static void flush(struct worker_process *process);

static void send_again(void *ctx)
{
	struct worker_process *process = ctx;
	process->sending = NULL;
	flush(process);
}

static void flush(struct worker_process *process)
{
	while (process->first != NULL && process->sending == NULL) {
		struct outgoing *message = process->first;
		struct sp_error err = { 0 };
		int result = ipc_send(process->fd, message->data, message->length, &message->fd,
				      message->fd >= 0, &err);
		if (result == IPC_AGAIN)
			break;
		if (result == IPC_BUSY && process->sending_tries++ < IPC_BUSY_TRIES_MAX) {
			process->sending = loop_add_timer(process->ground->rooms.loop, IPC_BUSY_MS,
							  send_again, process);
			break;
		}
		process->sending_tries = 0;
		if (result == -1 || result == IPC_BUSY) {
			/* It would wait for ever for what it was not told. Its death comes back as an event. */
			sp_log(SP_LOG_ERROR, "worker of %s: %s", process->connector_id,
			       err.message);
			kill(process->pid, SIGKILL);
		}
		process->first = message->next;
		if (process->first == NULL)
			process->last = &process->first;
		sp_close_fd(&message->fd);
		explicit_bzero(message->data, message->length);
		free(message);
	}
	bool wants_room = process->first != NULL && process->sending == NULL;
	loop_watch_change(process->watch, wants_room ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void worker_process_send(struct worker_process *process, const struct worker_message *message,
			 int fd)
{
	uint8_t data[IPC_MESSAGE_MAX];
	size_t length;
	struct sp_error err = { 0 };
	trace(process, "is told", message);
	if (worker_message_encode(message, data, &length, &err) != 0)
		sp_die("a message to a worker does not fit: %s",
		       err.message); /* every text in it is bounded */

	struct outgoing *outgoing = sp_alloc(sizeof(*outgoing) + length);
	outgoing->fd = fd;
	outgoing->length = length;
	memcpy(outgoing->data, data, length);
	explicit_bzero(data, length);
	*process->last = outgoing;
	process->last = &outgoing->next;
	flush(process);
}

/* A @test looks at a server as if for the first time. */
static void configure(struct worker_process *process, const struct launch *launch, bool test)
{
	const struct transfer_options *options = &process->ground->options;
	SP_AUTO_BUFFER keys = { 0 };
	for (size_t i = 0; i < launch->connector.trusted_key_count; i++)
		sp_buffer_format(&keys, "%s\n", launch->connector.trusted_keys[i]);

	struct worker_message message = {
		.kind = WORKER_CONFIGURE,
		.connector_id = process->connector_id,
		.host = launch->host,
		.port = launch->port,
		.user = launch->credentials.user,
		.password = launch->credentials.logins[0].password,
		.private_key = launch->credentials.logins[0].private_key,
		.trusted_keys = keys.length == 0 ? NULL : keys.data,
		.security_policy = launch->connector.security_policy,
		.connections = (uint32_t)launch->connector.max_connections,
		.handshake_timeout_ms = (uint32_t)options->handshake_timeout_ms,
		.idle_timeout_ms = (uint32_t)options->idle_timeout_ms,
		.keepalive_ms = KEEPALIVE_MS,
		.upload_mode = launch->publishing.upload,
		.verify = launch->publishing.verify,
		.resume_check = (uint32_t)options->resume_check,
		.banner = test ? NULL : launch->server.banner,
		.fingerprint = test ? NULL : launch->server.host_key,
		.features = test ? NULL : launch->server.features,
	};
	for (size_t i = 1; i < launch->credentials.login_count; i++) {
		message.other_passwords[i - 1] = launch->credentials.logins[i].password;
		message.other_private_keys[i - 1] = launch->credentials.logins[i].private_key;
	}
	worker_process_send(process, &message, -1);
}

/* ---- sockets ------------------------------------------------------------------------------------------------------ */

/* "192.0.2.7:22 behind the appliance eni-… (10.0.3.4)", owned by the caller. */
static char *describe_place(const struct egress_result *result)
{
	SP_AUTO_BUFFER place = { 0 };
	sp_buffer_add_text(&place, result->target);
	if (result->between != NULL)
		sp_buffer_format(&place, " %s", result->between);
	return sp_buffer_take(&place);
}

static void socket_ready(void *ctx, struct egress_result *result)
{
	struct socket_request *request = ctx;
	request->attempt = NULL;
	const struct worker_owner *owner = &request->process->owner;
	if (owner->connected != NULL)
		owner->connected(owner->ctx, request->number, result);
	struct worker_message message = { .request = request->number };
	SP_AUTO_FREE char *place = NULL;
	if (result->error.code == SP_OK) {
		place = describe_place(result);
		message.kind = WORKER_SOCKET;
		message.text = place;
	} else {
		message.kind = WORKER_NO_SOCKET;
		message.step = result->step;
		message.code = result->error.code;
		message.text = result->error.message;
	}
	worker_process_send(request->process, &message, result->fd);
}

/* What a connection is opened for, as the worker says: good enough for the flow log. */
static const char *transfer_of(const struct worker_process *process, const char *file_id)
{
	const struct worker_owner *owner = &process->owner;
	return owner->transfer_of == NULL || file_id == NULL
		       ? NULL
		       : owner->transfer_of(owner->ctx, file_id);
}

static int give_socket(struct worker_process *process, const struct worker_message *message)
{
	const struct egress_target target = {
		.host = process->configuration_arn == NULL ? process->host : NULL,
		.configuration_arn = process->configuration_arn,
		.port = process->port,
		.dual_stack = process->dual_stack,
		.connector_id = process->connector_id,
		.transfer_id = transfer_of(process, message->file_id),
		.holder = process,
	};
	for (size_t i = 0; i < SOCKET_REQUESTS_MAX; i++) {
		struct socket_request *request = &process->sockets[i];
		if (request->attempt != NULL)
			continue;
		*request =
			(struct socket_request){ .process = process, .number = message->request };
		request->attempt = egress_connect(process->ground->rooms.egress, &target,
						  socket_ready, request);
		return 0;
	}
	return -1; /* more at once than it was allowed connections */
}

/* ---- receiving ---------------------------------------------------------------------------------------------------- */

/* False when the process has ended or was ended. */
static bool receive_one(struct worker_process *process)
{
	uint8_t data[IPC_MESSAGE_MAX];
	int fds[IPC_FDS_MAX];
	size_t length;
	size_t fd_count;
	struct sp_error err = { 0 };
	int result = ipc_receive(process->fd, data, &length, fds, &fd_count, &err);
	if (result == IPC_AGAIN)
		return false;
	if (result == IPC_ENDED) {
		end(process, "the worker process died");
		return false;
	}

	struct worker_message message = { 0 };
	if (result == IPC_DONE) {
		for (size_t i = 0; i < fd_count; i++)
			close(fds[i]);
		result = worker_message_decode(data, length, fd_count, &message, &err);
	}
	if (result == -1) {
		sp_log(SP_LOG_ERROR, "worker of %s: %s", process->connector_id, err.message);
		end(process, "the worker process broke the protocol");
		return false;
	}

	process->beats_missed = 0;
	if (message.kind == WORKER_BEAT)
		return true;
	process->spoke = true;
	trace(process, "says", &message);
	bool good = true;
	if (message.kind == WORKER_NEED_STORAGE) {
		good = storage_sockets_ask(&process->storage, &message) == 0;
		if (!good)
			end(process, "the worker process asked for storage that it may not have");
	} else if (message.kind != WORKER_NEED_SOCKET)
		process->owner.message(process->owner.ctx, &message);
	else if (give_socket(process, &message) != 0) {
		end(process, "the worker process asked for too many sockets");
		good = false;
	}
	worker_message_finish(&message);
	return good && process->fd >= 0; /* the owner may have closed it */
}

/* A process that was stopped, or spins, would keep its files for ever. Beats are counted and not seconds: after the
 * daemon itself was stopped only one is missing. */
static void listen_for_beats(void *ctx)
{
	struct worker_process *process = ctx;
	process->listening = NULL;
	if (++process->beats_missed > WORKER_BEATS_MISSED_MAX) {
		end(process, "the worker process said nothing any more");
		return;
	}
	process->listening = loop_add_timer(process->ground->rooms.loop, WORKER_BEAT_MS,
					    listen_for_beats, process);
}

static void child_ended(void *ctx, pid_t pid, int wait_status)
{
	struct worker_process *process = ctx;
	struct ground *ground = process->ground;
	process->pid = 0;
	loop_cancel_timer(process->patience);
	worker_log_end(&process->log);
	if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGSYS)
		sp_log(SP_LOG_ERROR,
		       "worker %d of %s was ended by its sandbox (SIGSYS): it tried what no worker "
		       "does, so its server may have taken it over",
		       (int)pid, process->connector_id);
	else if (WIFSIGNALED(wait_status))
		sp_log(SP_LOG_INFO, "worker %d of %s was ended by signal %d", (int)pid,
		       process->connector_id, WTERMSIG(wait_status));
	else if (WEXITSTATUS(wait_status) != 0)
		sp_log(SP_LOG_WARNING, "worker %d of %s left with status %d", (int)pid,
		       process->connector_id, WEXITSTATUS(wait_status));

	/* What it said before it died still counts, and may still be in the socket. */
	while (process->fd >= 0 && receive_one(process))
		;
	if (process->fd >= 0)
		end(process, "the worker process died");
	egress_flow_end(ground->rooms.egress, process);
	destroy(process);
	places_give_back(&ground->places);
	ground_came_back(ground);
}

static void channel_event(void *ctx, uint32_t events)
{
	struct worker_process *process = ctx;
	if ((events & EPOLLOUT) != 0)
		flush(process);
	for (int i = 0; i < MESSAGES_A_ROUND && receive_one(process); i++)
		;
}

/* ---- starting ----------------------------------------------------------------------------------------------------- */

static int open_lock(const struct ground *ground, const char *connector_id, struct sp_error *err)
{
	SP_AUTO_BUFFER path = { 0 };
	sp_buffer_format(&path, "%s/%s.lock", ground->options.run_directory, connector_id);
	/* To read: the worker has no business in it but the lock. */
	int fd = open(path.data, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd >= 0 ? fd : sp_fail_errno(err, "could not open the lock file \"%s\"", path.data);
}

static int spawn(const struct ground *ground, int log, int control, int lock, bool test,
		 pid_t *out_pid, struct sp_error *err)
{
	char *program = (char *)(uintptr_t)ground->options.worker_path;
	char *argv[] = { program, test ? (char[]){ "--test" } : NULL, NULL };
	/* What libraries call is resolved at the start: later it would leave registers on the stack, with secrets in them.
	 * libssh copies each packet several times. From 8 KiB on glibc copies with "rep movsb", which some processors do
	 * at a fraction of their speed when the two addresses are alike modulo 4096, as luck has it in every process. */
	char *environment[] = {
		(char[]){ "LD_BIND_NOW=1" },
		(char[]){ "LC_ALL=C" },
		(char[]){ "PATH=/usr/bin:/bin" },
		(char[]){ "GLIBC_TUNABLES=glibc.cpu.x86_rep_movsb_threshold=1073741824" },
		NULL,
	};
	const int fds[] = { control, lock };
	return spawn_program(argv, environment, log, fds, test ? 1 : 2, out_pid, err);
}

static bool has_file_at(void *ctx, const char *origin)
{
	const struct worker_process *process = ctx;
	return process->owner.has_file_at != NULL &&
	       process->owner.has_file_at(process->owner.ctx, origin);
}

static void send_storage(void *ctx, const struct worker_message *message, int fd)
{
	worker_process_send(ctx, message, fd);
}

int worker_process_start(struct ground *ground, const struct launch *launch, bool test,
			 const struct worker_owner *owner, struct worker_process **out,
			 struct sp_error *err)
{
	int pair[2], log_pipe[2];
	if (ipc_pair(pair, err) != 0)
		return -1;
	SP_AUTO_FD ours = pair[0];
	SP_AUTO_FD theirs = pair[1];
	if (worker_log_pipe(log_pipe, err) != 0)
		return -1;
	SP_AUTO_FD our_log = log_pipe[0];
	SP_AUTO_FD their_log = log_pipe[1];
	SP_AUTO_FD lock = test ? -1 : open_lock(ground, launch->connector_id, err);
	if (!test && lock < 0)
		return -1;
	pid_t pid;
	if (spawn(ground, their_log, theirs, lock, test, &pid, err) != 0)
		return sp_wrap(err, "could not start a worker");

	struct worker_process *process = sp_alloc(sizeof(*process));
	process->ground = ground;
	process->owner = *owner;
	process->host = sp_strdup(launch->host);
	process->configuration_arn = sp_strdup(launch->connector.configuration_arn);
	process->dual_stack = launch->connector.dual_stack;
	process->port = launch->port;
	process->pid = pid;
	process->fd = sp_take_fd(&ours);
	process->last = &process->first;
	process->storage = (struct storage_sockets){
		.ground = ground, .send = send_storage, .may_have = has_file_at, .ctx = process
	};
	snprintf(process->connector_id, sizeof(process->connector_id), "%s", launch->connector_id);
	worker_log_begin(&process->log, ground->rooms.loop, launch->connector_id, pid,
			 sp_take_fd(&our_log));
	process->watch =
		loop_watch_fd(ground->rooms.loop, process->fd, EPOLLIN, channel_event, process);
	loop_watch_child(ground->rooms.loop, pid, child_ended, process);
	process->listening =
		loop_add_timer(ground->rooms.loop, WORKER_BEAT_MS, listen_for_beats, process);
	ground_went_out(ground);
	configure(process, launch, test);
	*out = process;
	return 0;
}
