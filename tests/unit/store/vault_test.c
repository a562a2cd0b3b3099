#include "folder.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/secret.h"
#include "store/vault.h"

static struct sp_error err;
static struct folder folder;
static char key_path[128];

static int set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	strcpy(key_path, folder_file(&folder, "master.key"));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	folder_remove(&folder);
	return 0;
}

static void write_key(const char *text, mode_t mode)
{
	unlink(key_path);
	int fd = open(key_path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void assert_refused(enum sp_code code, const char *word)
{
	struct vault *vault;
	assert_int_equal(vault_open(key_path, &vault, &err), -1);
	assert_int_equal(err.code, code);
	assert_non_null(strstr(err.message, word));
	assert_null(strstr(err.message, "0123456789abcdef"));
}

#define GOOD_KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void the_key_is_made_once_and_private(void **state)
{
	(void)state;
	struct vault *vault, *again;
	void *sealed;
	size_t sealed_length, length;
	char *plain;
	assert_int_equal(vault_open(key_path, &vault, &err), 0);
	struct stat status;
	assert_int_equal(stat(key_path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(status.st_nlink, 1);
	assert_int_equal(status.st_size, 65);

	assert_int_equal(vault_open(key_path, &again, &err), 0);
	assert_int_equal(vault_seal(vault, "place", "text", 4, &sealed, &sealed_length, &err), 0);
	assert_int_equal(vault_unseal(again, "place", sealed, sealed_length, &plain, &length, &err),
			 0);
	assert_string_equal(plain, "text");
	free(plain);
	free(sealed);
	vault_close(again);
	vault_close(vault);
}

static void a_key_file_that_is_not_right_is_refused(void **state)
{
	(void)state;
	write_key(GOOD_KEY, 0640);
	assert_refused(SP_DENIED, "0640");
	write_key(GOOD_KEY, 0604);
	assert_refused(SP_DENIED, "0604");
	write_key("", 0600);
	assert_refused(SP_INVALID, "64 hex digits");
	write_key(GOOD_KEY "\n\n", 0600);
	assert_refused(SP_INVALID, "64 hex digits");
	write_key(GOOD_KEY "0", 0600);
	assert_refused(SP_INVALID, "64 hex digits");
	write_key("x" GOOD_KEY, 0600);
	assert_refused(SP_INVALID, "64 hex digits");

	unlink(key_path);
	assert_int_equal(mkdir(key_path, 0700), 0);
	assert_refused(SP_DENIED, "no file");
	assert_int_equal(rmdir(key_path), 0);

	char target[160];
	snprintf(target, sizeof(target), "%s.real", key_path);
	write_key(GOOD_KEY, 0600);
	assert_int_equal(rename(key_path, target), 0);
	assert_int_equal(symlink(target, key_path), 0);
	assert_refused(SP_DENIED, "symbolic link");

	if (geteuid() == 0) {
		write_key(GOOD_KEY, 0600);
		assert_int_equal(chown(key_path, 65534, 65534), 0);
		assert_refused(SP_DENIED, "65534");
	}
}

static void a_key_that_only_we_may_read_is_fine(void **state)
{
	(void)state;
	const mode_t modes[] = { 0600, 0400 };
	for (size_t i = 0; i < 2; i++) {
		write_key(i == 0 ? GOOD_KEY : GOOD_KEY "\n", modes[i]);
		struct vault *vault;
		assert_int_equal(vault_open(key_path, &vault, &err), 0);
		vault_close(vault);
	}
}

/* A service manager's credential: root's, and an access list for us that shows as the group's permission to read. */
static void a_key_that_root_hands_over_is_fine(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(folder.path, 0755), 0);
	write_key(GOOD_KEY, 0440);
	assert_refused(SP_DENIED, "0440"); /* root itself has no need of that */

	assert_int_equal(seteuid(65534), 0); /* the group is still root's */
	struct vault *vault = NULL;
	int result = vault_open(key_path, &vault, &err);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(result, 0);
	vault_close(vault);

	write_key(GOOD_KEY, 0444);
	assert_int_equal(seteuid(65534), 0);
	result = vault_open(key_path, &vault, &err);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(result, -1);
	assert_int_equal(err.code, SP_DENIED);
}

/* Every byte of it matters, and so does the place. */
static void a_sealed_value_opens_only_as_it_was(void **state)
{
	(void)state;
	static const char value[] = "user\0name"; /* with a NUL inside */
	struct vault *vault;
	unsigned char *sealed;
	char *plain;
	size_t sealed_length, length;
	assert_int_equal(vault_open(key_path, &vault, &err), 0);
	assert_int_equal(vault_seal(vault, "arn|1", value, sizeof(value), (void **)&sealed,
				    &sealed_length, &err),
			 0);
	assert_null(memmem(sealed, sealed_length, "name", 4));
	assert_int_equal(vault_unseal(vault, "arn|1", sealed, sealed_length, &plain, &length, &err),
			 0);
	assert_int_equal(length, sizeof(value));
	assert_memory_equal(plain, value, sizeof(value));
	free(plain);

	assert_int_equal(vault_unseal(vault, "arn|2", sealed, sealed_length, &plain, &length, &err),
			 -1);
	assert_int_equal(err.code, SP_DENIED);
	for (size_t i = 0; i < sealed_length; i++) {
		sealed[i] ^= 1;
		assert_int_equal(
			vault_unseal(vault, "arn|1", sealed, sealed_length, &plain, &length, &err),
			-1);
		assert_int_equal(err.code, SP_DENIED);
		sealed[i] ^= 1;
	}
	for (size_t i = 0; i < sealed_length; i++) {
		unsigned char *cut = malloc(i + 1);
		memcpy(cut, sealed, i);
		assert_int_equal(vault_unseal(vault, "arn|1", cut, i, &plain, &length, &err), -1);
		free(cut);
	}
	free(sealed);
	vault_close(vault);
}

static void equal_values_are_sealed_differently(void **state)
{
	(void)state;
	struct vault *vault;
	void *first, *second;
	size_t length;
	assert_int_equal(vault_open(key_path, &vault, &err), 0);
	assert_int_equal(vault_seal(vault, "place", "", 0, &first, &length, &err), 0);
	assert_int_equal(vault_seal(vault, "place", "", 0, &second, &length, &err), 0);
	assert_memory_not_equal(first, second, length);
	char *plain;
	size_t plain_length;
	assert_int_equal(vault_unseal(vault, "place", first, length, &plain, &plain_length, &err),
			 0);
	assert_int_equal(plain_length, 0);
	sp_secret_free(plain);
	free(first);
	free(second);
	vault_close(vault);
}

static void a_derived_key_follows_the_master_key_and_the_purpose(void **state)
{
	(void)state;
	struct vault *vault;
	unsigned char first[VAULT_DERIVED_SIZE], again[VAULT_DERIVED_SIZE],
		other[VAULT_DERIVED_SIZE];
	assert_int_equal(vault_open(key_path, &vault, &err), 0);
	vault_derive(vault, "pages", first);
	vault_derive(vault, "pages", again);
	vault_derive(vault, "page", other);
	assert_memory_equal(first, again, sizeof(first));
	assert_memory_not_equal(first, other, sizeof(first));
	vault_close(vault);

	assert_int_equal(unlink(key_path), 0);
	assert_int_equal(vault_open(key_path, &vault, &err), 0);
	vault_derive(vault, "pages", again);
	assert_memory_not_equal(first, again, sizeof(first));
	vault_close(vault);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
		WITH_FOLDER(the_key_is_made_once_and_private),
		WITH_FOLDER(a_key_file_that_is_not_right_is_refused),
		WITH_FOLDER(a_key_that_only_we_may_read_is_fine),
		WITH_FOLDER(a_key_that_root_hands_over_is_fine),
		WITH_FOLDER(a_sealed_value_opens_only_as_it_was),
		WITH_FOLDER(equal_values_are_sealed_differently),
		WITH_FOLDER(a_derived_key_follows_the_master_key_and_the_purpose),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
