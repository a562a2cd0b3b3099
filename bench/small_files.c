/*
 * The worker alone: many small files between a folder and a real server. This program plays the daemon, without a store,
 * permits what is ready at once, and keeps as many files at the worker as it may have.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/scope.h"
#include "ipc/channel.h"
#include "ipc/worker_message.h"

static const char usage[] =
	"usage: small_files up|down --worker PROGRAM --port N --user NAME "
	"--key FILE --trusted FILE\n"
	"                           --local FOLDER --remote FOLDER --count N "
	"--size BYTES [--connections N]\n"
	"       up: FOLDER/f0000, FOLDER/f0001, … go to the server; down: they come "
	"from there. Prints JSON.\n";

enum { FD_BASE = 100 };

static struct options {
	bool up;
	const char *worker, *user, *local, *remote;
	char *key, *trusted;
	uint16_t port;
	unsigned count, connections;
	uint64_t size;
} options = { .connections = 1 };

static int control;
static unsigned given, ended, at_worker;
static double connected, first_given;

_Noreturn static void stop(const char *what, const char *why)
{
	fprintf(stderr, "small_files: %s%s%s\n", what, why == NULL ? "" : ": ",
		why == NULL ? "" : why);
	exit(1);
}

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static char *read_whole(const char *path)
{
	char *text = sp_alloc(65536);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, 65535) <= 0)
		stop(path, "cannot be read");
	close(fd);
	return text;
}

/* ---- messages ---------------------------------------------------------------------------------------------------- */

/* False when there is no room now. */
static bool send_message(const struct worker_message *message, int fd)
{
	static uint8_t wire[IPC_MESSAGE_MAX];
	size_t length;
	struct sp_error err = { 0 };
	if (worker_message_encode(message, wire, &length, &err) != 0)
		stop("a message", err.message);
	int result = ipc_send(control, wire, length, &fd, fd >= 0, &err);
	if (result == -1)
		stop("a message", err.message);
	if (result == IPC_ENDED)
		stop("the worker left", NULL);
	return result == IPC_DONE;
}

static void send_surely(const struct worker_message *message, int fd)
{
	while (!send_message(message, fd)) {
		struct pollfd wait = { .fd = control, .events = POLLOUT };
		poll(&wait, 1, -1);
	}
}

static void configure(void)
{
	send_surely(
		&(struct worker_message){
			.kind = WORKER_CONFIGURE,
			.connector_id = (char *)"c-00000000000000001",
			.host = (char *)"127.0.0.1",
			.port = options.port,
			.user = (char *)(uintptr_t)options.user,
			.private_key = options.key,
			.trusted_keys = options.trusted,
			.security_policy = (char *)"TransferSFTPConnectorSecurityPolicy-2024-03",
			.connections = options.connections,
			.handshake_timeout_ms = 60000,
			.idle_timeout_ms = 60000,
			.keepalive_ms = 15000,
		},
		-1);
}

static void give_socket(uint32_t request)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(options.port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		stop("cannot connect", NULL);
	send_surely(&(struct worker_message){ .kind = WORKER_SOCKET,
					      .request = request,
					      .text = (char *)"127.0.0.1" },
		    fd);
	close(fd);
}

/* False when there is no room for another one now. */
static bool give_file(void)
{
	char id[FILE_ID_SIZE], name[512], path[512];
	snprintf(id, sizeof(id), "%032x", given * 2654435761u);
	snprintf(path, sizeof(path), "%s/f%04u", options.local, given);
	snprintf(name, sizeof(name), options.up ? "f%04u" : "%2$s/f%1$04u", given, options.remote);
	int fd = open(path,
		      options.up ? O_RDONLY | O_CLOEXEC : O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		      0644);
	if (fd < 0)
		stop(path, "cannot be opened");
	struct worker_message order = {
		.kind = options.up ? WORKER_SEND : WORKER_RETRIEVE,
		.file_id = id,
		.attempt = 1,
		.part_attempt = 1,
		.oldest_attempt = 1,
		.size = options.size,
		.directory = options.up ? (char *)(uintptr_t)options.remote : NULL,
		.name = name,
	};
	bool sent = send_message(&order, fd);
	close(fd);
	if (sent) {
		given++;
		at_worker++;
	}
	return sent;
}

static void hear(const struct worker_message *message)
{
	switch (message->kind) {
	case WORKER_NEED_SOCKET:
		give_socket(message->request);
		break;
	case WORKER_READY:
		if (connected == 0)
			connected = now();
		if (!options.up) {
			ended++;
			at_worker--;
			break;
		}
		send_surely(&(struct worker_message){ .kind = WORKER_PERMIT,
						      .file_id = message->file_id,
						      .attempt = message->attempt },
			    -1);
		break;
	case WORKER_PUBLISHED:
		ended++;
		at_worker--;
		break;
	case WORKER_FILE_FAILED:
		stop("a file failed", message->text);
	default:
		break;
	}
}

static void hear_all(void)
{
	static uint8_t wire[IPC_MESSAGE_MAX];
	int fds[IPC_FDS_MAX], result;
	size_t length, fd_count;
	struct sp_error err = { 0 };
	while ((result = ipc_receive(control, wire, &length, fds, &fd_count, &err)) == IPC_DONE) {
		struct worker_message message;
		if (worker_message_decode(wire, length, fd_count, &message, &err) != 0)
			stop("a message", err.message);
		hear(&message);
		worker_message_finish(&message);
	}
	if (result != IPC_AGAIN)
		stop("the worker left", NULL);
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static pid_t start_worker(void)
{
	int pair[2];
	struct sp_error err = { 0 };
	if (ipc_pair(pair, &err) != 0)
		stop("a socket pair", err.message);
	char lock_path[] = "/tmp/small_files.XXXXXX";
	int lock = mkstemp(lock_path);
	unlink(lock_path);
	int theirs = fcntl(pair[1], F_DUPFD_CLOEXEC, FD_BASE);
	int their_lock = fcntl(lock, F_DUPFD_CLOEXEC, FD_BASE);
	control = fcntl(pair[0], F_DUPFD_CLOEXEC, FD_BASE);
	close(pair[0]), close(pair[1]), close(lock);
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, theirs, 3);
	posix_spawn_file_actions_adddup2(&actions, their_lock, 4);
	char *arguments[] = { (char *)(uintptr_t)options.worker, NULL };
	pid_t pid;
	if (posix_spawn(&pid, options.worker, &actions, NULL, arguments, (char *[]){ NULL }) != 0)
		stop(options.worker, "cannot be started");
	close(theirs), close(their_lock);
	return pid;
}

static void run(void)
{
	configure();
	first_given = now();
	while (ended < options.count) {
		bool room = true;
		while (room && given < options.count && at_worker < WORKER_FILES_MAX)
			room = give_file();
		struct pollfd wait = { .fd = control,
				       .events = (short)(POLLIN | (room ? 0 : POLLOUT)) };
		poll(&wait, 1, -1);
		hear_all();
	}
}

static void parse(int argc, char **argv)
{
	static const struct option known[] = {
		{ "worker", 1, NULL, 'w' },
		{ "port", 1, NULL, 'p' },
		{ "user", 1, NULL, 'u' },
		{ "key", 1, NULL, 'k' },
		{ "trusted", 1, NULL, 't' },
		{ "local", 1, NULL, 'l' },
		{ "remote", 1, NULL, 'r' },
		{ "count", 1, NULL, 'c' },
		{ "size", 1, NULL, 's' },
		{ "connections", 1, NULL, 'n' },
		{ 0 },
	};
	for (int found; (found = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		switch (found) {
		case 'w':
			options.worker = optarg;
			break;
		case 'p':
			options.port = (uint16_t)strtoul(optarg, NULL, 10);
			break;
		case 'u':
			options.user = optarg;
			break;
		case 'k':
			options.key = read_whole(optarg);
			break;
		case 't':
			options.trusted = read_whole(optarg);
			break;
		case 'l':
			options.local = optarg;
			break;
		case 'r':
			options.remote = optarg;
			break;
		case 'c':
			options.count = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 's':
			options.size = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			options.connections = (unsigned)strtoul(optarg, NULL, 10);
			break;
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (optind + 1 != argc || options.worker == NULL || options.user == NULL ||
	    options.key == NULL || options.trusted == NULL || options.local == NULL ||
	    options.remote == NULL) {
		fputs(usage, stderr);
		exit(2);
	}
	options.up = strcmp(argv[optind], "up") == 0;
}

static double seconds(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	parse(argc, argv);
	pid_t pid = start_worker();
	run();
	double end = now();
	close(control);
	struct rusage used;
	int status;
	wait4(pid, &status, 0, &used);
	printf("{\"seconds\": %.4f, \"after_first_ready\": %.4f, \"files_per_second\": %.0f, "
	       "\"worker_cpu\": %.3f, \"worker_peak_kib\": %ld}\n",
	       end - first_given, end - connected, options.count / (end - first_given),
	       seconds(&used.ru_utime) + seconds(&used.ru_stime), used.ru_maxrss);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}
