#include "service/transfer/connector_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* What AWS has and we have not, or not yet. */
static int check_offered(const json_t *input, struct sp_error *err)
{
	if (json_object_get(input, "As2Config") != NULL)
		return sp_fail(
			err, SP_UNSUPPORTED,
			"As2Config: AS2 is not offered, only SFTP connectors are (SftpConfig)");
	if (json_object_get(input, "EgressConfig") != NULL)
		return sp_fail(err, SP_UNSUPPORTED,
			       "EgressConfig: VPC_LATTICE egress is not offered yet, it comes with "
			       "resource gateways; give a Url for service-managed egress");
	if (sp_text_equal(sp_json_string(input, "IpAddressType"), "DUALSTACK"))
		return sp_fail(err, SP_UNSUPPORTED,
			       "IpAddressType: DUALSTACK is not offered yet, only IPV4 is");

	const json_t *sftp = json_object_get(input, "SftpConfig");
	if (json_array_size(json_object_get(sftp, "OrderedUserSecretVersionStages")) > 0)
		return sp_fail(
			err, SP_UNSUPPORTED,
			"SftpConfig.OrderedUserSecretVersionStages: this is not offered yet, "
			"the version AWSCURRENT of the secret is used");
	return 0;
}

static int set_url(struct connector *connector, const json_t *input, struct sp_error *err)
{
	const char *url = sp_json_string(input, "Url");
	if (url == NULL)
		return 0;
	SP_AUTO_FREE char *host = NULL;
	uint16_t port;
	if (!connector_split_url(url, &host, &port))
		return sp_fail(err, SP_INVALID,
			       "Url: \"%s\" is no URL of an SFTP server: write sftp://host or "
			       "sftp://host:port, without user and path",
			       url);
	free(connector->url);
	connector->url = sp_strdup(url);
	return 0;
}

static int set_trusted_keys(struct connector *connector, const json_t *sftp, struct sp_error *err)
{
	const json_t *keys = json_object_get(sftp, "TrustedHostKeys");
	if (keys == NULL)
		return 0;
	for (size_t i = 0; i < json_array_size(keys); i++) {
		struct host_key_line line;
		if (host_key_line_parse(json_string_value(json_array_get(keys, i)), true, &line,
					err) != 0)
			return sp_wrap(err, "SftpConfig.TrustedHostKeys[%zu]", i);
	}

	for (size_t i = 0; i < connector->trusted_key_count; i++)
		free(connector->trusted_keys[i]);
	connector->trusted_key_count = 0;
	for (size_t i = 0; i < json_array_size(keys) && i < CONNECTOR_TRUSTED_KEYS_MAX; i++)
		connector->trusted_keys[connector->trusted_key_count++] =
			sp_strdup(json_string_value(json_array_get(keys, i)));
	return 0;
}

static int set_security_policy(struct connector *connector, const json_t *input,
			       struct sp_error *err)
{
	const char *name = sp_json_string(input, "SecurityPolicyName");
	if (name != NULL && security_policy_find(name) == NULL)
		return sp_fail(err, SP_NOT_FOUND, "there is no security policy \"%s\"", name);
	set_text(&connector->security_policy, input, "SecurityPolicyName");
	return 0;
}

int connector_request_update(const json_t *input, struct connector *connector, struct sp_error *err)
{
	const json_t *sftp = json_object_get(input, "SftpConfig");
	if (check_offered(input, err) != 0 || set_url(connector, input, err) != 0 ||
	    set_trusted_keys(connector, sftp, err) != 0 ||
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
	if (connector->url == NULL)
		return sp_fail(err, SP_INVALID,
			       "Url: is required, it says where the SFTP server is: sftp://host or "
			       "sftp://host:port");
	if (connector->user_secret_id == NULL)
		return sp_fail(err, SP_INVALID,
			       "SftpConfig.UserSecretId: is required, it names the secret with "
			       "Username and Password or PrivateKey");
	return 0;
}

int connector_request_create(const json_t *input, int64_t now_ms, struct connector *out,
			     struct sp_error *err)
{
	struct connector connector = {
		.max_connections = CONNECTOR_CONNECTIONS_DEFAULT,
		.security_policy = sp_strdup(security_policy_default_name),
		.created_ms = now_ms,
	};
	char digits[CONNECTOR_ID_SIZE];
	sp_random_hex(digits, CONNECTOR_ID_SIZE - 3);
	snprintf(connector.id, sizeof(connector.id), "c-%.17s", digits);
	if (connector_request_update(input, &connector, err) != 0 ||
	    check_complete(&connector, input, err) != 0) {
		connector_finish(&connector);
		return -1;
	}
	*out = connector;
	return 0;
}
