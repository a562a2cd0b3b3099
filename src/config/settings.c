#include "config/settings.h"

#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"
#include "config/assign.h"
#include "config/value.h"
#include "model/bucket_name.h"

enum {
	NAME_MAX_BYTES = 64, /* longer ones are not compared with the known ones */
	SECOND = 1000,
	MINUTE = 60 * SECOND,
	HOUR = 60 * MINUTE,
	DAY = 24 * HOUR,
	KIB = 1 << 10,
	MIB = 1 << 20,
	GIB = 1 << 30,
};

#define TIB (1024LL * GIB)

#define BUCKET_PREFIX "bucket."

/* clang-format off */
#define AT(member) offsetof(struct settings, member)
#define TEXT_OF(kind) { kind, false, 0, 0 }
#define OPTIONAL(kind) { kind, true, 0, 0 }
#define RANGE(kind, min, max) { kind, false, min, max }

/* The table: everything that is said about a setting stands in its row and nowhere else. A description is one
 * paragraph of the manual. */
static const struct setting {
	const char *name;
	size_t offset;
	struct value_rule rule;
	const char *value; /* the default; NULL: none */
	const char *description;
} table[] = {
	{ "listen", AT(listen), TEXT_OF(VALUE_LISTEN), "127.0.0.1:8722",
	  "Where the API is served. Port 0 takes a free one; admin.env in the state folder says which. "
	  "Without tls.certificate only loopback addresses are allowed." },
	{ "tls.certificate", AT(tls_certificate), OPTIONAL(VALUE_PATH), NULL,
	  "A PEM file with the certificate of the API and those that lead from it to a root. "
	  "With it the API is served by HTTPS and by nothing else. Read again on SIGHUP." },
	{ "tls.key", AT(tls_key), OPTIONAL(VALUE_PATH), NULL,
	  "The PEM file with the key that belongs to tls.certificate." },
	{ "region", AT(region), TEXT_OF(VALUE_REGION), "us-east-1",
	  "The AWS region that requests must be signed for and that is part of every ARN." },
	{ "account", AT(account), TEXT_OF(VALUE_ACCOUNT), "000000000000",
	  "The AWS account number that is part of every ARN." },
	{ "log.level", AT(log_level), TEXT_OF(VALUE_LEVEL), "info",
	  "What is written to standard error: this level and those before it; debug tells each step of each "
	  "file. Read again on SIGHUP." },
	{ "user", AT(user), OPTIONAL(VALUE_TEXT), NULL,
	  "The user that the daemon becomes when it was started as root. "
	  "The state folder must belong to that user." },
	{ "master_key", AT(master_key), OPTIONAL(VALUE_PATH), NULL,
	  "The file with the key that seals secrets in the store: 64 hex digits, readable by the daemon "
	  "alone, created together with the store. Without this setting it is the file master.key among "
	  "systemd's credentials when there is one, and else master.key in the state folder. "
	  "Whoever loses the key has lost the secrets: keep a copy apart from that of the state." },
	{ "worker.path", AT(worker_path), OPTIONAL(VALUE_PATH), NULL,
	  "The program sallyport-worker. Without this setting it is looked for beside the daemon and "
	  "where it was installed." },
	{ "network.provider", AT(network_provider), TEXT_OF(VALUE_PROVIDER), "auto",
	  "What becomes of a VPC without the tag sallyport:network. With netns it is made of kernel namespaces by "
	  "sallyport-netd, with host it consists of this machine's own addresses, and auto means netns where "
	  "sallyport-netd works and host elsewhere. With host sallyport-netd is not started at all." },
	{ "network.internet", AT(network_internet), TEXT_OF(VALUE_BOOLEAN), "false",
	  "Whether the internet gateway of a VPC without the tag sallyport:uplink leads to this machine, which then "
	  "forwards what the VPC's Elastic IP addresses send and receive. Leave it false where VPCs must not "
	  "reach this machine's own networks. A sallyport-netd that the service manager starts must be given "
	  "--internet too." },
	{ "netd.path", AT(netd_path), OPTIONAL(VALUE_PATH), NULL,
	  "The program sallyport-netd. Without this setting it is looked for beside the daemon and "
	  "where it was installed." },
	{ "netd.socket", AT(netd_socket), OPTIONAL(VALUE_PATH), NULL,
	  "Where a sallyport-netd that the service manager has started listens. Without this setting the daemon "
	  "starts one itself: as root before it becomes its user, and else in a user namespace, where networks "
	  "are made that do not reach out of this machine." },
	{ "http.io_threads", AT(http_io_threads), RANGE(VALUE_NUMBER, 1, 64), "2",
	  "Threads that read requests and write answers." },
	{ "http.operation_threads", AT(http_operation_threads), RANGE(VALUE_NUMBER, 1, 256), "8",
	  "Operations that are worked on at the same time." },
	{ "http.body_max", AT(http_body_max), RANGE(VALUE_SIZE, 64 * KIB, 64 * MIB), "1MiB",
	  "The largest body of a request; larger ones are refused." },
	{ "http.connections_max", AT(http_connections_max), RANGE(VALUE_NUMBER, 1, 65536), "1024",
	  "Connections of clients that are open at the same time." },
	{ "http.requests_per_key", AT(http_requests_per_key), RANGE(VALUE_NUMBER, 0, 1000000), "0",
	  "So many requests in a second may be signed with one access key, and twice as many at once after a rest; more are "
	  "refused as AWS does it when somebody asks too often, and its tools come again. 0: as many as come." },
	{ "http.bodies_max", AT(http_bodies_max), RANGE(VALUE_NUMBER, 1, 4096), "128",
	  "Objects that clients are sending at the same time, each with 512 KiB of memory. When there are as many, one that comes "
	  "takes the place of one whose client has sent nothing for five seconds, or is told to come later (SlowDown)." },
	{ "http.bodies_per_key", AT(http_bodies_per_key), RANGE(VALUE_NUMBER, 1, 4096), "64",
	  "As many of them may be sent with one access key, or by all sessions of one role." },
	{ "http.body_patience", AT(http_body_patience_ms), RANGE(VALUE_TIME, SECOND, HOUR), "60s",
	  "An object that comes slower than 1 KiB a second for so long is cut off." },
	{ "http.idle_timeout", AT(http_idle_timeout_ms), RANGE(VALUE_TIME, SECOND, HOUR), "60s",
	  "A client's connection is closed after so much silence." },
	{ "http.retry_window", AT(http_retry_window_ms), RANGE(VALUE_TIME, 0, DAY), "15m",
	  "For so long a request that starts or makes something is known again when an SDK or the AWS CLI, which got no answer, "
	  "sends it once more: it is answered as before, and nothing is done twice, also across a restart. They say that it is "
	  "the same one by the header amz-sdk-invocation-id. With 0s every request is a new one." },
	{ "egress.address_pools", AT(egress_address_pools), OPTIONAL(VALUE_TEXT), NULL,
	  "Public addresses that Elastic IP addresses are taken from: pools with semicolons between them, each a name, "
	  "an equals sign and addresses, blocks or ranges with commas between them, such as "
	  "office=203.0.113.8/29,198.51.100.7; backup=192.0.2.1-192.0.2.9. "
	  "Without this setting there are no Elastic IP addresses." },
	{ "egress.source_addresses", AT(egress_source_addresses), OPTIONAL(VALUE_ADDRESSES), NULL,
	  "Addresses of this host, at most 16, with commas between them, from which connections of connectors with a URL "
	  "leave, in turn; DescribeConnector shows them as ServiceManagedEgressIpAddresses, where AWS shows three, so that "
	  "partners know whom to let in. The daemon does not start with one that this host does not have, and a connection "
	  "whose address has gone since fails: no other one is taken in its place. Without this setting the kernel chooses." },
	{ "egress.allow_private_targets", AT(egress_allow_private_targets), TEXT_OF(VALUE_BOOLEAN), "false",
	  "Whether connectors may reach private, loopback and link-local addresses. Leave it false when "
	  "people who may create connectors must not reach your own network." },
	{ "egress.dns_servers", AT(egress_dns_servers), OPTIONAL(VALUE_TEXT), NULL,
	  "Name servers, with commas between them and a port after a colon where it is not 53, that are asked for the "
	  "addresses of SFTP servers. Without this setting the host's own are." },
	{ "egress.connect_timeout", AT(egress_connect_timeout_ms), RANGE(VALUE_TIME, 100, 10 * MINUTE), "15s",
	  "Finding a server's addresses and connecting to one of them may take so long, all together." },
	{ "egress.flow_log", AT(egress_flow_log), OPTIONAL(VALUE_FILE), "flows.jsonl",
	  "The file with a line of JSON for each connection that has ended, or was refused or failed. A path that does not "
	  "begin with a slash begins at the state folder. Empty: no such file is written; the records are in the store all "
	  "the same." },
	{ "egress.flow_log_size", AT(egress_flow_log_size), RANGE(VALUE_SIZE, 64 * KIB, 16LL * GIB), "64MiB",
	  "A flow log of this size is renamed to one that ends in .1, and a new one is begun." },
	{ "egress.flow_log_files", AT(egress_flow_log_files), RANGE(VALUE_NUMBER, 1, 1000), "8",
	  "So many renamed flow logs are kept." },
	{ "egress.flow_records", AT(egress_flow_records), RANGE(VALUE_NUMBER, 100, 10000000), "100000",
	  "So many records of connections are kept in the store, where GET /v1/flows finds them. The oldest go." },
	{ "events.file", AT(events_file), OPTIONAL(VALUE_FILE), "events.jsonl",
	  "The file with a line of JSON for each file that was COMPLETED or has FAILED: the event that EventBridge has of it. A "
	  "path that does not begin with a slash begins at the state folder. Empty: no such file is written." },
	{ "events.file_size", AT(events_file_size), RANGE(VALUE_SIZE, 64 * KIB, 16LL * GIB), "64MiB",
	  "An event file of this size is renamed to one that ends in .1, and a new one is begun." },
	{ "events.files", AT(events_files), RANGE(VALUE_NUMBER, 1, 1000), "8",
	  "So many renamed event files are kept." },
	{ "events.webhooks", AT(events_webhooks), OPTIONAL(VALUE_TEXT), NULL,
	  "Where events are sent besides, each as the body of a POST: up to eight names and URLs with spaces between them, such as "
	  "audit=https://audit.example/in ops=http://10.0.0.9/. What a webhook has had is remembered by its name: its URL may "
	  "change. A new name gets what happens from then on." },
	{ "events.webhook_secret", AT(events_webhook_secret), OPTIONAL(VALUE_PATH), NULL,
	  "The file with the secret, 16 to 255 bytes in one line, readable by the daemon alone, that signs what is sent to webhooks. "
	  "Without this setting it is webhook.secret in the state folder, created when it is not there." },
	{ "events.webhook_ca", AT(events_webhook_ca), OPTIONAL(VALUE_PATH), NULL,
	  "A PEM file with the certificates that those of webhooks must lead to. Without this setting the host's own are." },
	{ "events.webhook_timeout", AT(events_webhook_timeout_ms), RANGE(VALUE_TIME, 100, 10 * MINUTE), "10s",
	  "A webhook that has not taken an event after so long has not taken it." },
	{ "events.webhook_attempts", AT(events_webhook_attempts), RANGE(VALUE_NUMBER, 1, 1000000), "300",
	  "After so many tries in a row a connector's events wait, and are sent to that webhook again when they are resumed (GET /v1/webhooks), and after SIGHUP or a new start; "
	  "the default is about two days. Other connectors' go on." },
	{ "events.webhook_retry_delay", AT(events_webhook_retry_delay_ms), RANGE(VALUE_TIME, 1, HOUR), "1s",
	  "The pause before the second try. It doubles with every further one." },
	{ "events.webhook_retry_delay_max", AT(events_webhook_retry_delay_max_ms), RANGE(VALUE_TIME, 1, DAY), "10m",
	  "The longest pause between two tries." },
	{ "events.keep", AT(events_keep_ms), RANGE(VALUE_TIME, MINUTE, 3650LL * DAY), "720h",
	  "Events, and the records of connectors that CloudWatch Logs shows, are kept in the store for so long; those that "
	  "are not delivered to everybody stay longer." },
	{ "events.records", AT(events_records), RANGE(VALUE_NUMBER, 100, 100000000), "1000000",
	  "So many events are kept at most, about 500 bytes each. Beyond that the oldest go, and who has not taken them has "
	  "lost them: the log says so, and an hour after somebody stopped to take events that it may come to it." },
	{ "transfer.attempts", AT(transfer_attempts), RANGE(VALUE_NUMBER, 1, 100), "4",
	  "How often a file is tried while failures are of a kind that may pass." },
	{ "transfer.retry_delay", AT(transfer_retry_delay_ms), RANGE(VALUE_TIME, 1, HOUR), "1s",
	  "The pause before the second attempt. It doubles with every further one." },
	{ "transfer.retry_delay_max", AT(transfer_retry_delay_max_ms), RANGE(VALUE_TIME, 1, DAY), "60s",
	  "The longest pause between two attempts." },
	{ "transfer.probe_delay", AT(transfer_probe_delay_ms), RANGE(VALUE_TIME, 1, HOUR), "15s",
	  "Once a file was given up because its server cannot be reached, the connector's other files wait, and after so long "
	  "one of them tries again. The time doubles while it does so in vain, up to transfer.probe_delay_max." },
	{ "transfer.probe_delay_max", AT(transfer_probe_delay_max_ms), RANGE(VALUE_TIME, 1, DAY), "15m",
	  "The longest time between two such tries." },
	{ "transfer.refused_delay", AT(transfer_refused_delay_ms), RANGE(VALUE_TIME, 1, DAY), "15m",
	  "The same for a server that does not accept the user, or whose host key is not trusted: many ban who comes too often. "
	  "Doubles up to sixteen times this. A changed secret or connector is tried at once." },
	{ "transfer.resume_check", AT(transfer_resume_check), RANGE(VALUE_SIZE, 0, 64 * MIB), "1MiB",
	  "Before a part that an interrupted attempt left at a server is gone on with, so many of its last bytes are "
	  "read back and compared with the source. With 0 its size alone is believed." },
	{ "transfer.handshake_timeout", AT(transfer_handshake_timeout_ms), RANGE(VALUE_TIME, 100, 10 * MINUTE), "20s",
	  "From the connected socket to the authenticated SFTP session may take so long." },
	{ "transfer.idle_timeout", AT(transfer_idle_timeout_ms), RANGE(VALUE_TIME, 100, HOUR), "60s",
	  "A server that owes an answer and says nothing for so long is given up." },
	{ "transfer.workers", AT(transfer_workers), RANGE(VALUE_NUMBER, 1, 4096), "256",
	  "So many workers, one for each connector that is busy, run at the same time. Further connectors wait in line; while they "
	  "do, workers without work leave at once, and busy ones after ten seconds and the files that they have." },
	{ "transfer.worker_idle", AT(transfer_worker_idle_ms), RANGE(VALUE_TIME, 1, DAY), "30s",
	  "A connector's worker and its connections stay for so long without work." },
	{ "transfer.queue_wait_max", AT(transfer_queue_wait_max_ms), RANGE(VALUE_TIME, SECOND, 7 * DAY), "12h",
	  "A file that waits in its queue for longer fails." },
	{ "transfer.results_kept", AT(transfer_results_kept_ms), RANGE(VALUE_TIME, 0, 3650LL * DAY), "7d",
	  "For so long after its end a transfer is listed, with its results and receipts. With 0s they are kept for ever, and "
	  "the store grows with every file." },
	{ "transfer.leftover_age", AT(transfer_leftover_age_ms), RANGE(VALUE_TIME, SECOND, 365LL * DAY), "24h",
	  "What an interrupted transfer left in a bucket's .sallyport folder is removed, at start and every hour, when "
	  "nobody wrote to it for so long and no file of the store needs it." },
	{ "quota.queued_files", AT(quota_queued_files), RANGE(VALUE_NUMBER, 1, 100000000), "100000",
	  "So many files of one connector may wait; what asks for more is throttled. AWS has 1,000; here a queue costs only "
	  "disk, about half a kilobyte a file." },
	{ "quota.test_rate", AT(quota_test_rate), RANGE(VALUE_NUMBER, 0, 10000), "1",
	  "So many times a second a connector may be tested, and five times as often at once: each test is a program and a "
	  "connection to the partner. More are refused with ThrottlingException, which AWS's tools wait for. With 0 there is no "
	  "limit." },
	{ "quota.start_rate", AT(quota_start_rate), RANGE(VALUE_NUMBER, 0, 1000000), "0",
	  "So many requests a second that start something for a connector are taken, and five times as many at once; more are "
	  "refused like that. With 0 there is no limit: what waits is limited by quota.queued_files." },
	{ "quota.file_size", AT(quota_file_size), RANGE(VALUE_SIZE, 1, 8192 * TIB), "5TiB",
	  "A larger file FAILS: one that is sent before it is begun, one that is fetched as soon as its size is known, whatever "
	  "its server says of it. AWS has 150 GiB; the default is what the largest object of S3 may have." },
	{ "quota.file_time", AT(quota_file_time_ms), RANGE(VALUE_TIME, 0, 365LL * DAY), "12h",
	  "An attempt at a file that takes longer ends, and the file FAILS with TIMEOUT_ERROR, so that no server keeps it, and a "
	  "connection, for ever by sending little now and then. The default is AWS's. With 0s there is no limit." },
	{ "quota.connectors", AT(quota_connectors), RANGE(VALUE_NUMBER, 1, 10000000), "10000",
	  "So many connectors there may be; one more is refused with InvalidRequestException." },
	{ "quota.secrets", AT(quota_secrets), RANGE(VALUE_NUMBER, 1, 10000000), "500000",
	  "So many secrets there may be, those that wait for their deletion among them; one more is refused with "
	  "LimitExceededException. The default is AWS's." },
	{ "quota.gateways_per_vpc", AT(quota_gateways_per_vpc), RANGE(VALUE_NUMBER, 1, 2000), "500",
	  "So many resource gateways a VPC may have; one more is refused with ServiceQuotaExceededException. The default is "
	  "AWS's. There are at most 2,000 in all." },
	{ "quota.configurations", AT(quota_configurations), RANGE(VALUE_NUMBER, 1, 2000), "2000",
	  "The same of resource configurations in all." },
	{ "quota.group_children", AT(quota_group_children), RANGE(VALUE_NUMBER, 1, 2000), "60",
	  "The same of the resource configurations of the type CHILD that one GROUP has." },
	{ "events.clients_max", AT(events_clients_max), RANGE(VALUE_NUMBER, 0, 1024), "32",
	  "So many clients may listen to GET /v1/events at the same time. Each has a connection and up to 256 KiB of memory." },
	{ "events.listen_max", AT(events_listen_max_ms), RANGE(VALUE_TIME, SECOND, DAY), "15m",
	  "An answer of GET /v1/events ends after so long. Its client comes again and goes on where it was, as it does after any "
	  "other end of a connection, and is asked again who it is and what it may." },
	{ "metrics.open", AT(metrics_open), TEXT_OF(VALUE_BOOLEAN), "false",
	  "Whether GET /metrics is answered without a signature, for Prometheus, which has none. What it tells are figures, no "
	  "names." },
	{ "usage.age", AT(usage_age_ms), RANGE(VALUE_TIME, DAY, 3650LL * DAY), "400d",
	  "What was used is kept by the hour for so long; see GET /v1/usage." },
};
/* clang-format on */

static void *place_of(struct settings *settings, const struct setting *setting)
{
	return (char *)settings + setting->offset;
}

static const void *place_in(const struct settings *settings, const struct setting *setting)
{
	return (const char *)settings + setting->offset;
}

void settings_init(struct settings *settings)
{
	*settings = (struct settings){ 0 };
	for (size_t i = 0; i < SP_COUNT_OF(table); i++) {
		const struct setting *setting = &table[i];
		if (setting->value != NULL &&
		    !value_read(&setting->rule, setting->value, place_of(settings, setting)))
			sp_die("the default of %s, \"%s\", is not allowed", setting->name,
			       setting->value);
	}
}

/* Buckets */

enum { BUCKET_PATH /* in the table */ };

/* bucket.NAME, and what is said of those at storage. */
static const struct {
	const char *suffix;
	size_t offset;
	const char *word, *description;
} bucket_settings[] = {
	[BUCKET_PATH] = { "", offsetof(struct settings_bucket, path), "path",
			  "Makes an existing folder the bucket NAME, beside the folders in "
			  "buckets/ of the state folder. There may be many "
			  "such lines. "
			  "With s3://BUCKET or s3://BUCKET/PREFIX it is a place at storage that "
			  "speaks S3. "
			  "The following settings are about such buckets; NAME cannot end in one "
			  "of their names." },
	{ ".endpoint", offsetof(struct settings_bucket, endpoint), "URL",
	  "Where that storage is: http://host:port or https://host:port. The default is AWS's of "
	  "the region." },
	{ ".region", offsetof(struct settings_bucket, region), "text",
	  "What is signed for. The default is us-east-1." },
	{ ".credentials", offsetof(struct settings_bucket, credentials), "path",
	  "A file with access keys as AWS's tools have it: aws_access_key_id, "
	  "aws_secret_access_key and aws_session_token in "
	  "the section [default]. It is read whenever something is signed, so that keys change "
	  "without a restart." },
	{ ".ca", offsetof(struct settings_bucket, ca), "path",
	  "A file with the certificates (PEM) that are trusted there. The default are the "
	  "system's." },
	{ ".style", offsetof(struct settings_bucket, style), "text",
	  "Whether the storage's bucket stands in the path of URLs or in the name of the host: "
	  "path or virtual. The default "
	  "is path with an endpoint, or for a bucket whose name is no single label of a host name "
	  "(with a dot, which no wildcard certificate is for, a capital or an underscore, or of "
	  "fewer than 3 or more than 63 bytes), and virtual otherwise." },
};

static char **bucket_text(struct settings_bucket *bucket, size_t setting)
{
	return (char **)((char *)bucket + bucket_settings[setting].offset);
}

void settings_finish(struct settings *settings)
{
	for (size_t i = 0; i < SP_COUNT_OF(table); i++)
		value_clear(table[i].rule.kind, place_of(settings, &table[i]));
	for (size_t i = 0; i < settings->bucket_count; i++) {
		free(settings->buckets[i].name);
		for (size_t j = 0; j < SP_COUNT_OF(bucket_settings); j++)
			free(*bucket_text(&settings->buckets[i], j));
	}
	free(settings->buckets);
	*settings = (struct settings){ 0 };
}

static struct settings_bucket *find_bucket(const struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->bucket_count; i++)
		if (strcmp(settings->buckets[i].name, name) == 0)
			return &settings->buckets[i];
	return NULL;
}

/* Takes the suffix off. */
static size_t find_bucket_setting(char *name)
{
	for (size_t i = BUCKET_PATH + 1; i < SP_COUNT_OF(bucket_settings); i++) {
		if (!sp_text_ends_with(name, bucket_settings[i].suffix))
			continue;
		name[strlen(name) - strlen(bucket_settings[i].suffix)] = '\0';
		return i;
	}
	return BUCKET_PATH;
}

static int check_bucket_value(const char *name, size_t setting, const char *value,
			      struct sp_error *err)
{
	const char *suffix = bucket_settings[setting].suffix;
	bool is_place = setting == BUCKET_PATH && sp_text_starts_with(value, "s3://");
	bool needs_path = strcmp(bucket_settings[setting].word, "path") == 0;
	if (needs_path && !is_place && value[0] != '/')
		return sp_fail(
			err, SP_INVALID,
			"cannot set " BUCKET_PREFIX "%s%s to \"%s\": needed is an absolute path%s",
			name, suffix, value, setting == BUCKET_PATH ? " or s3://bucket" : "");
	return value[0] != '\0'
		       ? 0
		       : sp_fail(err, SP_INVALID, "cannot set " BUCKET_PREFIX "%s%s to nothing",
				 name, suffix);
}

static int set_bucket(struct settings *settings, const char *name_and_suffix, const char *value,
		      struct sp_error *err)
{
	SP_AUTO_FREE char *name = sp_strdup(name_and_suffix);
	size_t setting = find_bucket_setting(name);
	if (!bucket_name_is_valid(name))
		return sp_fail(err, SP_INVALID, "cannot name a bucket \"%s\": %s", name,
			       bucket_name_rule);
	if (check_bucket_value(name, setting, value, err) != 0)
		return -1;

	struct settings_bucket *bucket = find_bucket(settings, name);
	if (bucket == NULL) {
		if (settings->bucket_count == SETTINGS_BUCKETS_MAX)
			return sp_fail(err, SP_LIMIT,
				       "cannot add bucket \"%s\": there are %d already", name,
				       SETTINGS_BUCKETS_MAX);
		settings->buckets = sp_realloc(settings->buckets, (settings->bucket_count +
								   1) * sizeof(*settings->buckets));
		bucket = &settings->buckets[settings->bucket_count++];
		*bucket = (struct settings_bucket){ .name = sp_strdup(name) };
	}
	char **text = bucket_text(bucket, setting);
	free(*text);
	*text = sp_strdup(value);
	return 0;
}

static bool same_buckets(const struct settings *a, const struct settings *b)
{
	if (a->bucket_count != b->bucket_count)
		return false;
	for (size_t i = 0; i < a->bucket_count; i++) {
		struct settings_bucket *other = find_bucket(b, a->buckets[i].name);
		if (other == NULL)
			return false;
		for (size_t j = 0; j < SP_COUNT_OF(bucket_settings); j++)
			if (!sp_text_equal(*bucket_text(other, j), *bucket_text(&a->buckets[i], j)))
				return false;
	}
	return true;
}

/* Names */

/* How many letters must be changed, added or removed to get from one to the other. */
static size_t distance(const char *a, const char *b)
{
	size_t length = strlen(b), row[NAME_MAX_BYTES + 1];
	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 0; a[i] != '\0'; i++) {
		size_t diagonal = row[0];
		row[0] = i + 1;
		for (size_t j = 0; j < length; j++) {
			size_t changed = diagonal + (a[i] != b[j]);
			diagonal = row[j + 1];
			size_t shorter = row[j] < row[j + 1] ? row[j] : row[j + 1];
			row[j + 1] = changed < shorter + 1 ? changed : shorter + 1;
		}
	}
	return row[length];
}

static const char *nearest_name(const char *name)
{
	const char *nearest = BUCKET_PREFIX "NAME";
	size_t best = distance(name, nearest);
	for (size_t i = 0; i < SP_COUNT_OF(table); i++) {
		size_t letters = distance(name, table[i].name);
		if (letters < best) {
			best = letters;
			nearest = table[i].name;
		}
	}
	return nearest;
}

static int fail_unknown(const char *name, struct sp_error *err)
{
	return sp_fail(err, SP_INVALID, "there is no setting \"%s\"; the nearest is \"%s\"", name,
		       nearest_name(name));
}

static const struct setting *find_setting(const char *name)
{
	for (size_t i = 0; i < SP_COUNT_OF(table); i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

int settings_assign(struct settings *settings, const char *name, const char *value,
		    struct sp_error *err)
{
	if (sp_text_starts_with(name, BUCKET_PREFIX))
		return set_bucket(settings, name + strlen(BUCKET_PREFIX), value, err);
	const struct setting *setting = find_setting(name);
	if (setting == NULL)
		return fail_unknown(name, err);
	if (value_read(&setting->rule, value, place_of(settings, setting)))
		return 0;

	SP_AUTO_BUFFER needed = { 0 };
	value_describe(&setting->rule, &needed);
	return sp_fail(err, SP_INVALID, "cannot set %s to \"%s\": needed is %s", name, value,
		       sp_buffer_text(&needed));
}

int settings_set(struct settings *settings, const char *assignment, struct sp_error *err)
{
	const char *equals = strchr(assignment, '=');
	if (equals == NULL)
		return sp_fail(err, SP_INVALID, "cannot set \"%s\": needed is name=value",
			       assignment);
	SP_AUTO_FREE char *name = sp_strdup(assignment);
	name[equals - assignment] = '\0';
	return settings_assign(settings, name, equals + 1, err);
}

/* The whole */

static int check_buckets(const struct settings *settings, struct sp_error *err)
{
	for (size_t i = 0; i < settings->bucket_count; i++) {
		struct settings_bucket *bucket = &settings->buckets[i];
		bool is_place = bucket->path != NULL && sp_text_starts_with(bucket->path, "s3://");
		for (size_t j = BUCKET_PATH + 1; j < SP_COUNT_OF(bucket_settings); j++)
			if (*bucket_text(bucket, j) != NULL && !is_place)
				return sp_fail(err, SP_INVALID,
					       "cannot use " BUCKET_PREFIX "%s%s: " BUCKET_PREFIX
					       "%s is not set to s3://bucket",
					       bucket->name, bucket_settings[j].suffix,
					       bucket->name);
	}
	return 0;
}

int settings_check(const struct settings *settings, struct sp_error *err)
{
	bool tls = settings->tls_certificate != NULL;
	if (tls != (settings->tls_key != NULL))
		return sp_fail(
			err, SP_INVALID,
			"cannot serve HTTPS: tls.certificate and tls.key belong together, and "
			"%s is not set",
			tls ? "tls.key" : "tls.certificate");
	if (!tls && !value_listen_is_loopback(settings->listen))
		return sp_fail(err, SP_INVALID,
			       "cannot serve plain HTTP on %s: that is done on loopback only; set "
			       "tls.certificate and tls.key, or listen on 127.0.0.1",
			       settings->listen);
	if (check_buckets(settings, err) != 0)
		return -1;
	if (settings->transfer_retry_delay_ms > settings->transfer_retry_delay_max_ms)
		return sp_fail(err, SP_INVALID,
			       "cannot use transfer.retry_delay: it is longer than "
			       "transfer.retry_delay_max");
	if (settings->transfer_probe_delay_ms > settings->transfer_probe_delay_max_ms)
		return sp_fail(err, SP_INVALID,
			       "cannot use transfer.probe_delay: it is longer than "
			       "transfer.probe_delay_max");
	if (settings->events_webhook_retry_delay_ms > settings->events_webhook_retry_delay_max_ms)
		return sp_fail(err, SP_INVALID,
			       "cannot use events.webhook_retry_delay: it is longer than "
			       "events.webhook_retry_delay_max");
	return 0;
}

void settings_compare(const struct settings *a, const struct settings *b,
		      void (*fn)(void *ctx, const char *name), void *ctx)
{
	for (size_t i = 0; i < SP_COUNT_OF(table); i++)
		if (!value_equal(table[i].rule.kind, place_in(a, &table[i]),
				 place_in(b, &table[i])))
			fn(ctx, table[i].name);
	if (!same_buckets(a, b))
		fn(ctx, BUCKET_PREFIX "NAME");
}

/* mdoc wants every sentence on a line of its own. */
static void print_item(FILE *out, const char *name, const char *word, const char *description)
{
	fprintf(out, ".It Cm %s No = Ar %s\n", name, word);
	const char *end;
	while ((end = strstr(description, ". ")) != NULL) {
		fprintf(out, "%.*s.\n", (int)(end - description), description);
		description = end + 2;
	}
	fprintf(out, "%s\n", description);
}

void settings_print_manual(FILE *out)
{
	for (size_t i = 0; i < SP_COUNT_OF(table); i++) {
		const struct setting *setting = &table[i];
		print_item(out, setting->name, value_word(setting->rule.kind),
			   setting->description);
		SP_AUTO_BUFFER allowed = { 0 };
		value_describe(&setting->rule, &allowed);
		fprintf(out, ".Pp\nAllowed: %s.\n", sp_buffer_text(&allowed));
		if (setting->value != NULL)
			fprintf(out, "Default:\n.Ql %s .\n", setting->value);
	}
	for (size_t i = 0; i < SP_COUNT_OF(bucket_settings); i++) {
		SP_AUTO_BUFFER name = { 0 };
		sp_buffer_format(&name, BUCKET_PREFIX "NAME%s", bucket_settings[i].suffix);
		print_item(out, sp_buffer_text(&name), bucket_settings[i].word,
			   bucket_settings[i].description);
	}
}
