#pragma once
/** Numbers for people: bytes, rates, times that are left, how far something is. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AMOUNT_SIZE = 32 };

/** "0 B", "999 B", "1.0 kB", "12.3 MB": three digits or so, powers of 1000. */
void amount_of_bytes(int64_t bytes, char out[AMOUNT_SIZE]);

/** "1,234,567" */
void amount_of_things(int64_t count, char out[AMOUNT_SIZE]);

/** "0:07", "12:34", "1:02:03" */
void amount_of_seconds(int64_t seconds, char out[AMOUNT_SIZE]);

/** How much of a transfer, or of many, is done. */
struct amount_done {
	int64_t files, files_ended, files_failed;
	int64_t bytes, bytes_done; /* of the files whose size is known */
	bool sizes_are_known;      /* of all files */
};

enum { RATE_SAMPLES = 32 };

/** How fast it goes: what was done in the last RATE_WINDOW_MS. Zeros: nothing yet. */
struct amount_rate {
	struct {
		int64_t at_ms, bytes, files;
	} samples[RATE_SAMPLES];
	size_t count; /* ever taken */
};

/** @now_ms: monotonic. Samples that come closer than a RATE_SAMPLES-th of the window are passed over. */
void amount_rate_sample(struct amount_rate *rate, const struct amount_done *done, int64_t now_ms);

/** Per second; 0 when nothing moved. */
int64_t amount_rate_bytes(const struct amount_rate *rate, const struct amount_done *done,
			  int64_t now_ms);

/** Seconds that are left, at the rate of late: by bytes when all sizes are known, else by files. -1: nobody can say. */
int64_t amount_seconds_left(const struct amount_rate *rate, const struct amount_done *done,
			    int64_t now_ms);

/** Per mille that is done: by bytes when all sizes are known, else by files. */
int amount_per_mille(const struct amount_done *done);
