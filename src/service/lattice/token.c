#include "service/lattice/token.h"

#include "service/request_token.h"

#define MEMBER "clientToken"

int lattice_token_look_up(struct lattice_request *request, struct db *db, const char *operation,
			  enum lattice_resource resource, char out_id[NETWORK_ID_SIZE],
			  struct sp_error *err)
{
	if (request_token_look_up(db, operation, request->input, MEMBER, out_id, err) == 0)
		return 0;
	if (err->code != SP_EXISTS)
		return -1;
	return lattice_refuse_conflict(request, resource, sp_json_string(request->input, "name"),
				       err, "%s", err->message);
}

int lattice_token_note(struct lattice_request *request, struct db *db, const char *operation,
		       const char *id, struct sp_error *err)
{
	return request_token_note(db, operation, request->input, MEMBER, id, err);
}
