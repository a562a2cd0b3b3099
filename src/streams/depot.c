/* Connections to storage: which request each has, how many there are, and the sockets that they are made of. */

#include <poll.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/scope.h"
#include "base/text.h"
#include "streams/depot_inside.h"

enum {
	IDLE_MS = 10000, /* a connection without work is closed */
	DIAL_DELAY_MS = 100,
	DIAL_DELAY_MAX_MS = 4000,
	TICK_MS = 500,
};

static size_t count_lines(const struct depot *depot)
{
	size_t count = 0;
	for (size_t i = 0; i < DEPOT_LINES_MAX; i++)
		count += (size_t)(depot->lines[i] != NULL) + (depot->dials[i].number != 0);
	return count;
}

/* What came unasked on one that was used would be read as the next answer. */
static struct line *find_idle(struct depot *depot, const struct origin *origin)
{
	for (size_t i = 0; i < DEPOT_LINES_MAX; i++) {
		struct line *line = depot->lines[i];
		if (line == NULL || line->request != NULL || line->origin != origin)
			continue;
		if (!line->was_used || wire_is_quiet(line->wire))
			return line;
		line_drop(depot, line);
	}
	return NULL;
}

/* ---- sockets ---------------------------------------------------------------------------------------------------- */

static void dial(struct depot *depot, struct origin *origin)
{
	for (size_t i = 0; i < DEPOT_LINES_MAX; i++) {
		if (depot->dials[i].number != 0)
			continue;
		if (++depot->last_dial == 0)
			depot->last_dial = 1;
		depot->dials[i] = (struct dial){ depot->last_dial, origin };
		origin->dialled++;
		depot->door.need_socket(depot->door.ctx, depot->last_dial, origin->name);
		return;
	}
}

static struct origin *end_dial(struct depot *depot, uint32_t number)
{
	for (size_t i = 0; i < DEPOT_LINES_MAX; i++) {
		if (number == 0 || depot->dials[i].number != number)
			continue;
		depot->dials[i].number = 0;
		depot->dials[i].origin->dialled--;
		return depot->dials[i].origin;
	}
	return NULL;
}

/* Those that were asked for together are refused together, and count once. */
static void put_off_dials(struct origin *origin)
{
	const int64_t now = sp_monotonic_ms();
	uint32_t random;
	if (origin->dial_after_ms > now)
		return;
	sp_random_bytes(&random, sizeof(random));
	origin->dial_after_ms =
		now + sp_backoff_ms(DIAL_DELAY_MS, DIAL_DELAY_MAX_MS, ++origin->refusals, random);
}

/* Whoever has a connection goes on with that, and no request has failed. */
void depot_refuse_socket(struct depot *depot, uint32_t request, const struct sp_error *why)
{
	struct origin *origin = end_dial(depot, request);
	if (origin == NULL)
		return;
	put_off_dials(origin);
	if (origin->lines + origin->dialled == 0)
		requests_fail(depot, origin, why);
}

void depot_take_socket(struct depot *depot, uint32_t request, int fd)
{
	SP_AUTO_FD socket = fd;
	struct origin *origin = end_dial(depot, request);
	struct sp_error why = { 0 };
	struct wire *wire = NULL;
	if (origin == NULL)
		return;
	if (sp_text_starts_with(origin->name, "https:") && origin->trust == NULL)
		why = origin->no_trust;
	else
		wire_open(sp_take_fd(&socket), origin->trust, &wire, &why);
	if (wire == NULL) {
		requests_fail(depot, origin, &why);
		return;
	}
	for (size_t i = 0; i < DEPOT_LINES_MAX; i++)
		if (depot->lines[i] == NULL) {
			depot->lines[i] = line_open(origin, wire);
			origin->lines++;
			origin->refusals = 0;
			return;
		}
	wire_close(wire);
}

/* ---- whose turn it is ------------------------------------------------------------------------------------------- */

/* One that has no work, and of which the place is needed by others. */
static void make_room(struct depot *depot, const struct origin *origin)
{
	for (size_t i = 0; i < DEPOT_LINES_MAX; i++) {
		struct line *line = depot->lines[i];
		if (line != NULL && line->request == NULL && line->origin != origin) {
			line_drop(depot, line);
			return;
		}
	}
}

static void wait_until(int64_t at_ms, int64_t now, int *out_wait_ms)
{
	int wait = (int)(at_ms - now);
	*out_wait_ms = wait < *out_wait_ms ? wait : *out_wait_ms;
}

/* So many requests could go now if they had one. */
static void ask_for_lines(struct depot *depot, struct origin *origin, size_t requests, int64_t now,
			  int *out_wait_ms)
{
	if (requests <= origin->dialled)
		return;
	if (origin->dial_after_ms > now) {
		wait_until(origin->dial_after_ms, now, out_wait_ms);
		return;
	}
	if (count_lines(depot) == DEPOT_LINES_MAX)
		make_room(depot, origin);
	while (requests > origin->dialled && count_lines(depot) < DEPOT_LINES_MAX)
		dial(depot, origin);
}

/* Gives the requests that wait to lines, and asks for lines. @out_wait_ms: until the next one may go. */
static void hand_out(struct depot *depot, int *out_wait_ms)
{
	int64_t now = sp_monotonic_ms();
	struct request *next;
	for (struct origin *origin = depot->origins; origin != NULL; origin = origin->next) {
		size_t without = 0;
		for (struct request *request = depot->first; request != NULL; request = next) {
			next = request->next;
			if (origin_of(depot, request->url) != origin)
				continue;
			if (request->not_before_ms > now) {
				wait_until(request->not_before_ms, now, out_wait_ms);
				continue;
			}
			struct line *line = find_idle(depot, origin);
			if (line == NULL) {
				without++;
				continue;
			}
			request_start(depot, request, line);
		}
		ask_for_lines(depot, origin, without, now, out_wait_ms);
	}
}

static bool is_stalled(const struct depot *depot, const struct line *line)
{
	return sp_monotonic_ms() - line->last_ms > depot->door.stall_ms;
}

static void turn_line(struct depot *depot, struct line *line)
{
	struct request *request = line->request;
	struct sp_error why = { 0 };
	enum line_verdict verdict = line_turn(line, &why);
	if (verdict == LINE_WAITS && is_stalled(depot, line)) {
		sp_fail(&why, SP_TIMEOUT, "nothing of use came from the storage for %d s",
			depot->door.stall_ms / 1000);
		verdict = LINE_BROKE;
	}
	if (verdict == LINE_WAITS)
		return;
	if (verdict == LINE_BROKE) {
		enum line_past past = line_past(line);
		line_drop(depot, line);
		request_judge_break(depot, request, past, &why);
		return;
	}
	bool sent_all = line->out_sent == line->out_length &&
			(!request->puts || line->body_sent == request->length);
	line->request = NULL;
	line->was_used = true;
	line->last_ms = sp_monotonic_ms();
	request_judge_answer(depot, request, line);
	if (line->head.closes || !sent_all)
		line_drop(depot, line);
}

/* An idle one has ended, or has been idle for too long. */
static void look_at_idle(struct depot *depot, struct line *line, short events)
{
	if (events != 0 || sp_monotonic_ms() - line->last_ms > IDLE_MS)
		line_drop(depot, line);
}

bool depot_is_busy(const struct depot *depot)
{
	return depot->first != NULL || count_lines(depot) > 0;
}

void depot_turn(struct depot *depot, int wake_fd, int timeout_ms)
{
	struct pollfd waits[1 + DEPOT_LINES_MAX];
	struct line *polled[1 + DEPOT_LINES_MAX];
	nfds_t count = 1;
	int wait_ms = TICK_MS;
	hand_out(depot, &wait_ms);
	waits[0] = (struct pollfd){ .fd = wake_fd, .events = POLLIN };
	for (size_t i = 0; i < DEPOT_LINES_MAX; i++) {
		if (depot->lines[i] == NULL)
			continue;
		if (depot->lines[i]->request != NULL && depot->lines[i]->has_more)
			wait_ms = 0;
		polled[count] = depot->lines[i];
		waits[count++] = (struct pollfd){ .fd = wire_fd(depot->lines[i]->wire),
						  .events = line_events(depot->lines[i]) };
	}
	if (timeout_ms >= 0 && timeout_ms < wait_ms)
		wait_ms = timeout_ms;
	if (poll(waits, count, wait_ms) < 0)
		return;
	for (nfds_t at = 1; at < count; at++) {
		bool is_there = false; /* what one line brings may close another */
		for (size_t i = 0; i < DEPOT_LINES_MAX; i++)
			is_there = is_there || depot->lines[i] == polled[at];
		if (!is_there)
			continue;
		if (polled[at]->request == NULL)
			look_at_idle(depot, polled[at], waits[at].revents);
		else if (waits[at].revents != 0 || polled[at]->has_more ||
			 is_stalled(depot, polled[at]))
			turn_line(depot, polled[at]);
	}
}

void depot_create(const struct depot_door *door, struct depot **out)
{
	*out = sp_alloc(sizeof(**out));
	(*out)->door = *door;
}

void depot_destroy(struct depot *depot)
{
	if (depot == NULL)
		return;
	for (size_t i = 0; i < DEPOT_LINES_MAX; i++)
		line_close(depot->lines[i]);
	origin_forget_all(depot);
	free(depot);
}
