#pragma once
/**
 * Within service/ec2/: the kinds of resources, one table entry each: what their ids look like, what is answered when
 * there is none, how they are listed and filtered. Describes, tags and the checks of ids need nothing else, so a new
 * kind is its entry, its function that lists, and a line in kinds.c.
 */

#include "model/network.h"
#include "service/ec2/filter.h"
#include "service/ec2/request.h"

struct ec2_view;

/** What a describe may be asked for by name; each that is named must be there. */
struct ec2_selector {
	const char *parameter; /* "VpcId" */
	const char *member;    /* of what is shown: "vpcId" */
	const char *not_found; /* the error's code */
	const char *noun;      /* "vpc ID": "The vpc ID '…' does not exist" */
};

enum { EC2_SELECTORS_MAX = 2 };

struct ec2_kind {
	const char *type;      /* in tags and ARNs: "vpc"; NULL: it cannot be tagged */
	const char *id_prefix; /* "vpc-"; NULL: it has no ids */
	const char *malformed; /* the error's code for an id that looks like none */
	struct ec2_selector selectors[EC2_SELECTORS_MAX]; /* the first: by id */
	const char *set;                                  /* of the answer: "vpcSet" */
	int page_min, page_max;                           /* of MaxResults; 0: no pages */
	const struct ec2_filter *filters;                 /* ends with a NULL name */
	/** Adds every one that there is, in any order: ec2_view_add(). */
	int (*list)(struct ec2_view *view, struct db *db, struct sp_error *err);
	/** Whether @id, which is there, may have this tag. @value NULL: it is taken away. NULL: any. */
	int (*check_tag)(struct ec2_request *request, struct db *db, const char *id,
			 const char *key, const char *value, struct sp_error *err);
};

extern const struct ec2_kind ec2_vpc;
extern const struct ec2_kind ec2_subnet;
extern const struct ec2_kind ec2_route_table;
extern const struct ec2_kind ec2_network_acl;
extern const struct ec2_kind ec2_internet_gateway;
extern const struct ec2_kind ec2_nat_gateway;
extern const struct ec2_kind ec2_elastic_address;
extern const struct ec2_kind ec2_address_pool;
extern const struct ec2_kind ec2_dhcp_options;
extern const struct ec2_kind ec2_security_group;
extern const struct ec2_kind ec2_security_group_rule;
extern const struct ec2_kind ec2_network_interface;

/** By the beginning of an id; NULL when it is none of ours (kinds.c). */
const struct ec2_kind *ec2_kind_of(const char *id);

/* ---- kind.c: ids ---- */

/** A new id: the prefix and 17 hex digits. */
void ec2_id_draw(const char *prefix, char out[NETWORK_ID_SIZE]);

/** Looks like an id: the prefix and 17, or long ago 8, lower-case hex digits. */
bool ec2_id_is(const char *prefix, const char *id);

/** Refuses what looks like no id of this kind. */
int ec2_id_check(struct ec2_request *request, const struct ec2_kind *kind, const char *id,
		 struct sp_error *err);

/** After a failure to find: SP_NOT_FOUND is refused in the kind's own words, everything else stays. -1. */
int ec2_not_found(struct ec2_request *request, const struct ec2_kind *kind, const char *id,
		  struct sp_error *err);

/** "arn:aws:ec2:…:vpc/vpc-…", owned by the caller. */
char *ec2_arn(const struct service_context *context, const struct ec2_kind *kind, const char *id);

/** What @parameter says, which looks like an id of this kind. NULL: it was refused. Borrowed. */
const char *ec2_id_asked(struct ec2_request *request, const struct ec2_kind *kind,
			 const char *parameter, struct sp_error *err);

/* ---- vpc.c, subnet.c: by @parameter, which must look like an id and be there ---- */

int ec2_find_vpc(struct ec2_request *request, struct db *db, const char *parameter, struct vpc *out,
		 struct sp_error *err);
int ec2_find_subnet(struct ec2_request *request, struct db *db, const char *parameter,
		    struct subnet *out, struct sp_error *err);

/* ---- elastic_address.c ---- */

struct elastic_address;
/** By id, which must look like one and be there. */
int ec2_find_address(struct ec2_request *request, struct db *db, const char *id,
		     struct elastic_address *out, struct sp_error *err);
/** By the request's AllocationId or PublicIp, of which it must have one. */
int ec2_find_address_asked(struct ec2_request *request, struct db *db, struct elastic_address *out,
			   struct sp_error *err);
/** The addresses that are allocated, owned by the caller. */
int ec2_addresses_taken(struct db *db, struct ip_address **out, size_t *out_count,
			struct sp_error *err);
