/* Where requests go: "https://host:port", and who is trusted there. */

#include <string.h>

#include "base/scope.h"
#include "streams/depot_inside.h"

/* "https://host:port" of a URL. */
static size_t origin_length(const char *url)
{
	const char *host = strstr(url, "://");
	return host == NULL ? 0 : (size_t)(host + 3 - url) + strcspn(host + 3, "/?");
}

struct origin *origin_of(struct depot *depot, const char *url)
{
	size_t length = origin_length(url);
	for (struct origin *origin = depot->origins; origin != NULL; origin = origin->next)
		if (strlen(origin->name) == length && memcmp(origin->name, url, length) == 0)
			return origin;
	struct origin *origin = sp_alloc(sizeof(*origin));
	origin->name = sp_strdup(url);
	origin->name[length] = '\0';
	sp_fail(&origin->no_trust, SP_UNTRUSTED,
		"cannot trust the storage: no certificates are known that it should have");
	origin->next = depot->origins;
	depot->origins = origin;
	return origin;
}

/* "host" of it, also of "[::1]". Owned by the caller. */
static char *host_of(const struct origin *origin)
{
	const char *host = strstr(origin->name, "://") + 3;
	bool bracket = host[0] == '[';
	char *copy = sp_strdup(host + bracket);
	copy[strcspn(copy, bracket ? "]" : ":")] = '\0';
	return copy;
}

/* Without trust there is no connection, which is told then. */
void depot_take_ca(struct depot *depot, const char *origin_name, int fd)
{
	struct origin *origin = origin_of(depot, origin_name);
	SP_AUTO_FREE char *host = host_of(origin);
	wire_trust_read(fd, host, &origin->trust, &origin->no_trust);
}

void origin_forget_all(struct depot *depot)
{
	while (depot->origins != NULL) {
		struct origin *origin = depot->origins;
		depot->origins = origin->next;
		wire_trust_destroy(origin->trust);
		free(origin->name);
		free(origin);
	}
}
