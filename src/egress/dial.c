#include "egress/dial.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/scope.h"
#include "base/tcp.h"
#include "egress/lookup.h"

enum { REASONS_MAX = SP_ERROR_MESSAGE_MAX };

/*
 *   address 1 ──► address 2 ──► … ──► nobody
 *        └──────────┴──── connected
 */
struct dial {
	struct loop *loop;
	struct dial_plan plan;
	char *host, *from;
	struct address addresses[LOOKUP_ADDRESSES_MAX];
	size_t tried;
	bool host_is_address;
	int fd;
	int64_t share_ms; /* what the address under way was given */
	struct loop_watch *watch;
	struct loop_timer *timer;
	struct sp_buffer reasons; /* "192.0.2.1: Connection refused; …" */
	enum sp_code code;        /* of the weightiest reason */
	dial_fn *fn;
	void *ctx;
};

/* Lets go of the address under way. */
static void drop_socket(struct dial *dial)
{
	loop_watch_remove(dial->watch);
	dial->watch = NULL;
	loop_cancel_timer(dial->timer);
	dial->timer = NULL;
	sp_close_fd(&dial->fd);
}

void dial_cancel(struct dial *dial)
{
	if (dial == NULL)
		return;
	drop_socket(dial);
	sp_buffer_finish(&dial->reasons);
	free(dial->host);
	free(dial->from);
	free(dial);
}

/* Everything is let go before the caller hears of it. */
static void end(struct dial *dial, struct dial_result *result)
{
	dial_fn *fn = dial->fn;
	void *ctx = dial->ctx;
	dial_cancel(dial);
	fn(ctx, result);
}

static void end_refused(struct dial *dial)
{
	struct dial_result result = { .fd = -1 };
	bool for_ever = dial->code == SP_DENIED || dial->code == SP_INVALID;
	sp_fail(&result.error, dial->code, "%s to %s port %u%s: %s",
		for_ever ? "cannot connect" : "could not connect", dial->host, dial->plan.port,
		dial->from, sp_buffer_text(&dial->reasons));
	end(dial, &result);
}

static void add_reason(struct dial *dial, const struct address *address,
		       const struct sp_error *reason)
{
	char host[EGRESS_ADDRESS_TEXT_MAX];
	address_host_text(address, host);
	if (dial->reasons.length > 0)
		sp_buffer_add_text(&dial->reasons, "; ");
	if (!dial->host_is_address)
		sp_buffer_format(&dial->reasons, "%s: ", host);
	sp_buffer_add_text(&dial->reasons, reason->message);
	/* What we forbid ourselves weighs least: another address may do at the next try. */
	if (dial->code == SP_OK || reason->code != SP_DENIED)
		dial->code = reason->code;
}

/* Appends " (its host may be off)" to the reason why the address under way came to nothing. */
static int explain(const struct dial *dial, int number, struct sp_error *err)
{
	SP_AUTO_BUFFER hint = { 0 };
	if (dial->plan.explain != NULL)
		dial->plan.explain(dial->ctx, &dial->addresses[dial->tried - 1], number, &hint);
	if (hint.length == 0)
		return -1;
	const struct sp_error bare = *err;
	return sp_fail(err, bare.code, "%s (%s)", bare.message, sp_buffer_text(&hint));
}

static int fail_number(const struct dial *dial, int number, struct sp_error *err)
{
	char text[128];
	sp_fail(err, sp_code_from_errno(number), "%s", strerror_r(number, text, sizeof(text)));
	return explain(dial, number, err);
}

static void on_socket(void *ctx, uint32_t events);
static void on_share_over(void *ctx);

static int start_address(struct dial *dial, const struct address *address, struct sp_error *err)
{
	SP_AUTO_FD fd = -1;
	if (dial->plan.open(dial->ctx, address, &fd, err) != 0)
		return -1;
	sp_tcp_send_at_once(fd);
	if (connect(fd, &address->at.any, address->length) != 0 && errno != EINPROGRESS)
		return fail_number(dial, errno, err);

	int64_t left_ms = dial->plan.deadline_ms - sp_monotonic_ms();
	dial->share_ms =
		(left_ms > 0 ? left_ms : 0) / (int64_t)(dial->plan.address_count - dial->tried + 1);
	dial->fd = sp_take_fd(&fd);
	dial->watch = loop_watch_fd(dial->loop, dial->fd, EPOLLOUT, on_socket, dial);
	dial->timer = loop_add_timer(dial->loop, dial->share_ms, on_share_over, dial);
	return 0;
}

static void try_next(struct dial *dial)
{
	while (dial->tried < dial->plan.address_count) {
		const struct address *address = &dial->addresses[dial->tried++];
		struct sp_error reason = { 0 };
		if (start_address(dial, address, &reason) == 0)
			return;
		add_reason(dial, address, &reason);
	}
	end_refused(dial);
}

/* Goes on after the address under way came to nothing. */
static void give_up_address(struct dial *dial, const struct sp_error *reason)
{
	drop_socket(dial);
	add_reason(dial, &dial->addresses[dial->tried - 1], reason);
	try_next(dial);
}

static void on_share_over(void *ctx)
{
	struct dial *dial = ctx;
	struct sp_error reason = { 0 };
	dial->timer = NULL;
	sp_fail(&reason, SP_TIMEOUT, "no answer within %.1f s", (double)dial->share_ms / 1000);
	explain(dial, ETIMEDOUT, &reason);
	give_up_address(dial, &reason);
}

/* What became of connect(): 0 with both ends in @result, or errno. */
static int connect_outcome(int fd, struct dial_result *result)
{
	int number = 0;
	socklen_t length = sizeof(number);
	struct address source = { .length = sizeof(source.at) };
	struct address target = { .length = sizeof(target.at) };
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &length) != 0)
		return errno;
	if (number != 0)
		return number;
	if (getsockname(fd, &source.at.any, &source.length) != 0 ||
	    getpeername(fd, &target.at.any, &target.length) != 0)
		return errno;
	address_text(&source, result->source);
	address_text(&target, result->target);
	/* TCP lets a socket connect to itself when the port it was given is the one it looks for. */
	return strcmp(result->source, result->target) == 0 ? ECONNREFUSED : 0;
}

static void on_socket(void *ctx, uint32_t events)
{
	(void)events;
	struct dial *dial = ctx;
	struct dial_result result = { 0 };
	int number = connect_outcome(dial->fd, &result);
	if (number != 0) {
		struct sp_error reason = { 0 };
		fail_number(dial, number, &reason);
		give_up_address(dial, &reason);
		return;
	}
	loop_watch_remove(dial->watch);
	dial->watch = NULL;
	result.fd = sp_take_fd(&dial->fd);
	end(dial, &result);
}

static void begin(void *ctx)
{
	struct dial *dial = ctx;
	dial->timer = NULL;
	try_next(dial);
}

struct dial *dial_start(struct loop *loop, const struct dial_plan *plan, dial_fn *fn, void *ctx)
{
	struct dial *dial = sp_alloc(sizeof(*dial));
	struct address ignored;
	dial->loop = loop;
	dial->plan = *plan;
	dial->host = sp_strdup(plan->host);
	dial->from = sp_strdup(plan->from == NULL ? "" : plan->from);
	dial->host_is_address = address_parse(plan->host, 0, &ignored);
	memcpy(dial->addresses, plan->addresses, plan->address_count * sizeof(*plan->addresses));
	dial->fd = -1;
	dial->reasons.limit = REASONS_MAX;
	dial->fn = fn;
	dial->ctx = ctx;
	dial->timer = loop_add_timer(loop, 0, begin, dial);
	return dial;
}
