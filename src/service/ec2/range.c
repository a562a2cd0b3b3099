#include "service/ec2/range.h"

#include "base/id.h"
#include "network/cidr.h"

int ec2_range_read(struct ec2_request *request, const char *code, struct cidr *out,
		   struct sp_error *err)
{
	const char *text = ec2_text(request, "CidrBlock");
	if (text == NULL)
		return ec2_refuse_missing(request, err, "CidrBlock");
	if (!cidr_parse_v4(text, out))
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Value (%.64s) for parameter cidrBlock is invalid. This is not a "
				  "valid CIDR block.",
				  text);
	if (out->bits < EC2_RANGE_BITS_MIN || out->bits > EC2_RANGE_BITS_MAX)
		return ec2_refuse(request, err, code,
				  "The CIDR '%s' is invalid: ranges have /%d to /%d", text,
				  EC2_RANGE_BITS_MIN, EC2_RANGE_BITS_MAX);
	return 0;
}

int ec2_range6_read(struct ec2_request *request, const char *text, struct cidr *out,
		    struct sp_error *err)
{
	if (cidr_parse_v6(text, out))
		return 0;
	return ec2_refuse(
		request, err, EC2_INVALID_VALUE,
		"Value (%.64s) for parameter ipv6CidrBlock is invalid. This is not a valid "
		"IPv6 CIDR block.",
		text);
}

void ec2_range6_draw(struct cidr *out)
{
	uint8_t bytes[IP_BYTES_MAX] = { 0xfd };
	sp_random_bytes(bytes + 1, EC2_RANGE6_DRAWN_BITS / 8 - 1);
	*out = (struct cidr){ ip_of_bytes(bytes, sizeof(bytes)), EC2_RANGE6_DRAWN_BITS };
}
