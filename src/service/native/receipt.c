/* What became of a file, and what is known of the server that it went to. */

#include <string.h>

#include "base/scope.h"
#include "service/native/file_view.h"
#include "service/native/operations.h"
#include "service/native/request.h"
#include "store/connectors.h"
#include "store/servers.h"
#include "store/transfers.h"

/* ---- one file --------------------------------------------------------------------------------------------------- */

struct receipt {
	const char *file_id;
	struct transfer_file file;
	char *connection; /* JSON; NULL: not known */
};

static int read_receipt(struct db *db, void *ctx, struct sp_error *err)
{
	struct receipt *receipt = ctx;
	if (transfers_find_file(db, receipt->file_id, &receipt->file, err) != 0)
		return -1;
	return receipt->file.connection == NULL
		       ? 0
		       : servers_find_connection(db, receipt->file.connection, &receipt->connection,
						 err);
}

void native_get_receipt(struct api_call *call)
{
	struct receipt receipt = { .file_id = sp_json_string(api_input(call), "FileId") };
	struct sp_error err = { 0 };
	if (store_read(answer_context(call)->store, read_receipt, &receipt, &err) == 0)
		api_reply(call, file_view_receipt(&receipt.file, receipt.connection));
	else if (err.code == SP_NOT_FOUND)
		answer_not_found(call, "File", receipt.file_id, err.message);
	else
		answer_error(call, &err);
	transfer_file_finish(&receipt.file);
	free(receipt.connection);
}

/* ---- a connector's server --------------------------------------------------------------------------------------- */

struct about {
	const char *connector_id;
	struct known_server server;
	int64_t confirmed, inferred;
};

static int read_about(struct db *db, void *ctx, struct sp_error *err)
{
	struct about *about = ctx;
	if (connectors_check(db, about->connector_id, err) != 0 ||
	    servers_find(db, about->connector_id, &about->server, err) != 0)
		return -1;
	return servers_count_ambiguous(db, about->connector_id, &about->confirmed, &about->inferred,
				       err);
}

static json_t *words_of(const char *text)
{
	json_t *list = json_array();
	SP_AUTO_FREE char *copy = sp_strdup(text);
	char *rest = copy, *word;
	while ((word = strsep(&rest, " ")) != NULL)
		json_array_append_new(list, json_string(word));
	return list;
}

static json_t *server_of(const struct about *about)
{
	json_t *out = json_pack("{s:s, s:{s:I, s:I}}", "ConnectorId", about->connector_id,
				"AmbiguousPublishes", "Confirmed", (json_int_t)about->confirmed,
				"Inferred", (json_int_t)about->inferred);
	sp_json_set_text(out, "Banner", about->server.banner);
	sp_json_set_text(out, "HostKeyFingerprint", about->server.host_key);
	native_set_time(out, "Learnt", about->server.learnt_ms);
	json_object_set_new(out, "Features", words_of(about->server.features));
	return out;
}

void native_get_server(struct api_call *call)
{
	if (native_check_connector(call) != 0)
		return;
	struct about about = { .connector_id = sp_json_string(api_input(call), "ConnectorId") };
	struct sp_error err = { 0 };
	if (store_read(answer_context(call)->store, read_about, &about, &err) == 0)
		api_reply(call, server_of(&about));
	else if (err.code == SP_NOT_FOUND)
		answer_no_connector(call, about.connector_id);
	else
		answer_error(call, &err);
	known_server_finish(&about.server);
}
