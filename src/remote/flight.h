#pragma once
/**
 * How many bytes of a job may be on the way at once: as many as the line carries in a round trip, twice (for what
 * waits at its ends), and a little that keeps the server busy where there is no delay. The one place where that is
 * decided.
 *
 * What more there is under way only lies in queues: a server's buffers grow with it, and its processor's caches are
 * too small. So the flight grows while that brings more, and shrinks with what comes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "remote/session.h"

/* Eight of OpenSSH's big requests (2 MiB, what its own sftp has under way) fill a line without delay and stay in the
 * processor's caches: sixteen cost a sixth more of its time. With small requests it takes more of them. */
enum {
	FLIGHT_BIG_REQUESTS = 8,
	FLIGHT_SMALL_REQUESTS = 64,
	FLIGHT_MAX = 36 << 20, /* bytes */
	FLIGHT_FAR_US = 10000, /* a round trip from which on a flight begins … */
	FLIGHT_FAR_TIMES = 4,  /* … so many times as large */
	FLIGHT_ROUNDS = 4,     /* that the rate is the best of */
};

/* A round is the time in which all that was on the way at its beginning has come: its rate is what the line carries. */
struct flight_round {
	int64_t since_us;
	uint64_t done, until; /* bytes that had come then, and that have when it ends */
	bool was_full; /* something had to wait for the flight: it was not the other end that had no more */
};

struct flight {
	size_t least, most; /* that it is chosen from; the same where it is given */
	size_t max;         /* bytes that may be out now */
	size_t out;
	uint64_t done;
	struct flight_round round;
	double rates[FLIGHT_ROUNDS]; /* bytes a microsecond, of the last rounds */
	size_t rounds;
};

/** @max: as the plan says; 0: by bandwidth and delay, with requests of @request_bytes. @round_trip_us: 0: not known */
struct flight flight_of(size_t max, uint32_t request_bytes, int64_t round_trip_us);

/** One request may always be on the way, however small the limit. */
bool flight_allows(struct flight *flight, size_t bytes);

/** @now_us: monotonic, here and below */
void flight_leave(struct flight *flight, size_t bytes, int64_t now_us);

/** @round_trip_us: remote_round_trip_us() */
void flight_arrive(struct flight *flight, size_t bytes, int64_t round_trip_us, int64_t now_us);

/** Bytes a microsecond; 0 before the first round has ended. */
double flight_rate(const struct flight *flight);
