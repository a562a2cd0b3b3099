/*
 * The object of a directory listing, which lies in a bucket where others write too, read a page at a time. Pages come
 * forward and end; and whatever the size of the pages, they have the same entries.
 */
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "service/native/listing_page.h"

/* All entries as text, owned by the caller; NULL when it is no listing. */
static char *read_all(int fd, size_t max)
{
	struct listing_page page = { .files = json_array(), .paths = json_array() };
	struct sp_error err = { 0 };
	int result;
	int64_t before;
	do {
		before = page.next.offset;
		result = listing_page_read(fd, max, &page, &err);
		FUZZ_CHECK(result != 0 || !page.more || page.next.offset > before);
	} while (result == 0 && page.more);
	if (result != 0)
		fuzz_check_error(&err);
	SP_AUTO_JSON json_t *both = json_pack("[o, o]", page.files, page.paths);
	return result == 0 ? json_dumps(both, 0) : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SP_AUTO_FD fd = memfd_create("listing", MFD_CLOEXEC);
	FUZZ_CHECK(fd != -1 && write(fd, data, size) == (ssize_t)size);
	SP_AUTO_FREE char *at_once = read_all(fd, 1000);
	SP_AUTO_FREE char *one_by_one = read_all(fd, 1);
	FUZZ_CHECK((at_once == NULL) == (one_by_one == NULL));
	FUZZ_CHECK(at_once == NULL || strcmp(at_once, one_by_one) == 0);
	return 0;
}
