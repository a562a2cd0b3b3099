/** Which protocol AWS services speak: clients of a service that is not here shall be able to read that it is not. */

#include <string.h>
#include <strings.h>

#include "api/form.h"
#include "api/refusal.h"
#include "base/scope.h"
#include "base/text.h"

/* clang-format off */
static const struct {
	enum refusal_form form;
	const char *names; /* signing names, a space around each */
} known[] = {
	{ FORM_JSON,
	  " acm application-autoscaling athena cloudtrail codebuild codecommit codedeploy codepipeline cognito-identity"
	  " cognito-idp config datasync directconnect dms ds dynamodb ecr ecs events firehose fsx glue health"
	  " identitystore kinesis kinesisanalytics kms lightsail logs network-firewall organizations route53domains"
	  " route53resolver sagemaker secretsmanager servicecatalog servicediscovery servicequotas ssm sso-directory"
	  " states storagegateway support swf tagging textract transfer translate waf waf-regional wafv2 workspaces " },
	{ FORM_REST_JSON,
	  " access-analyzer account amplify apigateway appconfig appmesh appsync aps backup batch bedrock cloudhsm"
	  " cognito-sync connect dataexchange detective dlm ebs eks elasticfilesystem elastictranscoder emr-containers"
	  " emr-serverless es execute-api glacier grafana greengrass guardduty imagebuilder inspector2 iot kafka lambda"
	  " macie2 mediaconvert mq networkmanager osis pipes qldb ram resource-groups"
	  " rolesanywhere s3tables sallyport scheduler schemas securityhub serverlessrepo signer sso synthetics verifiedpermissions"
	  " vpc-lattice workmail xray " },
	{ FORM_QUERY,
	  " autoscaling cloudformation cloudfront cloudsearch elasticache elasticbeanstalk elasticloadbalancing"
	  " elasticmapreduce email iam importexport monitoring rds redshift route53 sdb ses sns sqs sts " },
	{ FORM_EC2, " ec2 " },
	{ FORM_S3,  " s3 s3express s3-object-lambda s3-outposts " },
};
/* clang-format on */

bool refusal_form_of_service(const char *signing_name, enum refusal_form *out)
{
	size_t length = strlen(signing_name);
	for (size_t i = 0; i < SP_COUNT_OF(known) && length > 0; i++) {
		for (const char *at = known[i].names; *at != '\0'; at += strcspn(at, " ")) {
			at += strspn(at, " ");
			if (strcspn(at, " ") == length && memcmp(at, signing_name, length) == 0) {
				*out = known[i].form;
				return true;
			}
		}
	}
	return false;
}

static bool has_type(const char *content_type, const char *wanted)
{
	return content_type != NULL && strncasecmp(content_type, wanted, strlen(wanted)) == 0;
}

static bool mentions(const struct sign_request *request, const char *text)
{
	return strstr(request->target, text) != NULL ||
	       (request->body_length > 0 &&
		memmem(request->body, request->body_length, text, strlen(text)) != NULL);
}

enum refusal_form refusal_form_of_request(const struct sign_request *request)
{
	const char *type = sign_header_value(request, "content-type");
	bool at_root = form_is_at_root(request->target);

	if (sign_header_value(request, "x-amz-target") != NULL ||
	    has_type(type, "application/x-amz-json"))
		return FORM_JSON;
	if (has_type(type, "application/x-www-form-urlencoded") ||
	    strstr(request->target, "Action=") != NULL)
		return mentions(request, "Version=2016-11-15") ? FORM_EC2 : FORM_QUERY;
	if (has_type(type, "application/json"))
		return FORM_REST_JSON;
	if (strstr(request->target, "AWSAccessKeyId=") != NULL) /* a URL signed with version 2 */
		return FORM_S3;
	/* Without any of these: S3 lists with GET /, stores with PUT, and is the only one to ask with HEAD. */
	if ((at_root && strcmp(request->method, "GET") == 0) ||
	    strcmp(request->method, "PUT") == 0 || strcmp(request->method, "HEAD") == 0)
		return FORM_S3;
	return at_root ? FORM_JSON : FORM_REST_JSON;
}
