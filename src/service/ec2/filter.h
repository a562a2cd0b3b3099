#pragma once
/**
 * Within service/ec2/: filters of describes. A filter's name stands for a place in what is shown, so a table of names
 * and places is all that a resource says about its filters. Pure.
 *
 * All filters must match (and); of one filter's values any may (or). Values may have wildcards.
 */

#include <stdbool.h>

#include "base/json.h"

enum { EC2_FILTER_VALUES_MAX = 200 };

struct ec2_filter {
	/* "vpc-id". A name that ends with ':' stands for all that begin so: the rest is a tag's key. */
	const char *name;
	/* "cidrBlockAssociationSet.cidrBlockState.state": members of members; of a list, any element's. "": the shown
	 * thing itself. NULL: a filter that EC2 has, of something that nothing here has. */
	const char *path;
};

/* What everything with tags can be filtered by; rows of a table. */
#define EC2_TAG_FILTERS                                                                            \
	{ "tag:", "tagSet" },                                                                      \
	{                                                                                          \
		"tag-key", "tagSet.key"                                                            \
	}

/** A whole text: '*' is any characters, '?' one, '\' takes away the meaning of the next. */
bool ec2_like(const char *pattern, const char *text);

/** @filters: a request's list of Name and Value lists. SP_INVALID names what is wrong; SP_LIMIT past EC2_FILTER_VALUES_MAX. */
int ec2_filters_check(const json_t *filters, const struct ec2_filter *table, struct sp_error *err);

/** @filters were checked. NULL matches everything. */
bool ec2_filters_match(const json_t *filters, const struct ec2_filter *table, const json_t *shown);
