#include "access/values.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

enum { ADDRESS_TEXT_MAX = 64 };

static bool read_address(const char *text, struct access_network *out)
{
	out->family = strchr(text, ':') == NULL ? AF_INET : AF_INET6;
	out->bits = out->family == AF_INET ? 32 : 128;
	memset(out->address, 0, sizeof(out->address));
	return inet_pton(out->family, text, out->address) == 1;
}

bool access_network_read(const char *text, struct access_network *out)
{
	const char *slash = strchr(text, '/');
	size_t length = slash == NULL ? strlen(text) : (size_t)(slash - text);
	char address[ADDRESS_TEXT_MAX];
	uint64_t bits;
	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	if (!read_address(address, out))
		return false;
	if (slash == NULL)
		return true;
	if (!sp_text_to_u64(slash + 1, 0, out->bits, &bits))
		return false;
	out->bits = (unsigned)bits;
	return true;
}

bool access_network_has(const struct access_network *network, const char *address)
{
	struct access_network one;
	if (!read_address(address, &one) || one.family != network->family)
		return false;
	unsigned whole = network->bits / 8, rest = network->bits % 8;
	if (memcmp(one.address, network->address, whole) != 0)
		return false;
	return rest == 0 || ((one.address[whole] ^ network->address[whole]) >> (8 - rest)) == 0;
}

bool access_time_read(const char *text, int64_t *out_ms)
{
	uint64_t seconds;
	if (sp_text_to_u64(text, 0, INT32_MAX * 1000ULL, &seconds)) {
		*out_ms = (int64_t)seconds * 1000;
		return true;
	}
	struct tm time = { 0 };
	const char *end = strptime(text, "%Y-%m-%d", &time);
	if (end != NULL && *end == 'T') {
		end = strptime(end, "T%H:%M:%S", &time);
		if (end != NULL && *end == '.')
			end += 1 + strspn(end + 1, "0123456789");
		if (end != NULL)
			end = *end == 'Z' ? end + 1 : NULL;
	}
	if (end == NULL || *end != '\0')
		return false;
	*out_ms = (int64_t)timegm(&time) * 1000;
	return true;
}
