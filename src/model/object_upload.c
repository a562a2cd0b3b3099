#include "model/object_upload.h"

#include <stdlib.h>

void object_upload_finish(struct object_upload *upload)
{
	free(upload->bucket);
	free(upload->key);
	free(upload->id);
	*upload = (struct object_upload){ 0 };
}
