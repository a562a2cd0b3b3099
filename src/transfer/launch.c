#include "transfer/launch.h"

#include <stdio.h>

#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"
#include "store/connectors.h"
#include "store/secrets.h"

static int read_connector(struct db *db, void *ctx, struct sp_error *err)
{
	struct launch *launch = ctx;
	return connectors_find(db, launch->connector_id, &launch->connector, err);
}

struct secret_read {
	const struct launch *launch;
	char *value;
};

static int read_secret(struct db *db, void *ctx, struct sp_error *err)
{
	struct secret_read *read = ctx;
	return secrets_read_value(db, read->launch->ground->rooms.vault,
				  read->launch->connector.user_secret_id, NULL, &read->value, err);
}

static int load_credentials(struct launch *launch)
{
	struct secret_read read = { .launch = launch };
	int result = store_read(launch->ground->rooms.store, read_secret, &read, &launch->err);
	SP_AUTO_SECRET char *value = read.value;
	if (result != 0)
		return -1;
	return credentials_parse(value, &launch->credentials, &launch->err);
}

static int load(struct launch *launch)
{
	const struct transfer_options *options = &launch->ground->options;

	launch->step = STEP_WORKER;
	if (store_read(launch->ground->rooms.store, read_connector, launch, &launch->err) != 0)
		return -1;
	if (!connector_split_url(launch->connector.url, &launch->host, &launch->port))
		return sp_fail(&launch->err, SP_INTERNAL,
			       "the connector's URL \"%s\" cannot be read", launch->connector.url);

	launch->step = STEP_ROLE;
	if (!sp_text_equal(launch->connector.access_role, options->builtin_role))
		return sp_fail(&launch->err, SP_DENIED,
			       "there is no role \"%s\" (the built-in one is \"%s\")",
			       launch->connector.access_role, options->builtin_role);

	launch->step = STEP_SECRET;
	if (load_credentials(launch) != 0)
		return sp_wrap(&launch->err, "cannot use the secret \"%s\"",
			       launch->connector.user_secret_id);
	return 0;
}

static void work(void *ctx)
{
	struct launch *launch = ctx;
	launch->result = load(launch);
}

static void done(void *ctx)
{
	struct launch *launch = ctx;
	launch->done(launch->ctx);
}

struct launch *launch_start(struct ground *ground, const char *connector_id, loop_fn *on_done,
			    void *ctx)
{
	struct launch *launch = sp_alloc(sizeof(*launch));
	launch->ground = ground;
	launch->done = on_done;
	launch->ctx = ctx;
	snprintf(launch->connector_id, sizeof(launch->connector_id), "%s", connector_id);
	ground_read(ground, work, done, launch);
	return launch;
}

void launch_destroy(struct launch *launch)
{
	if (launch == NULL)
		return;
	connector_finish(&launch->connector);
	credentials_finish(&launch->credentials);
	free(launch->host);
	free(launch);
}
