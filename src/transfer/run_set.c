#include "transfer/run_set.h"

#include <string.h>

static unsigned digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static size_t bucket_of(const char *file_id)
{
	if (file_id[0] == '\0')
		return 0;
	return (digit(file_id[0]) << 4 | digit(file_id[1])) % RUN_BUCKETS;
}

void run_set_add(struct run_set *set, struct file_run *run)
{
	struct file_run **bucket = &set->buckets[bucket_of(file_run_id(run))];
	file_run_set_next(run, *bucket);
	*bucket = run;
	set->count++;
}

void run_set_remove(struct run_set *set, struct file_run *run)
{
	struct file_run **bucket = &set->buckets[bucket_of(file_run_id(run))];
	struct file_run *before = NULL;
	for (struct file_run *at = *bucket; at != run; at = file_run_next(at))
		before = at;
	if (before == NULL)
		*bucket = file_run_next(run);
	else
		file_run_set_next(before, file_run_next(run));
	set->count--;
}

struct file_run *run_set_find(const struct run_set *set, const char *file_id)
{
	struct file_run *run = set->buckets[bucket_of(file_id)];
	while (run != NULL && strcmp(file_run_id(run), file_id) != 0)
		run = file_run_next(run);
	return run;
}

void run_set_tell(struct run_set *set, void (*tell)(struct file_run *run))
{
	for (size_t i = 0; i < RUN_BUCKETS; i++)
		for (struct file_run *run = set->buckets[i], *next; run != NULL; run = next) {
			next = file_run_next(run);
			tell(run);
		}
}

bool run_set_any(const struct run_set *set, bool (*is)(const struct file_run *run))
{
	for (size_t i = 0; i < RUN_BUCKETS; i++)
		for (const struct file_run *run = set->buckets[i]; run != NULL;
		     run = file_run_next(run))
			if (is(run))
				return true;
	return false;
}

bool run_set_is_at(const struct run_set *set, const char *origin)
{
	for (size_t i = 0; i < RUN_BUCKETS; i++)
		for (const struct file_run *run = set->buckets[i]; run != NULL;
		     run = file_run_next(run))
			if (file_run_is_at_worker(run) && file_run_is_at(run, origin))
				return true;
	return false;
}
