#include "transfer/retention.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/events.h"

enum { EVERY_MS = 60 * 60 * 1000 /* or results_kept_ms, if that is shorter */ };

static int write_piece(struct db *db, void *ctx, struct sp_error *err)
{
	struct retention *retention = ctx;
	struct removal_walk walk =
		retention->walk; /* so that a piece that is lost is looked at again */
	const struct logging logging = ground_logging(retention->ground);
	int64_t before;
	retention->piece = 0;
	if (events_last_number(db, &before, err) != 0 ||
	    removal_of_deleted(db, sp_now_ms(), &retention->more, err) != 0 ||
	    logging_settle(db, &logging, before, err) != 0)
		return -1;
	if (retention->more || retention->ground->options.results_kept_ms == 0)
		return 0;
	if (removal_of_old(db, retention->before_ms, &walk, &retention->piece, &retention->more,
			   err) != 0)
		return -1;
	retention->walk = walk;
	return 0;
}

static void begin(void *ctx);

static void rest(struct retention *retention)
{
	int64_t kept_ms = retention->ground->options.results_kept_ms;
	bool is_short = kept_ms > 0 && kept_ms < EVERY_MS;
	if (retention->removed > 0)
		sp_log(SP_LOG_INFO, "removed %zu transfers whose results were kept for long enough",
		       retention->removed);
	if (retention->stopped)
		return;
	int64_t pause_ms = retention->again ? 0 : is_short ? kept_ms : EVERY_MS;
	retention->timer =
		loop_add_timer(retention->ground->rooms.loop, pause_ms, begin, retention);
}

static void piece_written(void *ctx, int result, const struct sp_error *err)
{
	struct retention *retention = ctx;
	if (result != 0)
		sp_log(SP_LOG_WARNING, "%s", err->message); /* the next round tries again */
	else
		retention->removed += retention->piece;
	if (result == 0 && retention->more && !retention->ground->stopping)
		ground_commit(retention->ground, write_piece, piece_written, retention);
	else
		rest(retention);
}

static void begin(void *ctx)
{
	struct retention *retention = ctx;
	retention->timer = NULL;
	retention->again = false;
	retention->before_ms = sp_now_ms() - retention->ground->options.results_kept_ms;
	retention->walk = (struct removal_walk){ 0 };
	retention->removed = 0;
	ground_commit(retention->ground, write_piece, piece_written, retention);
}

void retention_begin(struct retention *retention, struct ground *ground)
{
	retention->ground = ground;
	/* Not here: whoever opens the engine is not on the loop's thread yet. */
	retention->timer = loop_add_timer(ground->rooms.loop, 0, begin, retention);
}

void retention_wake(struct retention *retention)
{
	retention->again = true;
	if (retention->timer == NULL)
		return;
	loop_cancel_timer(retention->timer);
	begin(retention);
}

void retention_stop(struct retention *retention)
{
	retention->stopped = true;
	loop_cancel_timer(retention->timer);
	retention->timer = NULL;
}
