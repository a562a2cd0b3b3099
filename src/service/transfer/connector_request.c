#include "service/transfer/connector_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arn.h"
#include "base/id.h"
#include "base/scope.h"
#include "base/text.h"
#include "model/host_key_line.h"
#include "model/security_policy.h"

static void set_text(char **member, const json_t *object, const char *name)
{
	const char *text = sp_json_string(object, name);
	if (text == NULL)
		return;
	free(*member);
	*member = sp_strdup(text);
}

/* What AWS has and we have not. */
static int check_offered(const json_t *input, struct sp_error *err)
{
	if (json_object_get(input, "As2Config") != NULL)
		return sp_fail(
			err, SP_UNSUPPORTED,
			"As2Config: AS2 is not offered, only SFTP connectors are (SftpConfig)");
	return 0;
}

/* ---- the way out ----------------------------------------------------------------------------------------------- */

static void set_state(struct connector *connector, enum connector_state state)
{
	connector->state = state;
	free(sp_take_pointer(&connector->failure));
}

static int set_url(struct connector *connector, const char *url, struct sp_error *err)
{
	SP_AUTO_FREE char *host = NULL;
	uint16_t port;
	if (!connector_split_url(url, &host, &port))
		return sp_fail(err, SP_INVALID,
			       "Url: \"%s\" is no URL of an SFTP server: write sftp://host or "
			       "sftp://host:port, without user and path",
			       url);
	free(connector->url);
	connector->url = sp_strdup(url);
	free(sp_take_pointer(&connector->configuration_arn));
	connector->port = 0;
	set_state(connector, CONNECTOR_ACTIVE);
	return 0;
}

/* Whether there is such a configuration is found out while the path is made: then the connector is ERRORED. */
static int check_configuration(const char *text, const struct connector_home *home,
			       struct sp_error *err)
{
	static const char member[] = "EgressConfig.VpcLattice.ResourceConfigurationArn";
	struct sp_arn arn;
	if (!sp_arn_parse(text, &arn))
		return sp_fail(err, SP_INVALID, "%s: \"%s\" is no ARN", member, text);
	if (strcmp(arn.partition, "aws") != 0)
		return sp_fail(err, SP_INVALID,
			       "%s: the partition is \"%s\", but here everything is in \"aws\"",
			       member, arn.partition);
	if (strcmp(arn.region, home->region) != 0)
		return sp_fail(
			err, SP_INVALID,
			"%s: the resource configuration is in the Region \"%s\", but the "
			"connector is in \"%s\": a path never leads from one Region to another",
			member, arn.region, home->region);
	if (strcmp(arn.account, home->account) != 0)
		return sp_fail(err, SP_INVALID,
			       "%s: the resource configuration belongs to the account %s, but here "
			       "there is only the account %s",
			       member, arn.account, home->account);
	return 0;
}

static int set_private_path(struct connector *connector, const json_t *lattice,
			    const struct connector_home *home, struct sp_error *err)
{
	const char *arn = sp_json_string(lattice, "ResourceConfigurationArn");
	if (arn == NULL && connector->configuration_arn == NULL)
		return sp_fail(err, SP_INVALID,
			       "EgressConfig.VpcLattice.ResourceConfigurationArn: is required, the "
			       "connector has no resource configuration yet");
	if (arn != NULL && check_configuration(arn, home, err) != 0)
		return -1;
	set_text(&connector->configuration_arn, lattice, "ResourceConfigurationArn");
	connector->port = (int)sp_json_integer(lattice, "PortNumber", connector->port);
	free(sp_take_pointer(&connector->url));
	set_state(connector, CONNECTOR_PENDING);
	return 0;
}

static int set_egress(struct connector *connector, const json_t *input,
		      const struct connector_home *home, struct sp_error *err)
{
	const char *url = sp_json_string(input, "Url");
	const json_t *lattice =
		json_object_get(json_object_get(input, "EgressConfig"), "VpcLattice");
	if (url != NULL && lattice != NULL)
		return sp_fail(err, SP_INVALID,
			       "Url and EgressConfig cannot be given together: a Url is for "
			       "service-managed egress, EgressConfig for a private path, whose "
			       "resource configuration says where the SFTP server is");
	if (url != NULL)
		return set_url(connector, url, err);
	if (lattice != NULL)
		return set_private_path(connector, lattice, home, err);
	if (connector->state == CONNECTOR_ERRORED)
		set_state(connector, CONNECTOR_PENDING);
	return 0;
}

/* A preference on a private path, whose networks have IPv4 addresses only. */
static int set_address_type(struct connector *connector, const json_t *input, struct sp_error *err)
{
	const char *type = sp_json_string(input, "IpAddressType");
	if (type != NULL)
		connector->dual_stack = strcmp(type, "DUALSTACK") == 0;
	if (connector->dual_stack || connector->url == NULL || !connector_url_is_v6(connector->url))
		return 0;
	return sp_fail(
		err, SP_INVALID,
		"Url: \"%s\" has an IPv6 address, which IpAddressType DUALSTACK is needed for",
		connector->url);
}

/* ---- the secret ------------------------------------------------------------------------------------------------ */

/* An empty list is AWSCURRENT again, as without one. */
static int set_stages(struct connector *connector, const json_t *sftp, struct sp_error *err)
{
	static const char member[] = "SftpConfig.OrderedUserSecretVersionStages";
	const json_t *stages = json_object_get(sftp, "OrderedUserSecretVersionStages");
	if (stages == NULL)
		return 0;
	for (size_t i = 0; i < json_array_size(stages); i++)
		for (size_t j = 0; j < i; j++)
			if (json_equal(json_array_get(stages, i), json_array_get(stages, j)))
				return sp_fail(err, SP_INVALID, "%s[%zu]: \"%s\" is given twice",
					       member, i,
					       json_string_value(json_array_get(stages, i)));
	while (connector->secret_stage_count > 0)
		free(connector->secret_stages[--connector->secret_stage_count]);
	for (size_t i = 0; i < json_array_size(stages) && i < CONNECTOR_STAGES_MAX; i++)
		connector->secret_stages[connector->secret_stage_count++] =
			sp_strdup(json_string_value(json_array_get(stages, i)));
	return 0;
}

/* ---- the server's keys ----------------------------------------------------------------------------------------- */

static void set_trusted_keys(struct connector *connector, const json_t *sftp)
{
	const json_t *keys = json_object_get(sftp, "TrustedHostKeys");
	if (keys == NULL)
		return;
	for (size_t i = 0; i < connector->trusted_key_count; i++)
		free(connector->trusted_keys[i]);
	connector->trusted_key_count = 0;
	for (size_t i = 0; i < json_array_size(keys) && i < CONNECTOR_TRUSTED_KEYS_MAX; i++)
		connector->trusted_keys[connector->trusted_key_count++] =
			sp_strdup(json_string_value(json_array_get(keys, i)));
}

/* Also those that are kept, because the way out may have changed: on a private path no name in front of a key says
 * anything about the server. */
static int check_trusted_keys(const struct connector *connector, struct sp_error *err)
{
	bool allow_host = connector->configuration_arn == NULL;
	struct host_key_line line;
	for (size_t i = 0; i < connector->trusted_key_count; i++)
		if (host_key_line_parse(connector->trusted_keys[i], allow_host, &line, err) != 0)
			return sp_wrap(err, "SftpConfig.TrustedHostKeys[%zu]", i);
	return 0;
}

/* ---- all of it ------------------------------------------------------------------------------------------------- */

static int set_security_policy(struct connector *connector, const json_t *input,
			       struct sp_error *err)
{
	const char *name = sp_json_string(input, "SecurityPolicyName");
	if (name != NULL && security_policy_find(name) == NULL)
		return sp_fail(err, SP_NOT_FOUND, "there is no security policy \"%s\"", name);
	set_text(&connector->security_policy, input, "SecurityPolicyName");
	return 0;
}

int connector_request_update(const json_t *input, const struct connector_home *home,
			     struct connector *connector, struct sp_error *err)
{
	const json_t *sftp = json_object_get(input, "SftpConfig");
	if (check_offered(input, err) != 0 || set_egress(connector, input, home, err) != 0 ||
	    set_address_type(connector, input, err) != 0 || set_stages(connector, sftp, err) != 0)
		return -1;
	set_trusted_keys(connector, sftp);
	if (check_trusted_keys(connector, err) != 0 ||
	    set_security_policy(connector, input, err) != 0)
		return -1;
	set_text(&connector->access_role, input, "AccessRole");
	set_text(&connector->logging_role, input, "LoggingRole");
	set_text(&connector->user_secret_id, sftp, "UserSecretId");
	connector->max_connections =
		(int)sp_json_integer(sftp, "MaxConcurrentConnections", connector->max_connections);
	return 0;
}

static int check_complete(const struct connector *connector, const json_t *input,
			  struct sp_error *err)
{
	if (json_object_get(input, "SftpConfig") == NULL)
		return sp_fail(err, SP_INVALID, "SftpConfig: is required");
	if (connector->url == NULL && connector->configuration_arn == NULL)
		return sp_fail(err, SP_INVALID,
			       "Url: is required, it says where the SFTP server is: sftp://host or "
			       "sftp://host:port (or EgressConfig, for a private path)");
	if (connector->user_secret_id == NULL)
		return sp_fail(err, SP_INVALID,
			       "SftpConfig.UserSecretId: is required, it names the secret with "
			       "Username and Password or PrivateKey");
	return 0;
}

int connector_request_create(const json_t *input, const struct connector_home *home, int64_t now_ms,
			     struct connector *out, struct sp_error *err)
{
	struct connector connector = {
		.max_connections = CONNECTOR_CONNECTIONS_DEFAULT,
		.security_policy = sp_strdup(security_policy_default_name),
		.created_ms = now_ms,
	};
	char digits[CONNECTOR_ID_SIZE];
	sp_random_hex(digits, CONNECTOR_ID_SIZE - 3);
	snprintf(connector.id, sizeof(connector.id), "c-%.17s", digits);
	if (connector_request_update(input, home, &connector, err) != 0 ||
	    check_complete(&connector, input, err) != 0) {
		connector_finish(&connector);
		return -1;
	}
	*out = connector;
	return 0;
}
