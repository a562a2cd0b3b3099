/*
 * makecontext() and swapcontext(): old, in every C library, and all that is needed. The address sanitizer has to be told
 * of each change of stack, or it takes one stack's frames for the other's.
 */

#include "worker/fiber.h"

#include <assert.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/scope.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef HAS_ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#define before_switch(fake, bottom, size) __sanitizer_start_switch_fiber(fake, bottom, size)
#define after_switch(fake, bottom, size)  __sanitizer_finish_switch_fiber(fake, bottom, size)
enum { STACK_BYTES = 4 * FIBER_STACK_BYTES }; /* its checks make frames larger */
#else
#define before_switch(fake, bottom, size) ((void)(fake), (void)(bottom), (void)(size))
#define after_switch(fake, bottom, size)  ((void)(fake), (void)(bottom), (void)(size))
enum { STACK_BYTES = FIBER_STACK_BYTES };
#endif

struct fiber {
	struct fiber_crew *crew;
	struct fiber *next; /* among the idle */
	fiber_fn *fn;       /* NULL: idle, or it has ended */
	void *ctx;
	char *stack; /* STACK_BYTES, owned; the page in front of it is the guard */
	ucontext_t inside, outside;
	/* For the sanitizer: where the other stack is, and what it keeps of ours. */
	void *fake;
	const void *outside_bottom;
	size_t outside_bytes;
};

static size_t guard_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* ---- from one stack to the other --------------------------------------------------------------------------------- */

void fiber_wait(struct fiber *fiber)
{
	before_switch(&fiber->fake, fiber->outside_bottom, fiber->outside_bytes);
	swapcontext(&fiber->inside, &fiber->outside);
	after_switch(fiber->fake, &fiber->outside_bottom, &fiber->outside_bytes);
}

/* Of every stack the first function, which never returns: when one fiber has ended, the stack waits for the next. */
static void live(unsigned high, unsigned low)
{
	struct fiber *fiber = (struct fiber *)(uintptr_t)(((uint64_t)high << 32) | low);
	after_switch(NULL, &fiber->outside_bottom, &fiber->outside_bytes);
	for (;;) {
		assert(fiber->fn != NULL); /* fiber_resume() came here with one */
		fiber->fn(fiber->ctx);
		fiber->fn = NULL;
		fiber_wait(fiber);
	}
}

bool fiber_resume(struct fiber *fiber)
{
	void *fake = NULL;
	assert(fiber->fn != NULL);
	before_switch(&fake, fiber->stack, STACK_BYTES);
	swapcontext(&fiber->outside, &fiber->inside);
	after_switch(fake, NULL, NULL);
	if (fiber->fn != NULL)
		return false;
	fiber->next = fiber->crew->idle;
	fiber->crew->idle = fiber;
	return true;
}

/* ---- stacks ------------------------------------------------------------------------------------------------------ */

static void free_fiber(struct fiber *fiber)
{
	munmap(fiber->stack - guard_bytes(), STACK_BYTES + guard_bytes());
	free(fiber);
}

static struct fiber *make_fiber(struct fiber_crew *crew, struct sp_error *err)
{
	size_t guard = guard_bytes();
	char *space = mmap(NULL, STACK_BYTES + guard, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	if (space == MAP_FAILED) {
		sp_fail_errno(err, "could not make room for a stack");
		return NULL;
	}
	if (mprotect(space + guard, STACK_BYTES, PROT_READ | PROT_WRITE) != 0) {
		sp_fail_errno(err, "could not open a stack");
		munmap(space, STACK_BYTES + guard);
		return NULL;
	}
	struct fiber *fiber = sp_alloc(sizeof(*fiber));
	fiber->crew = crew;
	fiber->stack = space + guard;
	getcontext(&fiber->inside);
	fiber->inside.uc_stack.ss_sp = fiber->stack;
	fiber->inside.uc_stack.ss_size = STACK_BYTES;
	uint64_t number = (uintptr_t)fiber; /* makecontext() hands on nothing but ints */
	makecontext(&fiber->inside, (void (*)(void))live, 2, (unsigned)(number >> 32),
		    (unsigned)number);
	return fiber;
}

int fiber_create(struct fiber_crew *crew, fiber_fn *fn, void *ctx, struct fiber **out,
		 struct sp_error *err)
{
	struct fiber *fiber = crew->idle;
	if (fiber != NULL)
		crew->idle = fiber->next;
	else if ((fiber = make_fiber(crew, err)) == NULL)
		return -1;
	fiber->next = NULL;
	fiber->fn = fn;
	fiber->ctx = ctx;
	*out = fiber;
	return 0;
}

void fiber_crew_finish(struct fiber_crew *crew)
{
	while (crew->idle != NULL) {
		struct fiber *fiber = crew->idle;
		crew->idle = fiber->next;
		free_fiber(fiber);
	}
}
