#include "remote/flight.h"

#include <assert.h>

enum { HEADROOM = 2 /* times what one round trip carries */ };

/* Growing costs a round trip each time: where they are long it begins with more. */
static size_t first_max(size_t least, int64_t round_trip_us)
{
	return round_trip_us < FLIGHT_FAR_US ? least : FLIGHT_FAR_TIMES * least;
}

struct flight flight_of(size_t max, uint32_t request_bytes, int64_t round_trip_us)
{
	size_t requests =
		request_bytes > REMOTE_BLOCK_DEFAULT ? FLIGHT_BIG_REQUESTS : FLIGHT_SMALL_REQUESTS;
	size_t least = max != 0 ? max : requests * request_bytes;
	return (struct flight){ .least = least,
				.most = max != 0 ? max : FLIGHT_MAX,
				.max = max != 0 ? max : first_max(least, round_trip_us) };
}

bool flight_allows(struct flight *flight, size_t bytes)
{
	bool allowed = flight->out == 0 || flight->out + bytes <= flight->max;
	flight->round.was_full = flight->round.was_full || !allowed;
	return allowed;
}

static void begin_round(struct flight *flight, int64_t now_us)
{
	flight->round = (struct flight_round){ .since_us = now_us,
					       .done = flight->done,
					       .until = flight->done + flight->out };
}

void flight_leave(struct flight *flight, size_t bytes, int64_t now_us)
{
	if (flight->out == 0)
		begin_round(flight, now_us);
	flight->out += bytes;
	if (flight->done == flight->round.done)
		flight->round.until += bytes; /* nothing has come yet: it is of the same burst */
}

double flight_rate(const struct flight *flight)
{
	double best = 0;
	for (size_t i = 0; i < FLIGHT_ROUNDS; i++)
		best = flight->rates[i] > best ? flight->rates[i] : best;
	return best;
}

/* A round in which the other end had nothing more to send or take says only that the line carries so much. */
static void note_rate(struct flight *flight, double rate)
{
	if (!flight->round.was_full && rate <= flight_rate(flight))
		return;
	flight->rates[flight->rounds++ % FLIGHT_ROUNDS] = rate;
}

static void choose_max(struct flight *flight, int64_t round_trip_us)
{
	double carried = flight_rate(flight) * (double)round_trip_us;
	double wanted = (double)flight->least + HEADROOM * carried;
	if (wanted > (double)flight->most)
		wanted = (double)flight->most;
	flight->max = (size_t)wanted;
}

void flight_arrive(struct flight *flight, size_t bytes, int64_t round_trip_us, int64_t now_us)
{
	assert(bytes <= flight->out);
	flight->out -= bytes;
	flight->done += bytes;
	if (flight->done < flight->round.until)
		return;
	int64_t took_us = now_us - flight->round.since_us;
	if (took_us > 0)
		note_rate(flight, (double)(flight->done - flight->round.done) / (double)took_us);
	choose_max(flight, round_trip_us);
	begin_round(flight, now_us);
}
