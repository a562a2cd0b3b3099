#include "transfer/deletion.h"

#include "store/connectors.h"

static int find_connector(struct db *db, void *ctx, struct sp_error *err)
{
	const struct deletion *deletion = ctx;
	struct connector connector = { 0 };
	int result = connectors_find(db, deletion->connector_id, &connector, err);
	connector_finish(&connector);
	return result;
}

static void look(void *ctx)
{
	struct deletion *deletion = ctx;
	struct sp_error err = { 0 };
	deletion->is_deleted =
		store_read(deletion->ground->rooms.store, find_connector, deletion, &err) != 0 &&
		err.code == SP_NOT_FOUND;
}

static void looked(void *ctx)
{
	struct deletion *deletion = ctx;
	deletion->looking = false;
	bool is_deleted = deletion->is_deleted;
	if (deletion->look_again)
		deletion_look(deletion);
	deletion->looked(deletion->ctx, is_deleted);
}

void deletion_look(struct deletion *deletion)
{
	deletion->look_again = deletion->looking;
	if (deletion->looking || deletion->ground->stopping)
		return;
	deletion->looking = true;
	ground_read(deletion->ground, look, looked, deletion);
}
