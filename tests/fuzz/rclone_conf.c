/* A file of rclone's remotes, and each password in it. */
#include "fuzz.h"

#include "base/secret.h"
#include "cli/rclone_conf.h"

static void check_remote(const struct rclone_remote *remote)
{
	FUZZ_CHECK(strchr(remote->name, '\n') == NULL);
	for (size_t i = 0; i < remote->count; i++) {
		FUZZ_CHECK(strpbrk(remote->options[i].name, "=\n") == NULL);
		FUZZ_CHECK(strchr(remote->options[i].value, '\n') == NULL);
		SP_AUTO_SECRET char *clear = rclone_reveal(remote->options[i].value);
		if (clear != NULL)
			FUZZ_CHECK(sp_utf8_valid(clear, strlen(clear)));
	}
	const char *pass = rclone_option(remote, "pass");
	FUZZ_CHECK(pass == NULL || pass[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rclone_conf conf;
	struct sp_error err = { 0 };
	if (rclone_conf_read((const char *)data, size, &conf, &err) != 0)
		fuzz_check_error(&err);
	FUZZ_CHECK(conf.count <= RCLONE_REMOTES_MAX);
	for (size_t i = 0; i < conf.count; i++)
		check_remote(&conf.remotes[i]);
	rclone_conf_finish(&conf);
	return 0;
}
