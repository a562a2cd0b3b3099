/* What was read: finding things in it, and letting go of it. */

#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "egress/wanted_inside.h"

void wanted_refuse(char **refusal, const char *format, ...)
{
	if (*refusal != NULL)
		return;
	struct sp_error err;
	va_list args;
	va_start(args, format);
	sp_fail_va(&err, SP_INVALID, format, args);
	va_end(args);
	*refusal = sp_strdup(err.message);
}

size_t wanted_find(const void *list, size_t size, size_t count, const char *id)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp((const char *)list + middle * size, id);
		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return WANTED_NONE;
}

const struct wanted_eni *wanted_find_eni(const struct wanted *wanted, const char *id)
{
	size_t index = WANTED_FIND(wanted->enis, wanted->eni_count, id);
	return index != WANTED_NONE ? &wanted->enis[index] : NULL;
}

enum network_provider wanted_provider(const struct wanted *wanted, const struct wanted_eni *eni)
{
	return wanted->vpcs[wanted->subnets[eni->subnet].vpc].row.provider;
}

/* ---- letting go ------------------------------------------------------------------------------------------------- */

static void finish_interfaces(struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->gateway_count; i++) {
		resource_gateway_finish(&wanted->gateways[i].row);
		free(wanted->gateways[i].rules);
		free(wanted->gateways[i].refusal);
	}
	for (size_t i = 0; i < wanted->nat_count; i++)
		nat_gateway_finish(&wanted->nats[i].row);
	for (size_t i = 0; i < wanted->eni_count; i++) {
		free(wanted->enis[i].rules);
		free(wanted->enis[i].refusal);
	}
}

static void finish_routes(struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->internet_count; i++) {
		free(wanted->internets[i].mappings);
		free(wanted->internets[i].refusal);
	}
	for (size_t i = 0; i < wanted->table_count; i++) {
		free(wanted->tables[i].routes);
		free(wanted->tables[i].flaw);
	}
}

void wanted_finish(struct wanted *wanted)
{
	if (wanted == NULL)
		return;
	for (size_t i = 0; i < wanted->vpc_count; i++) {
		free(wanted->vpcs[i].refusal);
		free(wanted->vpcs[i].way_out.refusal);
	}
	for (size_t i = 0; i < wanted->subnet_count; i++)
		free(wanted->subnets[i].refusal);
	finish_interfaces(wanted);
	finish_routes(wanted);
	void *const lists[] = { wanted->vpcs, wanted->subnets,   wanted->gateways, wanted->nats,
				wanted->enis, wanted->internets, wanted->tables };
	for (size_t i = 0; i < SP_COUNT_OF(lists); i++)
		free(lists[i]);
	*wanted = (struct wanted){ 0 };
}
