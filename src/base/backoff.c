#include "base/backoff.h"

int64_t sp_backoff_ms(int64_t first_ms, int64_t max_ms, int tries, uint32_t random)
{
	int64_t delay = first_ms;
	for (int i = 1; i < tries && delay < max_ms; i++)
		delay *= 2;
	if (delay > max_ms)
		delay = max_ms;
	return delay * 3 / 4 + (int64_t)(random % (uint64_t)(delay / 2 + 1));
}
