/**
 * sallyport-netd: makes networks for sallyportd, and is the only program of the house with privileges. It does what the
 * typed messages of its one peer say (ipc/netd_message.h) and nothing else.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/text.h"
#include "netd/listen.h"
#include "netd/supervise.h"

enum { EXIT_WRONG_USE = 2, FD_MAX = 1 << 20 };

static const char usage[] =
	"usage: sallyport-netd --user NAME [--internet]     serve NAME's sallyportd on the socket "
	"that systemd opened\n"
	"       sallyport-netd --supervise FD [--internet]  serve the sallyportd at the other end "
	"of "
	"a socket\n"
	"       sallyport-netd --help | --version\n"
	"--internet: internet gateways of VPCs that name no uplink may lead to this host\n"
	"systemd or sallyportd start this program; see sallyport-netd(8)\n";

#define INTERNET_SWITCH "--internet"

static int run_supervised(const char *text, bool leads_to_host, struct sp_error *err)
{
	uint64_t number;
	int type = 0;
	socklen_t size = sizeof(type);
	if (!sp_text_to_u64(text, 3, FD_MAX, &number))
		return sp_fail(err, SP_INVALID, "cannot use \"%s\" as a descriptor", text);
	int fd = (int)number;
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == -1 || type != SOCK_SEQPACKET)
		return sp_fail(err, SP_INVALID,
			       "cannot serve on descriptor %d: it is no SOCK_SEQPACKET socket", fd);
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
		return sp_fail_errno(err, "could not prepare descriptor %d", fd);
	return supervise(fd, leads_to_host, err);
}

static const struct {
	const char *option;
	int (*run)(const char *value, bool leads_to_host, struct sp_error *err);
} ways[] = {
	{ "--user", listen_for },
	{ "--supervise", run_supervised },
};

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return fputs(usage, stdout) == EOF ? EXIT_FAILURE : EXIT_SUCCESS;
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return puts("sallyport-netd " SALLYPORT_VERSION) == EOF ? EXIT_FAILURE
									: EXIT_SUCCESS;
	sp_log_init("sallyport-netd", SP_LOG_INFO);
	bool leads_to_host = argc == 4 && strcmp(argv[3], INTERNET_SWITCH) == 0;
	for (size_t i = 0; (argc == 3 || leads_to_host) && i < SP_COUNT_OF(ways); i++) {
		if (strcmp(argv[1], ways[i].option) != 0)
			continue;
		struct sp_error err = { 0 };
		if (ways[i].run(argv[2], leads_to_host, &err) == 0)
			return EXIT_SUCCESS;
		sp_log(SP_LOG_ERROR, "%s", err.message);
		return err.code == SP_INVALID ? EXIT_WRONG_USE : EXIT_FAILURE;
	}
	fputs(usage, stderr);
	return EXIT_WRONG_USE;
}
