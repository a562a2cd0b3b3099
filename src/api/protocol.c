#include "api/protocol.h"

const struct protocol *protocol_of(enum api_protocol protocol)
{
	static const struct protocol *const protocols[] = {
		[API_JSON_1_1] = &protocol_json, [API_QUERY] = &protocol_query,
		[API_EC2] = &protocol_ec2,       [API_REST_JSON] = &protocol_rest,
		[API_S3] = &protocol_s3,
	};
	return protocols[protocol];
}
