#include "egress/forget_nats.h"

#include "base/arn.h"
#include "base/scope.h"
#include "store/routing.h"
#include "store/tags.h"

/* 0: it is there. */
static int64_t due_ms(const struct nat_gateway *row)
{
	return row->deleted_ms == 0 ? 0 : row->deleted_ms + NAT_DELETED_SHOWN_MS;
}

int64_t forget_due_ms(const struct wanted *wanted)
{
	int64_t earliest_ms = 0;
	for (size_t i = 0; i < wanted->nat_count; i++) {
		int64_t own_ms = due_ms(&wanted->nats[i].row);
		if (own_ms != 0 && (earliest_ms == 0 || own_ms < earliest_ms))
			earliest_ms = own_ms;
	}
	return earliest_ms;
}

static int remove_tags(struct db *db, const char *region, const char *account,
		       const struct nat_gateway *row, struct sp_error *err)
{
	SP_AUTO_FREE char *arn = sp_arn_format("ec2", region, account, "natgateway/%s", row->id);
	return tags_remove_all(db, arn, err);
}

int forget_nats(struct db *db, const char *region, const char *account, int64_t now_ms,
		struct sp_error *err)
{
	struct nat_gateway *rows;
	size_t count;
	if (nat_gateways_list(db, &rows, &count, err) != 0)
		return -1;
	int result = 0;
	for (size_t i = 0; i < count && result == 0; i++)
		if (due_ms(&rows[i]) != 0 && due_ms(&rows[i]) <= now_ms)
			result = remove_tags(db, region, account, &rows[i], err);
	nat_gateways_free(rows, count);
	if (result != 0)
		return -1;
	return nat_gateways_forget(db, now_ms - NAT_DELETED_SHOWN_MS + 1, err);
}
