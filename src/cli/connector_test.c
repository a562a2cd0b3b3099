/* sallyport connector test: every step on the way to the partner, with what became of it. */

#include <stdio.h>

#include "cli/handlers.h"
#include "cli/host_key.h"
#include "cli/output.h"

static void print_steps(const json_t *steps)
{
	static const char *const titles[] = { "STEP", "STATUS", "MS", "WHAT", NULL };
	AUTO_TABLE table = { .titles = titles };
	size_t i;
	json_t *step;
	json_array_foreach (steps, i, step) {
		char ms[24];
		snprintf(ms, sizeof(ms), "%lld",
			 (long long)sp_json_integer(step, "Milliseconds", 0));
		output_table_add(&table, sp_json_string(step, "Step"));
		output_table_add(&table, sp_json_string(step, "Status"));
		output_table_add(&table, ms);
		output_table_add(&table, sp_json_string(step, "Message"));
	}
	output_table_print(&table);
}

static void print_test(const json_t *test, bool is_ok)
{
	const char *key = sp_json_string(test, "HostKey");
	char fingerprint[HOST_KEY_FINGERPRINT_SIZE];
	print_steps(json_object_get(test, "Steps"));
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
