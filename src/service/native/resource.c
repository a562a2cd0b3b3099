/** What our own operations are about are other services' resources: connectors, also those that transfers and files are of. */

#include <string.h>

#include "base/scope.h"
#include "service/native/operations.h"
#include "service/native/request.h"
#include "service/transfer/answer.h"
#include "store/connectors.h"
#include "store/transfers.h"

struct search {
	const char *kind, *value;
	char id[CONNECTOR_ID_SIZE];
};

/* What is not found is refused by the operation itself, which says so. */
static int find_transfer(struct db *db, struct search *search, struct sp_error *err)
{
	struct transfer transfer;
	if (transfers_find(db, NULL, search->value, &transfer, err) != 0)
		return -1;
	memcpy(search->id, transfer.connector_id, sizeof(search->id));
	transfer_finish(&transfer);
	return 0;
}

static int find_file(struct db *db, struct search *search, struct sp_error *err)
{
	struct transfer_file file;
	if (transfers_find_file(db, search->value, &file, err) != 0)
		return -1;
	memcpy(search->id, file.connector_id, sizeof(search->id));
	transfer_file_finish(&file);
	return 0;
}

static const struct {
	const char *kind;
	int (*find)(struct db *db, struct search *search, struct sp_error *err);
} kinds[] = {
	{ "transfer/", find_transfer },
	{ "file/", find_file },
};

static bool is_found(const char *kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			return true;
	return false;
}

static int find(struct db *db, void *ctx, struct sp_error *err)
{
	struct search *search = ctx;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].kind, search->kind) == 0)
			return kinds[i].find(db, search, err);
	return 0;
}

char *native_find_arn(void *ctx, const json_t *input, const char *kind, const char *value)
{
	const struct service_context *context = ctx;
	struct search search = { .kind = kind, .value = value };
	struct sp_error err = { 0 };
	(void)input;
	if (strcmp(kind, "bucket/") == 0)
		return sp_format("arn:aws:s3:::%s", value); /* as S3's own calls name it */
	if (!is_found(kind))
		return NULL; /* connectors and webhooks are called as they are */
	store_read(context->store, find, &search, &err);
	/* Nobody's: on no connector, unless on all. */
	return answer_connector_arn(context, search.id);
}
