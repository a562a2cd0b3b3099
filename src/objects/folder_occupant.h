#pragma once
/** Within objects/: what has an object's name just now. */

#include <sys/stat.h>

#include "objects/condition.h"
#include "objects/folder_notes.h"

struct occupant {
	bool is_there;
	struct stat status;          /* of the name itself: a symbolic link is one */
	char etag[OBJECT_ETAG_SIZE]; /* as a GET would tell it; "": it is no object */
};

/** @folder_fd, @name: where the key leads. */
int occupant_look(struct objects *objects, const char *bucket, const char *key, int folder_fd,
		  const char *name, struct occupant *out, struct sp_error *err);

int occupant_judge(const struct occupant *occupant, const struct object_condition *condition,
		   struct sp_error *err);
