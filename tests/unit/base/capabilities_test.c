#include "test.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/capabilities.h"
#include "base/text.h"

enum { EXIT_GOOD = 17, EXIT_BAD = 18 };

static const int kept[] = { CAP_DAC_OVERRIDE, CAP_SYS_ADMIN };
static const int gone[] = { CAP_NET_ADMIN, CAP_SETUID, CAP_SYS_PTRACE };

static bool is_bound(int capability)
{
	return prctl(PR_CAPBSET_READ, capability) == 0;
}

static bool keeps_these(void)
{
	struct sp_error err;
	if (sp_capabilities_keep(kept, SP_COUNT_OF(kept), &err) != 0 ||
	    !sp_capabilities_have(kept, SP_COUNT_OF(kept)) || is_bound(kept[0]))
		return false;
	for (size_t i = 0; i < SP_COUNT_OF(gone); i++)
		if (sp_capabilities_have(&gone[i], 1) || !is_bound(gone[i]))
			return false;
	/* They do not come back. */
	return sp_capabilities_keep(gone, SP_COUNT_OF(gone), &err) == 0 &&
	       !sp_capabilities_have(gone, 1) && !sp_capabilities_have(kept, 1);
}

static bool keeps_none(void)
{
	struct sp_error err;
	return sp_capabilities_keep(NULL, 0, &err) == 0 &&
	       !sp_capabilities_have(&(int){ CAP_DAC_OVERRIDE }, 1);
}

static int in_child(bool (*holds)(void))
{
	pid_t child = fork();
	if (child == 0)
		_exit(holds() ? EXIT_GOOD : EXIT_BAD);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void keeps_what_was_named_and_nothing_else_for_good(void **state)
{
	(void)state;
	if (!sp_capabilities_have(kept, SP_COUNT_OF(kept)))
		return; /* only root has them */
	assert_int_equal(in_child(keeps_these), W_EXITCODE(EXIT_GOOD, 0));
}

static void an_ordinary_user_has_nothing_to_give_up(void **state)
{
	(void)state;
	assert_int_equal(in_child(keeps_none), W_EXITCODE(EXIT_GOOD, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_was_named_and_nothing_else_for_good),
		cmocka_unit_test(an_ordinary_user_has_nothing_to_give_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
