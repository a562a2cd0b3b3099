/**
 * A worker that does as it is told, and not what it should: the engine must not believe it.
 *
 * Beside the lock file lies the file "script": one word a line, the first is this process's part (and is taken away,
 * unless it is the last one). What it hears is appended to the file "heard", a line each.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/scope.h"
#include "ipc/channel.h"
#include "ipc/worker_message.h"

enum { CONTROL_FD = 3, LOCK_FD = 4 };

static char directory[4000];
static char part[64];
static int recovered, permits;

static const char digest[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

static void read_part(void)
{
	char path[4096];
	char text[4096] = "";
	snprintf(path, sizeof(path), "%s/script", directory);
	FILE *script = fopen(path, "r+");
	if (script == NULL)
		sp_die("there is no script");
	size_t length = fread(text, 1, sizeof(text) - 1, script);
	text[length] = '\0';
	sscanf(text, "%63s", part);
	char *rest = strchr(text, '\n');
	if (rest != NULL && rest[1] != '\0') {
		rewind(script);
		fputs(rest + 1, script);
		if (ftruncate(fileno(script), (off_t)strlen(rest + 1)) != 0)
			sp_die("the script cannot be cut");
	}
	fclose(script);
}

static void hear(const char *what, const struct worker_message *message)
{
	char path[4096];
	char line[64];
	snprintf(path, sizeof(path), "%s/heard", directory);
	int length = snprintf(line, sizeof(line), "%s %u\n", what, message->attempt);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, line, (size_t)length) != length)
		sp_die("nothing can be noted");
	close(fd);
}

static void say(const struct worker_message *message)
{
	unsigned char data[IPC_MESSAGE_MAX];
	size_t length;
	struct sp_error err = { 0 };
	if (worker_message_encode(message, data, &length, &err) != 0)
		sp_die("%s", err.message);
	int result;
	while ((result = ipc_send(CONTROL_FD, data, length, NULL, 0, &err)) == IPC_AGAIN)
		poll(&(struct pollfd){ .fd = CONTROL_FD, .events = POLLOUT }, 1, -1);
	if (result == -1)
		sp_die("%s", err.message);
}

static bool plays(const char *name)
{
	return strcmp(part, name) == 0;
}

static void say_ready(const struct worker_message *to, uint64_t size)
{
	say(&(struct worker_message){ .kind = WORKER_READY,
				      .file_id = to->file_id,
				      .attempt = to->attempt,
				      .size = size,
				      .verification = plays("claim-too-much") ? VERIFIED_SERVER_HASH
									      : VERIFIED_SIZE,
				      .sha256 = (char *)(uintptr_t)digest });
}

static void say_published(const struct worker_message *to)
{
	say(&(struct worker_message){ .kind = WORKER_PUBLISHED,
				      .file_id = to->file_id,
				      .attempt = to->attempt,
				      .outcome = PUBLISH_RENAMED,
				      .replaces = strstr(part, "leave-aside") != NULL,
				      .verification = VERIFIED_SIZE });
}

static void say_taken(const struct worker_message *to, const char *final_name)
{
	say(&(struct worker_message){ .kind = WORKER_TAKEN,
				      .file_id = to->file_id,
				      .attempt = to->attempt,
				      .final_name = (char *)(uintptr_t)final_name });
}

static void say_connected(void)
{
	say(&(struct worker_message){ .kind = WORKER_CONNECTED,
				      .banner = (char[]){ "SSH-2.0-script" },
				      .fingerprint = (char[]){ "SHA256:script" },
				      .features = (char[]){ "fsync" } });
}

static void say_failed(const struct worker_message *to, enum failure_step step, enum sp_code code)
{
	say(&(struct worker_message){ .kind = WORKER_FILE_FAILED,
				      .file_id = to->file_id,
				      .attempt = to->attempt,
				      .step = step,
				      .code = code,
				      .text = (char[]){ "as the script has it" } });
}

/* Of what is fetched. */
static void say_watermark(const struct worker_message *to, uint64_t source_size)
{
	say(&(struct worker_message){ .kind = WORKER_WATERMARK,
				      .file_id = to->file_id,
				      .attempt = to->attempt,
				      .part_attempt = to->attempt,
				      .size = 7,
				      .source_size = source_size,
				      .resume_state = (char[]){ "00" } });
}

/* Until the test has made the file "go". */
static void wait_for_go(void)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/go", directory);
	while (access(path, F_OK) != 0)
		usleep(1000);
}

/* Of the file's own, where it is at storage; else that of the other bucket. */
static void ask_for_storage(const struct worker_message *to)
{
	say(&(struct worker_message){ .kind = WORKER_NEED_STORAGE,
				      .request = 1,
				      .url = to->url != NULL ? to->url
							     : (char[]){ "http://127.0.0.1:9" } });
}

static void take_file(const struct worker_message *message, int fd)
{
	uint64_t size = message->size;
	if (plays("ask-for-storage")) {
		ask_for_storage(message);
		sp_close_fd(&fd);
		return;
	}
	hear(message->kind == WORKER_SEND ? "SEND" : "RETRIEVE", message);
	if (message->kind == WORKER_RETRIEVE) {
		if (write(fd, "fetched", 7) != 7)
			sp_die("the staging file cannot be written");
		size = 7;
	}
	close(fd);

	if (strncmp(part, "connect", 7) == 0)
		say_connected();
	if (plays("wait-for-go"))
		wait_for_go();
	if (plays("die"))
		_exit(9);
	else if (plays("lie-about-size"))
		say_ready(message, size + 1);
	else if (plays("publish-unasked"))
		say_published(message);
	else if (plays("unreachable"))
		say_failed(message, STEP_CONNECT, SP_UNREACHABLE);
	else if (plays("refused"))
		say_failed(message, STEP_AUTHENTICATE, SP_AUTH);
	else if (plays("tell-of-much"))
		say_watermark(message, 1ULL << 40);
	else if (plays("denied"))
		say_failed(message, STEP_WRITE_REMOTE, SP_DENIED);
	else if (!plays("hold"))
		say_ready(message, size);
	if (plays("ready-twice"))
		say_ready(message, size);
	if (plays("wait-for-go"))
		hear("READY", message);
}

static void obey(const struct worker_message *message, int fd)
{
	switch (message->kind) {
	case WORKER_SEND:
	case WORKER_RETRIEVE:
		take_file(message, fd);
		break;
	case WORKER_PERMIT:
		hear("PERMIT", message);
		permits++;
		if (plays("die-with-all-permits")) {
			if (permits == WORKER_FILES_MAX)
				_exit(9);
			break;
		}
		if (permits == 1 && (plays("ask-to-replace") || plays("connect-and-leave-aside"))) {
			say_taken(message, NULL);
			break;
		}
		if (plays("take-any-name")) {
			say_taken(message, "../elsewhere");
			break;
		}
		if (plays("die-with-permit"))
			_exit(9);
		else if (strncmp(part, "lose-answer", 11) == 0)
			say_failed(message, STEP_RENAME_REMOTE, SP_CLOSED);
		else if (plays("refuse-rename") || plays("refuse-all"))
			say_failed(message, STEP_RENAME_REMOTE, SP_DENIED);
		else
			say_published(message);
		break;
	case WORKER_RECOVER:
		hear(message->replaces ? "RECOVER-REPLACING" : "RECOVER", message);
		recovered++;
		if (plays("part-vanished"))
			say_failed(message, STEP_RENAME_REMOTE, SP_NOT_FOUND);
		else if (plays("refused"))
			say_failed(message, STEP_AUTHENTICATE, SP_AUTH);
		else if (plays("lose-answer-and-partner") && recovered < 6)
			say_failed(message, STEP_CONNECT, SP_UNREACHABLE);
		else
			say_published(message);
		break;
	case WORKER_NO_STORAGE:
		hear(message->code == SP_DENIED ? "STORAGE-DENIED" : "STORAGE-AWAY", message);
		break;
	case WORKER_CANCEL:
		hear("CANCEL", message);
		say_failed(message, STEP_WAIT, SP_CANCELLED);
		break;
	case WORKER_REMOVE:
		hear(message->replaces ? "REMOVE-REPLACED" : "REMOVE", message);
		if (plays("refuse-all") || plays("connect-and-keep-parts"))
			say_failed(message, STEP_WRITE_REMOTE, SP_DENIED);
		else
			say(&(struct worker_message){ .kind = WORKER_REMOVED,
						      .file_id = message->file_id,
						      .attempt = message->attempt });
		break;
	default:
		break;
	}
}

int main(void)
{
	ssize_t length = readlink("/proc/self/fd/4", directory, sizeof(directory) - 1);
	char *slash = length > 0 ? strrchr(directory, '/') : NULL;
	if (slash == NULL)
		return 2;
	*slash = '\0';
	if (flock(LOCK_FD, LOCK_EX) != 0)
		return 2;
	read_part();
	if (plays("die-at-once"))
		return 9;

	for (;;) {
		unsigned char data[IPC_MESSAGE_MAX];
		int fds[IPC_FDS_MAX];
		size_t size;
		size_t fd_count;
		struct sp_error err = { 0 };
		struct pollfd wait = { .fd = CONTROL_FD, .events = POLLIN };
		poll(&wait, 1, -1);
		int result = ipc_receive(CONTROL_FD, data, &size, fds, &fd_count, &err);
		if (result == IPC_AGAIN)
			continue;
		if (result != IPC_DONE)
			return result == IPC_ENDED ? 0 : 2;
		struct worker_message message;
		if (worker_message_decode(data, size, fd_count, &message, &err) != 0)
			sp_die("%s", err.message);
		obey(&message, fd_count == 1 ? fds[0] : -1);
		worker_message_finish(&message);
	}
}
