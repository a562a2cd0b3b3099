#include "transfer/launch.h"

#include <stdio.h>
#include <string.h>

#include "base/arn.h"
#include "base/clock.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"
#include "store/connectors.h"
#include "store/gateways.h"
#include "store/secret_versions.h"
#include "store/secrets.h"
#include "store/tags.h"
#include "transfer/permission.h"

/* A VPC_LATTICE connector's target as sentences name it. That it is gone is for egress/ to tell, at every connection. */
static int name_target(struct db *db, struct launch *launch, struct sp_error *err)
{
	const char *arn = launch->connector.configuration_arn;
	const char *slash = strrchr(arn, '/');
	const char *id = slash == NULL ? arn : slash + 1;
	struct resource_configuration configuration = { 0 };
	struct sp_error why = { 0 };
	if (configurations_find(db, id, &configuration, &why) != 0 && why.code != SP_NOT_FOUND)
		return sp_fail(err, why.code, "%s", why.message);
	launch->host = sp_strdup(configuration.target == NULL || configuration.target[0] == '\0'
					 ? id
					 : configuration.target);
	resource_configuration_finish(&configuration);
	return 0;
}

static int read_tags(struct db *db, struct launch *launch, struct sp_error *err)
{
	const struct transfer_options *options = &launch->ground->options;
	SP_AUTO_FREE char *arn = sp_arn_format("transfer", options->region, options->account,
					       "connector/%s", launch->connector_id);
	return tags_read_publishing(db, arn, &launch->publishing, err);
}

static int read_connector(struct db *db, void *ctx, struct sp_error *err)
{
	struct launch *launch = ctx;
	if (connectors_find(db, launch->connector_id, &launch->connector, err) != 0 ||
	    read_tags(db, launch, err) != 0 ||
	    servers_find(db, launch->connector_id, &launch->server, err) != 0)
		return -1;
	return launch->connector.configuration_arn == NULL ? 0 : name_target(db, launch, err);
}

static struct permission permission_of(const struct launch *launch)
{
	return (struct permission){ launch->ground, launch->connector_id,
				    launch->connector.access_role };
}

static int find_secret(struct db *db, void *ctx, struct sp_error *err)
{
	struct launch *launch = ctx;
	struct secret secret = { 0 };
	if (secrets_find(db, launch->connector.user_secret_id, sp_now_ms(), &secret, err) != 0)
		return -1;
	launch->secret_arn = sp_take_pointer(&secret.arn);
	secret_finish(&secret);
	return 0;
}

struct version_read {
	const struct launch *launch;
	const char *stage;
	char *value;
};

/* Of the very secret that the role may read, whatever has its name meanwhile. */
static int read_version(struct db *db, void *ctx, struct sp_error *err)
{
	struct version_read *read = ctx;
	return secrets_read_value(db, read->launch->ground->rooms.vault, read->launch->secret_arn,
				  read->stage, &read->value, err);
}

/* It is asked for before it is read: which versions there are is nothing for a role that may not have them. */
static int load_version(struct launch *launch, const char *stage, struct credentials *out,
			struct sp_error *err)
{
	const struct permission permission = permission_of(launch);
	struct version_read read = { .launch = launch, .stage = stage };
	if (permission_check_secret(&permission, launch->secret_arn, stage, err) != 0)
		return -1;
	int result = store_read(launch->ground->rooms.store, read_version, &read, err);
	SP_AUTO_SECRET char *value = read.value;
	return result != 0 ? -1 : credentials_parse(value, out, err);
}

/* Each version that can be read and used; what is wrong with the first of them counts when there is none. */
static int load_stages(struct launch *launch)
{
	const struct connector *connector = &launch->connector;
	struct sp_error first = { 0 };
	for (size_t i = 0; i < connector->secret_stage_count; i++) {
		struct credentials next = { 0 };
		struct sp_error why = { 0 };
		if (load_version(launch, connector->secret_stages[i], &next, &why) == 0) {
			if (credentials_add(&launch->credentials, &next, &launch->err) != 0)
				return -1;
		} else if (first.code == SP_OK) {
			first = why;
		}
	}
	if (launch->credentials.login_count > 0)
		return 0;
	return sp_fail(&launch->err, first.code, "%s", first.message);
}

static int load_credentials(struct launch *launch)
{
	if (store_read(launch->ground->rooms.store, find_secret, launch, &launch->err) != 0)
		return -1;
	return launch->connector.secret_stage_count > 0
		       ? load_stages(launch)
		       : load_version(launch, SECRET_CURRENT, &launch->credentials, &launch->err);
}

static int read_target(struct launch *launch)
{
	const struct connector *connector = &launch->connector;
	if (connector->configuration_arn != NULL) {
		launch->port =
			(uint16_t)(connector->port == 0 ? CONNECTOR_PORT_DEFAULT : connector->port);
		return 0;
	}
	if (connector_split_url(connector->url, &launch->host, &launch->port))
		return 0;
	return sp_fail(&launch->err, SP_INTERNAL, "the connector's URL \"%s\" cannot be read",
		       connector->url);
}

static void note_secret(struct launch *launch)
{
	const struct credentials *credentials = &launch->credentials;
	const struct login *login = &credentials->logins[0];
	const char *has = login->private_key == NULL ? "a password"
			  : login->password == NULL  ? "a private key"
						     : "a private key and a password";
	trace_passed(&launch->trace, STEP_SECRET,
		     json_pack("{s:s, s:b, s:b, s:i}", "SecretId", launch->connector.user_secret_id,
			       "PrivateKey", login->private_key != NULL, "Password",
			       login->password != NULL, "Versions", (int)credentials->login_count),
		     "the secret \"%s\" has a user name and %s%s", launch->connector.user_secret_id,
		     has, credentials->login_count > 1 ? ", and further versions" : "");
}

static int load(struct launch *launch)
{
	launch->step = STEP_WORKER;
	if (store_read(launch->ground->rooms.store, read_connector, launch, &launch->err) != 0)
		return -1;
	if (read_target(launch) != 0)
		return -1;

	launch->step = STEP_ROLE;
	const struct permission permission = permission_of(launch);
	if (permission_check_role(&permission, &launch->err) != 0)
		return -1;
	trace_passed(&launch->trace, STEP_ROLE,
		     json_pack("{s:s}", "Role", launch->connector.access_role),
		     "the access role \"%s\" can be taken on", launch->connector.access_role);

	launch->step = STEP_SECRET;
	if (load_credentials(launch) != 0)
		return sp_wrap(&launch->err, "cannot use the secret \"%s\"",
			       launch->connector.user_secret_id);
	note_secret(launch);
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
	trace_begin(&launch->trace);
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
	publishing_finish(&launch->publishing);
	known_server_finish(&launch->server);
	trace_finish(&launch->trace);
	free(launch->host);
	free(launch->secret_arn);
	free(launch);
}
