/*
 * Messages between the daemon and sallyport-netd, each behind its length in two bytes: read, said again, and what is
 * wanted noted as netd does, before it asks the kernel.
 */
#include "fuzz.h"

#include "base/buffer.h"
#include "base/bytes.h"
#include "ipc/channel.h"
#include "netd/names.h"
#include "netd/plan.h"
#include "netd/rules.h"

static size_t encode(const struct netd_message *message, uint8_t out[IPC_MESSAGE_MAX])
{
	size_t length;
	struct sp_error err = { 0 };
	FUZZ_CHECK(netd_message_encode(message, out, &length, &err) == 0);
	return length;
}

/* What was read can be said again, and is then the same however often it travels. */
static void check_encoding(const struct netd_message *message, size_t fd_count)
{
	static uint8_t first[IPC_MESSAGE_MAX], second[IPC_MESSAGE_MAX];
	size_t length = encode(message, first);
	struct netd_message again;
	struct sp_error err = { 0 };
	FUZZ_CHECK(netd_message_decode(first, length, fd_count, &again, &err) == 0);
	FUZZ_CHECK(encode(&again, second) == length && memcmp(first, second, length) == 0);
	netd_message_finish(&again);
}

/* nft reads this as root: nothing may be in it that is not ours. */
static void check_rules(const struct plan *plan, const struct netd_message *message,
			const struct thing *thing)
{
	const struct thing *subnet = plan_find(plan, thing->parent);
	const struct thing *vpc = subnet == NULL ? NULL : plan_find(plan, subnet->parent);
	FUZZ_CHECK(vpc != NULL);
	SP_AUTO_BUFFER text = { 0 };
	rules_text(message, &vpc->cidr, &text);
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789 \n\t{}\"/.,;:-_!=@";
	FUZZ_CHECK(strspn(sp_buffer_text(&text), allowed) == text.length);
	FUZZ_CHECK(strstr(sp_buffer_text(&text), "include") == NULL);
}

static void note(struct plan *plan, const struct netd_message *message)
{
	const struct thing *thing = NULL;
	struct sp_error err = { 0 };
	int result = 0;
	switch (message->kind) {
	case NETD_OWNER:
		result = plan_own(plan, message->owner, &err);
		break;
	case NETD_BEGIN:
		plan_begin(plan);
		break;
	case NETD_END:
		result = plan_end(plan, &err);
		break;
	case NETD_REMOVE:
		plan_drop(plan, message->id);
		break;
	case NETD_VPC:
	case NETD_SUBNET:
	case NETD_INTERNET:
	case NETD_TABLE:
	case NETD_ENI:
		result = plan_put(plan, message, &thing, &err);
		break;
	case NETD_OPEN:
	case NETD_HELLO:
	case NETD_DONE:
	case NETD_FAILED:
	case NETD_SOCKETS:
		break;
	}
	if (result != 0)
		fuzz_check_error(&err);
	if (thing != NULL && message->kind == NETD_ENI)
		check_rules(plan, message, thing);
}

static void take(struct plan *plan, const uint8_t *data, size_t length)
{
	struct netd_message message;
	struct sp_error err = { 0 };
	/* Only SOCKETS has descriptors, and says how many in its last bytes. */
	for (size_t fd_count = 0; fd_count < 3; fd_count++) {
		if (netd_message_decode(data, length, fd_count, &message, &err) != 0) {
			fuzz_check_error(&err);
			continue;
		}
		check_encoding(&message, fd_count);
		note(plan, &message);
		netd_message_finish(&message);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_reader rest = sp_reader_of(data, size);
	struct plan plan = { 0 };
	while (sp_reader_left(&rest) >= 2) {
		size_t length = (size_t)sp_read_u8(&rest) << 8;
		length |= sp_read_u8(&rest);
		size_t left = sp_reader_left(&rest);
		length = length < left ? length : left;
		/* Of just that size, so that the address sanitizer sees what reads past the end. */
		SP_AUTO_FREE uint8_t *message = malloc(length == 0 ? 1 : length);
		memcpy(message, sp_read_bytes(&rest, length), length);
		take(&plan, message, length);
	}
	plan_finish(&plan);
	return 0;
}
