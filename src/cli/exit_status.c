#include "cli/exit_status.h"

/* clang-format off */
const struct exit_status_row exit_statuses[] = {
	{ STATUS_OK,           "All went well." },
	{ STATUS_REFUSED,      "The service refused the request, or something failed that has no number of its own." },
	{ STATUS_WRONG_USE,    "The command line, a file that it names or the environment is wrong. Nothing was asked of the service." },
	{ STATUS_NOT_THERE,    "What was named is not there: a connector, a transfer, a file, a bucket, a pattern that nothing matches." },
	{ STATUS_DENIED,       "The access key is unknown, wrong or may not do this." },
	{ STATUS_UNREACHABLE,  "The service could not be reached, or went away." },
	{ STATUS_FILES_FAILED, "At least one file has FAILED; each one is named." },
	{ STATUS_TEST_FAILED,  "The connector or bucket was tested, and the test failed." },
	{ STATUS_LEFT_OUT,     "At least one remote of the file was not taken; each one is named." },
	{ STATUS_INTERRUPTED,  "Ctrl-C. What was asked for goes on; standard error says how to watch it." },
	{ STATUS_OK, NULL },
};
/* clang-format on */

enum exit_status exit_status_of(enum sp_code code)
{
	switch (code) {
	case SP_OK:
		return STATUS_OK;
	case SP_INVALID:
		return STATUS_WRONG_USE;
	case SP_NOT_FOUND:
		return STATUS_NOT_THERE;
	case SP_DENIED:
	case SP_AUTH:
		return STATUS_DENIED;
	case SP_UNREACHABLE:
	case SP_CLOSED:
	case SP_TIMEOUT:
	case SP_UNTRUSTED:
		return STATUS_UNREACHABLE;
	case SP_CANCELLED:
		return STATUS_INTERRUPTED;
	case SP_EXISTS:
	case SP_CONFLICT:
	case SP_LIMIT:
	case SP_NO_SPACE:
	case SP_UNSUPPORTED:
	case SP_PROTOCOL:
	case SP_CHANGED:
	case SP_NO_MEMORY:
	case SP_SYSTEM:
	case SP_INTERNAL:
		return STATUS_REFUSED;
	}
	return STATUS_REFUSED;
}
