#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/text.h"
#include "loop/spawn.h"

/* A shell that answers on descriptor 3 what @script prints; the answer is owned by the caller. */
static char *ask_child_with_log(const char *script, int log_fd, const int *more_fds,
				size_t more_count)
{
	int answer[2];
	assert_int_equal(pipe2(answer, O_CLOEXEC), 0);
	int fds[8] = { answer[1] };
	for (size_t i = 0; i < more_count; i++)
		fds[1 + i] = more_fds[i];

	char *const argv[] = { "/bin/sh", "-c", (char *)script, NULL };
	char *const envp[] = { "PATH=/usr/bin:/bin", "COLOUR=green", NULL };
	pid_t pid = -1;
	struct sp_error err = { 0 };
	assert_int_equal(spawn_program(argv, envp, log_fd, fds, 1 + more_count, &pid, &err), 0);
	close(answer[1]);

	char *text = sp_alloc(4096);
	size_t length = 0;
	ssize_t got;
	while ((got = read(answer[0], text + length, 4095 - length)) > 0)
		length += (size_t)got;
	close(answer[0]);
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return text;
}

static char *ask_child(const char *script, const int *more_fds, size_t more_count)
{
	return ask_child_with_log(script, STDERR_FILENO, more_fds, more_count);
}

static void what_the_child_says_goes_where_it_shall(void **state)
{
	(void)state;
	int log[2];
	char said[64] = "";
	assert_int_equal(pipe2(log, O_CLOEXEC), 0);
	SP_AUTO_FREE char *text = ask_child_with_log("echo one; echo two >&2", log[1], NULL, 0);
	assert_string_equal(text, "");
	close(log[1]);
	assert_int_equal(read(log[0], said, sizeof(said) - 1), strlen("one\ntwo\n"));
	assert_string_equal(said, "one\ntwo\n");
	close(log[0]);
}

static void the_child_has_exactly_the_descriptors_it_was_handed(void **state)
{
	(void)state;
	/* One that is inheritable by mistake: it must not arrive either. */
	SP_AUTO_FD stray = open("/dev/null", O_RDONLY);
	assert_true(stray > 2);
	/* $$ is the shell's own list, seen from a program that has opened a directory of its own; the last
	 * command keeps the shell from becoming that program. */
	SP_AUTO_FREE char *text = ask_child("exec >&3; ls /proc/$$/fd; true", NULL, 0);
	assert_string_equal(text, "0\n1\n2\n3\n");
}

static void sources_that_collide_with_targets_arrive_in_order(void **state)
{
	(void)state;
	/* Three files, handed in an order in which each one's number is another one's target: the numbers 4, 5 and 6
	 * are taken first, whatever they are now. */
	char names[3][32];
	int fds[3];
	for (int i = 0; i < 3; i++) {
		snprintf(names[i], sizeof(names[i]), "/tmp/spawn-test-XXXXXX");
		int fd = mkostemp(names[i], O_CLOEXEC);
		assert_true(fd >= 0);
		dprintf(fd, "file %d\n", i);
		lseek(fd, 0, SEEK_SET);
		fds[i] = fd;
	}
	int saved[7];
	for (int number = 4; number <= 6; number++)
		saved[number] = fcntl(number, F_DUPFD_CLOEXEC, 50);
	for (int i = 0; i < 3; i++) {
		int high = fcntl(fds[i], F_DUPFD_CLOEXEC, 50);
		close(fds[i]);
		fds[i] = high;
	}
	/* The child's 4, 5, 6 are to be file 0, 1, 2; here they are 6, 4 and 5. */
	static const int numbers[3] = { 6, 4, 5 };
	for (int i = 0; i < 3; i++) {
		assert_int_equal(dup3(fds[i], numbers[i], O_CLOEXEC), numbers[i]);
		close(fds[i]);
	}
	SP_AUTO_FREE char *text =
		ask_child("cat <&4 >&3; cat <&5 >&3; cat <&6 >&3; exec >&3; ls /proc/$$/fd; true",
			  numbers, 3);
	assert_string_equal(text, "file 0\nfile 1\nfile 2\n0\n1\n2\n3\n4\n5\n6\n");

	for (int number = 4; number <= 6; number++) {
		close(number);
		if (saved[number] != -1) {
			dup2(saved[number], number);
			close(saved[number]);
		}
	}
	for (int i = 0; i < 3; i++)
		unlink(names[i]);
}

static void one_descriptor_may_be_handed_twice_and_on_its_own_number(void **state)
{
	(void)state;
	SP_AUTO_FD null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int saved = fcntl(4, F_DUPFD_CLOEXEC, 50);
	assert_int_equal(dup3(null, 4, O_CLOEXEC), 4);
	const int twice[] = { 4, 4 };
	SP_AUTO_FREE char *text =
		ask_child("readlink /proc/self/fd/4 /proc/self/fd/5 >&3", twice, 2);
	assert_string_equal(text, "/dev/null\n/dev/null\n");
	close(4);
	if (saved != -1) {
		dup2(saved, 4);
		close(saved);
	}
}

static void the_standard_streams_are_null_and_our_standard_error(void **state)
{
	(void)state;
	struct stat own;
	assert_int_equal(fstat(STDERR_FILENO, &own), 0);
	SP_AUTO_FREE char *text = ask_child("null=$(readlink /proc/$$/fd/0); nodes=$(stat -L -c %i "
					    "/proc/$$/fd/1 /proc/$$/fd/2);"
					    "echo $null $nodes >&3",
					    NULL, 0);
	char expected[128];
	snprintf(expected, sizeof(expected), "/dev/null %lu %lu\n", (unsigned long)own.st_ino,
		 (unsigned long)own.st_ino);
	assert_string_equal(text, expected);
}

static void signals_are_as_new_and_the_environment_is_what_was_given(void **state)
{
	(void)state;
	sigset_t all, before;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	void (*pipe_before)(int) = signal(SIGPIPE, SIG_IGN);
	void (*hup_before)(int) = signal(SIGHUP, SIG_IGN);
	/* The program looks at itself: a shell blocks signals while it starts one. */
	SP_AUTO_FREE char *text = ask_child(
		"grep -E '^Sig(Blk|Ign)' /proc/self/status >&3; echo $COLOUR >&3", NULL, 0);
	signal(SIGPIPE, pipe_before);
	signal(SIGHUP, hup_before);
	sigprocmask(SIG_SETMASK, &before, NULL);

	unsigned long blocked = 1, ignored = 1;
	char colour[16] = "";
	assert_int_equal(sscanf(text, "SigBlk: %lx SigIgn: %lx %15s", &blocked, &ignored, colour),
			 3);
	/* 32 and 33 belong to the C library, which keeps its hands on them. */
	assert_int_equal(blocked & ~(3UL << 31), 0);
	assert_int_equal(ignored & ~(3UL << 31), 0);
	assert_string_equal(colour, "green");
}

static void the_child_leads_a_process_group_of_its_own(void **state)
{
	(void)state;
	SP_AUTO_FREE char *text =
		ask_child("test $(ps -o pgid= -p $$) = $$ && echo leads >&3", NULL, 0);
	assert_string_equal(text, "leads\n");
}

static void what_cannot_be_started_is_told_in_one_sentence(void **state)
{
	(void)state;
	struct sp_error err = { 0 };
	pid_t pid = -1;
	char *const argv[] = { "/no/such/program", NULL };
	char *const envp[] = { NULL };
	assert_int_equal(spawn_program(argv, envp, STDERR_FILENO, NULL, 0, &pid, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	assert_string_equal(err.message, "could not start \"/no/such/program\": No such file or "
					 "directory");

	const int closed[] = { 987 };
	char *const shell[] = { "/bin/sh", NULL };
	assert_int_equal(spawn_program(shell, envp, STDERR_FILENO, closed, 1, &pid, &err), -1);
	assert_string_equal(err.message, "could not start \"/bin/sh\": could not copy descriptor "
					 "987: Bad file descriptor");

	static const int many[17];
	assert_int_equal(spawn_program(shell, envp, STDERR_FILENO, many, 17, &pid, &err), -1);
	assert_int_equal(err.code, SP_LIMIT);
}

static void nothing_stays_open_here(void **state)
{
	(void)state;
	int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(before);
	for (int i = 0; i < 3; i++) {
		SP_AUTO_FREE char *text = ask_child("echo >&3", NULL, 0);
		assert_string_equal(text, "\n");
	}
	int after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(after);
	assert_int_equal(before, after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_child_says_goes_where_it_shall),
		cmocka_unit_test(the_child_has_exactly_the_descriptors_it_was_handed),
		cmocka_unit_test(sources_that_collide_with_targets_arrive_in_order),
		cmocka_unit_test(one_descriptor_may_be_handed_twice_and_on_its_own_number),
		cmocka_unit_test(the_standard_streams_are_null_and_our_standard_error),
		cmocka_unit_test(signals_are_as_new_and_the_environment_is_what_was_given),
		cmocka_unit_test(the_child_leads_a_process_group_of_its_own),
		cmocka_unit_test(what_cannot_be_started_is_told_in_one_sentence),
		cmocka_unit_test(nothing_stays_open_here),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
