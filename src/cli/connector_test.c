/* sallyport connector test: every step on the way to the partner, with what became of it. */

#include <stdio.h>

#include "cli/handlers.h"
#include "cli/host_key.h"
#include "cli/output.h"
#include "cli/steps.h"

static void print_test(const json_t *test, bool is_ok)
{
	const char *key = sp_json_string(test, "HostKey");
	char fingerprint[HOST_KEY_FINGERPRINT_SIZE];
	steps_print(json_object_get(test, "Steps"));
	printf("%s: %s\n", is_ok ? "OK" : "ERROR", sp_json_string(test, "StatusMessage"));
	if (key != NULL && host_key_fingerprint(key, fingerprint))
		printf("host key: %s\nfingerprint: %s\n", key, fingerprint);
}

static int test_one(struct ask *ask, struct run *run, struct sp_error *err)
{
	json_t *test = NULL;
	if (host_key_test(ask, run_word(run, 0), &test, err) != 0)
		return -1;
	bool is_ok = host_key_test_is_ok(test);
	run->status = is_ok ? STATUS_OK : STATUS_TEST_FAILED;
	if (run_has(run, OPTION_JSON)) {
		output_json(test);
		return 0;
	}
	print_test(test, is_ok);
	json_decref(test);
	return 0;
}

int connector_test(struct run *run, struct sp_error *err)
{
	return ask_within(run, test_one, err);
}
