#include "base/arn.h"
#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/secretsmanager/request.h"

struct search {
	const char *id;
	char *arn; /* owned by the caller; NULL: there is none */
};

static int find(struct db *db, void *ctx, struct sp_error *err)
{
	struct search *search = ctx;
	AUTO_SECRET secret = { 0 };
	if (secrets_find(db, search->id, sp_now_ms(), &secret, err) != 0)
		return -1;
	search->arn = sp_take_pointer(&secret.arn);
	return 0;
}

char *secret_find_arn(void *context, const json_t *input, const char *kind, const char *value)
{
	const struct service_context *service = context;
	struct search search = { .id = value };
	struct sp_error err = { 0 };
	(void)input;
	if (store_read(service->store, find, &search, &err) == 0)
		return search.arn;
	/* One that is yet to be made, whose last six characters nobody knows: "name-*" and "name-??????" fit it. */
	if (sp_text_starts_with(value, "arn:"))
		return NULL;
	return sp_arn_format("secretsmanager", service->region, service->account, "%s%.512s-??????",
			     kind, value);
}
