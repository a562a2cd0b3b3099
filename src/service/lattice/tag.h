#pragma once
/** Within service/lattice/: tags as VPC Lattice has them, an object of keys and values. */

#include "service/lattice/request.h"

/** Of the request's member "tags": no key empty, too long or of AWS's own. */
int lattice_check_tags(struct lattice_request *request, struct sp_error *err);

/** Inside a write, of what was checked: adds or overwrites. */
int lattice_put_tags(struct lattice_request *request, struct db *db, const char *arn,
		     struct sp_error *err);
