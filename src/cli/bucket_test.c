/* sallyport bucket test: what the storage behind a bucket answers to each question that transfers have for it. */

#include <stdio.h>

#include "base/scope.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/handlers.h"
#include "cli/output.h"
#include "cli/steps.h"

/* "/files" is how paths begin, and means the same. */
static int ask_for_test(struct ask *ask, const char *name, json_t **out, struct sp_error *err)
{
	SP_AUTO_BUFFER target = { 0 };
	sp_buffer_add_text(&target, "/v1/buckets/");
	ask_add_encoded(&target, name[0] == '/' ? name + 1 : name);
	sp_buffer_add_text(&target, "/test");
	return ask_native(ask, "POST", sp_buffer_text(&target), out, err);
}

static int test_one(struct ask *ask, struct run *run, struct sp_error *err)
{
	json_t *test = NULL;
	if (ask_for_test(ask, run_word(run, 0), &test, err) != 0)
		return -1;
	const char *status = sp_json_string(test, "Status");
	run->status = sp_text_equal(status, "FAILED") ? STATUS_TEST_FAILED : STATUS_OK;
	if (run_has(run, OPTION_JSON)) {
		output_json(test);
		return 0;
	}
	steps_print(json_object_get(test, "Steps"));
	printf("%s: %s\n", status, sp_json_string(test, "StatusMessage"));
	json_decref(test);
	return 0;
}

int bucket_test(struct run *run, struct sp_error *err)
{
	return ask_within(run, test_one, err);
}
