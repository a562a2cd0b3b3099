/**
 * Watches folders and tells what happens in them, one line per event, so that a story can prove that nobody wrote to
 * a final name and that no short file ever stood under one.
 *
 *   watch FOLDER…     prints "ready", then "EVENT size folder-index name" until standard input ends
 *
 * EVENT is CREATE, MODIFY, CLOSE_WRITE, MOVED_FROM, MOVED_TO, DELETE or OVERFLOW. The size is looked up at once for
 * CREATE and MOVED_TO and is -1 elsewhere or when the name is gone already. Bytes of a name that are no printable
 * ASCII, and backslashes, are written \xHH. An event that repeats the one before it is not printed again.
 */
#include <err.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDERS_MAX = 64, EVENTS_BUFFER_BYTES = 1 << 16, LINE_BYTES = 2048 };

static const struct {
	uint32_t bit;
	const char *name;
	bool has_size;
} kinds[] = {
	{ IN_CREATE, "CREATE", true },
	{ IN_MODIFY, "MODIFY", false },
	{ IN_CLOSE_WRITE, "CLOSE_WRITE", false },
	{ IN_MOVED_FROM, "MOVED_FROM", false },
	{ IN_MOVED_TO, "MOVED_TO", true },
	{ IN_DELETE, "DELETE", false },
	{ IN_Q_OVERFLOW, "OVERFLOW", false },
};

static void escape_name(const char *name, char *out, size_t room)
{
	size_t used = 0;
	for (; *name != '\0' && used + 5 < room; name++) {
		unsigned char byte = (unsigned char)*name;
		if (byte < 0x20 || byte >= 0x7f || byte == '\\')
			used += (size_t)snprintf(out + used, room - used, "\\x%02x", byte);
		else
			out[used++] = *name;
	}
	out[used] = '\0';
}

static void tell(const struct inotify_event *event, char *const *folders, const int *watches,
		 int count)
{
	static char last[LINE_BYTES];
	int index = 0;
	while (index < count && watches[index] != event->wd)
		index++;

	const char *name = event->len > 0 ? event->name : "";
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if ((event->mask & kinds[i].bit) == 0)
			continue;
		long long size = -1;
		char path[LINE_BYTES];
		struct stat status;
		if (kinds[i].has_size && index < count &&
		    snprintf(path, sizeof(path), "%s/%s", folders[index], name) < LINE_BYTES &&
		    lstat(path, &status) == 0)
			size = (long long)status.st_size;

		char escaped[LINE_BYTES / 2], line[LINE_BYTES];
		escape_name(name, escaped, sizeof(escaped));
		snprintf(line, sizeof(line), "%s %lld %d %s", kinds[i].name, size, index, escaped);
		if (strcmp(line, last) != 0)
			puts(line);
		memcpy(last, line, sizeof(last));
	}
}

int main(int argc, char **argv)
{
	int count = argc - 1, watches[FOLDERS_MAX];
	if (count < 1 || count > FOLDERS_MAX)
		errx(2, "usage: watch FOLDER… (at most %d)", FOLDERS_MAX);
	int queue = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (queue == -1)
		err(1, "could not start watching");
	for (int i = 0; i < count; i++) {
		watches[i] = inotify_add_watch(queue, argv[i + 1],
					       IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVE |
						       IN_DELETE | IN_ONLYDIR);
		if (watches[i] == -1)
			err(1, "could not watch \"%s\"", argv[i + 1]);
	}
	puts("ready");
	fflush(stdout);

	struct pollfd waits[] = { { .fd = queue, .events = POLLIN },
				  { .fd = STDIN_FILENO, .events = POLLIN } };
	for (;;) {
		if (poll(waits, 2, -1) == -1)
			err(1, "could not wait for events");
		/* Events that happened before the end of our input are told before we end. */
		_Alignas(struct inotify_event) char buffer[EVENTS_BUFFER_BYTES];
		ssize_t length;
		while ((length = read(queue, buffer, sizeof(buffer))) > 0)
			for (char *at = buffer; at < buffer + length;) {
				const struct inotify_event *event = (void *)at;
				tell(event, argv + 1, watches, count);
				at += sizeof(*event) + event->len;
			}
		fflush(stdout);
		if (waits[1].revents != 0)
			return 0;
	}
}
