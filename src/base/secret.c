#include "base/secret.h"

#include <sys/mman.h>

#include "base/error.h"

enum { STACK_WIPED = 16 * 1024 };

void *sp_secret_pages(size_t size)
{
	void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		sp_die("out of memory (%zu bytes)", size);
	/* Both may fail where they are not allowed, and the secret is no worse off than anywhere else. */
	mlock(pages, size);
	madvise(pages, size, MADV_DONTDUMP);
	return pages;
}

void sp_secret_pages_free(void *pages, size_t size)
{
	if (pages == NULL)
		return;
	explicit_bzero(pages, size);
	munmap(pages, size);
}

__attribute__((noinline)) void sp_secret_wipe_stack(void)
{
	char below[STACK_WIPED];
	explicit_bzero(below, sizeof(below));
}
