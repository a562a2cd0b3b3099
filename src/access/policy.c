#include "access/policy.h"

#include <assert.h>
#include <string.h>

#include "access/pattern.h"
#include "access/policy_inside.h"
#include "base/json.h"
#include "base/scope.h"
#include "base/text.h"

#define VERSION     "2012-10-17"
#define OLD_VERSION "2008-10-17"

/* ---- reading -------------------------------------------------------------------------------------------------------- */

/* Without variables in the old one, which is also what a document without a version has. */
static int read_version(enum access_policy_kind kind, const json_t *json, bool *out_has_variables,
			struct sp_error *err)
{
	const json_t *version = json_object_get(json, "Version");
	const char *text = version == NULL ? OLD_VERSION : json_string_value(version);
	bool is_old = sp_text_equal(text, OLD_VERSION);
	*out_has_variables = sp_text_equal(text, VERSION);
	if (!*out_has_variables && !is_old)
		return sp_fail(err, SP_INVALID,
			       "there is no policy Version \"%.32s\": it is " VERSION,
			       text == NULL ? "" : text);
	if (is_old && kind == ACCESS_IDENTITY)
		return sp_fail(err, SP_INVALID,
			       "Policy document must be version " VERSION " or greater.");
	return 0;
}

static int check_members(const json_t *json, struct sp_error *err)
{
	static const char *const known[] = { "Version", "Id", "Statement" };
	const char *name;
	json_t *value;
	json_object_foreach ((json_t *)json, name, value) {
		bool found = false;
		for (size_t i = 0; i < SP_COUNT_OF(known); i++)
			found = found || strcmp(known[i], name) == 0;
		if (!found)
			return sp_fail(err, SP_INVALID, "there is no element \"%.64s\" here", name);
	}
	return 0;
}

static int read_statements(struct access_policy *policy, bool has_variables, const json_t *json,
			   struct sp_error *err)
{
	size_t count = json_is_array(json) ? json_array_size(json) : 1;
	if (json == NULL || count == 0)
		return sp_fail(err, SP_INVALID, "Missing required field Statement");
	if (count > ACCESS_STATEMENTS_MAX)
		return sp_fail(err, SP_INVALID, "there are more than %d statements",
			       ACCESS_STATEMENTS_MAX);
	policy->statements = sp_alloc(count * sizeof(*policy->statements));
	policy->count = count;
	for (size_t i = 0; i < count; i++) {
		const json_t *statement = json_is_array(json) ? json_array_get(json, i) : json;
		if (access_statement_read(policy->kind, has_variables, statement,
					  &policy->statements[i], err) != 0)
			return sp_wrap(err, "Statement[%zu]", i);
	}
	return 0;
}

static int read_policy(struct access_policy *policy, const char *text, struct sp_error *err)
{
	SP_AUTO_JSON json_t *json = NULL;
	bool has_variables;
	if (strlen(text) > ACCESS_DOCUMENT_MAX)
		return sp_fail(err, SP_INVALID, "the document is longer than %d bytes",
			       ACCESS_DOCUMENT_MAX);
	if (sp_json_parse(text, strlen(text), &json, err) != 0)
		return -1;
	if (!json_is_object(json))
		return sp_fail(err, SP_INVALID, "the document is no JSON object");
	if (check_members(json, err) != 0 ||
	    read_version(policy->kind, json, &has_variables, err) != 0)
		return -1;
	return read_statements(policy, has_variables, json_object_get(json, "Statement"), err);
}

int access_policy_read(enum access_policy_kind kind, const char *text, struct access_policy **out,
		       struct sp_error *err)
{
	struct access_policy *policy = sp_alloc(sizeof(*policy));
	policy->kind = kind;
	if (read_policy(policy, text, err) != 0) {
		access_policy_destroy(policy);
		return -1;
	}
	*out = policy;
	return 0;
}

void access_policy_destroy(struct access_policy *policy)
{
	if (policy == NULL)
		return;
	for (size_t i = 0; i < policy->count; i++)
		access_statement_finish(&policy->statements[i]);
	free(policy->statements);
	free(policy);
}

size_t access_policy_size(const char *text)
{
	size_t blanks = 0;
	for (const char *at = text; *at != '\0'; at++)
		blanks += strchr(" \t\r\n", *at) != NULL;
	return sp_utf8_count(text) - blanks;
}

/* ---- asking --------------------------------------------------------------------------------------------------------- */

static bool any_fits(const struct access_texts *patterns, const char *text,
		     const struct access_facts *facts)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (access_pattern_fits(patterns->list[i], text, facts))
			return true;
	return false;
}

/* @action is in lower case. */
static bool is_about(const struct access_statement *statement, const char *action,
		     const struct access_request *request)
{
	if (any_fits(&statement->actions, action, &request->facts) == statement->not_action)
		return false;
	bool has_resource = statement->resources.count > 0;
	if (has_resource && any_fits(&statement->resources, request->resource, &request->facts) ==
				    statement->not_resource)
		return false;
	return access_conditions_hold(&statement->conditions, &request->facts);
}

static char *small_action(const struct access_request *request)
{
	char *action = NULL;
	if (access_pattern_read(request->action, PATTERN_IGNORES_CASE, &action, NULL) != 0)
		sp_die("the action \"%s\" holds control characters", request->action);
	return action;
}

enum access_verdict access_judge(struct access_policy *const *policies, size_t count,
				 const struct access_request *request)
{
	SP_AUTO_FREE char *action = small_action(request);
	enum access_verdict verdict = ACCESS_NOT_ALLOWED;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < policies[i]->count; j++) {
			const struct access_statement *statement = &policies[i]->statements[j];
			if (!is_about(statement, action, request))
				continue;
			if (statement->denies)
				return ACCESS_DENIED;
			verdict = ACCESS_ALLOWED;
		}
	}
	return verdict;
}

/* An account stands for all who are in it. */
static bool names_aws(const char *principal, const struct access_assumer *who)
{
	size_t account = strlen("arn:aws:iam::");
	if (sp_text_equal(principal, who->arn) || sp_text_equal(principal, who->session))
		return true;
	if (who->account == NULL)
		return false;
	return strcmp(principal, who->account) == 0 ||
	       (sp_text_starts_with(principal, "arn:aws:iam::") &&
		strncmp(principal + account, who->account, strlen(who->account)) == 0 &&
		strcmp(principal + account + strlen(who->account), ":root") == 0);
}

static bool names_everybody(const struct access_principals *principals)
{
	for (size_t i = 0; i < principals->aws.count; i++)
		if (strcmp(principals->aws.list[i], "*") == 0)
			return true;
	return principals->anybody;
}

/* A service is let in by its name only, but everybody who is kept out is a service, too. */
static bool names(const struct access_statement *statement, const struct access_assumer *who)
{
	const struct access_principals *principals = &statement->principals;
	bool counts = statement->denies || (who->service == NULL && who->account != NULL);
	if (names_everybody(principals) && counts)
		return true;
	if (who->service != NULL) {
		for (size_t i = 0; i < principals->services.count; i++)
			if (strcmp(principals->services.list[i], who->service) == 0)
				return true;
		return false;
	}
	for (size_t i = 0; i < principals->aws.count; i++)
		if (names_aws(principals->aws.list[i], who))
			return true;
	return false;
}

enum access_verdict access_judge_trust(const struct access_policy *trust,
				       const struct access_assumer *who,
				       const struct access_request *request)
{
	assert(trust->kind == ACCESS_TRUST);
	SP_AUTO_FREE char *action = small_action(request);
	enum access_verdict verdict = ACCESS_NOT_ALLOWED;
	for (size_t i = 0; i < trust->count; i++) {
		const struct access_statement *statement = &trust->statements[i];
		if (!names(statement, who) || !is_about(statement, action, request))
			continue;
		if (statement->denies)
			return ACCESS_DENIED;
		verdict = ACCESS_ALLOWED;
	}
	return verdict;
}
