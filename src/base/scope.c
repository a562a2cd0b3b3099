#include "base/scope.h"

#include <string.h>

#include "base/error.h"

void *sp_alloc(size_t size)
{
	void *memory = calloc(1, size == 0 ? 1 : size);
	if (memory == NULL)
		sp_die("out of memory (%zu bytes)", size);
	return memory;
}

void *sp_realloc(void *old, size_t size)
{
	void *memory = realloc(old, size == 0 ? 1 : size);
	if (memory == NULL)
		sp_die("out of memory (%zu bytes)", size);
	return memory;
}

char *sp_strdup(const char *text)
{
	if (text == NULL)
		return NULL;
	char *copy = strdup(text);
	if (copy == NULL)
		sp_die("out of memory (%zu bytes)", strlen(text) + 1);
	return copy;
}

char *sp_strndup(const char *text, size_t length)
{
	size_t size = strnlen(text, length);
	char *copy = sp_alloc(size + 1);
	memcpy(copy, text, size);
	return copy;
}
