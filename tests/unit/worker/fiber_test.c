#include "test.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "worker/fiber.h"

enum { MANY = 300, STEPS = 5 };

struct walk {
	struct fiber *fiber;
	unsigned steps;
	char trail[64]; /* what happened, in order */
};

static void note(struct walk *walk, char what)
{
	size_t length = strlen(walk->trail);
	assert_true(length + 1 < sizeof(walk->trail));
	walk->trail[length] = what;
}

static void walk_slowly(void *ctx)
{
	struct walk *walk = ctx;
	for (; walk->steps < STEPS; walk->steps++) {
		note(walk, 'f');
		fiber_wait(walk->fiber);
	}
	note(walk, 'e');
}

static void start(struct fiber_crew *crew, fiber_fn *fn, struct walk *walk)
{
	struct sp_error err = { 0 };
	*walk = (struct walk){ 0 };
	assert_int_equal(fiber_create(crew, fn, walk, &walk->fiber, &err), 0);
}

static void goes_on_where_it_waited(void **state)
{
	(void)state;
	struct fiber_crew crew = { 0 };
	struct walk walk;
	start(&crew, walk_slowly, &walk);
	assert_string_equal(walk.trail, "");
	while (!fiber_resume(walk.fiber))
		note(&walk, '.');
	assert_string_equal(walk.trail, "f.f.f.f.f.e");
	fiber_crew_finish(&crew);
}

static void many_at_once_do_not_disturb_one_another(void **state)
{
	(void)state;
	struct fiber_crew crew = { 0 };
	static struct walk walks[MANY];
	for (int i = 0; i < MANY; i++)
		start(&crew, walk_slowly, &walks[i]);
	for (int step = 0; step < STEPS; step++)
		for (int i = MANY - 1; i >= 0; i--)
			assert_false(fiber_resume(walks[i].fiber));
	for (int i = 0; i < MANY; i++) {
		assert_true(fiber_resume(walks[i].fiber));
		assert_string_equal(walks[i].trail, "fffffe");
	}
	fiber_crew_finish(&crew);
}

/* Locals of every depth, written to the brim of the stack and read again after others ran. */
static unsigned dive(struct walk *walk, unsigned depth)
{
	volatile unsigned char bytes[512];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(depth + i);
	if (depth > 0)
		walk->steps += dive(walk, depth - 1);
	else
		fiber_wait(walk->fiber);
	unsigned wrong = 0;
	for (size_t i = 0; i < sizeof(bytes); i++)
		wrong += bytes[i] != (unsigned char)(depth + i);
	return wrong;
}

static void dive_deep(void *ctx)
{
	struct walk *walk = ctx;
	walk->steps = dive(walk, 64);
}

static void what_is_on_the_stack_stays(void **state)
{
	(void)state;
	struct fiber_crew crew = { 0 };
	struct walk walks[3];
	for (int i = 0; i < 3; i++)
		start(&crew, dive_deep, &walks[i]);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 3; i++)
			assert_true(fiber_resume(walks[i].fiber) == (round == 1));
	for (int i = 0; i < 3; i++)
		assert_int_equal(walks[i].steps, 0);
	fiber_crew_finish(&crew);
}

static void a_stack_is_used_again(void **state)
{
	(void)state;
	struct fiber_crew crew = { 0 };
	struct walk walk;
	struct fiber *first = NULL;
	for (int i = 0; i < 3; i++) {
		start(&crew, walk_slowly, &walk);
		first = first == NULL ? walk.fiber : first;
		assert_ptr_equal(walk.fiber, first);
		while (!fiber_resume(walk.fiber))
			continue;
		assert_string_equal(walk.trail, "fffffe");
	}
	fiber_crew_finish(&crew);
}

static volatile unsigned deepest;

/* Not to be made a loop of. */
__attribute__((noinline)) static unsigned fall(unsigned depth)
{
	volatile unsigned char bytes[1024];
	bytes[depth % sizeof(bytes)] = (unsigned char)depth;
	deepest = depth;
	return depth == UINT32_MAX ? 0 : fall(depth + 1) + bytes[depth % sizeof(bytes)];
}

static void fall_for_ever(void *ctx)
{
	(void)ctx;
	fall(0);
}

static void a_stack_that_is_used_up_ends_the_process_and_not_its_neighbour(void **state)
{
	(void)state;
	pid_t child = fork();
	if (child == 0) {
		close(STDERR_FILENO); /* a sanitizer would tell a story */
		struct fiber_crew crew = { 0 };
		struct walk walk, neighbour;
		start(&crew, walk_slowly, &neighbour);
		start(&crew, fall_for_ever, &walk);
		fiber_resume(walk.fiber);
		_exit(0);
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_on_where_it_waited),
		cmocka_unit_test(many_at_once_do_not_disturb_one_another),
		cmocka_unit_test(what_is_on_the_stack_stays),
		cmocka_unit_test(a_stack_is_used_again),
		cmocka_unit_test(a_stack_that_is_used_up_ends_the_process_and_not_its_neighbour),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
