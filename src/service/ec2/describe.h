#pragma once
/** Within service/ec2/: every Describe is this one, told what to list by its kind. */

#include "service/ec2/kinds.h"

/** What a describe collects. A kind's list() gives it everything; it keeps what was asked for. */
struct ec2_view {
	struct ec2_request *request;
	const struct ec2_kind *kind;
	/* The rest is describe.c's. */
	const char *only_id; /* the one that is wanted; NULL: as the request says */
	const char *after;   /* where the page begins; NULL: at the first */
	struct ec2_shown *shown;
	size_t count;
};

/** False: @id was not asked for, so that it need not be put together. */
bool ec2_view_wants(const struct ec2_view *view, const char *id);

/**
 * @id    what the answer is ordered by, and where a page may end
 * @item  taken, also on failure: what is shown, with the element names of the answer but without tags
 */
int ec2_view_add(struct ec2_view *view, struct db *db, const char *id, json_t *item,
		 struct sp_error *err);

/** Answers the call: filters, ids, pages. */
void ec2_describe(struct api_call *call, const struct ec2_kind *kind);

/** One of them as a describe shows it, owned by the caller. Refused when it is not there. */
int ec2_show(struct ec2_request *request, struct db *db, const struct ec2_kind *kind,
	     const char *id, json_t **out, struct sp_error *err);
