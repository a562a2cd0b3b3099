/* Tags of a connector that say how its files are published, a "key=value" a line, and the names that come of them. */
#include "fuzz.h"

#include "base/buffer.h"
#include "model/publishing.h"

#define FILE_ID "0123456789abcdef0123456789abcdef"

static void read_line(struct publishing *publishing, char *line)
{
	char *value = strchr(line, '=');
	struct sp_error err = { 0 };
	if (value == NULL)
		return;
	*value++ = '\0';
	if (publishing_read_tag(publishing, line, value, &err) != 0)
		fuzz_check_error(&err);
}

/* It is the name of a file beside the target, which is nobody else's. */
static void check_part(const struct publishing *publishing)
{
	SP_AUTO_FREE char *name = part_name(publishing->temp_pattern, FILE_ID, 7, "a.csv");
	FUZZ_CHECK(strstr(name, FILE_ID "-7") != NULL);
	FUZZ_CHECK(strpbrk(name, "/\r\n") == NULL);
}

static void check_keep_both(const char *path, unsigned number)
{
	SP_AUTO_FREE char *name = keep_both_name(path, number);
	if (name == NULL)
		return;
	FUZZ_CHECK(strcmp(name, path) != 0 && keep_both_is_of(path, name));
	const char *slash = strrchr(path, '/');
	size_t folder = slash == NULL ? 0 : (size_t)(slash + 1 - path);
	FUZZ_CHECK(strncmp(name, path, folder) == 0 && strchr(name + folder, '/') == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SP_AUTO_FREE char *text = fuzz_text(data, size);
	check_keep_both(text, KEEP_BOTH_FIRST);
	check_keep_both(text, KEEP_BOTH_LAST);

	struct publishing publishing = { 0 };
	struct sp_error err = { 0 };
	char *rest = text, *line;
	while ((line = strsep(&rest, "\n")) != NULL)
		read_line(&publishing, line);
	if (publishing_check(&publishing, &err) != 0)
		fuzz_check_error(&err);
	check_part(&publishing);
	if (publishing.staging != NULL)
		FUZZ_CHECK(publishing.staging[0] != '\0');
	publishing_finish(&publishing);
	return 0;
}
