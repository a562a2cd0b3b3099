#include "daemon/rooms.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arn.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"
#include "console/console.h"
#include "daemon/process.h"
#include "daemon/webhook_secret.h"
#include "service/services.h"
#include "transfer/storage_calls.h"
#include "transfer/upload_book.h"

enum {
	FILE_THREADS = 4,
	FILE_QUEUE_MAX = 4096,
	BUCKET_THREADS = 8,
	BUCKET_QUEUE_MAX = 4096,
	COPY_THREADS = 4, /* of what takes long, so that all else goes on */
	COPY_QUEUE_MAX = 64,
	BODY_THREADS = 4,
	READ_THREADS = 2,
	READ_QUEUE_MAX = 4096,
	OPERATION_QUEUE_MAX = 4096,
	RATE_BURST_S = 5,    /* so many seconds' worth of what has a rate may come at once */
	DRAIN_MS = 5000,     /* for the requests under way when we are told to end */
	PATIENCE_MS = 20000, /* for all that is under way: a bucket may hang for ever */
};

/* A new key would open nothing that is in the store. */
static int check_master_key(const struct state *state, const char *key_path, struct sp_error *err)
{
	struct stat status;
	if (!store_exists(state->directory) || lstat(key_path, &status) == 0 || errno != ENOENT)
		return 0;
	return sp_fail(err, SP_NOT_FOUND,
		       "cannot open the secrets in \"%s/store.db\": the master key \"%s\" is not "
		       "there",
		       state->directory, key_path);
}

static int open_kept(struct rooms *rooms, const struct settings *settings,
		     const struct state *state, struct admin_key *admin, struct sp_error *err)
{
	SP_AUTO_FREE char *key_path = state_master_key_path(state, settings->master_key);
	if (check_master_key(state, key_path, err) != 0 ||
	    vault_open(key_path, &rooms->vault, err) != 0 ||
	    store_open(state->directory, &rooms->store, err) != 0)
		return -1;
	vault_derive(rooms->vault, "pagination", rooms->token_key);
	struct identities_options options = { .account = settings->account,
					      .builtin_role = rooms->role };
	if (identities_open(rooms->store, &options, &rooms->identities, err) != 0)
		return -1;
	rooms->keys = (struct keys){ .store = rooms->store,
				     .vault = rooms->vault,
				     .identities = rooms->identities };
	rooms->sign_keys = (struct sign_keys){ .ctx = &rooms->keys, .find = keys_find };
	rooms->guard = (struct api_guard){ .ctx = &rooms->keys,
					   .is_owner = keys_is_owner,
					   .check = keys_check };
	return keys_open_admin(&rooms->keys, admin, err);
}

static int open_threads(struct rooms *rooms, const struct settings *settings, struct sp_error *err)
{
	size_t operations = (size_t)settings->http_operation_threads;
	if (loop_create(&rooms->loop, err) != 0 ||
	    pool_create("operations", operations, OPERATION_QUEUE_MAX, &rooms->operations, err) !=
		    0)
		return -1;
	if (pool_create("files", FILE_THREADS, FILE_QUEUE_MAX, &rooms->files, err) != 0)
		return -1;
	if (pool_create("buckets", BUCKET_THREADS, BUCKET_QUEUE_MAX, &rooms->buckets, err) != 0 ||
	    pool_create("copies", COPY_THREADS, COPY_QUEUE_MAX, &rooms->copies, err) != 0 ||
	    pool_create("bodies", BODY_THREADS, BUCKET_QUEUE_MAX, &rooms->bodies, err) != 0)
		return -1;
	return pool_create("reads", READ_THREADS, READ_QUEUE_MAX, &rooms->reads, err);
}

static int open_objects(struct rooms *rooms, const struct settings *settings,
			const struct state *state, struct sp_error *err)
{
	SP_AUTO_FREE struct bucket_option *named =
		sp_alloc((settings->bucket_count + 1) * sizeof(*named));
	for (size_t i = 0; i < settings->bucket_count; i++)
		named[i] = (struct bucket_option){
			.name = settings->buckets[i].name,
			.path = settings->buckets[i].path,
			.endpoint = settings->buckets[i].endpoint,
			.region = settings->buckets[i].region,
			.credentials = settings->buckets[i].credentials,
			.ca = settings->buckets[i].ca,
			.style = settings->buckets[i].style,
		};
	if (objects_open(state->buckets, named, settings->bucket_count, &rooms->objects, err) != 0)
		return -1;
	const struct upload_book book = upload_book_in(rooms->store);
	objects_set_book(rooms->objects, &book);
	size_t storages = objects_storages(rooms->objects), share;
	return storages == 0 ? 0
			     : pool_create("storage", storage_calls_threads(storages, &share),
					   FILE_QUEUE_MAX, &rooms->storage, err);
}

static int open_networks(struct rooms *rooms, const struct settings *settings,
			 const struct state *state, struct netd *netd, struct sp_error *err)
{
	netd_watch(netd, rooms->loop);
	struct networks_options options = {
		.state_directory = state->directory,
		.region = settings->region,
		.account = settings->account,
		.netd_socket = settings->netd_socket,
		.netd_fd = sp_take_fd(&netd->fd),
		.why_no_netd = netd->why.message,
		.internet = settings->network_internet,
		.default_provider = settings->network_provider,
		.respawn = netd->path != NULL ? netd_respawn : NULL,
		.respawn_ctx = netd,
	};
	return networks_open(rooms->loop, rooms->store, rooms->reads, &options, &rooms->networks,
			     err);
}

/* Where the file of a setting is; NULL: there is none. Owned by the caller. */
static char *file_of(const char *name, const struct state *state)
{
	SP_AUTO_BUFFER path = { 0 };
	if (name == NULL)
		return NULL;
	sp_buffer_format(&path, "%s%s%s", name[0] == '/' ? "" : state->directory,
			 name[0] == '/' ? "" : "/", name);
	return sp_buffer_take(&path);
}

static int open_flows(struct rooms *rooms, const struct settings *settings,
		      const struct state *state, struct sp_error *err)
{
	SP_AUTO_FREE char *file = file_of(settings->egress_flow_log, state);
	struct flow_log_options options = {
		.records_max = settings->egress_flow_records,
		.file = file,
		.file_size_max = settings->egress_flow_log_size,
		.files_kept = settings->egress_flow_log_files,
	};
	return flow_log_open(rooms->loop, rooms->store, &options, &rooms->flows, err);
}

static int open_sinks_for(struct rooms *rooms, const struct settings *settings,
			  const struct state *state, const struct webhook_places *webhooks,
			  struct sp_error *err)
{
	SP_AUTO_FREE char *file = file_of(settings->events_file, state);
	SP_AUTO_SECRET char *secret = NULL;
	if (webhooks->count > 0 &&
	    webhook_secret_open(state, settings->events_webhook_secret, &secret, err) != 0)
		return -1;
	struct sinks_options options = {
		.region = settings->region,
		.account = settings->account,
		.file = file,
		.file_size_max = settings->events_file_size,
		.files_kept = settings->events_files,
		.webhooks = webhooks,
		.webhook_secret = secret,
		.webhook_ca_file = settings->events_webhook_ca,
		.webhook_timeout_ms = settings->events_webhook_timeout_ms,
		.webhook_retry_delay_ms = settings->events_webhook_retry_delay_ms,
		.webhook_retry_delay_max_ms = settings->events_webhook_retry_delay_max_ms,
		.webhook_attempts = (int)settings->events_webhook_attempts,
		.keep_ms = settings->events_keep_ms,
		.records_max = settings->events_records,
	};
	return sinks_open(rooms->loop, rooms->store, &options, &rooms->sinks, err);
}

static int open_sinks(struct rooms *rooms, const struct settings *settings,
		      const struct state *state, struct sp_error *err)
{
	struct webhook_places webhooks;
	if (webhook_places_parse(settings->events_webhooks, &webhooks, err) != 0)
		return -1;
	int result = open_sinks_for(rooms, settings, state, &webhooks, err);
	webhook_places_finish(&webhooks);
	return result;
}

static int open_egress(struct rooms *rooms, const struct settings *settings, struct sp_error *err)
{
	SP_AUTO_FREE char *list = sp_strdup(settings->egress_source_addresses);
	const char *sources[EGRESS_SOURCES_MAX];
	size_t count = 0;
	char *rest = list, *source;
	while ((source = strsep(&rest, ", ")) != NULL) {
		if (source[0] == '\0')
			continue;
		if (count == EGRESS_SOURCES_MAX)
			return sp_fail(err, SP_LIMIT,
				       "cannot use egress.source_addresses: there are more than %d",
				       EGRESS_SOURCES_MAX);
		sources[count++] = source;
	}
	struct egress_options options = {
		.source_addresses = sources,
		.source_address_count = count,
		.allow_private_targets = settings->egress_allow_private_targets,
		.connect_timeout_ms = settings->egress_connect_timeout_ms,
		.dns_servers = settings->egress_dns_servers,
		.flows = rooms->flows,
	};
	return egress_open(rooms->loop, rooms->store, rooms->reads, rooms->networks, &options,
			   &rooms->egress, err);
}

static int open_engine(struct rooms *rooms, const struct settings *settings,
		       const struct state *state, struct sp_error *err)
{
	SP_AUTO_FREE char *worker = NULL;
	if (process_find_worker(settings->worker_path, &worker, err) != 0)
		return -1;
	struct transfer_rooms needed = {
		.loop = rooms->loop,
		.files = rooms->files,
		.storage = rooms->storage,
		.reads = rooms->reads,
		.store = rooms->store,
		.vault = rooms->vault,
		.objects = rooms->objects,
		.egress = rooms->egress,
		.identities = rooms->identities,
	};
	struct transfer_options options = {
		.worker_path = worker,
		.run_directory = state->run,
		.region = settings->region,
		.account = settings->account,
		.attempts = (int)settings->transfer_attempts,
		.retry_delay_ms = settings->transfer_retry_delay_ms,
		.retry_delay_max_ms = settings->transfer_retry_delay_max_ms,
		.probe_delay_ms = settings->transfer_probe_delay_ms,
		.probe_delay_max_ms = settings->transfer_probe_delay_max_ms,
		.refused_delay_ms = settings->transfer_refused_delay_ms,
		.resume_check = settings->transfer_resume_check,
		.handshake_timeout_ms = settings->transfer_handshake_timeout_ms,
		.idle_timeout_ms = settings->transfer_idle_timeout_ms,
		.workers_max = (int)settings->transfer_workers,
		.worker_idle_ms = settings->transfer_worker_idle_ms,
		.queue_wait_max_ms = settings->transfer_queue_wait_max_ms,
		.file_size_max = settings->quota_file_size,
		.file_time_max_ms = settings->quota_file_time_ms,
		.results_kept_ms = settings->transfer_results_kept_ms,
		.leftover_age_ms = settings->transfer_leftover_age_ms,
		.usage_age_ms = settings->usage_age_ms,
	};
	return transfer_engine_open(&needed, &options, &rooms->engine, err);
}

static void open_watches(struct rooms *rooms, const struct settings *settings)
{
	const struct event_hub_options options = {
		.loop = rooms->loop,
		.reads = rooms->reads,
		.store = rooms->store,
		.board = transfer_engine_progress(rooms->engine),
		.clients_max = (size_t)settings->events_clients_max,
		.listen_max_ms = settings->events_listen_max_ms,
	};
	rooms->events = event_hub_create(&options);
	rooms->health = health_create(rooms->loop, rooms->store);
	rooms->test_rate = token_table_create(settings->quota_test_rate, RATE_BURST_S);
	rooms->start_rate = token_table_create(settings->quota_start_rate, RATE_BURST_S);
}

static int open_server(struct rooms *rooms, const struct settings *settings, struct sp_error *err)
{
	rooms->context = (struct service_context){
		.store = rooms->store,
		.vault = rooms->vault,
		.objects = rooms->objects,
		.buckets = rooms->buckets,
		.copies = rooms->copies,
		.egress = rooms->egress,
		.networks = rooms->networks,
		.pools = &rooms->pools,
		.internet = settings->network_internet,
		.engine = rooms->engine,
		.identities = rooms->identities,
		.region = settings->region,
		.account = settings->account,
		.builtin_role = rooms->role,
		.events = rooms->events,
		.sinks = rooms->sinks,
		.health = rooms->health,
		.metrics_open = settings->metrics_open,
		.token_key = rooms->token_key,
		.events_keep_ms = settings->events_keep_ms,
		.test_rate = rooms->test_rate,
		.start_rate = rooms->start_rate,
		.retry_window_ms = settings->http_retry_window_ms,
		.quotas = { .queued_files = settings->quota_queued_files,
			    .connectors = settings->quota_connectors,
			    .secrets = settings->quota_secrets,
			    .gateways_per_vpc = settings->quota_gateways_per_vpc,
			    .configurations = settings->quota_configurations,
			    .group_children = settings->quota_group_children },
	};
	size_t count = 0;
	while (services_all[count] != NULL)
		count++;
	rooms->served = sp_alloc(count * sizeof(*rooms->served));
	for (size_t i = 0; i < count; i++)
		rooms->served[i] = (struct api_served){ services_all[i], &rooms->context };
	rooms->limits = api_limits_create(settings->http_requests_per_key);
	rooms->places = places_create((size_t)settings->http_bodies_max,
				      (size_t)settings->http_bodies_per_key);
	struct api_server_options options = {
		.listen = settings->listen,
		.tls_certificate = settings->tls_certificate,
		.tls_key = settings->tls_key,
		.io_threads = (size_t)settings->http_io_threads,
		.body_max = (size_t)settings->http_body_max,
		.connection_max = (size_t)settings->http_connections_max,
		.idle_timeout_ms = settings->http_idle_timeout_ms,
		.region = settings->region,
		.account = settings->account,
		.keys = &rooms->sign_keys,
		.guard = &rooms->guard,
		.limits = rooms->limits,
		.operations = rooms->operations,
		.bodies = rooms->bodies,
		.places = rooms->places,
		.body_patience_ms = settings->http_body_patience_ms,
		.services = rooms->served,
		.service_count = count,
		.pages = console_pages,
	};
	return api_server_open(&options, &rooms->server, err);
}

int rooms_open(struct rooms *rooms, const struct settings *settings, const struct state *state,
	       struct netd *netd, struct admin_key *admin, struct sp_error *err)
{
	*rooms = (struct rooms){ 0 };
	rooms->role = sp_arn_format("iam", "", settings->account, "role/sallyport");
	if (address_pools_parse(settings->egress_address_pools, &rooms->pools, err) != 0 ||
	    open_kept(rooms, settings, state, admin, err) != 0 ||
	    open_threads(rooms, settings, err) != 0 ||
	    open_objects(rooms, settings, state, err) != 0 ||
	    open_networks(rooms, settings, state, netd, err) != 0 ||
	    open_flows(rooms, settings, state, err) != 0 ||
	    open_sinks(rooms, settings, state, err) != 0 ||
	    open_egress(rooms, settings, err) != 0 || open_engine(rooms, settings, state, err) != 0)
		return -1;
	open_watches(rooms, settings);
	return open_server(rooms, settings, err);
}

static void part_ended(void *ctx)
{
	struct rooms *rooms = ctx;
	if (--rooms->parts_to_end == 0)
		loop_stop(rooms->loop);
}

static int write_nothing(struct db *db, void *ctx, struct sp_error *err)
{
	(void)db;
	(void)ctx;
	(void)err;
	return 0;
}

/* What a request has submitted comes back, and speaks of the engine, when the request itself was given up already. */
static void settle_writes(struct rooms *rooms)
{
	struct sp_error err = { 0 };
	while (store_write(rooms->store, write_nothing, NULL, &err) != 0 && err.code == SP_LIMIT)
		sched_yield(); /* more wait than may wait: they are being written */
}

/* In a pool: what an operation waits for may come from the loop, which must go on turning. */
static void end_serving(void *ctx)
{
	struct rooms *rooms = ctx;
	api_server_close(sp_take_pointer(&rooms->server), DRAIN_MS);
	pool_destroy(sp_take_pointer(&rooms->operations));
	settle_writes(rooms);
}

/* Whoever starts next finds what a crash would have left, and goes on with it. */
static void give_up(void *ctx)
{
	(void)ctx;
	sp_log(SP_LOG_ERROR,
	       "could not end in order within %d s, probably because a bucket's file system or "
	       "storage hangs",
	       PATIENCE_MS / 1000);
	_exit(EXIT_FAILURE);
}

void rooms_drain(struct rooms *rooms)
{
	rooms->drained = true;
	/* Both at once: the engine answers the tests of connectors that requests wait for. */
	rooms->parts_to_end = 2;
	loop_add_timer(rooms->loop, PATIENCE_MS, give_up, NULL);
	pool_run(rooms->reads, rooms->loop, end_serving, part_ended, rooms);
	event_hub_stop(rooms->events);
	transfer_engine_stop(rooms->engine, part_ended, rooms);
}

void rooms_close(struct rooms *rooms)
{
	/* What requests have posted to the loop meanwhile needs the engine that it speaks of. */
	if (rooms->server != NULL && !rooms->drained) {
		rooms_drain(rooms);
		loop_run(rooms->loop);
	}
	api_server_close(rooms->server, 0);
	pool_destroy(rooms->operations);
	transfer_engine_close(rooms->engine);
	sinks_close(rooms->sinks);
	egress_close(rooms->egress);
	flow_log_close(rooms->flows);
	networks_close(rooms->networks);
	pool_destroy(rooms->files);
	pool_destroy(rooms->storage);
	pool_destroy(rooms->buckets);
	pool_destroy(rooms->copies);
	pool_destroy(rooms->bodies);
	pool_destroy(rooms->reads);
	objects_close(rooms->objects);
	api_limits_destroy(rooms->limits);
	places_destroy(rooms->places);
	identities_close(rooms->identities);
	store_close(rooms->store);
	vault_close(rooms->vault);
	loop_destroy(rooms->loop);
	event_hub_destroy(rooms->events);
	health_destroy(rooms->health);
	token_table_destroy(rooms->test_rate);
	token_table_destroy(rooms->start_rate);
	free(rooms->role);
	free(rooms->served);
	explicit_bzero(rooms, sizeof(*rooms));
}
