#include "egress/flows.h"

#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/name.h"
#include "base/scope.h"
#include "base/text.h"
#include "egress/flow_file.h"
#include "store/flows.h"

enum {
	GATHER_MS = 100, /* records of so long are written together */
	LOOK_MS = 10000, /* so often the bytes of what is under way are noted */
	WRITE_RETRY_MS = 1000,
	ID_DIGITS = 17,
};

struct open_flow {
	struct flow_log *log;
	struct open_flow *next, **slot; /* its place in log->open */
	struct flow record;
	int fd; /* our own, of the same socket; -1: there was none to be had */
	struct loop_watch *watch;
	const void *holder;
};

/* Records, and the lines of those that have ended. */
struct pending {
	struct flow *records; /* owned */
	size_t count, room;
	struct sp_buffer lines;
};

/* On its way to the store. */
struct batch {
	struct flow_log *log; /* NULL: closed meanwhile */
	struct loop *loop;
	struct pending pending;
	int64_t forget_up_to;
	int result;
	struct sp_error err;
};

struct flow_log {
	struct loop *loop;
	struct store *store;
	struct flow_file *file; /* NULL: none */
	int64_t records_max, last_number;
	struct open_flow *open;
	struct pending pending;
	struct batch *batch; /* NULL: none is under way */
	struct loop_timer *gathering, *looking;
	uint64_t lost; /* records that there was no room for */
};

/* ---- a record in words --------------------------------------------------------------------------------------------- */

static void set_known(json_t *out, const char *name, const char *text)
{
	if (text[0] != '\0')
		sp_json_set_words(out, name,
				  text); /* sentences may be cut in the middle of a character */
}

static void set_time(json_t *out, const char *name, int64_t time_ms)
{
	char text[SP_ISO_TIME_SIZE];
	sp_time_to_iso(time_ms, text);
	sp_json_set_text(out, name, text);
}

static const char *state_of(const struct flow *flow)
{
	if (flow->ended_ms == FLOW_END_UNKNOWN)
		return "END_UNKNOWN";
	return flow->ended_ms == 0 ? "OPEN" : "ENDED";
}

json_t *flow_to_json(const struct flow *flow)
{
	json_t *out = json_pack("{s:s, s:s}", "Id", flow->id, "State", state_of(flow));
	set_time(out, "Began", flow->began_ms);
	if (flow->ended_ms > 0)
		set_time(out, "Ended", flow->ended_ms);
	set_known(out, "ConnectorId", flow->connector_id);
	set_known(out, "TransferId", flow->transfer_id);
	set_known(out, "NetworkInterfaceId", flow->interface_id);
	set_known(out, "Source", flow->source);
	set_known(out, "PublicAddress", flow->public_address);
	set_known(out, "Target", flow->target);
	set_known(out, "Way", flow->way);
	sp_json_set_text(out, "Verdict", flow_verdict_name(flow->verdict));
	set_known(out, "Step", flow->step);
	set_known(out, "Reason", flow->reason);
	json_object_set_new(out, "BytesReceived", json_integer(flow->bytes_in));
	json_object_set_new(out, "BytesSent", json_integer(flow->bytes_out));
	return out;
}

static void add_line(struct sp_buffer *lines, const struct flow *flow)
{
	SP_AUTO_JSON json_t *value = flow_to_json(flow);
	SP_AUTO_FREE char *text = sp_json_text(value);
	sp_buffer_add_text(lines, text);
	sp_buffer_add_char(lines, '\n');
}

/* ---- to the store -------------------------------------------------------------------------------------------------- */

static void pending_finish(struct pending *pending)
{
	free(pending->records);
	sp_buffer_finish(&pending->lines);
	*pending = (struct pending){ 0 };
}

static void pending_add(struct pending *pending, const struct flow *flow)
{
	if (pending->count == pending->room) {
		pending->room = pending->room == 0 ? 16 : 2 * pending->room;
		pending->records =
			sp_realloc(pending->records, pending->room * sizeof(*pending->records));
	}
	pending->records[pending->count++] = *flow;
}

static void batch_free(struct batch *batch)
{
	pending_finish(&batch->pending);
	free(batch);
}

static int write_batch(struct db *db, void *ctx, struct sp_error *err)
{
	const struct batch *batch = ctx;
	for (size_t i = 0; i < batch->pending.count; i++)
		if (flows_put(db, &batch->pending.records[i], err) != 0)
			return -1;
	return flows_forget(db, batch->forget_up_to, err);
}

static void submit(void *ctx);

static void gather(struct flow_log *log, int64_t delay_ms)
{
	if (log->gathering == NULL)
		log->gathering = loop_add_timer(log->loop, delay_ms, submit, log);
}

/* The records of a write that failed go in front of those that came meanwhile. */
static void take_back(struct flow_log *log, struct batch *batch)
{
	for (size_t i = 0; i < log->pending.count; i++)
		pending_add(&batch->pending, &log->pending.records[i]);
	sp_buffer_add(&batch->pending.lines, sp_buffer_text(&log->pending.lines),
		      log->pending.lines.length);
	pending_finish(&log->pending);
	log->pending = batch->pending;
	batch->pending = (struct pending){ 0 };
}

static void batch_over(void *ctx)
{
	struct batch *batch = ctx;
	struct flow_log *log = batch->log;
	if (log == NULL) {
		batch_free(batch);
		return;
	}
	log->batch = NULL;
	if (batch->result != 0) {
		sp_log(SP_LOG_ERROR, "could not keep %zu records of the flow log, trying again: %s",
		       batch->pending.count, batch->err.message);
		take_back(log, batch);
	} else {
		flow_file_add(log->file, sp_buffer_text(&batch->pending.lines),
			      batch->pending.lines.length);
	}
	if (log->pending.count > 0)
		gather(log, batch->result != 0 ? WRITE_RETRY_MS : GATHER_MS);
	batch_free(batch);
}

static void batch_written(void *ctx, int result, const struct sp_error *err)
{
	struct batch *batch = ctx;
	batch->result = result;
	if (result != 0)
		batch->err = *err;
	loop_post(batch->loop, batch_over, batch);
}

static struct batch *take_batch(struct flow_log *log)
{
	struct batch *batch = sp_alloc(sizeof(*batch));
	batch->log = log;
	batch->loop = log->loop;
	batch->pending = log->pending;
	batch->forget_up_to = log->last_number - log->records_max;
	log->pending = (struct pending){ 0 };
	return batch;
}

static void submit(void *ctx)
{
	struct flow_log *log = ctx;
	log->gathering = NULL;
	if (log->batch != NULL)
		return; /* its end begins the next one */
	if (log->lost > 0)
		sp_log(SP_LOG_WARNING, "the flow log lacks %llu records",
		       (unsigned long long)log->lost);
	log->lost = 0;
	log->batch = take_batch(log);
	store_submit(log->store, write_batch, log->batch, batch_written, log->batch);
}

static void put(struct flow_log *log, const struct flow *flow)
{
	if (log->pending.count >= FLOW_LOG_PENDING_MAX) {
		log->lost++;
		return;
	}
	pending_add(&log->pending, flow);
	if (flow->ended_ms != 0)
		add_line(&log->pending.lines, flow);
	gather(log, GATHER_MS);
}

static void number(struct flow_log *log, struct flow *flow, int64_t began_ms)
{
	static const char prefix[] = "flow-";
	flow->number = ++log->last_number;
	memcpy(flow->id, prefix, sizeof(prefix));
	sp_random_hex(flow->id + strlen(prefix), ID_DIGITS);
	flow->began_ms = began_ms;
}

/* ---- connections that are open ------------------------------------------------------------------------------------- */

/* What both sides have said, without what was said again. False when nothing has changed. */
static bool count_bytes(struct open_flow *open)
{
	struct tcp_info info = { 0 };
	socklen_t length = sizeof(info);
	if (open->fd < 0 || getsockopt(open->fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0 ||
	    length <
		    offsetof(struct tcp_info, tcpi_bytes_retrans) + sizeof(info.tcpi_bytes_retrans))
		return false;
	int64_t in = (int64_t)info.tcpi_bytes_received;
	int64_t out = (int64_t)(info.tcpi_bytes_sent - info.tcpi_bytes_retrans);
	if (in == open->record.bytes_in && out == open->record.bytes_out)
		return false;
	open->record.bytes_in = in;
	open->record.bytes_out = out;
	return true;
}

static void close_flow(struct open_flow *open)
{
	count_bytes(open);
	open->record.ended_ms = sp_now_ms();
	put(open->log, &open->record);
	loop_watch_remove(open->watch);
	sp_close_fd(&open->fd);
	*open->slot = open->next;
	if (open->next != NULL)
		open->next->slot = open->slot;
	free(open);
}

static void on_hang_up(void *ctx, uint32_t events)
{
	struct open_flow *open = ctx;
	if ((events & EPOLLHUP) != 0)
		close_flow(open);
}

static void look(void *ctx)
{
	struct flow_log *log = ctx;
	log->looking = NULL;
	for (struct open_flow *open = log->open; open != NULL; open = open->next)
		if (count_bytes(open))
			put(log, &open->record);
	if (log->open != NULL)
		log->looking = loop_add_timer(log->loop, LOOK_MS, look, log);
}

void flow_log_connected(struct flow_log *log, const struct flow *flow, int64_t began_ms, int fd,
			const void *holder)
{
	struct open_flow *open = sp_alloc(sizeof(*open));
	open->log = log;
	open->record = *flow;
	open->holder = holder;
	number(log, &open->record, began_ms);
	open->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (open->fd >= 0)
		/* The end of both directions is told without being asked for; an error that is none, once. */
		open->watch = loop_watch_fd(log->loop, open->fd, EPOLLET, on_hang_up, open);
	else
		sp_log(SP_LOG_WARNING, "the flow log will not know the bytes of %s",
		       open->record.id);
	open->next = log->open;
	if (open->next != NULL)
		open->next->slot = &open->next;
	open->slot = &log->open;
	log->open = open;
	put(log, &open->record);
	if (log->looking == NULL)
		log->looking = loop_add_timer(log->loop, LOOK_MS, look, log);
}

void flow_log_refused(struct flow_log *log, const struct flow *flow, int64_t began_ms)
{
	struct flow record = *flow;
	number(log, &record, began_ms);
	record.ended_ms = sp_now_ms();
	put(log, &record);
}

void flow_log_end(struct flow_log *log, const void *holder)
{
	for (struct open_flow *open = log->open, *next; open != NULL; open = next) {
		next = open->next;
		if (open->holder != holder)
			continue;
		if (open->fd >= 0)
			shutdown(open->fd, SHUT_RDWR);
		close_flow(open);
	}
}

/* ---- opening and closing ------------------------------------------------------------------------------------------- */

struct left_over {
	struct sp_buffer lines;
	size_t count;
	int64_t last_number;
};

static void note_left_over(void *ctx, const struct flow *flow)
{
	struct left_over *left = ctx;
	struct flow record = *flow;
	record.ended_ms = FLOW_END_UNKNOWN;
	add_line(&left->lines, &record);
	left->count++;
}

static int give_up_left_over(struct db *db, void *ctx, struct sp_error *err)
{
	struct left_over *left = ctx;
	if (flows_last_number(db, &left->last_number, err) != 0 ||
	    flows_each_under_way(db, note_left_over, left, err) != 0)
		return -1;
	return flows_give_up(db, err);
}

static int begin(struct flow_log *log, const struct flow_log_options *options, struct sp_error *err)
{
	struct left_over left = { 0 };
	int result = store_write(log->store, give_up_left_over, &left, err);
	if (result != 0)
		sp_wrap(err, "could not go on with the flow log");
	log->last_number = left.last_number;
	if (result == 0 && options->file != NULL)
		result = flow_file_open(options->file, options->file_size_max, options->files_kept,
					&log->file, err);
	flow_file_add(log->file, sp_buffer_text(&left.lines), left.lines.length);
	sp_buffer_finish(&left.lines);
	return result;
}

int flow_log_open(struct loop *loop, struct store *store, const struct flow_log_options *options,
		  struct flow_log **out, struct sp_error *err)
{
	struct flow_log *log = sp_alloc(sizeof(*log));
	log->loop = loop;
	log->store = store;
	log->records_max = options->records_max;
	if (begin(log, options, err) != 0) {
		flow_log_close(log);
		return -1;
	}
	*out = log;
	return 0;
}

static int nothing(struct db *db, void *ctx, struct sp_error *err)
{
	(void)db;
	(void)ctx;
	(void)err;
	return 0;
}

/* The store's writer keeps the order: after a write that is waited for, the one before is over. */
static void wait_for_batch(struct flow_log *log)
{
	struct batch *batch = log->batch;
	store_write(log->store, nothing, NULL, NULL);
	if (batch->result == 0)
		flow_file_add(log->file, sp_buffer_text(&batch->pending.lines),
			      batch->pending.lines.length);
	else
		take_back(log, batch);
	batch->log = NULL; /* its post comes when the loop is destroyed */
}

static void write_rest(struct flow_log *log)
{
	struct sp_error err = { 0 };
	struct batch *last = take_batch(log);
	if (store_write(log->store, write_batch, last, &err) != 0)
		sp_log(SP_LOG_ERROR, "could not keep the last records of the flow log: %s",
		       err.message);
	else
		flow_file_add(log->file, sp_buffer_text(&last->pending.lines),
			      last->pending.lines.length);
	batch_free(last);
}

void flow_log_close(struct flow_log *log)
{
	if (log == NULL)
		return;
	for (struct open_flow *open = log->open, *next; open != NULL; open = next) {
		next = open->next;
		close_flow(open);
	}
	if (log->batch != NULL)
		wait_for_batch(log);
	if (log->pending.count > 0)
		write_rest(log);
	loop_cancel_timer(log->gathering);
	loop_cancel_timer(log->looking);
	flow_file_close(log->file);
	free(log);
}
