#include "worker/learnt.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "worker/connection.h"

static const struct {
	const char *word;
	size_t fact; /* where its bool stands in struct learnt */
} words[] = {
	{ "rename-existing=refuses", offsetof(struct learnt, rename_refuses) },
	{ "rename-existing=replaces", offsetof(struct learnt, rename_replaces) },
	{ "no-posix-rename", offsetof(struct learnt, no_posix_rename) },
	{ "no-check-file", offsetof(struct learnt, no_hash) },
};

/* What is announced is known anew with every connection; people want to see it too. */
static const struct {
	const char *word;
	size_t feature; /* where its bool stands in struct remote_features */
} announced[] = {
	{ "posix-rename", offsetof(struct remote_features, posix_rename) },
	{ "fsync", offsetof(struct remote_features, fsync) },
	{ "statvfs", offsetof(struct remote_features, statvfs) },
	{ "limits", offsetof(struct remote_features, limits) },
	{ "copy-data", offsetof(struct remote_features, copy_data) },
	{ "home-directory", offsetof(struct remote_features, home_directory) },
};

/* Servers that have check-file and announce it only to clients of a later version of the protocol. */
static const char *const hashing[] = { "SSH-2.0-mod_sftp" };

bool learnt_has_hash(const struct connection *connection)
{
	bool announced_it = remote_features(connection->remote)->check_file;
	for (size_t i = 0; !announced_it && i < SP_COUNT_OF(hashing); i++)
		announced_it = sp_text_starts_with(connection->report.banner, hashing[i]);
	return announced_it && !connection->learnt.no_hash;
}

/* A name of a method and nothing else, for it is told again. */
static void parse_method(const char *value, struct learnt *out)
{
	if (strspn(value, "abcdefghijklmnopqrstuvwxyz-") == strlen(value))
		snprintf(out->method, sizeof(out->method), "%s", value);
}

static void parse_read_max(const char *value, struct learnt *out)
{
	out->limits.read_max = (uint32_t)strtoul(value, NULL, 10);
}

static void parse_write_max(const char *value, struct learnt *out)
{
	out->limits.write_max = (uint32_t)strtoul(value, NULL, 10);
}

static void parse_handles(const char *value, struct learnt *out)
{
	out->limits.handles_max = strtoull(value, NULL, 10);
}

static const struct {
	const char *start;
	void (*parse)(const char *value, struct learnt *out);
} values[] = {
	{ "auth=", parse_method },
	{ "read-max=", parse_read_max },
	{ "write-max=", parse_write_max },
	{ "handles=", parse_handles },
};

static bool *fact_of(struct learnt *learnt, size_t i)
{
	return (bool *)((char *)learnt + words[i].fact);
}

static void add_word(struct sp_buffer *out, const char *word)
{
	sp_buffer_format(out, "%s%s", out->length == 0 ? "" : " ", word);
}

void learnt_parse(const char *text, struct learnt *out)
{
	SP_AUTO_FREE char *copy = sp_strdup(text);
	char *rest = copy, *word;
	while ((word = strsep(&rest, " ")) != NULL) {
		for (size_t i = 0; i < SP_COUNT_OF(words); i++)
			if (strcmp(words[i].word, word) == 0)
				*fact_of(out, i) = true;
		for (size_t i = 0; i < SP_COUNT_OF(values); i++)
			if (sp_text_starts_with(word, values[i].start))
				values[i].parse(word + strlen(values[i].start), out);
	}
}

void learnt_format(const struct learnt *learnt, struct sp_buffer *out)
{
	struct learnt facts = *learnt;
	for (size_t i = 0; i < SP_COUNT_OF(words); i++)
		if (*fact_of(&facts, i))
			add_word(out, words[i].word);
	if (learnt->limits.read_max > 0)
		sp_buffer_format(out, "%sread-max=%u write-max=%u handles=%llu",
				 out->length == 0 ? "" : " ", learnt->limits.read_max,
				 learnt->limits.write_max,
				 (unsigned long long)learnt->limits.handles_max);
	if (learnt->method[0] != '\0')
		sp_buffer_format(out, "%sauth=%s", out->length == 0 ? "" : " ", learnt->method);
}

static struct remote_limits limits_of(const struct connection *connection)
{
	const struct remote_features *features = remote_features(connection->remote);
	return (struct remote_limits){ features->read_max, features->write_max,
				       features->handles_max };
}

static void tell(struct connection *connection)
{
	const struct remote_features *features = remote_features(connection->remote);
	const struct transport_report *report = &connection->report;
	SP_AUTO_BUFFER text = { 0 };
	for (size_t i = 0; i < SP_COUNT_OF(announced); i++)
		if (*(const bool *)((const char *)features + announced[i].feature))
			add_word(&text, announced[i].word);
	if (learnt_has_hash(connection))
		add_word(&text, "check-file");
	learnt_format(&connection->learnt, &text);
	const struct worker_message message = {
		.kind = WORKER_CONNECTED,
		.request = connection->request,
		.banner = (char *)(uintptr_t)report->banner,
		.fingerprint = (char *)(uintptr_t)report->fingerprint,
		.kex = (char *)(uintptr_t)report->kex,
		.host_key_algorithm = (char *)(uintptr_t)report->host_key_algorithm,
		.cipher = (char *)(uintptr_t)report->cipher,
		.mac = (char *)(uintptr_t)report->mac,
		.authenticated_by = (char *)(uintptr_t)report->authenticated_by,
		.features = text.data,
	};
	struct worker_message copy;
	worker_message_copy(&message, &copy);
	connection_report(connection, LETTER_MESSAGE, &copy);
}

void learnt_recall(const struct connection *connection, struct learnt *out)
{
	const struct worker_message *known = connection->configuration;
	*out = connection->learnt; /* seen with its own eyes */
	if (out->server[0] != '\0' || known->banner == NULL || known->fingerprint == NULL)
		return;
	transport_server(known->banner, known->fingerprint, out->server);
	learnt_parse(known->features == NULL ? "" : known->features, out);
}

void learnt_begin(struct connection *connection)
{
	const struct transport_report *report = &connection->report;
	struct learnt known, learnt = { 0 };
	transport_server(report->banner, report->fingerprint, learnt.server);
	learnt_recall(connection, &known);
	if (strcmp(learnt.server, known.server) == 0)
		learnt = known;
	learnt.limits = limits_of(connection);
	snprintf(learnt.method, sizeof(learnt.method), "%s",
		 report->by_one_method ? report->authenticated_by : "");
	connection->learnt = learnt;
	tell(connection);
}

void learnt_renew(struct connection *connection)
{
	const struct remote_limits now = limits_of(connection);
	const struct remote_limits *then = &connection->learnt.limits;
	if (now.read_max == then->read_max && now.write_max == then->write_max &&
	    now.handles_max == then->handles_max)
		return;
	connection->learnt.limits = now;
	tell(connection);
}

void learnt_note(struct connection *connection, bool *fact)
{
	if (*fact)
		return;
	*fact = true;
	tell(connection);
}
