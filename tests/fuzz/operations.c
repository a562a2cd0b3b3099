/*
 * Requests that come one after the other, with a line "====" between them, carried out by the real operations on a real
 * store, which is new for each input. What moves files and makes networks is away. "$a" in a request is the first id that
 * an answer showed, "$b" the next, and so on.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "request.h"
#include "service/context.h"
#include "service/services.h"
#include "store/access_keys.h"
#include "transfer/progress.h"

enum { REQUESTS_MAX = 8, IDS_MAX = 16, ID_DIGITS = 17, INPUT_MAX = 8192 };
#define BETWEEN "\n====\n"

/* ---- what is away ---------------------------------------------------------------------------------------------- */

/* The linker takes these in the place of the rooms' own. */
void networks_wake(struct networks *networks)
{
	(void)networks;
}

const char *const *networks_zones(const struct networks *networks)
{
	(void)networks;
	static const char *const zones[] = { "eu-central-1a", "eu-central-1b", NULL };
	return zones;
}

int networks_choose_provider(struct networks *networks, const char *name,
			     enum network_provider *out, struct sp_error *err)
{
	(void)networks;
	*out = PROVIDER_NETNS;
	if (name != NULL && !network_provider_find(name, out))
		return sp_fail(err, SP_INVALID, "there is no such provider");
	return 0;
}

void transfer_engine_wake(struct transfer_engine *engine, const char *connector_id)
{
	(void)engine, (void)connector_id;
}

void transfer_engine_changed(struct transfer_engine *engine, const char *connector_id)
{
	(void)engine, (void)connector_id;
}

void transfer_engine_test(struct transfer_engine *engine, const char *connector_id,
			  transfer_test_fn *fn, void *ctx)
{
	(void)engine, (void)connector_id;
	const struct transfer_test_result result = { .code = SP_TIMEOUT, .message = "away" };
	fn(ctx, &result);
}

void transfer_engine_pause(struct transfer_engine *engine, const char *connector_id,
			   const struct connector_pause *pause, loop_fn *fn, void *ctx)
{
	(void)engine, (void)connector_id, (void)pause;
	fn(ctx);
}

void transfer_engine_cancel(struct transfer_engine *engine, const char *connector_id,
			    const char *file_id, const char *by, int64_t at_ms)
{
	(void)engine, (void)connector_id, (void)file_id, (void)by, (void)at_ms;
}

struct progress_board *transfer_engine_progress(const struct transfer_engine *engine)
{
	static struct progress_board *board;
	(void)engine;
	if (board == NULL)
		board = progress_board_create();
	return board;
}

size_t egress_source_count(const struct egress *egress)
{
	(void)egress;
	return 0;
}

/* Some operations answer later, on the thread that writes the store. */
static sem_t answers;

void MHD_resume_connection(struct MHD_Connection *connection)
{
	(void)connection;
	sem_post(&answers);
}

static const char key_id[] = "AKIAFUZZ";

/* ---- the store ------------------------------------------------------------------------------------------------- */

static struct ground {
	char *folder; /* owned; NULL: not there yet */
	struct vault *vault;
	struct address_pools pools;
} ground;

static void remove_ground(void)
{
	static const char *const names[] = { "empty.db", "store.db", "store.db-wal", "store.db-shm",
					     "master.key" };
	for (size_t i = 0; i < SP_COUNT_OF(names); i++) {
		SP_AUTO_BUFFER path = { 0 };
		sp_buffer_format(&path, "%s/%s", ground.folder, names[i]);
		unlink(sp_buffer_text(&path));
	}
	rmdir(ground.folder);
	free(ground.folder);
	vault_close(ground.vault);
}

static char *path_of(const char *name)
{
	struct sp_buffer path = { 0 };
	sp_buffer_format(&path, "%s/%s", ground.folder, name);
	return sp_buffer_take(&path);
}

static struct store *open_store(void)
{
	struct store *store;
	struct sp_error err = { 0 };
	if (store_open(ground.folder, &store, &err) != 0)
		sp_die("%s", err.message);
	return store;
}

/* Whoever asks here owns the account. */
static int insert_key(struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	return access_keys_insert(db, ground.vault, NULL, key_id, "secret", err);
}

/* Once: a store without rows but that key, to be copied. */
static void lay_ground(void)
{
	struct sp_error err = { 0 };
	const char *parent = getenv("TMPDIR");
	struct sp_buffer folder = { 0 };
	sp_buffer_format(&folder, "%s/sallyport-fuzz-XXXXXX", parent == NULL ? "/tmp" : parent);
	ground.folder = sp_buffer_take(&folder);
	if (mkdtemp(ground.folder) == NULL)
		sp_die("could not make the folder \"%s\"", ground.folder);
	atexit(remove_ground);
	sem_init(&answers, 0, 0);
	SP_AUTO_FREE char *key = path_of("master.key");
	SP_AUTO_FREE char *store = path_of("store.db");
	SP_AUTO_FREE char *empty = path_of("empty.db");
	FUZZ_CHECK(vault_open(key, &ground.vault, &err) == 0);
	FUZZ_CHECK(address_pools_parse("one=203.0.113.8/29", &ground.pools, &err) == 0);
	struct store *first = open_store();
	FUZZ_CHECK(store_write(first, insert_key, NULL, &err) == 0);
	store_close(first);
	FUZZ_CHECK(rename(store, empty) == 0);
}

/* libFuzzer's clock interrupts what takes long. */
static void copy_bytes(int from, int to, off_t left)
{
	while (left > 0) {
		ssize_t copied = sendfile(to, from, NULL, (size_t)left);
		if (copied <= 0 && errno != EINTR)
			sp_die("could not copy a store into \"%s\"", ground.folder);
		left -= copied > 0 ? copied : 0;
	}
}

static struct store *new_store(void)
{
	SP_AUTO_FREE char *from_path = path_of("empty.db");
	SP_AUTO_FREE char *to_path = path_of("store.db");
	SP_AUTO_FD from = open(from_path, O_RDONLY | O_CLOEXEC);
	SP_AUTO_FD to = open(to_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct stat status;
	FUZZ_CHECK(fstat(from, &status) == 0);
	copy_bytes(from, to, status.st_size);
	return open_store();
}

/* ---- ids ------------------------------------------------------------------------------------------------------- */

struct ids {
	char *list[IDS_MAX];
	size_t count;
};

static bool knows(const struct ids *ids, const char *id)
{
	for (size_t i = 0; i < ids->count; i++)
		if (strcmp(ids->list[i], id) == 0)
			return true;
	return false;
}

/* "vpc-" and 17 digits, and the like. */
static void note_ids(struct ids *ids, const char *body)
{
	static const char digits[] = "0123456789abcdef", letters[] = "abcdefghijklmnopqrstuvwxyz";
	for (const char *dash = body; (dash = strchr(dash, '-')) != NULL; dash++) {
		const char *start = dash;
		while (start > body && strchr(letters, start[-1]) != NULL)
			start--;
		if (start == dash || strspn(dash + 1, digits) != ID_DIGITS || ids->count == IDS_MAX)
			continue;
		char *id = strndup(start, (size_t)(dash + 1 + ID_DIGITS - start));
		if (knows(ids, id))
			free(id);
		else
			ids->list[ids->count++] = id;
	}
}

static void put_ids(const struct ids *ids, const char *text, size_t length, struct sp_buffer *out)
{
	for (size_t i = 0; i < length; i++) {
		size_t which =
			i + 1 < length && text[i] == '$' ? (size_t)(text[i + 1] - 'a') : IDS_MAX;
		if (which < ids->count)
			sp_buffer_add_text(out, ids->list[which]);
		else
			sp_buffer_add_char(out, text[i]);
		i += which < ids->count;
	}
}

/* ---- requests -------------------------------------------------------------------------------------------------- */

static const struct api_served served[] = {
	{ &service_ec2, NULL },      { &service_lattice, NULL },
	{ &service_logs, NULL },     { &service_secretsmanager, NULL },
	{ &service_sts, NULL },      { &service_iam, NULL },
	{ &service_transfer, NULL }, { &service_native, NULL },
};

/* By the looks, as there is no signature that says it. */
static const struct api_service *service_of(const struct api_call *call)
{
	const struct sign_request request = call_request(call);
	const char *target = sign_header_value(&request, "x-amz-target");
	if (target != NULL)
		return sp_text_starts_with(target, "secretsmanager") ? &service_secretsmanager
		       : sp_text_starts_with(target, "Logs_")        ? &service_logs
								     : &service_transfer;
	if (sp_text_starts_with(call->target, "/v1/"))
		return &service_native;
	if (!form_is_at_root(request.target))
		return &service_lattice;
	if (strstr(sp_buffer_text(&call->body), "2010-05-08") != NULL)
		return &service_iam;
	return strstr(sp_buffer_text(&call->body), "2011-06-15") != NULL ? &service_sts
									 : &service_ec2;
}

static void carry_out(struct api_call *call, struct ids *ids)
{
	const struct protocol *protocol = protocol_of(call->service->protocol);
	enum refusal_reason reason = REFUSED_REASON_COUNT;
	struct sp_error err = { 0 };
	struct shape_fault fault;
	if (protocol->read(call, &reason, &err) != 0)
		return;
	shape_drop_nulls(call->input);
	if (shape_find_fault(call->operation->input, call->input, &fault) != 0)
		return;
	call_hold(call);
	shape_drop_strangers(call->operation->input, call->input);
	call->operation->handle(call);
	sem_wait(&answers);
	FUZZ_CHECK(call_is_answered(call));
	if (call->answer.status == 500)
		sp_die("%s failed: %s", call->operation->name, call->answer.body);
	if (call->answer.body != NULL)
		note_ids(ids, call->answer.body);
	fuzz_request_check_answer(&call->answer);
	call->answer.body = NULL;
}

static void run(const char *text, size_t length, struct service_context *context, struct ids *ids)
{
	SP_AUTO_BUFFER request = { 0 };
	put_ids(ids, text, length, &request);
	struct api_call *call =
		fuzz_request_read((const uint8_t *)sp_buffer_text(&request), request.length);
	if (call == NULL)
		return;
	call->catalogue =
		(struct api_catalogue){ .services = served, .service_count = SP_COUNT_OF(served) };
	call->service = service_of(call);
	call->context = context;
	snprintf(call->identity.access_key_id, sizeof(call->identity.access_key_id), "%s", key_id);
	carry_out(call, ids);
	call_release(call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char token_key[32];
	if (size > INPUT_MAX)
		return 0;
	if (ground.folder == NULL)
		lay_ground();
	struct service_context context = {
		.store = new_store(),
		.vault = ground.vault,
		.pools = &ground.pools,
		.internet = true,
		.region = "eu-central-1",
		.account = "123456789012",
		.builtin_role = "arn:aws:iam::123456789012:role/sallyport",
		.token_key = token_key,
		.test_rate = token_table_create(0, 1),
		.start_rate = token_table_create(0, 1),
		.quotas = { .queued_files = 1000,
			    .connectors = 1000,
			    .secrets = 1000,
			    .gateways_per_vpc = 100,
			    .configurations = 100,
			    .group_children = 3 },
	};
	const struct identities_options known = { .account = context.account,
						  .builtin_role = context.builtin_role };
	struct sp_error err = { 0 };
	FUZZ_CHECK(identities_open(context.store, &known, &context.identities, &err) == 0);
	struct ids ids = { 0 };
	SP_AUTO_FREE char *text = fuzz_text(data, size);
	const char *at = text;
	for (size_t i = 0; i < REQUESTS_MAX && at != NULL; i++) {
		const char *end = strstr(at, BETWEEN);
		run(at, end == NULL ? strlen(at) : (size_t)(end - at), &context, &ids);
		at = end == NULL ? NULL : end + strlen(BETWEEN);
	}
	while (ids.count > 0)
		free(ids.list[--ids.count]);
	identities_close(context.identities);
	store_close(context.store);
	token_table_destroy(context.test_rate);
	token_table_destroy(context.start_rate);
	return 0;
}
