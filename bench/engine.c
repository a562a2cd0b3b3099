/*
 * The SFTP engine alone: files between memory and a real server, without daemon, store, hash or file thread. Prints
 * how long it took, with and without the handshake, and the CPU that this process used.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/scope.h"
#include "model/security_policy.h"
#include "remote/assist.h"
#include "remote/download.h"
#include "remote/upload.h"

enum { BLOCKS = 192, IDLE_MS = 60000, HANDSHAKE_MS = 60000 };

static const char usage[] =
	"usage: engine up|down --port N --user NAME --key FILE --trusted FILE --remote PATH "
	"--local PATH\n"
	"              [--size BYTES] [--policy NAME] [--channels N] [--connections N] [--json]\n"
	"       up: the first SIZE bytes of the local file (all of it) go to PATH, by way of "
	"PATH.part\n"
	"       down: the remote file comes into the local one\n"
	"       --channels N: as many at most of each connection, 8 by default\n"
	"       --connections N: the file is spread over so many\n";

struct options {
	bool up, json;
	uint16_t port;
	const char *user, *key, *trusted, *remote, *local, *policy;
	uint64_t size;
	unsigned channels, connections;
};

static struct options options;

_Noreturn static void stop(const char *what)
{
	fprintf(stderr, "engine: %s\n", what);
	exit(1);
}

/* ---- blocks of one local file ------------------------------------------------------------------------------------ */

static struct blocks {
	struct block all[BLOCKS];
	struct block *free;
	int fd;
	uint64_t size, offset;
} blocks;

static struct block *get(void *ctx)
{
	(void)ctx;
	struct block *block = blocks.free;
	if (block != NULL)
		blocks.free = block->next;
	return block;
}

static void give_back(void *ctx, struct block *block)
{
	(void)ctx;
	block->next = blocks.free;
	blocks.free = block;
}

static int take(void *ctx, struct block **out, struct sp_error *err)
{
	if (blocks.offset == blocks.size)
		return 2;
	struct block *block = get(ctx);
	if (block == NULL)
		return 0;
	uint64_t left = blocks.size - blocks.offset;
	block->length = left < block->room ? left : block->room;
	block->offset = blocks.offset;
	if (pread(blocks.fd, block->data, block->length, (off_t)block->offset) !=
	    (ssize_t)block->length)
		return sp_fail_errno(err, "could not read");
	blocks.offset += block->length;
	*out = block;
	return 1;
}

static int put(void *ctx, struct block *block, struct sp_error *err)
{
	if (pwrite(blocks.fd, block->data, block->length, (off_t)block->offset) !=
	    (ssize_t)block->length)
		return sp_fail_errno(err, "could not write");
	blocks.offset += block->length;
	give_back(ctx, block);
	return 0;
}

static void open_blocks(void)
{
	for (size_t i = 0; i < BLOCKS; i++) {
		blocks.all[i].room = REMOTE_BLOCK_MAX;
		blocks.all[i].data = malloc(REMOTE_BLOCK_MAX);
		give_back(NULL, &blocks.all[i]);
	}
	blocks.fd = options.up ? open(options.local, O_RDONLY | O_CLOEXEC)
			       : open(options.local, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	struct stat status;
	if (blocks.fd < 0 || fstat(blocks.fd, &status) != 0)
		stop("could not open the local file");
	blocks.size = options.size != 0 ? options.size : (uint64_t)status.st_size;
}

/* ---- the connection ---------------------------------------------------------------------------------------------- */

static char *read_text(const char *path)
{
	SP_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = calloc(1, 65536);
	if (fd < 0 || text == NULL || read(fd, text, 65535) < 0)
		stop("could not read a key");
	return text;
}

static int dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(options.port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		stop("could not connect");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

struct line {
	struct transport *transport;
	struct remote *remote;
	int bell_fd; /* an eventfd: another thread has done something */
};

static void open_line(struct line *line, const char *key, const char *trusted)
{
	struct transport_report report;
	struct sp_error err = { 0 };
	struct channel *channel;
	const struct transport_options how = {
		.fd = dial(),
		.user = options.user,
		.private_key = key,
		.trusted_keys = trusted,
		.policy = security_policy_find(
			options.policy != NULL ? options.policy : security_policy_default_name),
		.timeout_ms = HANDSHAKE_MS,
		.cancel_fd = -1,
	};
	if (transport_open(&how, &line->transport, &report, &err) != 0 ||
	    transport_open_sftp(line->transport, HANDSHAKE_MS, -1, &channel, &err) != 0 ||
	    remote_open(channel, NULL, HANDSHAKE_MS, -1, &line->remote, &err) != 0)
		stop(err.message);
	const struct channel_opener opener = transport_opener(line->transport);
	if (options.channels > 1)
		remote_may_branch(line->remote, &opener, options.channels);
	line->bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

static void close_line(struct line *line)
{
	remote_close(line->remote);
	transport_close(line->transport);
	close(line->bell_fd);
}

/* ---- the jobs ---------------------------------------------------------------------------------------------------- */

static void ring(void *ctx)
{
	eventfd_write(*(int *)ctx, 1);
}

static void pump(struct line *line)
{
	struct sp_error err = { 0 };
	if (remote_pump(line->remote, line->bell_fd, -1, IDLE_MS, &err) != 0)
		stop(err.message);
	eventfd_read(line->bell_fd, &(eventfd_t){ 0 });
}

static void send_file(struct line *line, const char *part, struct crew *crew)
{
	const struct block_source source = { NULL, take, give_back };
	const struct upload_plan plan = { .part_path = part, .size = blocks.size, .crew = crew };
	struct upload *upload = upload_start(line->remote, &plan, &source);
	enum failure_step step;
	struct sp_error err = { 0 };
	enum job_state state;
	while ((state = upload_step(upload, &step, &err)) == JOB_WORKING)
		pump(line);
	if (state == JOB_FAILED)
		stop(err.message);
	while (!upload_recall(upload))
		pump(line);
	upload_destroy(upload);
	struct remote_patience patience = { .idle_ms = IDLE_MS, .cancel_fd = -1 };
	if (remote_rename(line->remote, part, options.remote, true, &patience, &err) != 0)
		stop(err.message);
}

static void fetch_file(struct line *line, struct crew *crew)
{
	const struct block_sink sink = { NULL, get, put, give_back };
	const struct download_plan plan = { .path = options.remote };
	struct download *download = download_start(line->remote, &plan, &sink);
	if (crew != NULL)
		download_lend_to(download, crew);
	enum failure_step step;
	struct sp_error err = { 0 };
	enum job_state state;
	while ((state = download_step(download, &step, &err)) == JOB_WORKING)
		pump(line);
	if (state == JOB_FAILED)
		stop(err.message);
	while (!download_recall(download))
		pump(line);
	download_destroy(download);
}

/** A further connection that helps, on a thread of its own: it opens while the first one does. */
struct helper {
	struct line line;
	pthread_t thread;
	struct crew *crew; /* once there is one */
	sem_t *has_crew;
	const char *key, *trusted;
};

static void *help(void *ctx)
{
	struct helper *helper = ctx;
	struct line *line = &helper->line;
	open_line(line, helper->key, helper->trusted);
	sem_wait(helper->has_crew);
	struct assist *assist = assist_start(line->remote, helper->crew,
					     &(struct crew_bell){ ring, &line->bell_fd });
	while (assist != NULL && assist_step(assist) == JOB_WORKING)
		pump(line);
	assist_destroy(assist);
	close_line(line);
	return NULL;
}

/* What the owner knows and the helpers must: the file that they fetch. */
static struct crew *make_crew(struct line *line, const char *path)
{
	struct remote_patience patience = { .idle_ms = IDLE_MS, .cancel_fd = -1 };
	struct remote_attributes is = { .size = blocks.size };
	struct sp_error err = { 0 };
	if (!options.up && remote_stat(line->remote, path, &patience, &is, &err) != 0)
		stop(err.message);
	const struct crew_task task = { .sends = options.up,
					.path = (char *)(uintptr_t)path,
					.size = is.size,
					.mtime = is.mtime };
	return crew_create(&task, &(struct crew_bell){ ring, &line->bell_fd });
}

static struct helper helpers[CREW_HELPERS_MAX];
static sem_t has_crew;

static size_t helper_count(void)
{
	return options.connections > 1 ? options.connections - 1 : 0;
}

static void start_helpers(const char *key, const char *trusted)
{
	sem_init(&has_crew, 0, 0);
	for (size_t i = 0; i < helper_count(); i++) {
		helpers[i] =
			(struct helper){ .has_crew = &has_crew, .key = key, .trusted = trusted };
		if (pthread_create(&helpers[i].thread, NULL, help, &helpers[i]) != 0)
			stop("could not start a thread");
	}
}

static void move_file(struct line *line)
{
	SP_AUTO_FREE char *part = NULL;
	if (asprintf(&part, "%s.part", options.remote) < 0)
		stop("no memory");
	size_t count = helper_count();
	struct crew *crew = count == 0 ? NULL : make_crew(line, options.up ? part : options.remote);
	for (size_t i = 0; i < count; i++)
		helpers[i].crew = crew;
	for (size_t i = 0; i < count; i++)
		sem_post(&has_crew);
	if (options.up)
		send_file(line, part, crew);
	else
		fetch_file(line, crew);
	for (size_t i = 0; i < count; i++)
		pthread_join(helpers[i].thread, NULL);
	crew_release(crew);
}

/* ---- the program ------------------------------------------------------------------------------------------------- */

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static long peak_kib(void)
{
	char line[256];
	long kib = 0;
	FILE *status = fopen("/proc/self/status", "re");
	while (status != NULL && kib == 0 && fgets(line, sizeof(line), status) != NULL)
		sscanf(line, "VmHWM: %ld", &kib);
	if (status != NULL)
		fclose(status);
	return kib;
}

static void parse(int argc, char **argv)
{
	static const struct option known[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "user", required_argument, NULL, 'u' },
		{ "key", required_argument, NULL, 'k' },
		{ "trusted", required_argument, NULL, 't' },
		{ "remote", required_argument, NULL, 'r' },
		{ "local", required_argument, NULL, 'l' },
		{ "size", required_argument, NULL, 's' },
		{ "policy", required_argument, NULL, 'P' },
		{ "channels", required_argument, NULL, 'c' },
		{ "connections", required_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	for (int found; (found = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		switch (found) {
		case 'p':
			options.port = (uint16_t)atoi(optarg);
			break;
		case 'u':
			options.user = optarg;
			break;
		case 'k':
			options.key = optarg;
			break;
		case 't':
			options.trusted = optarg;
			break;
		case 'r':
			options.remote = optarg;
			break;
		case 'l':
			options.local = optarg;
			break;
		case 's':
			options.size = strtoull(optarg, NULL, 10);
			break;
		case 'P':
			options.policy = optarg;
			break;
		case 'c':
			options.channels = (unsigned)atoi(optarg);
			break;
		case 'n':
			options.connections = (unsigned)atoi(optarg);
			break;
		case 'j':
			options.json = true;
			break;
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	const char *way = argv[optind] == NULL ? "" : argv[optind];
	options.up = strcmp(way, "up") == 0;
	if ((!options.up && strcmp(way, "down") != 0) || options.user == NULL ||
	    options.key == NULL || options.trusted == NULL || options.remote == NULL ||
	    options.local == NULL) {
		fputs(usage, stderr);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct sp_error err = { 0 };
	parse(argc, argv);
	if (transport_init(&err) != 0)
		stop(err.message);
	open_blocks();
	if (options.connections > 1 + CREW_HELPERS_MAX)
		stop("so many connections are not allowed");
	if (options.channels == 0)
		options.channels = REMOTE_CHANNELS_MAX;
	char *key = read_text(options.key), *trusted = read_text(options.trusted);
	struct line line = { 0 };
	double start = now();
	start_helpers(key, trusted);
	open_line(&line, key, trusted);
	double opened = now();
	move_file(&line);
	double end = now();
	close_line(&line);
	struct rusage used; /* its peak of memory is that of whoever started us, if that was more */
	getrusage(RUSAGE_SELF, &used);
	printf(options.json
		       ? "{\"bytes\": %llu, \"seconds\": %.4f, \"transfer_seconds\": %.4f, "
			 "\"user\": %.3f, \"system\": %.3f, \"peak_kib\": %ld}\n"
		       : "%llu bytes in %.2f s, %.2f s without the handshake; CPU %.2f s + %.2f s; "
			 "%ld KiB at most\n",
	       (unsigned long long)blocks.offset, end - start, end - opened,
	       seconds_of(used.ru_utime), seconds_of(used.ru_stime), peak_kib());
	return 0;
}
