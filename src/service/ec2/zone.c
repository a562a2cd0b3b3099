#include "service/ec2/zone.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "egress/networks.h"
#include "service/ec2/describe.h"
#include "service/ec2/operations.h"

/* The words of a region's name as its zones' ids have them: "southeast" is "se". The first word stays as it is. */
static const struct {
	const char *word, *letters;
} directions[] = {
	{ "northeast", "ne" },
	{ "northwest", "nw" },
	{ "southeast", "se" },
	{ "southwest", "sw" },
};

static void add_word(struct sp_buffer *out, const char *word, size_t length)
{
	for (size_t i = 0; i < SP_COUNT_OF(directions); i++)
		if (strlen(directions[i].word) == length &&
		    strncmp(directions[i].word, word, length) == 0) {
			sp_buffer_add_text(out, directions[i].letters);
			return;
		}
	bool whole = out->length == 0 || strchr("0123456789", word[0]) != NULL;
	sp_buffer_add(out, word, whole ? length : 1);
}

void ec2_zone_id(const char *region, const char *zone, char out[ZONE_SIZE])
{
	SP_AUTO_BUFFER id = { 0 };
	for (const char *word = region; *word != '\0';) {
		size_t length = strcspn(word, "-");
		if (length > 0)
			add_word(&id, word, length);
		word += length + (word[length] == '-');
	}
	size_t length = strlen(zone);
	char letter = length > 0 ? zone[length - 1] : 'a';
	snprintf(out, ZONE_SIZE, "%.20s-az%d", sp_buffer_text(&id), letter - 'a' + 1);
}

static json_t *show_zone(const char *region, const char *zone)
{
	char id[ZONE_SIZE];
	ec2_zone_id(region, zone, id);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[]}", "zoneName", zone,
			 "zoneState", "available", "regionName", region, "zoneId", id, "groupName",
			 region, "networkBorderGroup", region, "zoneType", "availability-zone",
			 "optInStatus", "opt-in-not-required", "messageSet");
}

static int list(struct ec2_view *view, struct db *db, struct sp_error *err)
{
	const struct service_context *context = view->request->context;
	const char *const *zone = networks_zones(context->networks);
	for (; *zone != NULL; zone++)
		if (ec2_view_add(view, db, *zone, show_zone(context->region, *zone), err) != 0)
			return -1;
	return 0;
}

/* clang-format off */
static const struct ec2_filter filters[] = {
	{ "group-long-name", NULL },
	{ "group-name", "groupName" },
	{ "message", "messageSet.message" },
	{ "opt-in-status", "optInStatus" },
	{ "parent-zone-id", NULL },
	{ "parent-zone-name", NULL },
	{ "region-name", "regionName" },
	{ "state", "zoneState" },
	{ "zone-id", "zoneId" },
	{ "zone-name", "zoneName" },
	{ "zone-type", "zoneType" },
	{ 0 },
};
/* clang-format on */

static const struct ec2_kind zone_kind = {
	.selectors = { { "ZoneName", "zoneName", EC2_INVALID_VALUE, "availability zone" },
		       { "ZoneId", "zoneId", EC2_INVALID_VALUE, "availability zone ID" } },
	.set = "availabilityZoneInfo",
	.filters = filters,
	.list = list,
};

void ec2_describe_availability_zones(struct api_call *call)
{
	ec2_describe(call, &zone_kind);
}
