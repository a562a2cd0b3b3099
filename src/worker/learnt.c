#include "worker/learnt.h"

#include <stddef.h>
#include <stdio.h>
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
	while ((word = strsep(&rest, " ")) != NULL)
		for (size_t i = 0; i < SP_COUNT_OF(words); i++)
			if (strcmp(words[i].word, word) == 0)
				*fact_of(out, i) = true;
}

void learnt_format(const struct learnt *learnt, struct sp_buffer *out)
{
	struct learnt facts = *learnt;
	for (size_t i = 0; i < SP_COUNT_OF(words); i++)
		if (*fact_of(&facts, i))
			add_word(out, words[i].word);
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
	sp_buffer_format(&text, "%sread-max=%u write-max=%u", text.length == 0 ? "" : " ",
			 features->read_max, features->write_max);
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

void learnt_begin(struct connection *connection)
{
	const struct worker_message *known = connection->configuration;
	const struct transport_report *report = &connection->report;
	struct learnt learnt = { 0 };
	snprintf(learnt.server, sizeof(learnt.server), "%s %s", report->banner,
		 report->fingerprint);
	bool same = sp_text_equal(known->banner, report->banner) &&
		    sp_text_equal(known->fingerprint, report->fingerprint);
	if (strcmp(learnt.server, connection->learnt.server) == 0)
		learnt = connection->learnt; /* seen with its own eyes */
	else if (same)
		learnt_parse(known->features, &learnt);
	connection->learnt = learnt;
	tell(connection);
}

void learnt_note(struct connection *connection, bool *fact)
{
	if (*fact)
		return;
	*fact = true;
	tell(connection);
}
