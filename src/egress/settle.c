#include "egress/settle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "egress/path.h"
#include "store/connectors.h"
#include "store/gateways.h"
#include "store/routing.h"

enum { PAGE = 64 };

void settled_finish(struct settled *settled)
{
	for (size_t i = 0; i < settled->gateway_count; i++)
		free(settled->gateways[i].failure);
	for (size_t i = 0; i < settled->nat_count; i++)
		free(settled->nats[i].failure);
	for (size_t i = 0; i < settled->connector_count; i++) {
		connector_finish(&settled->connectors[i].row);
		free(settled->connectors[i].failure);
	}
	free(settled->gateways);
	free(settled->nats);
	free(settled->connectors);
	*settled = (struct settled){ 0 };
}

bool settled_is_empty(const struct settled *settled)
{
	return settled->gateway_count == 0 && settled->nat_count == 0 &&
	       settled->connector_count == 0;
}

void settled_add_gateway(struct settled *settled, const char *id, enum network_state state,
			 const char *failure)
{
	settled->gateways = sp_realloc(settled->gateways,
				       (settled->gateway_count + 1) * sizeof(*settled->gateways));
	struct settled_gateway *gateway = &settled->gateways[settled->gateway_count++];
	*gateway = (struct settled_gateway){ .state = state, .failure = sp_strdup(failure) };
	strcpy(gateway->id, id);
}

void settled_add_nat(struct settled *settled, const char *id, enum nat_state state,
		     const char *failure)
{
	settled->nats =
		sp_realloc(settled->nats, (settled->nat_count + 1) * sizeof(*settled->nats));
	struct settled_nat *nat = &settled->nats[settled->nat_count++];
	*nat = (struct settled_nat){ .state = state, .failure = sp_strdup(failure) };
	strcpy(nat->id, id);
}

/* ---- connectors ------------------------------------------------------------------------------------------------ */

static void add_connector(struct settled *settled, struct connector *row,
			  enum connector_state state, const char *failure)
{
	settled->connectors = sp_realloc(settled->connectors, (settled->connector_count + 1) *
								      sizeof(*settled->connectors));
	settled->connectors[settled->connector_count++] = (struct settled_connector){
		.row = *row, .state = state, .failure = sp_strdup(failure)
	};
	*row = (struct connector){ 0 };
}

/* The same look at the way as before every connection, so that it is told in the same words. */
static void judge(struct db *db, struct connector *row, struct settled *settled)
{
	struct path path;
	struct sp_error why = { 0 };
	int port = row->port != 0 ? row->port : CONNECTOR_PORT_DEFAULT;
	int result = path_read(db, row->configuration_arn, (uint16_t)port, &path, NULL, &why);
	bool is_waiting = result != 0 && path.step == STEP_GATEWAY && path.gateway.id[0] != '\0' &&
			  path.gateway.state == NETWORK_IN_PROGRESS;
	path_finish(&path);
	if (!is_waiting)
		add_connector(settled, row, result == 0 ? CONNECTOR_ACTIVE : CONNECTOR_ERRORED,
			      result == 0 ? NULL : why.message);
}

static void judge_page(struct db *db, struct connector *page, size_t count, struct settled *settled)
{
	for (size_t i = 0; i < count; i++) {
		if (settled->connector_count < SETTLE_CONNECTORS_MAX &&
		    page[i].configuration_arn != NULL)
			judge(db, &page[i], settled);
		connector_finish(&page[i]);
	}
}

int settled_read_connectors(struct db *db, struct settled *settled, struct sp_error *err)
{
	SP_AUTO_FREE struct connector *page = sp_alloc(PAGE * sizeof(*page));
	char after[CONNECTOR_ID_SIZE] = "";
	size_t count;
	do {
		if (connectors_pending(db, after, page, PAGE, &count, err) != 0)
			return -1;
		if (count > 0)
			memcpy(after, page[count - 1].id, sizeof(after));
		judge_page(db, page, count, settled);
	} while (count == PAGE && settled->connector_count < SETTLE_CONNECTORS_MAX);
	return 0;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static int write_gateway(struct db *db, const struct settled_gateway *settled, struct sp_error *err)
{
	struct resource_gateway gateway;
	if (gateways_find(db, settled->id, &gateway, err) != 0)
		return err->code == SP_NOT_FOUND ? 0 : -1;
	gateway.state = settled->state;
	free(gateway.failure);
	gateway.failure = sp_strdup(settled->failure);
	int result = gateways_update(db, &gateway, err);
	resource_gateway_finish(&gateway);
	return result;
}

static int write_nat(struct db *db, const struct settled_nat *settled, struct sp_error *err)
{
	struct nat_gateway nat;
	if (nat_gateways_find(db, settled->id, &nat, err) != 0)
		return err->code == SP_NOT_FOUND ? 0 : -1;
	int result = 0;
	if (nat.state != NAT_DELETED) {
		nat.state = settled->state;
		/* What the caller did wrong has a code of its own, and was told when it was asked for. */
		snprintf(nat.failure_code, sizeof(nat.failure_code), "%s",
			 nat.state == NAT_FAILED ? "InternalError" : "");
		free(nat.failure);
		nat.failure = sp_strdup(settled->failure);
		result = nat_gateways_update(db, &nat, err);
	}
	nat_gateway_finish(&nat);
	return result;
}

int settled_write(struct db *db, const struct settled *settled, struct sp_error *err)
{
	for (size_t i = 0; i < settled->gateway_count; i++)
		if (write_gateway(db, &settled->gateways[i], err) != 0)
			return -1;
	for (size_t i = 0; i < settled->nat_count; i++)
		if (write_nat(db, &settled->nats[i], err) != 0)
			return -1;
	for (size_t i = 0; i < settled->connector_count; i++) {
		const struct settled_connector *connector = &settled->connectors[i];
		if (connectors_settle(db, &connector->row, connector->state, connector->failure,
				      err) != 0)
			return -1;
	}
	return 0;
}
