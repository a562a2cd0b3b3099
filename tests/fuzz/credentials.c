/* The secret of a connector. */
#include "fuzz.h"

#include "base/secret.h"
#include "transfer/credentials.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SP_AUTO_SECRET char *text = fuzz_text(data, size);
	struct credentials credentials;
	struct sp_error err = { 0 };
	if (credentials_parse(text, &credentials, &err) != 0) {
		fuzz_check_error(&err);
		return 0;
	}
	FUZZ_CHECK(credentials.user[0] != '\0');
	FUZZ_CHECK(credentials.logins[0].password != NULL ||
		   credentials.logins[0].private_key != NULL);
	credentials_finish(&credentials);
	return 0;
}
