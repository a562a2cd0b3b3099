/* OpenSSH's file of host keys. */
#include "fuzz.h"

#include "base/json.h"
#include "cli/known_hosts.h"
#include "model/host_key_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		const char *host;
		uint16_t port;
	} servers[] = { { "sftp.example", 22 }, { "sftp.example", 2222 }, { "", 1 } };
	for (size_t i = 0; i < SP_COUNT_OF(servers); i++) {
		SP_AUTO_JSON json_t *keys = json_array();
		size_t count = known_hosts_find((const char *)data, size, servers[i].host,
						servers[i].port, keys);
		FUZZ_CHECK(count == json_array_size(keys));
		for (size_t j = 0; j < count; j++) {
			struct host_key_line key;
			const char *line = json_string_value(json_array_get(keys, j));
			FUZZ_CHECK(host_key_line_parse(line, false, &key, NULL) == 0);
		}
	}
	return 0;
}
