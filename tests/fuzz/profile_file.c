/* AWS's shared files: what one profile says, to the command line and to the daemon. */
#include "fuzz.h"

#include "base/profile.h"
#include "base/secret.h"
#include "cli/profile_file.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void check_value(const char *value)
{
	if (value == NULL)
		return;
	FUZZ_CHECK(value[0] != '\0' && strchr(value, '\n') == NULL);
	FUZZ_CHECK(!is_blank(value[0]) && !is_blank(value[strlen(value) - 1]));
}

static void read_with_front(const char *text, size_t size)
{
	static const char *const names[] = { "aws_access_key_id", "aws_secret_access_key" };
	const struct sp_profile_wanted wanted = { .name = "default", .takes_front = true };
	struct sp_error err = { 0 };
	char *values[2];
	if (sp_profile_read(text, size, &wanted, names, 2, values, &err) < 0) {
		fuzz_check_error(&err);
		FUZZ_CHECK(values[0] == NULL && values[1] == NULL);
	}
	for (size_t i = 0; i < 2; i++) {
		check_value(values[i]);
		sp_secret_free(values[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "default", "work" };
	for (size_t i = 0; i < 2 * SP_COUNT_OF(names); i++) {
		struct profile profile = { 0 };
		struct sp_error err = { 0 };
		if (profile_file_read((const char *)data, size, names[i / 2], i % 2 == 1, &profile,
				      &err) != 0)
			fuzz_check_error(&err);
		check_value(profile.access_key_id);
		check_value(profile.secret_access_key);
		check_value(profile.session_token);
		check_value(profile.endpoint_url);
		check_value(profile.region);
		FUZZ_CHECK(profile.is_found || profile.region == NULL);
		profile_finish(&profile);
	}
	read_with_front((const char *)data, size);
	return 0;
}
