/**
 * hostile_server: an SFTP server that does what it should not, for tests.
 *
 *   hostile_server --root DIR [--connections N] [FAULT [--on REQUEST] [--after N] [--times N] [--amount N]]…
 *   hostile_server --list
 *
 * Prints "port N" and "key ssh-ed25519 …", then a line for each connection ("connection N"), for each SFTP request that
 * is no READ or WRITE ("open in/a.bin"), and when a connection's fault first acts ("fault cut"). Ends with its standard
 * input.
 *
 * --connections N  only the first N connections are hostile, later ones are good
 * --on REQUEST     faults of SFTP: at which requests, for example read; "any" for all
 * --after N        how often it goes well before (0)
 * --times N        how often it goes wrong then (without end)
 */

#include <arpa/inet.h>
#include <err.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/scope.h"
#include "base/text.h"
#include "peer.h"

enum { BACKLOG = 64 };

struct arguments {
	struct plan plan;
	uint64_t hostile_connections;
};

static uint64_t number_of(const char *word, const char *value)
{
	uint64_t number;
	if (value == NULL || !sp_text_to_u64(value, 0, UINT64_MAX, &number))
		errx(2, "%s wants a number", word);
	return number;
}

static uint8_t type_of(const char *value)
{
	uint8_t type = value == NULL ? 0 : sftp_type_of(value);
	if (type == 0 && (value == NULL || strcmp(value, "any") != 0))
		errx(2, "--on wants a request, for example read");
	return type;
}

static struct use *add_use(struct plan *plan, const char *name)
{
	const struct fault *fault = fault_find(name);
	if (fault == NULL)
		errx(2, "no fault is called \"%s\": see --list", name);
	if (plan->count == USES_MAX)
		errx(2, "more than %d faults", USES_MAX);
	struct use *use = &plan->uses[plan->count++];
	*use = (struct use){
		.fault = fault, .type = fault->type, .times = UINT64_MAX, .amount = fault->amount
	};
	return use;
}

static void read_arguments(char **words, struct arguments *out)
{
	struct use *use = NULL;
	*out = (struct arguments){ .hostile_connections = UINT64_MAX };
	for (; *words != NULL; words++) {
		const char *word = *words;
		if (word[0] != '-') {
			use = add_use(&out->plan, word);
			continue;
		}
		const char *value = *++words;
		if (strcmp(word, "--root") == 0)
			out->plan.root = value;
		else if (strcmp(word, "--connections") == 0)
			out->hostile_connections = number_of(word, value);
		else if (use == NULL)
			errx(2, "%s belongs behind a fault", word);
		else if (strcmp(word, "--on") == 0)
			use->type = type_of(value);
		else if (strcmp(word, "--after") == 0)
			use->after = number_of(word, value);
		else if (strcmp(word, "--times") == 0)
			use->times = number_of(word, value);
		else if (strcmp(word, "--amount") == 0)
			use->amount = number_of(word, value);
		else
			errx(2, "unknown option %s", word);
		if (value == NULL)
			break;
	}
	if (out->plan.root == NULL)
		errx(2, "--root is missing: the folder to serve");
}

static int listen_somewhere(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1 || bind(fd, (struct sockaddr *)&address, length) != 0 ||
	    listen(fd, BACKLOG) != 0 || getsockname(fd, (struct sockaddr *)&address, &length) != 0)
		err(1, "could not listen");
	tell("port %d", ntohs(address.sin_port));
	return fd;
}

static _Noreturn void serve(int fd, struct plan *plan, EVP_PKEY *host_key, bool hostile)
{
	int on = 1;
	/* As a child it has to go with its parent. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	struct peer peer = { .fd = fd, .plan = plan, .host_key = host_key, .hostile = hostile };
	for (size_t i = 0; i < HANDLES_MAX; i++)
		peer.handles[i].fd = -1;
	peer_run(&peer);
}

int main(int argc, char **argv)
{
	(void)argc;
	if (argv[1] != NULL && strcmp(argv[1], "--list") == 0) {
		fault_list();
		return 0;
	}
	struct arguments arguments;
	read_arguments(argv + 1, &arguments);
	signal(SIGCHLD, SIG_IGN);
	EVP_PKEY *host_key = host_key_create();
	SP_AUTO_BUFFER blob = { 0 };
	host_key_blob(host_key, &blob);
	SP_AUTO_FREE char *text = sp_base64_encode(blob.data, blob.length);
	int listener = listen_somewhere();
	tell("key ssh-ed25519 %s", text);

	for (uint64_t number = 0;;) {
		struct pollfd waits[] = { { .fd = listener, .events = POLLIN },
					  { .fd = STDIN_FILENO, .events = POLLIN } };
		if (poll(waits, 2, -1) == -1)
			err(1, "could not wait");
		if (waits[1].revents != 0)
			return 0;
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd == -1)
			continue;
		tell("connection %llu", (unsigned long long)number);
		bool hostile = number++ < arguments.hostile_connections;
		if (fork() == 0)
			serve(fd, &arguments.plan, host_key, hostile);
		close(fd);
	}
}
