#pragma once
/** Within service/iam/: what users and roles have in common. */

#include "service/iam/request.h"

/** Keeps a new one with its tags. */
int iam_insert_principal(struct iam_request *request, struct db *db,
			 const struct principal *principal, struct sp_error *err);

/** The members Path, …Name, …Id, Arn, CreateDate. Owned by the caller. */
json_t *iam_principal_view(const struct iam_request *request, const struct principal *principal);

/** Adds its tags, if there are any. */
int iam_view_tags(struct db *db, const char *arn, json_t *view, struct sp_error *err);

/** One that a list has: a page under way, and what its entries look like. */
struct iam_principal_list {
	struct iam_request *request;
	struct iam_page page;
	json_t *(*view)(const struct iam_request *request, const struct principal *principal);
};

/** A page of all of a kind, into the output's member @name. */
int iam_list_principals(struct iam_request *request, struct db *db, enum principal_kind kind,
			json_t *(*view)(const struct iam_request *, const struct principal *),
			const char *name, struct sp_error *err);
