#include "service/ec2/kinds.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/arn.h"
#include "base/id.h"
#include "base/text.h"

enum { ID_DIGITS = 17, ID_DIGITS_ONCE = 8 };

void ec2_id_draw(const char *prefix, char out[NETWORK_ID_SIZE])
{
	char digits[ID_DIGITS + 1];
	assert(strlen(prefix) + ID_DIGITS < NETWORK_ID_SIZE);
	sp_random_hex(digits, ID_DIGITS);
	snprintf(out, NETWORK_ID_SIZE, "%s%s", prefix, digits);
}

bool ec2_id_is(const char *prefix, const char *id)
{
	if (!sp_text_starts_with(id, prefix))
		return false;
	const char *digits = id + strlen(prefix);
	size_t length = strspn(digits, "0123456789abcdef");
	return digits[length] == '\0' && (length == ID_DIGITS || length == ID_DIGITS_ONCE);
}

int ec2_id_check(struct ec2_request *request, const struct ec2_kind *kind, const char *id,
		 struct sp_error *err)
{
	if (ec2_id_is(kind->id_prefix, id))
		return 0;
	return ec2_refuse(request, err, kind->malformed,
			  "Invalid id: \"%.200s\" (expecting \"%s...\")", id, kind->id_prefix);
}

int ec2_not_found(struct ec2_request *request, const struct ec2_kind *kind, const char *id,
		  struct sp_error *err)
{
	const struct ec2_selector *by_id = &kind->selectors[0];
	if (err->code != SP_NOT_FOUND)
		return -1;
	return ec2_refuse(request, err, by_id->not_found, "The %s '%s' does not exist", by_id->noun,
			  id);
}

char *ec2_arn(const struct service_context *context, const struct ec2_kind *kind, const char *id)
{
	return sp_arn_format("ec2", context->region, context->account, "%s/%s", kind->type, id);
}

const char *ec2_id_asked(struct ec2_request *request, const struct ec2_kind *kind,
			 const char *parameter, struct sp_error *err)
{
	const char *id = ec2_text(request, parameter);
	if (id == NULL)
		ec2_refuse_missing(request, err, parameter);
	else if (ec2_id_check(request, kind, id, err) == 0)
		return id;
	return NULL;
}
