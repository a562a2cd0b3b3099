#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/landlock.h"
#include "base/scope.h"
#include "base/text.h"

enum { EXIT_GOOD = 17, EXIT_BAD = 18 };

/* Descriptors that are there before. */
static struct {
	int file, abstract;
	struct sockaddr_un name;
	socklen_t name_size;
} world;

static bool is_refused(long result, int number)
{
	return result == -1 && errno == number;
}

static bool files_are_closed(void)
{
	return is_refused(open("/etc/passwd", O_RDONLY), EACCES) &&
	       is_refused(open("/", O_RDONLY | O_DIRECTORY), EACCES) &&
	       is_refused(open("/tmp/sallyport-never", O_CREAT | O_WRONLY, 0600), EACCES) &&
	       is_refused(open("/proc/self/status", O_RDONLY), EACCES) &&
	       is_refused(mkdir("/tmp/sallyport-never", 0700), EACCES) &&
	       is_refused(execl("/bin/true", "true", NULL), EACCES);
}

static bool ports_are_closed(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				       .sin_port = htons(1) };
	SP_AUTO_FD fd = socket(AF_INET, SOCK_STREAM, 0);
	const struct sockaddr *generic = (const struct sockaddr *)&address;
	return is_refused(connect(fd, generic, sizeof(address)), EACCES) &&
	       is_refused(bind(fd, generic, sizeof(address)), EACCES);
}

static bool others_are_out_of_reach(void)
{
	SP_AUTO_FD fd = socket(AF_UNIX, SOCK_STREAM, 0);
	const struct sockaddr *generic = (const struct sockaddr *)&world.name;
	return is_refused(kill(getppid(), 0), EPERM) &&
	       is_refused(connect(fd, generic, world.name_size), EPERM);
}

static bool what_is_open_stays_open(void)
{
	char byte;
	return read(world.file, &byte, 1) == 1;
}

static const struct {
	int version;
	bool (*holds)(void);
	const char *what;
} promises[] = {
	{ 0, what_is_open_stays_open, "what is open stays open" },
	{ 1, files_are_closed, "files are closed" },
	{ 4, ports_are_closed, "ports are closed" },
	{ 6, others_are_out_of_reach, "others are out of reach" },
};

static void *look(void *ctx)
{
	(void)ctx;
	for (size_t i = 0; i < SP_COUNT_OF(promises); i++)
		if (promises[i].version <= sp_landlock_version() && !promises[i].holds()) {
			fprintf(stderr, "not true: %s\n", promises[i].what);
			_exit(EXIT_BAD);
		}
	return NULL;
}

static void forbids_files_ports_and_others_to_all_threads_that_follow(void **state)
{
	(void)state;
	world.file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	world.abstract = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	world.name.sun_family = AF_UNIX; /* the kernel draws a name */
	assert_int_equal(
		bind(world.abstract, (const struct sockaddr *)&world.name, sizeof(sa_family_t)), 0);
	assert_int_equal(listen(world.abstract, 1), 0);
	world.name_size = sizeof(world.name);
	getsockname(world.abstract, (struct sockaddr *)&world.name, &world.name_size);

	pid_t child = fork();
	if (child == 0) {
		struct sp_error err;
		pthread_t thread;
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (sp_landlock_forbid_all(&err) != 0 ||
		    pthread_create(&thread, NULL, look, NULL) != 0)
			_exit(EXIT_BAD);
		pthread_join(thread, NULL);
		look(NULL);
		_exit(EXIT_GOOD);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, W_EXITCODE(EXIT_GOOD, 0));
	close(world.file);
	close(world.abstract);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forbids_files_ports_and_others_to_all_threads_that_follow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
