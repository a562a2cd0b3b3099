/**
 * The engine with a real store, bucket, loop and worker processes; the worker is scripted_worker.c, which says what a
 * broken or hostile one might say.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/scope.h"
#include "base/text.h"
#include "identity/identities.h"
#include "ipc/worker_message.h"
#include "store/cancellations.h"
#include "store/connectors.h"
#include "store/parts_left.h"
#include "store/secret_versions.h"
#include "store/secrets.h"
#include "store/transfers.h"
#include "transfer/credit.h"
#include "transfer/engine.h"
#include "weather.h"

enum { PATIENCE_MS = 20000, HEARD_MAX = 65536, FILE_SIZE_MAX = 4096 };

static const char connector_id[] = "c-00000000000000001";
static const char role[] = "arn:aws:iam::000000000000:role/sallyport";

/* One state folder for one test. */
struct house {
	char directory[64];
	struct transfer_rooms rooms;
	struct vault *vault;
	struct transfer_engine *engine;
	int64_t queue_wait_max_ms, file_time_max_ms;
	pthread_t thread;
};

static char *path_in(const struct house *house, const char *name)
{
	char *path = NULL;
	assert_true(asprintf(&path, "%s/%s", house->directory, name) > 0);
	return path;
}

static void write_file(const struct house *house, const char *name, const char *text)
{
	SP_AUTO_FREE char *path = path_in(house, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static char *read_file(const struct house *house, const char *name)
{
	SP_AUTO_FREE char *path = path_in(house, name);
	char *text = sp_alloc(HEARD_MAX);
	FILE *file = fopen(path, "r");
	if (file != NULL) {
		size_t length = fread(text, 1, HEARD_MAX - 1, file);
		text[length] = '\0';
		fclose(file);
	}
	return text;
}

static void assert_heard(const struct house *house, const char *expected)
{
	SP_AUTO_FREE char *heard = read_file(house, "run/heard");
	assert_string_equal(heard, expected);
}

/* ---- the engine on its thread ------------------------------------------------------------------------------------ */

static void *run_loop(void *ctx)
{
	loop_run(ctx);
	return NULL;
}

static void start_engine(struct house *house)
{
	SP_AUTO_FREE char *run = path_in(house, "run");
	const struct transfer_options options = {
		.worker_path = SCRIPTED_WORKER,
		.run_directory = run,
		.region = "eu-central-1",
		.account = "000000000000",
		.leftover_age_ms = 86400000,
		.attempts = 3,
		.retry_delay_ms = 5,
		.retry_delay_max_ms = 20,
		.probe_delay_ms = 20,
		.probe_delay_max_ms = 40,
		.refused_delay_ms = 3600000,
		.handshake_timeout_ms = 5000,
		.idle_timeout_ms = 5000,
		.workers_max = 16,
		.worker_idle_ms = 20,
		.queue_wait_max_ms = house->queue_wait_max_ms,
		.file_size_max = FILE_SIZE_MAX,
		.file_time_max_ms = house->file_time_max_ms,
	};
	struct sp_error err = { 0 };
	assert_int_equal(transfer_engine_open(&house->rooms, &options, &house->engine, &err), 0);
	assert_int_equal(pthread_create(&house->thread, NULL, run_loop, house->rooms.loop), 0);
}

static void stopped(void *ctx)
{
	loop_stop(ctx);
}

static void stop_on_loop(void *ctx)
{
	struct house *house = ctx;
	transfer_engine_stop(house->engine, stopped, house->rooms.loop);
}

static void stop_engine(struct house *house)
{
	loop_post(house->rooms.loop, stop_on_loop, house);
	pthread_join(house->thread, NULL);
	transfer_engine_close(house->engine);
	house->engine = NULL;
}

/* ---- what is in the house ---------------------------------------------------------------------------------------- */

static int insert_secret(struct db *db, const struct vault *vault, struct sp_error *err)
{
	const struct secret secret = {
		.arn = (char[]){ "arn:aws:secretsmanager:us-east-1:000000000000:secret:partner-"
				 "AbCdEf" },
		.name = (char[]){ "partner" },
		.created_ms = 1,
		.changed_ms = 1,
	};
	char value[] = "{\"Username\":\"u\",\"Password\":\"p\"}";
	const struct secret_value clear = { .data = value, .length = strlen(value) };
	bool is_new;
	if (secrets_insert(db, &secret, 1, err) != 0)
		return -1;
	return secret_versions_put(db, vault, secret.arn, "00000000-0000-0000-0000-000000000001",
				   &clear, NULL, 0, 1, &is_new, err);
}

static int insert_connector(struct db *db, void *ctx, struct sp_error *err)
{
	struct house *house = ctx;
	struct connector connector = {
		.url = (char[]){ "sftp://127.0.0.1:9" },
		.access_role = (char *)(uintptr_t)role,
		.user_secret_id = (char[]){ "partner" },
		.max_connections = 2,
		.security_policy = (char[]){ "TransferSFTPConnectorSecurityPolicy-2024-03" },
		.created_ms = 1,
	};
	memcpy(connector.id, connector_id, sizeof(connector_id));
	return insert_secret(db, house->vault, err) != 0 ? -1
							 : connectors_insert(db, &connector, err);
}

static int setup(void **state)
{
	struct house *house = sp_alloc(sizeof(*house));
	house->queue_wait_max_ms = 3600000;
	struct sp_error err = { 0 };
	strcpy(house->directory, "/tmp/sallyport-engine-XXXXXX");
	assert_non_null(mkdtemp(house->directory));
	static const char *const folders[] = { "run", "buckets", "buckets/bucket" };
	for (size_t i = 0; i < SP_COUNT_OF(folders); i++) {
		SP_AUTO_FREE char *path = path_in(house, folders[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	SP_AUTO_FREE char *buckets = path_in(house, "buckets");
	SP_AUTO_FREE char *key = path_in(house, "master.key");
	const struct egress_options egress = { .allow_private_targets = true,
					       .connect_timeout_ms = 2000 };
	assert_int_equal(loop_create(&house->rooms.loop, &err), 0);
	assert_int_equal(pool_create("files", 4, 64, &house->rooms.files, &err), 0);
	assert_int_equal(pool_create("storage", 4, 64, &house->rooms.storage, &err), 0);
	assert_int_equal(pool_create("reads", 2, 64, &house->rooms.reads, &err), 0);
	assert_int_equal(vault_open(key, &house->vault, &err), 0);
	house->rooms.vault = house->vault;
	assert_int_equal(store_open(house->directory, &house->rooms.store, &err), 0);
	const struct identities_options known = { .account = "000000000000", .builtin_role = role };
	assert_int_equal(
		identities_open(house->rooms.store, &known, &house->rooms.identities, &err), 0);
	/* One bucket at storage: nobody answers there. */
	SP_AUTO_FREE char *keys = path_in(house, "keys");
	write_file(house, "keys", "aws_access_key_id = a\naws_secret_access_key = b\n");
	const struct bucket_option far = { .name = "far",
					   .path = "s3://far",
					   .endpoint = "http://127.0.0.1:9",
					   .credentials = keys };
	assert_int_equal(objects_open(buckets, &far, 1, &house->rooms.objects, &err), 0);
	assert_int_equal(egress_open(house->rooms.loop, NULL, NULL, NULL, &egress,
				     &house->rooms.egress, &err),
			 0);
	assert_int_equal(store_write(house->rooms.store, insert_connector, house, &err), 0);
	write_file(house, "buckets/bucket/key", "twelve bytes");
	write_file(house, "run/script", "obey\n");
	start_engine(house);
	*state = house;
	return 0;
}

static int remove_entry(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
	(void)status;
	(void)flag;
	(void)walk;
	return remove(path);
}

static int teardown(void **state)
{
	struct house *house = *state;
	weather_clock_ahead_ms = 0;
	weather_busy = 0;
	stop_engine(house);
	egress_close(house->rooms.egress);
	pool_destroy(house->rooms.files);
	pool_destroy(house->rooms.storage);
	pool_destroy(house->rooms.reads);
	identities_close(house->rooms.identities);
	store_close(house->rooms.store);
	objects_close(house->rooms.objects);
	vault_close(house->vault);
	loop_destroy(house->rooms.loop);
	nftw(house->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(house);
	return 0;
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

struct request {
	enum transfer_direction direction;
	size_t count;
	char (*ids)[FILE_ID_SIZE];
	bool far; /* the bucket at storage */
};

static int insert_transfer(struct db *db, const struct request *request, char id[FILE_ID_SIZE],
			   struct sp_error *err)
{
	bool sends = request->direction == TRANSFER_SEND;
	struct transfer transfer = { .direction = request->direction, .created_ms = sp_now_ms() };
	sp_random_uuid(transfer.id);
	memcpy(transfer.connector_id, connector_id, sizeof(connector_id));

	struct transfer_file file = {
		.direction = request->direction,
		.path = (char[]){ "/bucket/key" },
		.bucket = request->far ? (char[]){ "far" } : (char[]){ "bucket" },
		.key = sends ? (char[]){ "key" } : (char[]){ "in/fetched" },
		.remote_name = (char[]){ "name" },
		.size = -1,
		.queued_ms = transfer.created_ms,
	};
	sp_random_hex(id, FILE_ID_SIZE - 1);
	memcpy(file.id, id, FILE_ID_SIZE);
	memcpy(file.transfer_id, transfer.id, TRANSFER_ID_SIZE);
	memcpy(file.connector_id, connector_id, sizeof(connector_id));
	return transfers_insert(db, &transfer, &file, 1, err);
}

static int insert_transfers(struct db *db, void *ctx, struct sp_error *err)
{
	const struct request *request = ctx;
	for (size_t i = 0; i < request->count; i++)
		if (insert_transfer(db, request, request->ids[i], err) != 0)
			return -1;
	return 0;
}

/* So many transfers of a file each, in one commit; the ids of the files, in @out. */
static void start_files(struct house *house, enum transfer_direction direction, size_t count,
			char out[][FILE_ID_SIZE])
{
	struct request request = { .direction = direction, .count = count, .ids = out };
	struct sp_error err = { 0 };
	assert_int_equal(store_write(house->rooms.store, insert_transfers, &request, &err), 0);
	transfer_engine_wake(house->engine, connector_id);
}

static void start_file(struct house *house, enum transfer_direction direction,
		       char out[FILE_ID_SIZE])
{
	start_files(house, direction, 1, (char(*)[FILE_ID_SIZE])out);
}

struct lookup {
	const char *id;
	struct transfer_file file;
};

static int find_file(struct db *db, void *ctx, struct sp_error *err)
{
	struct lookup *lookup = ctx;
	return transfers_find_file(db, lookup->id, &lookup->file, err);
}

/* The file once it is in @state; the caller's to finish. */
static struct transfer_file await(struct house *house, const char *id, enum file_state state)
{
	int64_t deadline = sp_monotonic_ms() + PATIENCE_MS;
	for (;;) {
		struct lookup lookup = { .id = id };
		struct sp_error err = { 0 };
		assert_int_equal(store_read(house->rooms.store, find_file, &lookup, &err), 0);
		if (lookup.file.state == state)
			return lookup.file;
		if (sp_monotonic_ms() > deadline || lookup.file.state > FILE_PUBLISHING)
			fail_msg("the file is in state %d and not %d: %s", (int)lookup.file.state,
				 (int)state, lookup.file.failure_message);
		transfer_file_finish(&lookup.file);
		usleep(2000); /* looked at again; nothing depends on how long this is */
	}
}

static void await_and_drop(struct house *house, const char *id, enum file_state state)
{
	struct transfer_file file = await(house, id, state);
	transfer_file_finish(&file);
}

static void await_heard(struct house *house, const char *line)
{
	int64_t deadline = sp_monotonic_ms() + PATIENCE_MS;
	for (;;) {
		SP_AUTO_FREE char *heard = read_file(house, "run/heard");
		if (strstr(heard, line) != NULL)
			return;
		if (sp_monotonic_ms() > deadline)
			fail_msg("the worker never heard \"%s\", but \"%s\"", line, heard);
		usleep(2000);
	}
}

static void assert_failed(struct house *house, const char *id, const char *code, const char *words)
{
	struct transfer_file file = await(house, id, FILE_FAILED);
	assert_string_equal(file.failure_code, code);
	if (strstr(file.failure_message, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", file.failure_message, words);
	transfer_file_finish(&file);
}

/* A file that is sent by workers that obey @script, a word each, comes to that end. */
static void assert_completes(struct house *house, const char *script, const char *heard)
{
	char id[FILE_ID_SIZE];
	write_file(house, "run/script", script);
	start_file(house, TRANSFER_SEND, id);
	await_and_drop(house, id, FILE_COMPLETED);
	assert_heard(house, heard);
}

static void assert_fails(struct house *house, const char *script, const char *code,
			 const char *words)
{
	char id[FILE_ID_SIZE];
	write_file(house, "run/script", script);
	start_file(house, TRANSFER_SEND, id);
	assert_failed(house, id, code, words);
}

/* ---- the promises ------------------------------------------------------------------------------------------------ */

static void a_file_is_published_after_its_permit(void **state)
{
	struct house *house = *state;
	char id[FILE_ID_SIZE];
	start_file(house, TRANSFER_SEND, id);
	struct transfer_file file = await(house, id, FILE_COMPLETED);
	assert_int_equal(file.size, 12);
	assert_int_equal(strlen(file.sha256), 64);
	assert_int_equal(file.attempt, 1);
	transfer_file_finish(&file);
	assert_heard(house, "SEND 1\nPERMIT 1\n");
}

static void a_fetched_file_appears_whole(void **state)
{
	struct house *house = *state;
	char id[FILE_ID_SIZE];
	start_file(house, TRANSFER_RETRIEVE, id);
	await_and_drop(house, id, FILE_COMPLETED);
	SP_AUTO_FREE char *text = read_file(house, "buckets/bucket/in/fetched");
	assert_string_equal(text, "fetched");
}

static void a_worker_that_lies_about_the_size_is_ended(void **state)
{
	struct house *house = *state;
	char id[FILE_ID_SIZE];
	write_file(house, "run/script", "lie-about-size\nlie-about-size\nobey\n");
	start_file(house, TRANSFER_SEND, id);
	struct transfer_file file = await(house, id, FILE_COMPLETED);
	assert_int_equal(file.worker_deaths, 2);
	transfer_file_finish(&file);
	assert_heard(house, "SEND 1\nSEND 2\nSEND 3\nPERMIT 3\n");
}

static void a_fetched_file_of_another_size_is_not_published(void **state)
{
	struct house *house = *state;
	char id[FILE_ID_SIZE];
	write_file(house, "run/script", "lie-about-size\n");
	start_file(house, TRANSFER_RETRIEVE, id);
	assert_failed(house, id, "WRITE_FILE_ERROR", "7 bytes where 8");
	SP_AUTO_FREE char *text = read_file(house, "buckets/bucket/in/fetched");
	assert_string_equal(text, "");
}

static void nobody_publishes_without_a_permit(void **state)
{
	struct house *house = *state;
	assert_fails(house, "publish-unasked\n", "INTERNAL_ERROR", "ended on it again and again");
}

static void ready_counts_once(void **state)
{
	struct house *house = *state;
	char id[FILE_ID_SIZE];
	write_file(house, "run/script", "ready-twice\nobey\n");
	start_file(house, TRANSFER_SEND, id);
	await_and_drop(house, id, FILE_COMPLETED);
}

static void a_file_that_kills_its_worker_fails_alone(void **state)
{
	struct house *house = *state;
	char bad[FILE_ID_SIZE];
	char good[FILE_ID_SIZE];
	write_file(house, "run/script", "die\ndie\ndie\nobey\n");
	start_file(house, TRANSFER_SEND, bad);
	assert_failed(house, bad, "INTERNAL_ERROR", "ended on it again and again");
	start_file(house, TRANSFER_SEND, good);
	await_and_drop(house, good, FILE_COMPLETED);
}

static void transient_failures_are_tried_again_and_then_told(void **state)
{
	struct house *house = *state;
	assert_fails(house, "unreachable\n", "CONNECTION_ERROR",
		     "could not send \"/bucket/key\": as the script has it");
	assert_heard(house, "SEND 1\nSEND 2\nSEND 3\n");
}

static size_t count_all_heard(const struct house *house)
{
	SP_AUTO_FREE char *heard = read_file(house, "run/heard");
	size_t lines = 0;
	for (const char *at = heard; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	return lines;
}

static size_t count_in_state(struct house *house, char ids[][FILE_ID_SIZE], size_t count,
			     enum file_state state)
{
	size_t found = 0;
	for (size_t i = 0; i < count; i++) {
		struct lookup lookup = { .id = ids[i] };
		struct sp_error err = { 0 };
		assert_int_equal(store_read(house->rooms.store, find_file, &lookup, &err), 0);
		found += lookup.file.state == state;
		transfer_file_finish(&lookup.file);
	}
	return found;
}

static bool await_count(struct house *house, char ids[][FILE_ID_SIZE], size_t count,
			enum file_state state, size_t wanted)
{
	int64_t deadline = sp_monotonic_ms() + PATIENCE_MS;
	/* One look decides: a file that knocks for the others is in another state at the next one. */
	while (count_in_state(house, ids, count, state) != wanted) {
		if (sp_monotonic_ms() > deadline)
			return false;
		usleep(2000);
	}
	return true;
}

enum { QUEUE = 40 /* more than the credit */ };

static void who_is_refused_knocks_once_and_all_others_wait_until_something_changed(void **state)
{
	struct house *house = *state;
	char ids[QUEUE][FILE_ID_SIZE];
	write_file(house, "run/script", "refused\n");
	for (size_t i = 0; i < QUEUE; i++)
		start_file(house, TRANSFER_SEND, ids[i]);
	assert_true(await_count(house, ids, QUEUE, FILE_FAILED, 1));
	assert_true(await_count(house, ids, QUEUE, FILE_QUEUED, QUEUE - 1));
	size_t heard = count_all_heard(house);

	/* A daemon that starts anew knows it. */
	stop_engine(house);
	start_engine(house);
	transfer_engine_wake(house->engine, connector_id);
	stop_engine(house);
	assert_int_equal(count_all_heard(house), heard);
	start_engine(house);

	write_file(house, "run/script", "obey\n");
	transfer_engine_changed(house->engine, NULL);
	assert_true(await_count(house, ids, QUEUE, FILE_COMPLETED, QUEUE - 1));
	assert_int_equal(count_in_state(house, ids, QUEUE, FILE_FAILED), 1);
}

static void files_wait_for_a_partner_that_is_away_and_none_fails_for_looking(void **state)
{
	struct house *house = *state;
	char ids[QUEUE][FILE_ID_SIZE];
	write_file(house, "run/script", "unreachable\n");
	for (size_t i = 0; i < QUEUE; i++)
		start_file(house, TRANSFER_SEND, ids[i]);
	assert_true(await_count(house, ids, QUEUE, FILE_FAILED, 1));
	assert_true(await_count(house, ids, QUEUE, FILE_QUEUED, QUEUE - 1));
	size_t heard = count_all_heard(house);
	int64_t deadline = sp_monotonic_ms() + PATIENCE_MS;
	while (count_all_heard(house) < heard + 5 && sp_monotonic_ms() < deadline)
		usleep(2000);
	assert_in_range(count_all_heard(house), heard + 5, heard + 15); /* one at a time */
	assert_int_equal(count_in_state(house, ids, QUEUE, FILE_FAILED), 1);
	write_file(house, "run/script", "obey\n");
	assert_true(await_count(house, ids, QUEUE, FILE_COMPLETED, QUEUE - 1));
}

static void a_file_waits_no_longer_for_its_partner_than_it_may_wait(void **state)
{
	struct house *house = *state;
	char ids[3][FILE_ID_SIZE];
	stop_engine(house);
	house->queue_wait_max_ms = 1500;
	start_engine(house);
	write_file(house, "run/script", "refused\n");
	for (size_t i = 0; i < SP_COUNT_OF(ids); i++)
		start_file(house, TRANSFER_SEND, ids[i]);
	assert_true(await_count(house, ids, SP_COUNT_OF(ids), FILE_FAILED, SP_COUNT_OF(ids)));
	size_t late = 0;
	for (size_t i = 0; i < SP_COUNT_OF(ids); i++) {
		struct transfer_file file = await(house, ids[i], FILE_FAILED);
		if (strcmp(file.failure_code, "TIMEOUT_ERROR") == 0) {
			late++;
			assert_non_null(strstr(file.failure_message, "no connection since 20"));
			assert_non_null(strstr(file.failure_message, "as the script has it"));
		}
		transfer_file_finish(&file);
	}
	assert_int_equal(late, SP_COUNT_OF(ids) - 1);
}

static void a_publish_does_not_knock_while_nobody_does(void **state)
{
	struct house *house = *state;
	char published[FILE_ID_SIZE];
	write_file(house, "run/script", "die-with-permit\nrefused\n");
	start_file(house, TRANSFER_SEND, published);
	await_heard(house, "RECOVER 1\n");
	size_t heard = count_all_heard(house);
	usleep(100000); /* in which it would have asked again a few times */
	assert_int_equal(count_all_heard(house), heard);
	write_file(house, "run/script", "obey\n");
	transfer_engine_changed(house->engine, connector_id);
	await_and_drop(house, published, FILE_COMPLETED);
}

static void permanent_failures_are_told_at_once(void **state)
{
	struct house *house = *state;
	assert_fails(house, "denied\n", "WRITE_FILE_ERROR", "as the script has it");
	assert_heard(house, "SEND 1\n");
}

static void a_missing_source_never_reaches_the_worker(void **state)
{
	struct house *house = *state;
	char id[FILE_ID_SIZE];
	SP_AUTO_FREE char *path = path_in(house, "buckets/bucket/key");
	unlink(path);
	start_file(house, TRANSFER_SEND, id);
	assert_failed(house, id, "SEND_FILE_NOT_FOUND", "key");
	assert_heard(house, "");
}

static void a_lost_answer_leads_to_recovery_and_not_to_a_second_part(void **state)
{
	struct house *house = *state;
	assert_completes(house, "lose-answer\n", "SEND 1\nPERMIT 1\nRECOVER 1\n");
}

static void a_worker_that_dies_with_the_permit_is_followed_by_one_that_recovers(void **state)
{
	struct house *house = *state;
	assert_completes(house, "die-with-permit\nobey\n", "SEND 1\nPERMIT 1\nRECOVER 1\n");
}

static void publishes_that_fill_the_credit_get_a_worker_again(void **state)
{
	struct house *house = *state;
	enum { FILES = WORKER_FILES_MAX + 8 };
	static char ids[FILES][FILE_ID_SIZE];
	write_file(house, "run/script", "die-with-all-permits\nobey\n");
	start_files(house, TRANSFER_SEND, FILES, ids);
	for (size_t i = 0; i < FILES; i++)
		await_and_drop(house, ids[i], FILE_COMPLETED);
}

static void a_vanished_part_starts_over(void **state)
{
	struct house *house = *state;
	assert_completes(house, "die-with-permit\npart-vanished\n",
			 "SEND 1\nPERMIT 1\nRECOVER 1\nSEND 2\nPERMIT 2\n");
}

static void a_refused_rename_ends_it(void **state)
{
	struct house *house = *state;
	char id[FILE_ID_SIZE];
	write_file(house, "run/script", "refuse-rename\n");
	start_file(house, TRANSFER_SEND, id);
	assert_failed(house, id, "RENAME_ERROR", "as the script has it");
	/* The part may go only once that is committed: before, its absence would mean that it was published. */
	await_heard(house, "REMOVE 1\n");
	assert_heard(house, "SEND 1\nPERMIT 1\nREMOVE 1\n");
}

static int count_parts_left(struct db *db, void *ctx, struct sp_error *err)
{
	struct part_left parts[4];
	return parts_left_list(db, connector_id, INT64_MAX, parts, 4, ctx, err);
}

static size_t parts_left(struct house *house)
{
	size_t count;
	struct sp_error err = { 0 };
	assert_int_equal(store_read(house->rooms.store, count_parts_left, &count, &err), 0);
	return count;
}

static void a_part_is_listed_as_left_until_it_is_gone(void **state)
{
	struct house *house = *state;
	char id[FILE_ID_SIZE];
	write_file(house, "run/script", "refuse-all\n");
	start_file(house, TRANSFER_SEND, id);
	assert_failed(house, id, "RENAME_ERROR", "as the script has it");
	await_heard(house, "REMOVE 1\n");
	assert_int_equal(parts_left(house), 1);

	write_file(house, "run/script", "refuse-rename\n");
	transfer_engine_changed(house->engine, connector_id);
	start_file(house, TRANSFER_SEND, id);
	assert_failed(house, id, "RENAME_ERROR", "as the script has it");
	int64_t deadline = sp_monotonic_ms() + PATIENCE_MS;
	while (parts_left(house) > 1 && sp_monotonic_ms() < deadline)
		usleep(1000);
	assert_int_equal(parts_left(house),
			 1); /* the first one, which is not tried again at once */
}

static int find_part_left(struct db *db, void *ctx, struct sp_error *err)
{
	size_t count;
	return parts_left_list(db, connector_id, INT64_MAX, ctx, 1, &count, err);
}

static int note_try(struct db *db, void *ctx, struct sp_error *err)
{
	const struct part_left *part = ctx;
	return parts_left_note_try(db, part->file_id, part->since_ms, err);
}

/* A file fails and leaves its part, which is not to be tried again before @until_ms. */
static void leave_part(struct house *house, int64_t until_ms)
{
	char id[FILE_ID_SIZE];
	struct part_left part;
	struct sp_error err = { 0 };
	int64_t deadline = sp_monotonic_ms() + PATIENCE_MS;
	write_file(house, "run/script", "refuse-all\n");
	start_file(house, TRANSFER_SEND, id);
	assert_failed(house, id, "RENAME_ERROR", "as the script has it");
	do {
		assert_true(sp_monotonic_ms() < deadline);
		assert_int_equal(store_read(house->rooms.store, find_part_left, &part, &err), 0);
	} while (part.tries == 0);
	part.since_ms = until_ms;
	assert_int_equal(store_write(house->rooms.store, note_try, &part, &err), 0);
}

/* A worker has a connection, and may look after what is left. */
static void connect_worker(struct house *house, const char *part)
{
	char id[FILE_ID_SIZE];
	write_file(house, "run/heard", "");
	write_file(house, "run/script", part);
	transfer_engine_changed(house->engine, connector_id);
	start_file(house, TRANSFER_SEND, id);
	await_and_drop(house, id, FILE_COMPLETED);
}

enum { DAY_MS = 86400000 };

static void a_part_does_not_wait_for_as_long_as_the_clock_went_back(void **state)
{
	struct house *house = *state;
	leave_part(house, sp_now_ms());
	weather_clock_ahead_ms = -DAY_MS;
	connect_worker(house, "connect\n");
	await_heard(house, "REMOVE 1\n");
}

static void a_part_does_not_wait_either_when_the_daemon_starts_anew(void **state)
{
	struct house *house = *state;
	leave_part(house, sp_now_ms());
	stop_engine(house);
	weather_clock_ahead_ms = -DAY_MS;
	start_engine(house);
	connect_worker(house, "connect\n");
	await_heard(house, "REMOVE 1\n");
}

static void a_part_is_not_given_up_because_the_clock_went_ahead(void **state)
{
	struct house *house = *state;
	struct sp_error err = { 0 };
	struct part_left part = { 0 };
	leave_part(house, sp_now_ms());
	weather_clock_ahead_ms = 31ll * DAY_MS;
	connect_worker(house, "connect-and-keep-parts\n");
	await_heard(house, "REMOVE 1\n");
	int64_t deadline = sp_monotonic_ms() + PATIENCE_MS;
	do {
		assert_true(sp_monotonic_ms() < deadline);
		assert_int_equal(parts_left(house), 1);
		assert_int_equal(store_read(house->rooms.store, find_part_left, &part, &err), 0);
	} while (part.tries < 3); /* twice in leave_part() */
}

static void descriptors_that_cannot_travel_just_now_are_sent_later(void **state)
{
	struct house *house = *state;
	char id[FILE_ID_SIZE];
	weather_busy = 3;
	start_file(house, TRANSFER_SEND, id);
	struct transfer_file file = await(house, id, FILE_COMPLETED);
	assert_int_equal(weather_busy, 0);
	assert_int_equal(file.attempt, 1);
	assert_int_equal(file.worker_deaths, 0);
	transfer_file_finish(&file);
	assert_heard(house, "SEND 1\nPERMIT 1\n");
}

static void what_has_the_final_name_is_removed_only_after_that_was_committed(void **state)
{
	struct house *house = *state;
	char id[FILE_ID_SIZE];
	write_file(house, "run/script", "ask-to-replace\n");
	start_file(house, TRANSFER_SEND, id);
	await_and_drop(house, id, FILE_COMPLETED);
	assert_heard(house, "SEND 1\nPERMIT 1\nPERMIT 1\n");
}

static void what_was_replaced_is_removed_later_when_it_could_not_be_at_once(void **state)
{
	struct house *house = *state;
	char id[FILE_ID_SIZE];
	write_file(house, "run/script", "connect-and-leave-aside\n");
	start_file(house, TRANSFER_SEND, id);
	await_and_drop(house, id, FILE_COMPLETED);
	assert_int_equal(parts_left(house), 1);
	stop_engine(house);
	start_engine(house);
	connect_worker(house, "connect\n");
	await_heard(house, "REMOVE-REPLACED 1\n");
	int64_t deadline = sp_monotonic_ms() + PATIENCE_MS;
	while (parts_left(house) > 0)
		assert_true(sp_monotonic_ms() < deadline);
}

static void a_worker_cannot_have_replaced_what_it_was_not_permitted_to(void **state)
{
	struct house *house = *state;
	char id[FILE_ID_SIZE];
	write_file(house, "run/script", "leave-aside\nobey\n");
	start_file(house, TRANSFER_SEND, id);
	struct transfer_file file = await(house, id, FILE_COMPLETED);
	assert_int_equal(file.worker_deaths, 1);
	transfer_file_finish(&file);
	assert_heard(house, "SEND 1\nPERMIT 1\nRECOVER 1\n");
}

static void a_worker_cannot_choose_any_name(void **state)
{
	struct house *house = *state;
	char id[FILE_ID_SIZE];
	write_file(house, "run/script", "take-any-name\nobey\n");
	start_file(house, TRANSFER_SEND, id);
	await_and_drop(house, id, FILE_COMPLETED);
	assert_heard(house, "SEND 1\nPERMIT 1\nRECOVER 1\n");
}

static void a_worker_cannot_claim_what_its_server_cannot_do(void **state)
{
	struct house *house = *state;
	assert_completes(house, "claim-too-much\nobey\n", "SEND 1\nSEND 2\nPERMIT 2\n");
}

/* A file in a folder is no reason to talk to storage, and one that comes there is. */
static void a_worker_has_sockets_to_the_storage_of_its_files_only(void **state)
{
	struct house *house = *state;
	char ids[2][FILE_ID_SIZE];
	struct sp_error err = { 0 };
	write_file(house, "run/script", "ask-for-storage\n");
	start_file(house, TRANSFER_SEND, ids[0]);
	await_heard(house, "STORAGE-DENIED 0\n");
	struct request request = {
		.direction = TRANSFER_RETRIEVE, .count = 1, .ids = &ids[1], .far = true
	};
	assert_int_equal(store_write(house->rooms.store, insert_transfers, &request, &err), 0);
	transfer_engine_wake(house->engine, connector_id);
	await_heard(house, "STORAGE-AWAY 0\n");
	assert_heard(house, "STORAGE-DENIED 0\nSTORAGE-AWAY 0\n");
}

static void a_publish_is_asked_after_until_somebody_answers(void **state)
{
	struct house *house = *state;
	/* More often than a file is tried: it may have been published already. */
	assert_completes(house, "lose-answer-and-partner\n",
			 "SEND 1\nPERMIT 1\nRECOVER 1\nRECOVER 1\nRECOVER 1\nRECOVER 1\nRECOVER "
			 "1\nRECOVER 1\n");
}

static void a_folder_in_the_way_of_a_fetched_file_is_told(void **state)
{
	struct house *house = *state;
	char id[FILE_ID_SIZE];
	SP_AUTO_FREE char *in = path_in(house, "buckets/bucket/in");
	SP_AUTO_FREE char *folder = path_in(house, "buckets/bucket/in/fetched");
	assert_int_equal(mkdir(in, 0700), 0);
	assert_int_equal(mkdir(folder, 0700), 0);
	start_file(house, TRANSFER_RETRIEVE, id);
	assert_failed(house, id, "WRITE_FILE_ERROR", "there is a folder of that name");
}

static void workers_that_never_say_a_word_are_not_started_for_ever(void **state)
{
	struct house *house = *state;
	char id[FILE_ID_SIZE];
	write_file(house, "run/script", "die-at-once\n");
	start_file(house, TRANSFER_SEND, id);
	struct transfer_file file = await(house, id, FILE_FAILED);
	assert_string_equal(file.failure_code, "INTERNAL_ERROR");
	assert_in_range(file.attempt, 0, 6);
	transfer_file_finish(&file);
}

static void a_restart_goes_on_where_it_was(void **state)
{
	struct house *house = *state;
	char id[FILE_ID_SIZE];
	write_file(house, "run/script", "hold\nobey\n");
	start_file(house, TRANSFER_SEND, id);
	await_heard(house, "SEND 1\n");
	stop_engine(house);
	await_and_drop(house, id, FILE_RUNNING); /* as a crash would have left it */
	start_engine(house);
	await_and_drop(house, id, FILE_COMPLETED);
	assert_heard(house, "SEND 1\nSEND 2\nPERMIT 2\n");
}

static int delete_connector(struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	return connectors_delete(db, connector_id, 1, err);
}

static void a_deleted_connector_takes_its_files_along(void **state)
{
	struct house *house = *state;
	char id[FILE_ID_SIZE];
	struct sp_error err = { 0 };
	write_file(house, "run/script", "hold\n");
	start_file(house, TRANSFER_SEND, id);
	await_heard(house, "SEND 1\n");
	assert_int_equal(store_write(house->rooms.store, delete_connector, NULL, &err), 0);
	transfer_engine_changed(house->engine, connector_id);
	/* Its worker holds the lock for as long as it lives. */
	SP_AUTO_FREE char *path = path_in(house, "run/c-00000000000000001.lock");
	SP_AUTO_FD lock = open(path, O_RDWR | O_CLOEXEC);
	assert_true(lock >= 0);
	int64_t deadline = sp_monotonic_ms() + PATIENCE_MS;
	while (flock(lock, LOCK_EX | LOCK_NB) != 0) {
		if (sp_monotonic_ms() > deadline)
			fail_msg("the worker of a deleted connector lives on");
		usleep(2000);
	}
}

static size_t count_heard(const struct house *house, const char *line)
{
	SP_AUTO_FREE char *heard = read_file(house, "run/heard");
	size_t count = 0;
	for (const char *at = heard; (at = strstr(at, line)) != NULL; at++)
		count++;
	return count;
}

static void a_worker_gets_as_many_files_as_it_may_have_and_no_more(void **state)
{
	struct house *house = *state;
	enum { FILES = 2 * WORKER_FILES_MAX };
	static char ids[FILES][FILE_ID_SIZE];
	write_file(house, "run/script", "hold\n");
	start_files(house, TRANSFER_SEND, FILES, ids);
	int64_t deadline = sp_monotonic_ms() + PATIENCE_MS;
	while (count_heard(house, "SEND 1\n") < WORKER_FILES_MAX) {
		if (sp_monotonic_ms() > deadline)
			fail_msg("the worker was given only %zu files",
				 count_heard(house, "SEND 1\n"));
		usleep(2000);
	}
	start_file(house, TRANSFER_SEND, ids[0]); /* wakes the lane once more */
	assert_int_equal(count_heard(house, "SEND 1\n"), WORKER_FILES_MAX);
}

static void large_files_are_given_out_few_at_a_time(void **state)
{
	(void)state;
	struct credit credit = { .connections = 1 };
	assert_int_equal(credit_files(&credit, 1000), WORKER_FILES_MAX);
	assert_int_equal(credit_files(&credit, 100), 100); /* descriptors are scarce */
	for (int i = 0; i < 64; i++)
		credit_note_size(&credit, 1ull << 40);
	assert_int_equal(credit_files(&credit, 1000), 4);
	credit.connections = 5;
	assert_int_equal(credit_files(&credit, 1000), 20);
	for (int i = 0; i < 1000; i++)
		credit_note_size(&credit, 4096);
	assert_int_equal(credit_files(&credit, 1000), WORKER_FILES_MAX);
	assert_int_equal(credit_files(&credit, 0), 20); /* a lane always gets on */
}

static int wish_for_end(struct db *db, void *ctx, struct sp_error *err)
{
	enum cancel_outcome outcome;
	if (cancellations_ask(db, ctx, "AKIAEXAMPLE", sp_now_ms(), &outcome, err) != 0)
		return -1;
	assert_int_equal(outcome, CANCEL_ASKED);
	return 0;
}

static void a_cancelled_file_was_never_published_although_it_was_ready(void **state)
{
	struct house *house = *state;
	char id[FILE_ID_SIZE];
	struct sp_error err = { 0 };
	write_file(house, "run/script", "wait-for-go\n");
	start_file(house, TRANSFER_SEND, id);
	await_and_drop(house, id, FILE_RUNNING);
	await_heard(house, "SEND 1\n");
	/* The wish is kept, and the engine does not know of it yet when the file is READY. */
	assert_int_equal(store_write(house->rooms.store, wish_for_end, id, &err), 0);
	write_file(house, "run/go", "");
	await_heard(house, "READY 1\n");
	usleep(100000); /* so that PUBLISHING is refused before the engine knows: without, this is right and shows less */
	transfer_engine_cancel(house->engine, connector_id, id, "AKIAEXAMPLE", sp_now_ms());

	struct transfer_file file = await(house, id, FILE_FAILED);
	assert_string_equal(file.failure_code, "CANCELLED");
	assert_int_equal(file.publishing_ms, 0);
	transfer_file_finish(&file);
	await_heard(house, "SEND 1\nREADY 1\nCANCEL 1\nREMOVE 1\n");
}

static void what_is_too_large_is_not_sent(void **state)
{
	struct house *house = *state;
	char large[FILE_SIZE_MAX + 2] = "", id[FILE_ID_SIZE];
	memset(large, 'x', FILE_SIZE_MAX + 1);
	write_file(house, "buckets/bucket/key", large);
	start_file(house, TRANSFER_SEND, id);
	assert_failed(house, id, "READ_FILE_ERROR", "it has 4097 bytes, and a file may have 4096");
	assert_heard(house, "");
	large[FILE_SIZE_MAX] = '\0';
	write_file(house, "buckets/bucket/key", large);
	start_file(house, TRANSFER_SEND, id);
	await_and_drop(house, id, FILE_COMPLETED);
}

static void what_is_said_to_be_too_large_is_not_fetched(void **state)
{
	struct house *house = *state;
	char id[FILE_ID_SIZE];
	write_file(house, "run/script", "tell-of-much\n");
	start_file(house, TRANSFER_RETRIEVE, id);
	assert_failed(house, id, "READ_FILE_ERROR", "it has 1099511627776 bytes");
	assert_heard(house, "RETRIEVE 1\nCANCEL 1\n");
}

static void an_attempt_that_takes_too_long_is_the_last(void **state)
{
	struct house *house = *state;
	char id[FILE_ID_SIZE];
	stop_engine(house);
	house->file_time_max_ms = 300;
	start_engine(house);
	write_file(house, "run/script", "hold\n");
	start_file(house, TRANSFER_SEND, id);
	assert_failed(house, id, "TIMEOUT_ERROR", "an attempt took longer than 300 ms");
	await_heard(house, "SEND 1\nCANCEL 1\n");
	SP_AUTO_FREE char *heard = read_file(house, "run/heard");
	assert_null(strstr(heard, "SEND 2"));
}

static void many_files_run_within_the_credit(void **state)
{
	struct house *house = *state;
	enum { FILES = 100 };
	char ids[FILES][FILE_ID_SIZE];
	for (size_t i = 0; i < FILES; i++)
		start_file(house, i % 2 == 0 ? TRANSFER_SEND : TRANSFER_RETRIEVE, ids[i]);
	for (size_t i = 0; i < FILES; i++)
		await_and_drop(house, ids[i], FILE_COMPLETED);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_published_after_its_permit),
		TEST(a_fetched_file_appears_whole),
		TEST(a_worker_that_lies_about_the_size_is_ended),
		TEST(a_cancelled_file_was_never_published_although_it_was_ready),
		TEST(a_fetched_file_of_another_size_is_not_published),
		TEST(what_is_too_large_is_not_sent),
		TEST(what_is_said_to_be_too_large_is_not_fetched),
		TEST(an_attempt_that_takes_too_long_is_the_last),
		TEST(nobody_publishes_without_a_permit),
		TEST(ready_counts_once),
		TEST(a_file_that_kills_its_worker_fails_alone),
		TEST(transient_failures_are_tried_again_and_then_told),
		TEST(who_is_refused_knocks_once_and_all_others_wait_until_something_changed),
		TEST(files_wait_for_a_partner_that_is_away_and_none_fails_for_looking),
		TEST(a_file_waits_no_longer_for_its_partner_than_it_may_wait),
		TEST(a_publish_does_not_knock_while_nobody_does),
		TEST(permanent_failures_are_told_at_once),
		TEST(a_missing_source_never_reaches_the_worker),
		TEST(a_lost_answer_leads_to_recovery_and_not_to_a_second_part),
		TEST(a_worker_that_dies_with_the_permit_is_followed_by_one_that_recovers),
		TEST(publishes_that_fill_the_credit_get_a_worker_again),
		TEST(a_vanished_part_starts_over),
		TEST(a_refused_rename_ends_it),
		TEST(a_part_is_listed_as_left_until_it_is_gone),
		TEST(a_part_does_not_wait_for_as_long_as_the_clock_went_back),
		TEST(a_part_does_not_wait_either_when_the_daemon_starts_anew),
		TEST(a_part_is_not_given_up_because_the_clock_went_ahead),
		TEST(descriptors_that_cannot_travel_just_now_are_sent_later),
		TEST(what_has_the_final_name_is_removed_only_after_that_was_committed),
		TEST(what_was_replaced_is_removed_later_when_it_could_not_be_at_once),
		TEST(a_worker_cannot_have_replaced_what_it_was_not_permitted_to),
		TEST(a_worker_cannot_choose_any_name),
		TEST(a_worker_cannot_claim_what_its_server_cannot_do),
		TEST(a_worker_has_sockets_to_the_storage_of_its_files_only),
		TEST(a_publish_is_asked_after_until_somebody_answers),
		TEST(a_folder_in_the_way_of_a_fetched_file_is_told),
		TEST(workers_that_never_say_a_word_are_not_started_for_ever),
		TEST(a_restart_goes_on_where_it_was),
		TEST(a_deleted_connector_takes_its_files_along),
		TEST(many_files_run_within_the_credit),
		TEST(a_worker_gets_as_many_files_as_it_may_have_and_no_more),
		cmocka_unit_test(large_files_are_given_out_few_at_a_time),
	};
	sp_log_init("engine_test", SP_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
