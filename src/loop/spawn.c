#include "loop/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>

#include "base/scope.h"

enum {
	FIRST_HANDED = 3, /* the child's number for fds[0] */
	HANDED_MAX = 16,  /* our messages between processes carry no more either */
	COPIES_MAX = 1 + HANDED_MAX,
};

struct copies {
	int fds[COPIES_MAX];
	size_t count;
};

static void close_copies(struct copies *copies)
{
	for (size_t i = 0; i < copies->count; i++)
		close(copies->fds[i]);
}

static void finish_actions(posix_spawn_file_actions_t *actions)
{
	posix_spawn_file_actions_destroy(actions);
}

static void finish_attributes(posix_spawnattr_t *attributes)
{
	posix_spawnattr_destroy(attributes);
}

/* Copies above all numbers that the child uses: a source is never another one's target, and never its own, which
 * would keep close-on-exec. */
static int add_copy(struct copies *copies, int fd, int above, struct sp_error *err)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, above);
	if (copy == -1)
		return sp_fail_errno(err, "could not copy descriptor %d", fd);
	copies->fds[copies->count++] = copy;
	return 0;
}

/* The first failure is returned: an errno, 0 when all is well. */
static int describe_files(posix_spawn_file_actions_t *actions, const struct copies *copies)
{
	int number =
		posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (number == 0)
		number = posix_spawn_file_actions_adddup2(actions, copies->fds[0], STDOUT_FILENO);
	for (size_t i = 0; number == 0 && i < copies->count; i++)
		number = posix_spawn_file_actions_adddup2(actions, copies->fds[i],
							  STDERR_FILENO + (int)i);
	if (number == 0)
		number = posix_spawn_file_actions_addclosefrom_np(
			actions, STDERR_FILENO + (int)copies->count);
	return number;
}

static int describe_process(posix_spawnattr_t *attributes)
{
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	int number = posix_spawnattr_setsigmask(attributes, &none);
	if (number == 0)
		number = posix_spawnattr_setsigdefault(attributes, &all);
	if (number == 0)
		number = posix_spawnattr_setpgroup(attributes, 0);
	if (number == 0)
		number = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
								      POSIX_SPAWN_SETSIGDEF |
								      POSIX_SPAWN_SETPGROUP);
	return number;
}

int spawn_program(char *const argv[], char *const envp[], int log_fd, const int *fds,
		  size_t fd_count, pid_t *out_pid, struct sp_error *err)
{
	if (fd_count > HANDED_MAX)
		return sp_fail(err, SP_LIMIT, "cannot hand %zu descriptors to \"%s\": at most %d",
			       fd_count, argv[0], HANDED_MAX);

	__attribute__((cleanup(close_copies))) struct copies copies = { 0 };
	int above = FIRST_HANDED + (int)fd_count;
	if (add_copy(&copies, log_fd, above, err) != 0)
		return sp_wrap(err, "could not start \"%s\"", argv[0]);
	for (size_t i = 0; i < fd_count; i++)
		if (add_copy(&copies, fds[i], above, err) != 0)
			return sp_wrap(err, "could not start \"%s\"", argv[0]);

	__attribute__((cleanup(finish_actions))) posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	__attribute__((cleanup(finish_attributes))) posix_spawnattr_t attributes;
	posix_spawnattr_init(&attributes);

	int number = describe_files(&actions, &copies);
	if (number == 0)
		number = describe_process(&attributes);
	if (number == 0)
		number = posix_spawn(out_pid, argv[0], &actions, &attributes, argv, envp);
	if (number != 0)
		return sp_fail(err, sp_code_from_errno(number), "could not start \"%s\": %s",
			       argv[0], strerror(number));
	return 0;
}
