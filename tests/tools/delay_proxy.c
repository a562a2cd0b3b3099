/**
 * A TCP proxy that makes a network bad on purpose.
 *
 *   delay_proxy TARGET_PORT [DELAY_MS [BYTES_PER_SECOND]]     from a free port to TARGET_PORT, both on 127.0.0.1
 *
 * It holds every byte back for DELAY_MS each way and lets at most BYTES_PER_SECOND pass each way and connection
 * (0: as fast as it goes). It prints "port N" and then obeys lines on standard input, answering each with one line:
 *
 *   cut               the present connections freeze: nothing passes, nobody is told. New ones work.
 *   heal              what was frozen goes on, as TCP does when a broken path comes back
 *   reset             the present connections are reset on both sides
 *   hold up|down N    freeze the present connections when N more bytes have passed that way; "held" is printed then
 *   rate N            bytes per second from now on
 *   count             "count UP DOWN CONNECTIONS", bytes that passed since the start
 *
 * It ends when its standard input ends.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	CONNECTIONS_MAX = 64,
	CHUNK_BYTES = 64 * 1024,
	QUEUE_BYTES_MAX = 64 * 1024 * 1024, /* held back one way while only the delay slows us */
	QUEUE_BYTES_MAX_RATED =
		1024 * 1024, /* … and while the rate does: no sender may run far ahead */
	COMMAND_BYTES_MAX = 256,
};

struct chunk {
	struct chunk *next;
	int64_t due_ns;
	size_t start, length;
	char bytes[];
};

/** One way of one connection: what was read at one end and not yet written at the other. */
struct way {
	struct chunk *first, **last;
	size_t queued;
	int64_t free_at_ns; /* when the rate lets the next byte pass */
	bool ended, end_passed_on;
};

enum { UP, DOWN };

struct connection {
	int fds[2]; /* [UP] is read for the way up: the client's; [DOWN] the server's; -1: a free place */
	struct way ways[2];
	bool frozen;
};

static struct {
	int listener;
	uint16_t target_port;
	int64_t delay_ns, rate;
	uint64_t passed[2];
	bool holds[2];
	uint64_t hold_at[2];
	struct connection connections[CONNECTIONS_MAX];
} proxy;

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void say(const char *line)
{
	puts(line);
	fflush(stdout);
}

static void set_up_socket(int fd)
{
	int one = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(fd, F_SETFL, O_NONBLOCK);
}

static void close_connection(struct connection *connection, bool with_reset)
{
	struct linger abort_it = { .l_onoff = 1, .l_linger = 0 };
	for (int i = 0; i < 2; i++) {
		if (with_reset)
			setsockopt(connection->fds[i], SOL_SOCKET, SO_LINGER, &abort_it,
				   sizeof(abort_it));
		close(connection->fds[i]);
		while (connection->ways[i].first != NULL) {
			struct chunk *chunk = connection->ways[i].first;
			connection->ways[i].first = chunk->next;
			free(chunk);
		}
	}
	*connection = (struct connection){ .fds = { -1, -1 } };
}

static void accept_one(void)
{
	int client = accept(proxy.listener, NULL, NULL);
	if (client == -1)
		return;
	struct connection *place = proxy.connections;
	while (place < proxy.connections + CONNECTIONS_MAX && place->fds[UP] != -1)
		place++;
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in target = { .sin_family = AF_INET,
				      .sin_port = htons(proxy.target_port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (place == proxy.connections + CONNECTIONS_MAX || server == -1 ||
	    connect(server, (struct sockaddr *)&target, sizeof(target)) == -1) {
		close(client);
		if (server != -1)
			close(server);
		return;
	}
	set_up_socket(client);
	set_up_socket(server);
	*place = (struct connection){ .fds = { client, server } };
	for (int i = 0; i < 2; i++)
		place->ways[i].last = &place->ways[i].first;
}

/** False when the connection is broken. */
static bool read_way(struct connection *connection, int which)
{
	struct way *way = &connection->ways[which];
	struct chunk *chunk = malloc(sizeof(*chunk) + CHUNK_BYTES);
	if (chunk == NULL)
		err(1, "out of memory");
	ssize_t length = read(connection->fds[which], chunk->bytes, CHUNK_BYTES);
	if (length <= 0) {
		free(chunk);
		way->ended = length == 0;
		return length == 0 || errno == EAGAIN;
	}
	int64_t now = now_ns();
	if (way->free_at_ns < now)
		way->free_at_ns = now;
	if (proxy.rate > 0)
		way->free_at_ns += (int64_t)length * 1000000000 / proxy.rate;
	*chunk = (struct chunk){ .due_ns = way->free_at_ns + proxy.delay_ns,
				 .length = (size_t)length };
	*way->last = chunk;
	way->last = &chunk->next;
	way->queued += (size_t)length;
	return true;
}

static void freeze_all(bool frozen)
{
	for (int i = 0; i < CONNECTIONS_MAX; i++)
		proxy.connections[i].frozen = frozen;
}

static void count_passed(int which, size_t length)
{
	proxy.passed[which] += length;
	if (proxy.holds[which] && proxy.passed[which] >= proxy.hold_at[which]) {
		proxy.holds[which] = false;
		freeze_all(true);
		say("held");
	}
}

/** Writes what is due. False when the connection is broken. */
static bool write_way(struct connection *connection, int which, int64_t now)
{
	struct way *way = &connection->ways[which];
	int to = connection->fds[which == UP ? DOWN : UP];
	while (way->first != NULL && way->first->due_ns <= now && !connection->frozen) {
		struct chunk *chunk = way->first;
		ssize_t length = send(to, chunk->bytes + chunk->start, chunk->length, MSG_NOSIGNAL);
		if (length == -1)
			return errno == EAGAIN;
		count_passed(which, (size_t)length);
		way->queued -= (size_t)length;
		chunk->start += (size_t)length;
		chunk->length -= (size_t)length;
		if (chunk->length > 0)
			return true;
		way->first = chunk->next;
		if (way->first == NULL)
			way->last = &way->first;
		free(chunk);
	}
	if (way->ended && way->first == NULL && !way->end_passed_on) {
		shutdown(to, SHUT_WR);
		way->end_passed_on = true;
	}
	return true;
}

static void obey(const char *line)
{
	char word[8];
	unsigned long long number;
	char answer[COMMAND_BYTES_MAX];
	snprintf(answer, sizeof(answer), "ok");
	if (strcmp(line, "cut") == 0) {
		freeze_all(true);
	} else if (strcmp(line, "heal") == 0) {
		freeze_all(false);
	} else if (strcmp(line, "reset") == 0) {
		for (int i = 0; i < CONNECTIONS_MAX; i++)
			if (proxy.connections[i].fds[UP] != -1)
				close_connection(&proxy.connections[i], true);
	} else if (sscanf(line, "hold %7s %llu", word, &number) == 2) {
		int which = strcmp(word, "up") == 0 ? UP : DOWN;
		proxy.holds[which] = true;
		proxy.hold_at[which] = proxy.passed[which] + number;
	} else if (sscanf(line, "rate %llu", &number) == 1) {
		proxy.rate = (int64_t)number;
	} else if (strcmp(line, "count") == 0) {
		int connections = 0;
		for (int i = 0; i < CONNECTIONS_MAX; i++)
			connections += proxy.connections[i].fds[UP] != -1;
		snprintf(answer, sizeof(answer), "count %llu %llu %d",
			 (unsigned long long)proxy.passed[UP],
			 (unsigned long long)proxy.passed[DOWN], connections);
	} else {
		snprintf(answer, sizeof(answer), "unknown command");
	}
	say(answer);
}

static void read_commands(void)
{
	static char line[COMMAND_BYTES_MAX];
	static size_t used;
	char bytes[COMMAND_BYTES_MAX];
	ssize_t length = read(STDIN_FILENO, bytes, sizeof(bytes));
	if (length <= 0)
		exit(0);
	for (ssize_t i = 0; i < length; i++) {
		if (bytes[i] == '\n') {
			line[used] = '\0';
			obey(line);
			used = 0;
		} else if (used + 1 < sizeof(line)) {
			line[used++] = bytes[i];
		}
	}
}

/** One turn for one connection: what is due goes out, and the poll entries say what it waits for next. */
static void turn(struct connection *connection, struct pollfd *waits, int64_t *wake_ns)
{
	int64_t now = now_ns();
	size_t queue_max = proxy.rate > 0 ? QUEUE_BYTES_MAX_RATED : QUEUE_BYTES_MAX;
	bool good = true, done = true;
	for (int which = 0; which < 2 && good; which++) {
		struct way *way = &connection->ways[which];
		/* While frozen, nothing is read either: neither bytes nor an end may be noticed. */
		if (!connection->frozen && !way->ended && way->queued < queue_max &&
		    (waits[which].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
			good = read_way(connection, which);
		good = good && write_way(connection, which, now);
		done = done && way->end_passed_on;
	}
	if (!good || done) {
		close_connection(connection, !good);
		return;
	}
	for (int which = 0; which < 2; which++)
		waits[which] = (struct pollfd){ .fd = -1 };
	for (int which = 0; which < 2 && !connection->frozen; which++) {
		struct way *way = &connection->ways[which];
		struct pollfd *from = &waits[which], *to = &waits[which == UP ? DOWN : UP];
		if (!way->ended && way->queued < queue_max) {
			from->fd = connection->fds[which];
			from->events |= POLLIN;
		}
		if (way->first != NULL && way->first->due_ns <= now) {
			to->fd = connection->fds[which == UP ? DOWN : UP];
			to->events |= POLLOUT;
		} else if (way->first != NULL && way->first->due_ns < *wake_ns) {
			*wake_ns = way->first->due_ns;
		}
	}
}

static void listen_on_a_free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	proxy.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (proxy.listener == -1 ||
	    bind(proxy.listener, (struct sockaddr *)&address, sizeof(address)) == -1 ||
	    listen(proxy.listener, CONNECTIONS_MAX) == -1 ||
	    getsockname(proxy.listener, (struct sockaddr *)&address, &length) == -1)
		err(1, "could not listen");
	printf("port %u\n", ntohs(address.sin_port));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 4)
		errx(2, "usage: delay_proxy TARGET_PORT [DELAY_MS [BYTES_PER_SECOND]]");
	proxy.target_port = (uint16_t)atoi(argv[1]);
	proxy.delay_ns = argc > 2 ? atoll(argv[2]) * 1000000 : 0;
	proxy.rate = argc > 3 ? atoll(argv[3]) : 0;
	for (int i = 0; i < CONNECTIONS_MAX; i++)
		proxy.connections[i].fds[UP] = proxy.connections[i].fds[DOWN] = -1;
	listen_on_a_free_port();

	struct pollfd waits[2 + 2 * CONNECTIONS_MAX] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = proxy.listener, .events = POLLIN },
	};
	for (;;) {
		int64_t wake_ns = INT64_MAX;
		for (int i = 0; i < CONNECTIONS_MAX; i++) {
			struct pollfd *pair = &waits[2 + 2 * i];
			if (proxy.connections[i].fds[UP] != -1)
				turn(&proxy.connections[i], pair, &wake_ns);
			if (proxy.connections[i].fds[UP] == -1)
				pair[0].fd = pair[1].fd = -1;
		}
		int64_t left_ns = wake_ns - now_ns();
		struct timespec patience = { .tv_sec = left_ns / 1000000000,
					     .tv_nsec = left_ns % 1000000000 };
		if (left_ns < 0)
			patience = (struct timespec){ 0 };
		if (ppoll(waits, sizeof(waits) / sizeof(waits[0]),
			  wake_ns == INT64_MAX ? NULL : &patience, NULL) == -1)
			err(1, "could not wait");
		if (waits[0].revents != 0)
			read_commands();
		if (waits[1].revents != 0)
			accept_one();
	}
}
