#include "transfer/partner.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/scope.h"
#include "store/breakers.h"

static struct breaker_moment this_moment(void)
{
	struct breaker_moment moment = { .now_ms = sp_monotonic_ms(), .wall_ms = sp_now_ms() };
	sp_random_bytes(&moment.random, sizeof(moment.random));
	return moment;
}

static struct breaker_options options_of(const struct partner *partner)
{
	const struct transfer_options *options = &partner->ground->options;
	return (struct breaker_options){ .pause_ms = options->retry_delay_ms,
					 .pause_max_ms = options->retry_delay_max_ms,
					 .probe_ms = options->probe_delay_ms,
					 .probe_max_ms = options->probe_delay_max_ms,
					 .refused_ms = options->refused_delay_ms };
}

void partner_init(struct partner *partner, struct ground *ground, const char *connector_id)
{
	*partner = (struct partner){ .ground = ground };
	snprintf(partner->connector_id, sizeof(partner->connector_id), "%s", connector_id);
}

/* ---- the store ---------------------------------------------------------------------------------------------------- */

struct note {
	char connector_id[CONNECTOR_ID_SIZE];
	bool open;
	struct breaker_record record;
};

static int write_note(struct db *db, void *ctx, struct sp_error *err)
{
	const struct note *note = ctx;
	return note->open ? breakers_put(db, note->connector_id, &note->record, err)
			  : breakers_delete(db, note->connector_id, err);
}

/* Without the record a daemon that starts anew tries once more than it should: nothing that files could wait for. */
static void note_written(void *ctx, int result, const struct sp_error *err)
{
	struct note *note = ctx;
	if (result != 0)
		sp_log(SP_LOG_ERROR, "could not note how the partner of %s is: %s",
		       note->connector_id, err->message);
	free(note);
}

static void keep(const struct partner *partner, const struct breaker_moment *moment)
{
	struct note *note = sp_alloc(sizeof(*note));
	memcpy(note->connector_id, partner->connector_id, sizeof(note->connector_id));
	note->open = partner->breaker.state != BREAKER_CLOSED;
	breaker_record(&partner->breaker, moment, &note->record);
	ground_commit(partner->ground, write_note, note_written, note);
}

void partner_know(struct partner *partner, const struct breaker_record *record)
{
	if (partner->known)
		return;
	partner->known = true;
	if (record != NULL) {
		const struct breaker_options options = options_of(partner);
		const struct breaker_moment moment = this_moment();
		breaker_restore(&partner->breaker, &options, record, &moment);
	}
	if (partner->ask_again)
		breaker_ask_again(&partner->breaker);
}

/* ---- what happens ------------------------------------------------------------------------------------------------- */

enum breaker_lets partner_lets(struct partner *partner)
{
	return breaker_lets(&partner->breaker, sp_monotonic_ms());
}

int64_t partner_wait_ms(const struct partner *partner)
{
	return breaker_wait_ms(&partner->breaker, sp_monotonic_ms());
}

bool partner_is_unreached(const struct partner *partner)
{
	return partner->breaker.state != BREAKER_CLOSED;
}

int64_t partner_unreached_since(const struct partner *partner, const char **out_reason)
{
	const struct breaker *breaker = &partner->breaker;
	*out_reason = breaker->record.reason;
	return partner_is_unreached(partner) ? breaker->record.since_ms : 0;
}

bool partner_failed(struct partner *partner, const struct breaker_failure *failure)
{
	struct breaker *breaker = &partner->breaker;
	const struct breaker_options options = options_of(partner);
	const struct breaker_moment moment = this_moment();
	bool excused = partner_is_unreached(partner);
	if (breaker_failed(breaker, &options, failure, &moment)) {
		char since[SP_ISO_TIME_SIZE];
		sp_time_to_iso(breaker->record.since_ms, since);
		sp_log(excused ? SP_LOG_INFO : SP_LOG_WARNING,
		       "%s: no connection since %s, its files wait, one tries again in %lld s: %s",
		       partner->connector_id, since,
		       (long long)(breaker_wait_ms(breaker, moment.now_ms) + 999) / 1000,
		       failure->reason);
		keep(partner, &moment);
	}
	return excused;
}

void partner_answered(struct partner *partner)
{
	int64_t since_ms = partner->breaker.record.since_ms;
	if (!breaker_answered(&partner->breaker))
		return;
	char since[SP_ISO_TIME_SIZE];
	sp_time_to_iso(since_ms, since);
	sp_log(SP_LOG_WARNING,
	       "%s: there is a connection again, after none since %s; its files go on",
	       partner->connector_id, since);
	const struct breaker_moment moment = this_moment();
	keep(partner, &moment);
}

void partner_ask_again(struct partner *partner)
{
	partner->ask_again = !partner->known;
	breaker_ask_again(&partner->breaker);
}
