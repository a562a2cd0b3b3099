#pragma once
/** Within egress/: what the files that read what is wanted share. */

#include "egress/wanted.h"
#include "store/tags.h"

struct wanted_reading {
	struct db *db;
	const struct wanted_options *options;
	struct wanted *wanted;
	struct sp_error *err;
};

/* wanted.c */

/** The first refusal is the one that is told. */
void wanted_refuse(char **refusal, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Every entry of a list begins with its row, and a row begins with its id. WANTED_NONE: it is not there. */
size_t wanted_find(const void *list, size_t size, size_t count, const char *id);
#define WANTED_FIND(list, count, id) wanted_find(list, sizeof(*(list)), count, id)

/* Below: 0, or -1 with the reading's error. */

/* wanted_tags.c */

int wanted_read_vpc_tags(const struct wanted_reading *reading, struct wanted_vpc *vpc);
int wanted_read_subnet_tags(const struct wanted_reading *reading, struct wanted_subnet *subnet);
int wanted_read_eni_tags(const struct wanted_reading *reading, struct wanted_eni *eni);

/* wanted_interfaces.c: once VPCs, subnets and gateways are known */

int wanted_read_nats(const struct wanted_reading *reading);
int wanted_read_enis(const struct wanted_reading *reading);

/* wanted_routes.c: once all of those are */

int wanted_read_internets(const struct wanted_reading *reading);
int wanted_read_tables(const struct wanted_reading *reading);
