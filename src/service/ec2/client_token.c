#include "service/ec2/client_token.h"

#include <string.h>

#include "base/buffer.h"
#include "service/ec2/describe.h"
#include "service/request_token.h"

enum { CLIENT_TOKEN_MAX = 64 };

static int check_token(struct ec2_request *request, struct sp_error *err)
{
	const char *token = ec2_text(request, "ClientToken");
	if (token == NULL || strlen(token) <= CLIENT_TOKEN_MAX)
		return 0;
	return ec2_refuse(request, err, EC2_INVALID_VALUE,
			  "The ClientToken has %zu characters: it may have %d", strlen(token),
			  CLIENT_TOKEN_MAX);
}

static int make_once(struct ec2_request *request, struct db *db, const char *operation,
		     ec2_make_fn *make, char out_id[NETWORK_ID_SIZE], struct sp_error *err)
{
	if (request_token_look_up(db, operation, request->input, "ClientToken", out_id, err) != 0) {
		if (err->code == SP_EXISTS)
			request->code = "IdempotentParameterMismatch";
		return -1;
	}
	if (out_id[0] != '\0')
		return 0;
	if (make(request, db, out_id, err) != 0)
		return -1;
	return request_token_note(db, operation, request->input, "ClientToken", out_id, err);
}

int ec2_create_once(struct ec2_request *request, struct db *db, const char *operation,
		    ec2_make_fn *make, const struct ec2_kind *kind, const char *name,
		    struct sp_error *err)
{
	SP_AUTO_BUFFER full_name = { 0 };
	char id[NETWORK_ID_SIZE];
	json_t *shown;
	sp_buffer_format(&full_name, "ec2 %s", operation);
	if (check_token(request, err) != 0 ||
	    make_once(request, db, sp_buffer_text(&full_name), make, id, err) != 0 ||
	    ec2_show(request, db, kind, id, &shown, err) != 0)
		return -1;
	json_object_set_new(request->output, name, shown);
	const char *token = ec2_text(request, "ClientToken");
	if (token != NULL)
		sp_json_set_text(request->output, "clientToken", token);
	return 0;
}
