#pragma once
/** Within service/s3/: the operations, each in the file of its kind. */

#include "api/service.h"

void door_list_buckets(struct api_call *call);
void door_create_bucket(struct api_call *call);
void door_head_bucket(struct api_call *call);
void door_delete_bucket(struct api_call *call);
void door_get_bucket_location(struct api_call *call);
void door_get_bucket_versioning(struct api_call *call);

void door_list_objects(struct api_call *call);
void door_list_objects_v2(struct api_call *call);
void door_list_object_versions(struct api_call *call);

void door_get_object(struct api_call *call); /* and HEAD */
void door_get_object_tagging(struct api_call *call);
void door_copy_object(struct api_call *call);
void door_delete_object(struct api_call *call);
void door_delete_objects(struct api_call *call);

void door_create_multipart_upload(struct api_call *call);
void door_upload_part_copy(struct api_call *call);
void door_complete_multipart_upload(struct api_call *call);
void door_abort_multipart_upload(struct api_call *call);
void door_list_parts(struct api_call *call);
void door_list_multipart_uploads(struct api_call *call);

/** PutObject and UploadPart. */
extern const struct api_sink door_incoming_object, door_incoming_part;
