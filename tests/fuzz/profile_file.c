/* AWS's shared files: what one profile says. */
#include "fuzz.h"

#include "cli/profile_file.h"

static void check_value(const char *value)
{
	FUZZ_CHECK(value == NULL || (value[0] != '\0' && strchr(value, '\n') == NULL));
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
	return 0;
}
