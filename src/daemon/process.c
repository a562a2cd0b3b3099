#include "daemon/process.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/capabilities.h"
#include "base/log.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"

enum { EXECUTABLE_PATH_MAX = 4096 };

/* The soft one to the hard one. */
static int raise_limit(__rlimit_resource_t resource, struct rlimit *out)
{
	if (getrlimit(resource, out) == -1)
		return -1;
	out->rlim_cur = out->rlim_max;
	return setrlimit(resource, out);
}

int process_harden(struct sp_error *err)
{
	/* Secrets lie in files that are created with mode 0600; this is for what goes into buckets. Whether the group
	 * may read that is for whoever starts us to say. */
	umask(umask(0) | 007);
	signal(SIGPIPE, SIG_IGN);

	/* Secrets stand in clear in this memory: neither a core file nor another process of the user may show them. */
	struct rlimit none = { 0, 0 };
	if (setrlimit(RLIMIT_CORE, &none) == -1 || prctl(PR_SET_DUMPABLE, 0) == -1)
		return sp_fail_errno(err, "could not forbid core files");

	struct rlimit files, locked;
	if (raise_limit(RLIMIT_NOFILE, &files) != 0)
		return sp_fail_errno(err, "could not raise the limit of descriptors");
	if (raise_limit(RLIMIT_MEMLOCK, &locked) != 0)
		return sp_fail_errno(err, "could not raise the limit of locked memory");
	if (locked.rlim_cur < SP_SECRET_PAGES_MAX)
		sp_log(SP_LOG_WARNING,
		       "secrets may be swapped out: %llu KiB of memory may be locked "
		       "(RLIMIT_MEMLOCK), and %d are needed",
		       (unsigned long long)locked.rlim_cur / 1024, SP_SECRET_PAGES_MAX / 1024);
	return 0;
}

int process_become(const char *user, struct sp_error *err)
{
	if (user == NULL)
		return 0;
	errno = 0;
	const struct passwd *entry = getpwnam(user);
	if (entry == NULL && errno != 0)
		return sp_fail_errno(err, "could not look up the user \"%s\"", user);
	if (entry == NULL)
		return sp_fail(err, SP_NOT_FOUND, "cannot become \"%s\": there is no such user",
			       user);
	if (entry->pw_uid == geteuid())
		return 0;
	if (geteuid() != 0)
		return sp_fail(err, SP_DENIED, "cannot become \"%s\": only root can", user);

	if (initgroups(user, entry->pw_gid) == -1 || setgid(entry->pw_gid) == -1 ||
	    setuid(entry->pw_uid) == -1)
		return sp_fail_errno(err, "could not become \"%s\"", user);
	if (entry->pw_uid != 0 && setuid(0) == 0)
		sp_die("could become root again after becoming \"%s\"", user);

	/* Changing the user makes a process dumpable as the system's configuration says. */
	if (prctl(PR_SET_DUMPABLE, 0) == -1)
		return sp_fail_errno(err, "could not forbid core files");
	return 0;
}

/* Whoever lets an ordinary user serve on port 443 means it. */
static const int needed_by_user[] = { CAP_NET_BIND_SERVICE };

/* Root that stays root reads and writes buckets of others, and may have to start sallyport-netd anew. */
static const int needed_by_root[] = {
	CAP_NET_BIND_SERVICE, CAP_CHOWN,     CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH,
	CAP_FOWNER,           CAP_NET_ADMIN, CAP_SYS_ADMIN,
};

int process_confine(struct sp_error *err)
{
	/* With no_new_privs, what root starts would be root without root's rights. */
	if (geteuid() == 0)
		return sp_capabilities_keep(needed_by_root, SP_COUNT_OF(needed_by_root), err);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return sp_fail_errno(err, "could not give up new privileges");
	return sp_capabilities_keep(needed_by_user, SP_COUNT_OF(needed_by_user), err);
}

void process_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (path == NULL || strlen(path) < 2 || strlen(path) >= sizeof(address.sun_path))
		return;
	size_t length = strlen(path);
	memcpy(address.sun_path, path, length + 1);
	if (path[0] == '@')
		address.sun_path[0] = '\0'; /* the abstract namespace */

	SP_AUTO_FD fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	ssize_t sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL,
			      (const struct sockaddr *)&address, size);
	(void)sent;
}

/* The folder of this program, owned by the caller; "" when the kernel does not tell. */
static char *own_folder(void)
{
	char path[EXECUTABLE_PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (length <= 0)
		return sp_strdup("");
	path[length] = '\0';
	*strrchr(path, '/') = '\0';
	return sp_strdup(path);
}

int process_find_program(const char *name, const char *built_in, const char *path,
			 const char *setting, char **out, struct sp_error *err)
{
	if (path != NULL) {
		if (access(path, X_OK) == -1)
			return sp_fail_errno(err, "cannot use \"%s\" as %s", path, name);
		*out = sp_strdup(path);
		return 0;
	}

	SP_AUTO_FREE char *folder = own_folder();
	const struct {
		const char *folder, *below;
	} places[] = {
		{ folder, "" },
		{ folder, built_in },
		{ SALLYPORT_LIBEXEC, "" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(places); i++) {
		SP_AUTO_BUFFER place = { 0 };
		sp_buffer_format(&place, "%s%s/%s", places[i].folder, places[i].below, name);
		if (access(sp_buffer_text(&place), X_OK) == 0) {
			*out = sp_buffer_take(&place);
			return 0;
		}
	}
	return sp_fail(err, SP_NOT_FOUND,
		       "cannot find the program %s beside this one (\"%s\") or in "
		       "\"" SALLYPORT_LIBEXEC "\": set %s",
		       name, folder, setting);
}

int process_find_worker(const char *path, char **out, struct sp_error *err)
{
	return process_find_program("sallyport-worker", "/../worker", path, "worker.path", out,
				    err);
}
