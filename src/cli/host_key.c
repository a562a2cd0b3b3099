#include "cli/host_key.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/scope.h"
#include "base/text.h"
#include "model/host_key_line.h"

bool host_key_fingerprint(const char *line, char out[HOST_KEY_FINGERPRINT_SIZE])
{
	struct host_key_line key;
	unsigned char hash[SHA256_DIGEST_LENGTH];
	if (host_key_line_parse(line, true, &key, NULL) != 0)
		return false;
	size_t length = strlen(key.base64), size;
	SP_AUTO_FREE unsigned char *bytes = sp_alloc(sp_base64_decoded_max(length) + 1);
	if (!sp_base64_decode(key.base64, length, bytes, &size))
		return false;
	SHA256(bytes, size, hash);
	SP_AUTO_FREE char *text = sp_base64_encode(hash, sizeof(hash));
	text[strcspn(text, "=")] = '\0';
	snprintf(out, HOST_KEY_FINGERPRINT_SIZE, "SHA256:%s", text);
	return true;
}

int host_key_test(struct ask *ask, const char *name, json_t **out, struct sp_error *err)
{
	SP_AUTO_BUFFER target = { 0 };
	sp_buffer_add_text(&target, "/v1/connectors/");
	ask_add_encoded(&target, name);
	sp_buffer_add_text(&target, "/test");
	return ask_native(ask, "POST", sp_buffer_text(&target), out, err);
}

bool host_key_test_is_ok(const json_t *test)
{
	return sp_text_equal(sp_json_string(test, "Status"), "OK");
}

int host_key_trust(struct ask *ask, const char *connector_id, json_t *keys, struct sp_error *err)
{
	json_t *input = json_pack("{s:s, s:{s:O}}", "ConnectorId", connector_id, "SftpConfig",
				  "TrustedHostKeys", keys);
	return ask_json(ask, ASK_TRANSFER, "UpdateConnector", input, NULL, err);
}
