#include "model/principal.h"

#include <stdlib.h>

#include "base/arn.h"

void principal_finish(struct principal *principal)
{
	free(principal->trust);
	free(principal->description);
	*principal = (struct principal){ 0 };
}

const char *principal_kind_name(enum principal_kind kind)
{
	return kind == PRINCIPAL_USER ? "user" : "role";
}

char *principal_arn(const struct principal *principal, const char *account)
{
	return sp_arn_format("iam", "", account, "%s%s%s", principal_kind_name(principal->kind),
			     principal->path, principal->name);
}
