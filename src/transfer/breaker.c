#include "transfer/breaker.h"

#include <stdio.h>

#include "base/backoff.h"
#include "base/text.h"

enum {
	REFUSED_TIMES_MAX = 16, /* the longest wait for a partner that refuses us, in refused_ms */
	SHY_TIMES = 8, /* probes to partners that hang up come so many times later than to others */
};

enum manner {
	UNREACHABLE, /* nobody is there: a try costs the partner nothing */
	SHY, /* it hangs up before it knows who we are: so do those that ban, and those that are full */
	REFUSED, /* it does not accept us, or we do not accept it: trying again helps nobody, and may get us banned */
};

static const struct {
	enum failure_step step;
	enum sp_code code;
	enum manner manner;
} manners[] = {
	{ STEP_BANNER, SP_CLOSED, SHY },          { STEP_KEY_EXCHANGE, SP_CLOSED, SHY },
	{ STEP_HOST_KEY, SP_UNTRUSTED, REFUSED }, { STEP_AUTHENTICATE, SP_AUTH, REFUSED },
	{ STEP_AUTHENTICATE, SP_CLOSED, SHY }, /* who was refused before is told SP_AUTH */
};

static enum manner manner_of(enum failure_step step, enum sp_code code)
{
	for (size_t i = 0; i < SP_COUNT_OF(manners); i++)
		if (manners[i].step == step && manners[i].code == code)
			return manners[i].manner;
	return UNREACHABLE;
}

static int64_t open_for_ms(const struct breaker *breaker, const struct breaker_options *options,
			   uint32_t random)
{
	int64_t first = options->probe_ms, max = options->probe_max_ms;
	switch (manner_of(breaker->record.step, breaker->record.code)) {
	case UNREACHABLE:
		break;
	case SHY:
		first *= SHY_TIMES;
		break;
	case REFUSED:
		first = options->refused_ms;
		max = REFUSED_TIMES_MAX * options->refused_ms;
		break;
	}
	return sp_backoff_ms(first, max, breaker->record.openings, random);
}

bool breaker_failed(struct breaker *breaker, const struct breaker_options *options,
		    const struct breaker_failure *failure, const struct breaker_moment *moment)
{
	struct breaker_record *record = &breaker->record;
	bool told_before = moment->now_ms < breaker->next_ms;
	if (breaker->state == BREAKER_OPEN && told_before)
		return false;

	if (breaker->failures == 0 && breaker->state == BREAKER_CLOSED)
		record->since_ms = moment->wall_ms;
	if (!told_before)
		breaker->failures++;
	record->step = failure->step;
	record->code = failure->code;
	snprintf(record->reason, sizeof(record->reason), "%s", failure->reason);

	if (breaker->state == BREAKER_CLOSED && !failure->gave_up &&
	    manner_of(failure->step, failure->code) != REFUSED) {
		if (!told_before)
			breaker->next_ms = moment->now_ms +
					   sp_backoff_ms(options->pause_ms, options->pause_max_ms,
							 breaker->failures, moment->random);
		return false;
	}
	breaker->state = BREAKER_OPEN;
	record->openings++;
	breaker->next_ms = moment->now_ms + open_for_ms(breaker, options, moment->random);
	return true;
}

bool breaker_answered(struct breaker *breaker)
{
	bool was_closed = breaker->state == BREAKER_CLOSED;
	*breaker = (struct breaker){ 0 };
	return !was_closed;
}

void breaker_ask_again(struct breaker *breaker)
{
	breaker->next_ms = 0;
}

enum breaker_lets breaker_lets(struct breaker *breaker, int64_t now_ms)
{
	if (now_ms < breaker->next_ms)
		return BREAKER_LETS_NONE;
	if (breaker->state == BREAKER_OPEN)
		breaker->state = BREAKER_HALF_OPEN;
	return breaker->state == BREAKER_CLOSED ? BREAKER_LETS_ALL : BREAKER_LETS_ONE;
}

int64_t breaker_wait_ms(const struct breaker *breaker, int64_t now_ms)
{
	return breaker->next_ms > now_ms ? breaker->next_ms - now_ms : 0;
}

void breaker_record(const struct breaker *breaker, const struct breaker_moment *moment,
		    struct breaker_record *out)
{
	*out = breaker->record;
	out->next_ms = moment->wall_ms + breaker_wait_ms(breaker, moment->now_ms);
}

void breaker_restore(struct breaker *breaker, const struct breaker_options *options,
		     const struct breaker_record *record, const struct breaker_moment *moment)
{
	*breaker = (struct breaker){ .state = BREAKER_OPEN, .record = *record };
	int64_t wait = record->next_ms - moment->wall_ms;
	int64_t most = 2 * open_for_ms(breaker, options, 0); /* no jitter draws more */
	if (wait > most)
		wait = most;
	breaker->next_ms = wait > 0 ? moment->now_ms + wait : 0;
}
