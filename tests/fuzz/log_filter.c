/* A filter pattern of CloudWatch Logs in the first line, and behind it a record. */
#include "fuzz.h"

#include "base/buffer.h"
#include "events/log_filter.h"

static void cleanup_filter(struct log_filter **filter)
{
	log_filter_free(*filter);
}

#define AUTO_FILTER __attribute__((cleanup(cleanup_filter))) struct log_filter

/* Said twice it means the same. */
static void check_twice(const char *pattern, const char *record, bool expected)
{
	AUTO_FILTER *filter = NULL;
	SP_AUTO_BUFFER twice = { 0 };
	struct sp_error err = { 0 };
	sp_buffer_format(&twice, "%s %s", pattern, pattern);
	if (log_filter_parse(sp_buffer_text(&twice), &filter, &err) != 0)
		FUZZ_CHECK(err.code == SP_LIMIT);
	else
		FUZZ_CHECK(log_filter_matches(filter, record) == expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SP_AUTO_FREE char *pattern = fuzz_text(data, size);
	char *record = strchr(pattern, '\n');
	AUTO_FILTER *filter = NULL;
	struct sp_error err = { 0 };
	if (record != NULL)
		*record++ = '\0';
	if (log_filter_parse(pattern, &filter, &err) != 0)
		fuzz_check_error(&err);
	else
		check_twice(pattern, record == NULL ? "" : record,
			    log_filter_matches(filter, record == NULL ? "" : record));
	return 0;
}
