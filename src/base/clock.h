#pragma once
/** Times. Wall-clock times are int64_t milliseconds since 1970 UTC; deadlines use the monotonic clock. */

#include <stdbool.h>
#include <stdint.h>

int64_t sp_now_ms(void);
int64_t sp_monotonic_ms(void);
int64_t sp_monotonic_us(void);

enum { SP_ISO_TIME_SIZE = 32 };

/** "2026-11-23T15:41:48.123Z" */
void sp_time_to_iso(int64_t time_ms, char out[SP_ISO_TIME_SIZE]);

/** What the above writes, also without the part of a second, and "2026-11-23" for the day's beginning. Not before 1970. */
bool sp_time_from_iso(const char *text, int64_t *out_ms);

/** "20261123T154148Z", as X-Amz-Date has it. False unless exactly that form, and not before 1970. */
bool sp_time_from_amz(const char *text, int64_t *out_ms);
void sp_time_to_amz(int64_t time_ms, char out[SP_ISO_TIME_SIZE]);

/** "Mon, 23 Nov 2026 15:41:48 GMT" (RFC 9110 IMF-fixdate). No program of ours sets a locale for times. */
bool sp_time_from_http(const char *text, int64_t *out_ms);
void sp_time_to_http(int64_t time_ms, char out[SP_ISO_TIME_SIZE]);
