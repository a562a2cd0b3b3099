#pragma once
/** Connectors by the value of their tag Name, or by id. */

#include "cli/ask.h"

enum { CONNECTOR_ID_LENGTH = 19, CONNECTOR_ID_ROOM = 64 };

/** The id of the connector that @name means: its tag Name or its id. SP_NOT_FOUND; SP_CONFLICT when many have it. */
int names_find_connector(struct ask *ask, const char *name, char out[CONNECTOR_ID_ROOM],
			 struct sp_error *err);

/** The value of the tag Name in a list of tags, borrowed; NULL. */
const char *names_of_tags(const json_t *tags);

/** All that DescribeConnector says of it: an object, owned by the caller. */
int names_describe(struct ask *ask, const char *connector_id, json_t **out, struct sp_error *err);

/** All connectors as names_describe() has them, in the order of ListConnectors: an array, owned by the caller. */
int names_describe_all(struct ask *ask, json_t **out, struct sp_error *err);
