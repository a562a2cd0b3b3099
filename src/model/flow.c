#include "model/flow.h"

#include <string.h>

static const char *const names[] = {
	[FLOW_ACCEPTED] = "ACCEPTED",
	[FLOW_REJECTED] = "REJECTED",
	[FLOW_FAILED] = "FAILED",
};

const char *flow_verdict_name(enum flow_verdict verdict)
{
	return names[verdict];
}

bool flow_verdict_find(const char *name, enum flow_verdict *out)
{
	for (int i = 0; i < FLOW_VERDICT_COUNT; i++) {
		if (strcmp(names[i], name) != 0)
			continue;
		*out = (enum flow_verdict)i;
		return true;
	}
	return false;
}
