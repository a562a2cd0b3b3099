#include "netd/kernel_rules.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "netd/namespaces.h"

enum {
	APPLY_SECONDS_MAX = 30, /* thousands of rules take a tenth of one */
	COMPLAINT_MAX = 400,    /* bytes of what the library says */
	EXIT_APPLIED = 0,
	EXIT_REFUSED = 1,
	EXIT_NO_NFTABLES = 2,
};

/* ---- the child ------------------------------------------------------------------------------------------------- */

static int apply(int namespace_fd, const char *text)
{
	struct sp_error err = { 0 };
	if (namespace_enter(namespace_fd, &err) != 0) {
		dprintf(STDERR_FILENO, "Error: %s\n", err.message);
		return EXIT_REFUSED;
	}
	SP_AUTO_FD netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (netlink == -1)
		return EXIT_NO_NFTABLES;

	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	if (nft == NULL || nft_ctx_buffer_error(nft) != 0) {
		dprintf(STDERR_FILENO, "Error: %s\n", strerror(ENOMEM));
		return EXIT_REFUSED;
	}
	if (nft_run_cmd_from_buffer(nft, text) == 0)
		return EXIT_APPLIED;
	dprintf(STDERR_FILENO, "%s", nft_ctx_get_error_buffer(nft));
	return EXIT_REFUSED;
}

/* Nobody waits for a child whose parent is gone: it must not change rules after those of the parent's successor. */
static _Noreturn void be_child(pid_t parent, int complaints_fd, int namespace_fd, const char *text)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_REFUSED);
	alarm(APPLY_SECONDS_MAX);
	dup2(complaints_fd, STDOUT_FILENO);
	dup2(complaints_fd, STDERR_FILENO);
	_exit(apply(namespace_fd, text));
}

/* ---- the parent ------------------------------------------------------------------------------------------------ */

/* All that it says, until it ends; the first line is kept. */
static void read_complaint(int fd, char out[COMPLAINT_MAX])
{
	size_t length = 0;
	char rest[COMPLAINT_MAX];
	for (;;) {
		bool is_full = length == COMPLAINT_MAX - 1;
		ssize_t got = is_full ? read(fd, rest, sizeof(rest))
				      : read(fd, out + length, COMPLAINT_MAX - 1 - length);
		if (got == 0 || (got == -1 && errno != EINTR))
			break;
		if (got > 0 && !is_full)
			length += (size_t)got;
	}
	out[length] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

static int tell(int status, const char *complaint, struct sp_error *err)
{
	static const char prefix[] = "Error: ";
	const char *said = strstr(complaint, prefix);
	if (said != NULL)
		complaint = said + strlen(prefix);
	if (WIFSIGNALED(status))
		return sp_fail(err, SP_SYSTEM, "could not set the rules: nftables was ended by %s",
			       strsignal(WTERMSIG(status)));
	switch (WEXITSTATUS(status)) {
	case EXIT_APPLIED:
		return 0;
	case EXIT_NO_NFTABLES:
		return sp_fail(err, SP_UNSUPPORTED,
			       "cannot set the rules: this kernel has no nftables");
	default:
		return sp_fail(err, SP_SYSTEM, "could not set the rules (nftables): %s",
			       complaint[0] == '\0' ? "it gave no reason" : complaint);
	}
}

int kernel_rules_apply(int namespace_fd, const char *text, struct sp_error *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) == -1)
		return sp_fail_errno(err, "could not open a pipe");
	SP_AUTO_FD complaints = ends[0];
	SP_AUTO_FD theirs = ends[1];
	pid_t parent = getpid();
	pid_t child = fork();
	if (child == -1)
		return sp_fail_errno(err, "could not fork");
	if (child == 0)
		be_child(parent, theirs, namespace_fd, text);

	sp_close_fd(&theirs);
	char complaint[COMPLAINT_MAX];
	read_complaint(complaints, complaint);
	int status;
	while (waitpid(child, &status, 0) == -1)
		if (errno != EINTR)
			return sp_fail_errno(err, "could not wait for nftables");
	return tell(status, complaint, err);
}
