#include "model/object_upload.h"

#include <stdlib.h>

void object_upload_finish(struct object_upload *upload)
{
	free(upload->bucket);
	free(upload->key);
	free(upload->id);
	*upload = (struct object_upload){ 0 };
}

bool object_put_may_repeat(enum sp_code code)
{
	return code == SP_EXISTS || code == SP_CONFLICT || code == SP_UNSUPPORTED;
}
