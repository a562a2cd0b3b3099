/* Trusted host keys: one line, and a connector's list of lines. */
#include "fuzz.h"

#include "base/buffer.h"
#include "remote/host_keys.h"

/* What was made of a line is a line of its own, and the same key. */
static void check_line(const struct host_key_line *line)
{
	SP_AUTO_BUFFER text = { 0 };
	struct host_key_line again;
	struct sp_error err = { 0 };
	sp_buffer_format(&text, "%s %s", line->type, line->base64);
	FUZZ_CHECK(host_key_line_parse(sp_buffer_text(&text), false, &again, &err) == 0);
	FUZZ_CHECK(strcmp(line->type, again.type) == 0 && strcmp(line->base64, again.base64) == 0);
}

static void read_line(const char *text, bool allow_host)
{
	struct host_key_line line;
	struct sp_error err = { 0 };
	if (host_key_line_parse(text, allow_host, &line, &err) == 0)
		check_line(&line);
	else
		fuzz_check_error(&err);
}

static void read_list(const char *text)
{
	static struct host_keys keys;
	struct sp_error err = { 0 };
	char types[128];
	if (host_keys_parse(text, &keys, &err) != 0) {
		fuzz_check_error(&err);
		return;
	}
	host_keys_list_types(&keys, types, sizeof(types));
	for (size_t i = 0; i < keys.count; i++) {
		FUZZ_CHECK(host_keys_trust(&keys, keys.lines[i].type, keys.lines[i].base64));
		FUZZ_CHECK(strstr(types, keys.lines[i].type) != NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SP_AUTO_FREE char *text = fuzz_text(data, size);
	read_line(text, false);
	read_line(text, true);
	read_list(text);
	return 0;
}
