#include "cli/amount.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { RATE_WINDOW_MS = 8000, STEP = 1000 };

void amount_of_bytes(int64_t bytes, char out[AMOUNT_SIZE])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	size_t unit = 0;
	double value = (double)bytes;
	while (value >= STEP && unit + 1 < SP_COUNT_OF(units)) {
		value /= STEP;
		unit++;
	}
	/* 999.96 kB would be written as 1000.0 */
	if (value >= STEP - 0.05 && unit > 0 && unit + 1 < SP_COUNT_OF(units)) {
		value = 1;
		unit++;
	}
	snprintf(out, AMOUNT_SIZE, "%.*f %s", unit == 0 ? 0 : 1, value, units[unit]);
}

void amount_of_things(int64_t count, char out[AMOUNT_SIZE])
{
	char digits[24];
	snprintf(digits, sizeof(digits), "%" PRId64, count < 0 ? 0 : count);
	size_t length = strlen(digits), at = 0;
	for (size_t i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
}

void amount_of_seconds(int64_t seconds, char out[AMOUNT_SIZE])
{
	int64_t hours = seconds / 3600, minutes = seconds / 60 % 60;
	if (hours > 0)
		snprintf(out, AMOUNT_SIZE, "%" PRId64 ":%02d:%02d", hours, (int)minutes,
			 (int)(seconds % 60));
	else
		snprintf(out, AMOUNT_SIZE, "%d:%02d", (int)minutes, (int)(seconds % 60));
}

/* ---- rates ------------------------------------------------------------------------------------------------------ */

void amount_rate_sample(struct amount_rate *rate, const struct amount_done *done, int64_t now_ms)
{
	if (rate->count > 0 && now_ms - rate->samples[(rate->count - 1) % RATE_SAMPLES].at_ms <
				       RATE_WINDOW_MS / RATE_SAMPLES)
		return;
	size_t place = rate->count++ % RATE_SAMPLES;
	rate->samples[place].at_ms = now_ms;
	rate->samples[place].bytes = done->bytes_done;
	rate->samples[place].files = done->files_ended;
}

/* The oldest sample of the window; RATE_SAMPLES when there is none. */
static size_t oldest(const struct amount_rate *rate, int64_t now_ms)
{
	size_t first = rate->count > RATE_SAMPLES ? rate->count - RATE_SAMPLES : 0;
	for (size_t i = first; i < rate->count; i++)
		if (now_ms - rate->samples[i % RATE_SAMPLES].at_ms <= RATE_WINDOW_MS)
			return i % RATE_SAMPLES;
	return RATE_SAMPLES;
}

static double per_second(int64_t moved, int64_t elapsed_ms)
{
	return moved <= 0 || elapsed_ms <= 0 ? 0 : (double)moved * 1000 / (double)elapsed_ms;
}

int64_t amount_rate_bytes(const struct amount_rate *rate, const struct amount_done *done,
			  int64_t now_ms)
{
	size_t place = oldest(rate, now_ms);
	if (place == RATE_SAMPLES)
		return 0;
	return (int64_t)per_second(done->bytes_done - rate->samples[place].bytes,
				   now_ms - rate->samples[place].at_ms);
}

int64_t amount_seconds_left(const struct amount_rate *rate, const struct amount_done *done,
			    int64_t now_ms)
{
	size_t place = oldest(rate, now_ms);
	if (place == RATE_SAMPLES)
		return -1;
	int64_t elapsed_ms = now_ms - rate->samples[place].at_ms;
	bool by_bytes = done->sizes_are_known && done->bytes > 0;
	int64_t left = by_bytes ? done->bytes - done->bytes_done : done->files - done->files_ended;
	double speed =
		by_bytes ? per_second(done->bytes_done - rate->samples[place].bytes, elapsed_ms)
			 : per_second(done->files_ended - rate->samples[place].files, elapsed_ms);
	double seconds = left <= 0 ? 0 : speed <= 0 ? -1 : (double)left / speed;
	return seconds < 0 || seconds > 1e9 ? -1 : (int64_t)(seconds + 0.999);
}

int amount_per_mille(const struct amount_done *done)
{
	bool by_bytes = done->sizes_are_known && done->bytes > 0;
	double all = (double)(by_bytes ? done->bytes : done->files);
	double part = (double)(by_bytes ? done->bytes_done : done->files_ended);
	if (all <= 0 || part <= 0)
		return 0;
	/* Not all of it before the last file has ended. */
	bool is_over = done->files_ended >= done->files;
	int mille = part >= all ? 1000 : (int)(part * 1000 / all);
	return is_over ? 1000 : mille > 999 ? 999 : mille;
}
