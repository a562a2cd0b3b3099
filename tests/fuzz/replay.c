/** Stands in libFuzzer's place: runs one target over the files of a corpus, and tells in TAP. replay FOLDER|FILE … */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "fuzz.h"

enum { INPUT_MAX = 1 << 20 /* bytes */ };

static size_t ran;

/* Its name is out before it runs: when it ends the program, the last line says which it was. */
static void run_file(const char *path)
{
	FILE *file = fopen(path, "re");
	if (file == NULL)
		sp_die("could not open \"%s\"", path);
	SP_AUTO_FREE uint8_t *room = sp_alloc(INPUT_MAX);
	size_t size = fread(room, 1, INPUT_MAX, file);
	if (ferror(file))
		sp_die("could not read \"%s\"", path);
	fclose(file);

	/* Of just that size, so that the address sanitizer sees what reads past the end. */
	SP_AUTO_FREE uint8_t *input = malloc(size == 0 ? 1 : size);
	memcpy(input, room, size);
	printf("# %s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(input, size);
	printf("ok %zu - %s\n", ++ran, path);
}

static int is_no_dot_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void run_folder(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_no_dot_name, alphasort);
	if (count < 0)
		sp_die("could not read the folder \"%s\"", path);
	for (int i = 0; i < count; i++) {
		SP_AUTO_BUFFER name = { 0 };
		sp_buffer_format(&name, "%s/%s", path, entries[i]->d_name);
		run_file(sp_buffer_text(&name));
		free(entries[i]);
	}
	free(entries);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct stat status;
		if (stat(argv[i], &status) == -1)
			sp_die("could not look at \"%s\"", argv[i]);
		if (S_ISDIR(status.st_mode))
			run_folder(argv[i]);
		else
			run_file(argv[i]);
	}
	printf("1..%zu\n", ran);
	return ran > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
