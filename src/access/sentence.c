#include "access/verdict.h"

#include <string.h>

void access_add_sentence(enum access_verdict verdict, const char *principal,
			 const struct access_request *request, struct sp_buffer *out)
{
	sp_buffer_format(out, "User: %s is not authorized to perform: %s", principal,
			 request->action);
	/* As AWS has it, EC2's describes have no resource at all, and all others the star. */
	bool has_resource = strcmp(request->resource, "*") != 0 ||
			    strncmp(request->action, "ec2:", strlen("ec2:")) != 0;
	if (has_resource)
		sp_buffer_format(out, " on resource: %s", request->resource);
	if (verdict == ACCESS_DENIED)
		sp_buffer_add_text(out, " with an explicit deny in an identity-based policy");
	else
		sp_buffer_format(out, " because no identity-based policy allows the %s action",
				 request->action);
}
