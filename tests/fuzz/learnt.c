/*
 * What was learnt of a server, as the worker tells it, the store keeps it, and the next worker reads it. Whatever a
 * worker says, the daemon keeps only words that do no harm where they are shown; whatever is kept, the next worker reads,
 * and what it says then is taken again and means the same.
 */
#include "fuzz.h"

#include "transfer/server.h"
#include "worker/learnt.h"

static const struct {
	const char *word;
	size_t fact;
} facts[] = {
	{ "rename-existing=refuses", offsetof(struct learnt, rename_refuses) },
	{ "rename-existing=replaces", offsetof(struct learnt, rename_replaces) },
	{ "no-posix-rename", offsetof(struct learnt, no_posix_rename) },
	{ "no-check-file", offsetof(struct learnt, no_hash) },
};

static bool has_fact(const struct learnt *learnt, size_t i)
{
	return *(const bool *)((const char *)learnt + facts[i].fact);
}

/* Whether @word stands in @text between spaces: another way to find that out. */
static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);
	for (const char *at = text; (at = strstr(at, word)) != NULL; at++) {
		bool begins = at == text || at[-1] == ' ';
		if (begins && (at[length] == ' ' || at[length] == '\0'))
			return true;
	}
	return false;
}

/* Nothing of it is news, so that nothing is written. */
static bool is_taken(char *text)
{
	struct server server = {
		.known = { .banner = (char[]){ "SSH-2.0-x" },
			   .host_key = (char[]){ "SHA256:x" },
			   .features = text },
	};
	const struct worker_message message = { .kind = WORKER_CONNECTED,
						.request = 1,
						.banner = server.known.banner,
						.fingerprint = server.known.host_key,
						.features = text };
	bool taken = server_connected(&server, &message);
	FUZZ_CHECK(server_can(&server, "check-file") == has_word(text, "check-file"));
	return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SP_AUTO_FREE char *text = fuzz_text(data, size);
	if (is_taken(text))
		for (const char *at = text; *at != '\0'; at++)
			FUZZ_CHECK(*at >= ' ' && *at <= '~' && strchr("\"'\\<>&%", *at) == NULL);

	struct learnt learnt = { 0 }, again = { 0 };
	learnt_parse(text, &learnt);
	FUZZ_CHECK(learnt.server[0] == '\0');
	for (size_t i = 0; i < SP_COUNT_OF(facts); i++)
		FUZZ_CHECK(has_fact(&learnt, i) == has_word(text, facts[i].word));

	SP_AUTO_BUFFER told = { 0 };
	sp_buffer_add_text(&told, "posix-rename read-max=4294967295 write-max=4294967295");
	learnt_format(&learnt, &told);
	FUZZ_CHECK(is_taken(told.data));
	learnt_parse(told.data, &again);
	for (size_t i = 0; i < SP_COUNT_OF(facts); i++)
		FUZZ_CHECK(has_fact(&again, i) == has_fact(&learnt, i));
	return 0;
}
