#pragma once
/**
 * The settings: one table (settings.c) with name, kind, default, bounds and description. Files, --set and the manual
 * sallyport.conf(5) come from it. Programs read settings; rooms get option structs.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

enum { SETTINGS_BUCKETS_MAX = 1024 };

/** Texts that were not set are NULL. */
struct settings_bucket {
	char *name, *path;
	/* Of a bucket at storage: bucket.NAME.endpoint and so on. */
	char *endpoint, *region, *credentials, *ca, *style;
};

/** All texts are owned. Times are milliseconds here, whatever unit they are written in ("20s", "500ms", "12h"). */
struct settings {
	char *listen;
	char *tls_certificate, *tls_key; /* NULL: none */
	char *region, *account;
	char *log_level;
	char *user;             /* to become when started as root; NULL: stay */
	char *master_key;       /* path; NULL: STATE/master.key */
	char *worker_path;      /* NULL: beside this program, or libexec */
	char *network_provider; /* "auto", "netns", "host" */
	bool network_internet;
	char *netd_path;   /* as worker_path */
	char *netd_socket; /* NULL: netd is started by us */
	int64_t http_io_threads, http_operation_threads, http_body_max, http_connections_max;
	int64_t http_requests_per_key; /* a second */
	int64_t http_bodies_max, http_bodies_per_key, http_body_patience_ms;
	int64_t http_idle_timeout_ms, http_retry_window_ms;
	char *egress_address_pools;    /* as network/address_pools.h reads them; NULL: none */
	char *egress_source_addresses; /* comma-separated; NULL: the kernel chooses */
	bool egress_allow_private_targets;
	char *egress_dns_servers; /* comma-separated; NULL: those of the host */
	int64_t egress_connect_timeout_ms;
	char *egress_flow_log; /* file, perhaps below the state folder; NULL: none */
	int64_t egress_flow_log_size, egress_flow_log_files, egress_flow_records;
	char *events_file; /* as egress_flow_log */
	int64_t events_file_size, events_files, events_keep_ms, events_records;
	char *events_webhooks;       /* as events/webhook_list.h reads them; NULL: none */
	char *events_webhook_secret; /* path; NULL: STATE/webhook.secret */
	char *events_webhook_ca;     /* path; NULL: the host's */
	int64_t events_webhook_timeout_ms, events_webhook_attempts;
	int64_t events_webhook_retry_delay_ms, events_webhook_retry_delay_max_ms;
	int64_t transfer_attempts, transfer_workers;
	int64_t transfer_retry_delay_ms, transfer_retry_delay_max_ms;
	int64_t transfer_probe_delay_ms, transfer_probe_delay_max_ms, transfer_refused_delay_ms;
	int64_t transfer_resume_check;
	int64_t transfer_handshake_timeout_ms, transfer_idle_timeout_ms;
	int64_t transfer_worker_idle_ms, transfer_queue_wait_max_ms, transfer_leftover_age_ms;
	int64_t quota_queued_files, quota_test_rate, quota_start_rate;
	int64_t quota_file_size, quota_file_time_ms;
	int64_t quota_connectors, quota_secrets;
	int64_t quota_gateways_per_vpc, quota_configurations, quota_group_children;
	int64_t transfer_results_kept_ms;
	int64_t events_clients_max, events_listen_max_ms;
	bool metrics_open;
	int64_t usage_age_ms;
	struct settings_bucket *buckets; /* bucket.NAME = path, and bucket.NAME.… */
	size_t bucket_count;
};

void settings_init(struct settings *settings); /* the defaults */
void settings_finish(struct settings *settings);

/** "name = value" lines in the manner of INI files. The error names file, line, setting and what is allowed. */
int settings_read_file(struct settings *settings, const char *path, struct sp_error *err);

/** "name=value", as --set has it. An unknown name is answered with the nearest known one. */
int settings_set(struct settings *settings, const char *assignment, struct sp_error *err);

/** What spans several settings (TLS needs both files, plain HTTP needs loopback …). */
int settings_check(const struct settings *settings, struct sp_error *err);

/** Calls @fn for every setting in which the two differ; "bucket.NAME" once for all buckets. */
void settings_compare(const struct settings *a, const struct settings *b,
		      void (*fn)(void *ctx, const char *name), void *ctx);

/** The table as mdoc items, for sallyport.conf(5). */
void settings_print_manual(FILE *out);
