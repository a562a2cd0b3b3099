/* The table's machinery: who gets his turn, and when. */

#include <stdio.h>
#include <string.h>

#include "peer.h"

static const struct fault *const tables[] = { faults_of_ssh, faults_of_storms, faults_of_sftp };
enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

static bool is_meant(const struct peer *peer, const struct use *use, enum moment moment)
{
	if (use->fault->moment != moment)
		return false;
	bool has_type = moment == AT_REQUEST || moment == AT_REPLY;
	return !has_type || use->type == 0 || use->type == peer->request.type;
}

bool fault_acts(struct peer *peer, enum moment moment)
{
	for (size_t i = 0; peer->hostile && i < peer->plan->count; i++) {
		struct use *use = &peer->plan->uses[i];
		if (!is_meant(peer, use, moment))
			continue;
		uint64_t number = use->seen++;
		if (number < use->after || number - use->after >= use->times)
			continue;
		if (number == use->after)
			tell("fault %s", use->fault->name);
		if (use->fault->act(peer, use))
			return true;
	}
	return false;
}

const struct fault *fault_find(const char *name)
{
	for (size_t i = 0; i < TABLES; i++)
		for (const struct fault *fault = tables[i]; fault->name != NULL; fault++)
			if (strcmp(fault->name, name) == 0)
				return fault;
	return NULL;
}

void fault_list(void)
{
	for (size_t i = 0; i < TABLES; i++)
		for (const struct fault *fault = tables[i]; fault->name != NULL; fault++)
			printf("%-22s %s\n", fault->name, fault->what);
}
