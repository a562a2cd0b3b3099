/* The text of a private key as people store it: looked at by us, and what we let through read by libssh. */
#include "fuzz.h"

#include <libssh/libssh.h>

#include "base/secret.h"
#include "remote/private_key.h"

/* libssh 0.10 forgets a few bytes for each key that it cannot read. A worker reads one in its life. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libssh.so";
}

static int refuse_passphrase(const char *prompt, char *out, size_t length, int echo, int verify,
			     void *userdata)
{
	(void)prompt, (void)out, (void)length, (void)echo, (void)verify, (void)userdata;
	return -1;
}

static void let_libssh_read(const char *text)
{
	ssh_key key = NULL;
	ssh_pki_import_privkey_base64(text, NULL, refuse_passphrase, NULL, &key);
	ssh_key_free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SP_AUTO_SECRET char *text = fuzz_text(data, size);
	SP_AUTO_SECRET char *prepared = NULL;
	SP_AUTO_SECRET char *again = NULL;
	struct sp_error err = { 0 };
	if (private_key_prepare(text, &prepared, &err) != 0) {
		fuzz_check_error(&err);
		return 0;
	}
	FUZZ_CHECK(private_key_prepare(prepared, &again, &err) == 0);
	FUZZ_CHECK(strcmp(prepared, again) == 0);
	let_libssh_read(prepared);
	return 0;
}
