#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

static int64_t clock_ms(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t sp_now_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

int64_t sp_monotonic_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

int64_t sp_monotonic_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static struct tm parts_of(int64_t time_ms, int *out_ms)
{
	int64_t ms = time_ms % 1000;
	if (ms < 0)
		ms += 1000;
	time_t seconds = (time_t)((time_ms - ms) / 1000);
	struct tm parts = { 0 };
	gmtime_r(&seconds, &parts);
	*out_ms = (int)ms;
	return parts;
}

void sp_time_to_iso(int64_t time_ms, char out[SP_ISO_TIME_SIZE])
{
	int ms;
	struct tm parts = parts_of(time_ms, &ms);
	char seconds[24];
	strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(out, SP_ISO_TIME_SIZE, "%s.%03dZ", seconds, ms);
}

void sp_time_to_amz(int64_t time_ms, char out[SP_ISO_TIME_SIZE])
{
	int ms;
	struct tm parts = parts_of(time_ms, &ms);
	strftime(out, SP_ISO_TIME_SIZE, "%Y%m%dT%H%M%SZ", &parts);
}

/* timegm() silently turns 31 February into March: what it made must be what was written. Times before 1970 are none of
 * ours, and early years have no four digits when they are written. */
static bool from_parts(struct tm parts, int64_t *out_ms)
{
	struct tm copy = parts;
	time_t seconds = timegm(&copy);
	if (copy.tm_mday != parts.tm_mday || copy.tm_mon != parts.tm_mon ||
	    copy.tm_hour != parts.tm_hour || copy.tm_min != parts.tm_min ||
	    copy.tm_sec != parts.tm_sec || seconds < 0)
		return false;
	*out_ms = (int64_t)seconds * 1000;
	return true;
}

bool sp_time_from_amz(const char *text, int64_t *out_ms)
{
	if (strlen(text) != 16 || text[8] != 'T' || text[15] != 'Z')
		return false;
	for (size_t i = 0; i < 15; i++)
		if (i != 8 && (text[i] < '0' || text[i] > '9'))
			return false;

	struct tm parts = { 0 };
	if (sscanf(text, "%4d%2d%2dT%2d%2d%2dZ", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
		   &parts.tm_hour, &parts.tm_min, &parts.tm_sec) != 6)
		return false;
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	return from_parts(parts, out_ms);
}

/* Digits where @form has them, and else what it has. */
static bool has_form(const char *text, const char *form)
{
	if (strlen(text) != strlen(form))
		return false;
	for (size_t i = 0; form[i] != '\0'; i++)
		if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	return true;
}

bool sp_time_from_iso(const char *text, int64_t *out_ms)
{
	struct tm parts = { 0 };
	int part_ms = 0;
	if (has_form(text, "0000-00-00"))
		sscanf(text, "%4d-%2d-%2d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday);
	else if (has_form(text, "0000-00-00T00:00:00Z") ||
		 has_form(text, "0000-00-00T00:00:00.000Z"))
		sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3d", &parts.tm_year, &parts.tm_mon,
		       &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &part_ms);
	else
		return false;
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	int64_t whole_ms;
	if (!from_parts(parts, &whole_ms))
		return false;
	*out_ms = whole_ms + part_ms;
	return true;
}

bool sp_time_from_http(const char *text, int64_t *out_ms)
{
	struct tm parts = { 0 };
	char month[4];
	int end = 0;
	if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &parts.tm_mday, month,
		   &parts.tm_year, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &end) != 6 ||
	    end == 0 || text[end] != '\0')
		return false;
	for (parts.tm_mon = 0; parts.tm_mon < 12; parts.tm_mon++)
		if (strcmp(months[parts.tm_mon], month) == 0)
			break;
	parts.tm_year -= 1900;
	return parts.tm_mon < 12 && from_parts(parts, out_ms);
}

void sp_time_to_http(int64_t time_ms, char out[SP_ISO_TIME_SIZE])
{
	time_t seconds = (time_t)(time_ms / 1000);
	struct tm parts;
	gmtime_r(&seconds, &parts);
	strftime(out, SP_ISO_TIME_SIZE, "%a, %d %b %Y %H:%M:%S GMT", &parts);
}
