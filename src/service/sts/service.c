/** AWS Security Token Service. */

#include "api/guard.h"
#include "identity/session.h"
#include "service/services.h"
#include "service/sts/operations.h"

/* clang-format off */
static const struct shape any_text = { .type = SHAPE_STRING };
static const struct shape any_entry = { .type = SHAPE_STRUCTURE, .members = (const struct shape_member[]){
	{ "arn", &any_text, false }, { "Key", &any_text, false }, { "Value", &any_text, false },
	{ "ProviderArn", &any_text, false }, { "ContextAssertion", &any_text, false }, { 0 } } };
static const struct shape texts = { .type = SHAPE_LIST, .element = &any_text };
static const struct shape entries = { .type = SHAPE_LIST, .element = &any_entry };
static const struct shape arn = { .type = SHAPE_STRING, .min = 20, .max = 2048 };
static const struct shape session_name = { .type = SHAPE_STRING, .min = 2, .max = SESSION_NAME_SIZE - 1, .pattern = "[A-Za-z0-9_+=,.@-]+" };
static const struct shape seconds = { .type = SHAPE_INTEGER, .min = SESSION_SECONDS_MIN, .max = SESSION_SECONDS_MAX };
static const struct shape external_id = { .type = SHAPE_STRING, .min = 2, .max = 1224, .pattern = "[A-Za-z0-9_+=,.@:/-]+" };

static const struct shape nothing = { .type = SHAPE_STRUCTURE, .members = (const struct shape_member[]){ { 0 } } };
static const struct shape assume_role_input = { .type = SHAPE_STRUCTURE, .members = (const struct shape_member[]){
	{ "RoleArn", &arn, true },
	{ "RoleSessionName", &session_name, true },
	{ "DurationSeconds", &seconds, false },
	{ "ExternalId", &external_id, false },
	{ "Policy", &any_text, false },
	{ "PolicyArns", &entries, false },
	{ "Tags", &entries, false },
	{ "TransitiveTagKeys", &texts, false },
	{ "SerialNumber", &any_text, false },
	{ "TokenCode", &any_text, false },
	{ "SourceIdentity", &any_text, false },
	{ "ProvidedContexts", &entries, false },
	{ 0 } } };

static const struct api_operation operations[] = {
	/* The trust policy of the role has its say, too: the operation asks itself. */
	{ "AssumeRole", &assume_role_input, sts_assume_role, .resource = GUARD_ANYBODY },
	{ "GetCallerIdentity", &nothing, sts_get_caller_identity, .resource = GUARD_ANYBODY },
	{ 0 },
};

static const struct api_error_type errors[] = {
	{ STS_DENIED,   403 },
	{ STS_INTERNAL, 500 },
	{ 0 },
};
/* clang-format on */

const struct api_service service_sts = {
	.signing_name = "sts",
	.title = "AWS Security Token Service",
	.protocol = API_QUERY,
	.version = "2011-06-15",
	.xml_namespace = "https://sts.amazonaws.com/doc/2011-06-15/",
	.validation_error = STS_INVALID,
	.internal_error = STS_INTERNAL,
	.operations = operations,
	.is_global = true,
	.errors = errors,
};
