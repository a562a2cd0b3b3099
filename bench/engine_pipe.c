/*
 * What the SFTP engine costs without SSH: one file through sftp-server(8) on a socket pair, up and down, beside a bare
 * copy through the same kind of socket. Prints MiB/s and the seconds of CPU that this process used.
 *
 *   engine_pipe FOLDER [MiB] [rounds]
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/scope.h"
#include "pipe_channel.h"
#include "remote/download.h"
#include "remote/upload.h"

enum { BLOCKS = 40, IDLE_MS = 60000 };

/* Blocks whose bytes nobody makes or looks at. */
struct blocks {
	struct block all[BLOCKS];
	struct block *free;
	uint64_t left, offset;
};

static struct block *get(void *ctx)
{
	struct blocks *blocks = ctx;
	struct block *block = blocks->free;
	if (block != NULL)
		blocks->free = block->next;
	return block;
}

static void give_back(void *ctx, struct block *block)
{
	struct blocks *blocks = ctx;
	block->next = blocks->free;
	blocks->free = block;
}

static int take(void *ctx, struct block **out, struct sp_error *err)
{
	(void)err;
	struct blocks *blocks = ctx;
	if (blocks->left == 0)
		return 2;
	if ((*out = get(blocks)) == NULL)
		return 0;
	(*out)->length = blocks->left < REMOTE_BLOCK_MAX ? blocks->left : REMOTE_BLOCK_MAX;
	(*out)->offset = blocks->offset;
	blocks->left -= (*out)->length;
	blocks->offset += (*out)->length;
	return 1;
}

static int put(void *ctx, struct block *block, struct sp_error *err)
{
	(void)err;
	give_back(ctx, block);
	return 0;
}

static double now(clockid_t clock)
{
	struct timespec time;
	clock_gettime(clock, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double wall_start, cpu_start;

static void start(void)
{
	wall_start = now(CLOCK_MONOTONIC);
	cpu_start = now(CLOCK_PROCESS_CPUTIME_ID);
}

static void tell(const char *what, uint64_t size)
{
	double wall = now(CLOCK_MONOTONIC) - wall_start;
	double cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu_start;
	printf("%-12s %7.0f MiB/s   %.2f s CPU\n", what, (double)size / wall / (1 << 20), cpu);
}

_Noreturn static void stop(const struct sp_error *err)
{
	fprintf(stderr, "engine_pipe: %s\n", err->message);
	exit(1);
}

static void send_file(struct remote *remote, const char *path, uint64_t size, struct blocks *blocks)
{
	const struct block_source source = { blocks, take, give_back };
	const struct upload_plan plan = { .part_path = path, .size = size };
	blocks->left = size;
	blocks->offset = 0;
	struct upload *upload = upload_start(remote, &plan, &source);
	enum failure_step step;
	struct sp_error err = { 0 };
	enum job_state state;
	while ((state = upload_step(upload, &step, &err)) == JOB_WORKING)
		if (remote_pump(remote, -1, -1, IDLE_MS, &err) != 0)
			stop(&err);
	if (state == JOB_FAILED)
		stop(&err);
	upload_destroy(upload);
}

static void fetch_file(struct remote *remote, const char *path, struct blocks *blocks)
{
	const struct block_sink sink = { blocks, get, put, give_back };
	const struct download_plan plan = { .path = path };
	struct download *download = download_start(remote, &plan, &sink);
	enum failure_step step;
	struct sp_error err = { 0 };
	enum job_state state;
	while ((state = download_step(download, &step, &err)) == JOB_WORKING)
		if (remote_pump(remote, -1, -1, IDLE_MS, &err) != 0)
			stop(&err);
	if (state == JOB_FAILED)
		stop(&err);
	download_destroy(download);
}

/* cat's way: read from one descriptor, write to the other. */
static void copy(int from, int to, uint8_t *buffer)
{
	ssize_t count;
	while ((count = read(from, buffer, REMOTE_BLOCK_MAX)) > 0)
		for (ssize_t done = 0, sent; done < count; done += sent)
			if ((sent = write(to, buffer + done, (size_t)(count - done))) <= 0)
				_exit(1);
}

/* The bytes of one process through a socket into a file (@up), or from the file. */
static void copy_barely(const char *path, uint64_t size, bool up, uint8_t *buffer)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
		exit(1);
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		int file = open(path, up ? O_WRONLY | O_CREAT | O_EXCL : O_RDONLY, 0644);
		copy(up ? ends[1] : file, up ? file : ends[1], buffer);
		_exit(0);
	}
	close(ends[1]);
	for (uint64_t done = 0; up && done < size;) {
		uint64_t left = size - done;
		ssize_t sent =
			write(ends[0], buffer, left < REMOTE_BLOCK_MAX ? left : REMOTE_BLOCK_MAX);
		if (sent <= 0)
			exit(1);
		done += (uint64_t)sent;
	}
	while (!up && read(ends[0], buffer, REMOTE_BLOCK_MAX) > 0)
		continue;
	close(ends[0]);
	waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
	if (argc < 2 || pipe_channel_server() == NULL) {
		fprintf(stderr, "usage: engine_pipe FOLDER [MiB] [rounds]\n");
		return 2;
	}
	uint64_t size = (argc > 2 ? strtoull(argv[2], NULL, 10) : 1024) << 20;
	long rounds = argc > 3 ? strtol(argv[3], NULL, 10) : 3;
	static struct blocks blocks;
	for (size_t i = 0; i < BLOCKS; i++) {
		blocks.all[i].room = REMOTE_BLOCK_MAX;
		blocks.all[i].data = malloc(REMOTE_BLOCK_MAX);
		memset(blocks.all[i].data, 'x', REMOTE_BLOCK_MAX);
		give_back(&blocks, &blocks.all[i]);
	}
	char path[4096];
	snprintf(path, sizeof(path), "%s/engine_pipe.%d", argv[1], (int)getpid());
	struct remote *remote;
	struct sp_error err = { 0 };
	if (remote_open(pipe_channel_start(NULL, 0), NULL, IDLE_MS, -1, &remote, &err) != 0)
		stop(&err);
	for (long round = 0; round < rounds; round++) {
		start();
		copy_barely(path, size, true, blocks.all[0].data);
		tell("copy up", size);
		start();
		copy_barely(path, size, false, blocks.all[0].data);
		tell("copy down", size);
		unlink(path);
		start();
		send_file(remote, path, size, &blocks);
		tell("engine up", size);
		start();
		fetch_file(remote, path, &blocks);
		tell("engine down", size);
		unlink(path);
	}
	remote_close(remote);
	for (size_t i = 0; i < BLOCKS; i++)
		free(blocks.all[i].data);
	return 0;
}
