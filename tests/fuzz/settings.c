/* A file of settings, as an administrator writes it; and its first line as --set has it. */
#include "fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/settings.h"
#include "network/address_pools.h"

/* How value.c and the rest of a start read what was set. */
static void check(const struct settings *settings)
{
	static struct address_pools pools;
	struct sp_error err = { 0 };
	if (settings_check(settings, &err) != 0)
		fuzz_check_error(&err);
	if (address_pools_parse(settings->egress_address_pools, &pools, &err) != 0)
		fuzz_check_error(&err);
}

static void read_file(const uint8_t *data, size_t size)
{
	SP_AUTO_FD fd = memfd_create("settings", MFD_CLOEXEC);
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	FUZZ_CHECK(write(fd, data, size) == (ssize_t)size);

	struct settings settings;
	struct sp_error err = { 0 };
	settings_init(&settings);
	if (settings_read_file(&settings, path, &err) == 0)
		check(&settings);
	else
		fuzz_check_error(&err);
	settings_finish(&settings);
}

static void set(const uint8_t *data, size_t size)
{
	SP_AUTO_FREE char *assignment = fuzz_text(data, size);
	assignment[strcspn(assignment, "\n")] = '\0';
	struct settings settings;
	struct sp_error err = { 0 };
	settings_init(&settings);
	if (settings_set(&settings, assignment, &err) == 0)
		check(&settings);
	else
		fuzz_check_error(&err);
	settings_finish(&settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_file(data, size);
	set(data, size);
	return 0;
}
