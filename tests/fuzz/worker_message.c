/* A message between the daemon and a worker, as it comes over the socket. The first byte: how many descriptors. */
#include "fuzz.h"

#include "ipc/channel.h"
#include "ipc/worker_message.h"

static size_t encode(const struct worker_message *message, uint8_t out[IPC_MESSAGE_MAX])
{
	size_t length;
	struct sp_error err = { 0 };
	FUZZ_CHECK(worker_message_encode(message, out, &length, &err) == 0);
	return length;
}

/* What was read can be said again, and is then the same however often it travels. */
static void check(const struct worker_message *message, size_t fd_count)
{
	static uint8_t first[IPC_MESSAGE_MAX], second[IPC_MESSAGE_MAX];
	size_t length = encode(message, first);
	struct worker_message again;
	struct sp_error err = { 0 };
	FUZZ_CHECK(worker_message_decode(first, length, fd_count, &again, &err) == 0);
	FUZZ_CHECK(encode(&again, second) == length && memcmp(first, second, length) == 0);
	worker_message_finish(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > IPC_MESSAGE_MAX)
		return 0;
	struct worker_message message;
	struct sp_error err = { 0 };
	size_t fd_count = data[0] % (IPC_FDS_MAX + 1);
	if (worker_message_decode(data + 1, size - 1, fd_count, &message, &err) != 0) {
		fuzz_check_error(&err);
		return 0;
	}
	check(&message, fd_count);
	worker_message_finish(&message);
	return 0;
}
