#include "cli/steps.h"

#include <stdio.h>

#include "cli/output.h"

void steps_print(const json_t *steps)
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
