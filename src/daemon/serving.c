#include "daemon/serving.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/scope.h"
#include "base/text.h"
#include "daemon/process.h"

struct serving {
	struct rooms *rooms;
	const struct options *options;
	struct settings *settings;
	int signal_fd;
	bool ending;
};

static void ending_asked(struct serving *serving, int number)
{
	if (serving->ending) {
		/* Whatever was acknowledged is on disk, and workers leave by themselves. */
		sp_log(SP_LOG_WARNING, "ending at once: %s came twice", strsignal(number));
		_exit(EXIT_FAILURE);
	}
	serving->ending = true;
	sp_log(SP_LOG_INFO, "ending: %s", strsignal(number));
	process_notify("STOPPING=1");
	rooms_drain(serving->rooms);
}

/* What changes without a new start; the certificate is read again in any case. */
static bool is_taken_at_once(const char *name)
{
	return strcmp(name, "log.level") == 0;
}

static void note_change(void *ctx, const char *name)
{
	struct sp_buffer *later = ctx;
	if (!is_taken_at_once(name))
		sp_buffer_format(later, "%s%s", later->length > 0 ? ", " : "", name);
}

static void take_settings(const struct serving *serving, const struct settings *fresh)
{
	SP_AUTO_BUFFER later = { 0 };
	settings_compare(serving->settings, fresh, note_change, &later);
	if (later.length > 0)
		sp_log(SP_LOG_WARNING, "these settings need a new start: %s",
		       sp_buffer_text(&later));

	int level = sp_log_level_from_name(fresh->log_level);
	free(serving->settings->log_level);
	serving->settings->log_level = sp_strdup(fresh->log_level);
	sp_log_init("sallyportd", (enum sp_log_level)level);
}

static void tell_reloading(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	char text[64];
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
		 (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	process_notify(text);
}

static void reload_asked(struct serving *serving, int number)
{
	(void)number;
	if (serving->ending)
		return;
	tell_reloading();
	struct settings fresh;
	struct sp_error err = { 0 };
	if (options_read_settings(serving->options, &fresh, &err) != 0)
		sp_log(SP_LOG_ERROR, "keeping the settings as they are: %s", err.message);
	else
		take_settings(serving, &fresh);
	settings_finish(&fresh);

	if (serving->settings->tls_certificate != NULL &&
	    api_server_reload(serving->rooms->server, &err) != 0)
		sp_log(SP_LOG_ERROR, "keeping the certificate as it is: %s", err.message);
	sinks_go_on(serving->rooms->sinks);
	sp_log(SP_LOG_INFO, "reloaded");
	process_notify("READY=1");
}

static const struct {
	int number;
	void (*asked)(struct serving *serving, int number);
} signals[] = {
	{ SIGTERM, ending_asked },
	{ SIGINT, ending_asked },
	{ SIGHUP, reload_asked },
};

static sigset_t held_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < SP_COUNT_OF(signals); i++)
		sigaddset(&set, signals[i].number);
	return set;
}

void serving_hold_signals(void)
{
	sigset_t set = held_signals();
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void take_signal(void *ctx, uint32_t events)
{
	(void)events;
	struct serving *serving = ctx;
	struct signalfd_siginfo info;
	if (read(serving->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	for (size_t i = 0; i < SP_COUNT_OF(signals); i++)
		if (signals[i].number == (int)info.ssi_signo)
			signals[i].asked(serving, signals[i].number);
}

int serve(struct rooms *rooms, const struct options *options, struct settings *settings,
	  struct sp_error *err)
{
	sigset_t set = held_signals();
	SP_AUTO_FD signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signal_fd == -1)
		return sp_fail_errno(err, "could not listen for signals");
	struct serving serving = {
		.rooms = rooms, .options = options, .settings = settings, .signal_fd = signal_fd
	};
	struct loop_watch *watch =
		loop_watch_fd(rooms->loop, signal_fd, EPOLLIN, take_signal, &serving);
	loop_run(rooms->loop);
	loop_watch_remove(watch);
	return 0;
}
