#include "transfer/logging.h"

#include "base/arn.h"
#include "base/scope.h"
#include "store/events.h"
#include "transfer/permission.h"

static bool may_log(struct db *db, const struct logging *logging, const char *connector_id,
		    const char *role)
{
	SP_AUTO_FREE char *source = sp_arn_format("transfer", logging->region, logging->account,
						  "connector/%s", connector_id);
	SP_AUTO_FREE char *stream = sp_arn_format("logs", logging->region, logging->account,
						  "log-group:/aws/transfer/%s:log-stream:%s",
						  connector_id, connector_id);
	const struct errand errand = { role, PERMISSION_SERVICE, source };
	struct sp_error why = { 0 };
	/* What cannot be found out is no permission, and no reason to keep the file from ending. */
	return identities_role_may_within(logging->identities, db, &errand, "logs:PutLogEvents",
					  stream, &why) == 0;
}

int logging_settle(struct db *db, const struct logging *logging, int64_t after,
		   struct sp_error *err)
{
	char connector_id[CONNECTOR_ID_SIZE];
	SP_AUTO_FREE char *role = NULL;
	if (events_find_logger(db, after, connector_id, &role, err) != 0)
		return -1;
	if (role == NULL || may_log(db, logging, connector_id, role))
		return 0;
	return events_withhold_records(db, after, err);
}
