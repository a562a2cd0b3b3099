#include "service/s3/copy_source.h"

#include <stdlib.h>
#include <string.h>

#include "api/form.h"
#include "base/scope.h"
#include "base/text.h"

void copy_source_finish(struct copy_source *source)
{
	free(source->bucket);
	free(source->key);
}

int copy_source_read(const char *text, struct copy_source *out, struct sp_error *err)
{
	const char *version = strstr(text, "?versionId=");
	if (version != NULL && strcmp(version, "?versionId=null") != 0)
		return sp_fail(err, SP_UNSUPPORTED,
			       "the buckets of Sallyport are folders and have no versions");
	size_t length = version == NULL ? strlen(text) : (size_t)(version - text);
	SP_AUTO_FREE char *path = form_decode(text, length, false);
	const char *bucket = path == NULL ? "" : path + (*path == '/');
	const char *slash = strchr(bucket, '/');
	if (slash == NULL || slash == bucket || slash[1] == '\0')
		return sp_fail(err, SP_INVALID,
			       "x-amz-copy-source must be \"bucket/key\", encoded as in a URL");
	out->bucket = strndup(bucket, (size_t)(slash - bucket));
	out->key = sp_strdup(slash + 1);
	return 0;
}
