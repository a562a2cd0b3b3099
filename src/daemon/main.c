/** sallyportd: builds the rooms, joins them, and serves until it is told to end. */

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/landlock.h"
#include "base/log.h"
#include "daemon/announce.h"
#include "daemon/copies.h"
#include "daemon/endpoint.h"
#include "daemon/netd.h"
#include "daemon/options.h"
#include "daemon/process.h"
#include "daemon/rooms.h"
#include "daemon/serving.h"
#include "daemon/state.h"

/* Tells people and the service manager that we answer. */
static int tell_ready(const struct rooms *rooms, const struct settings *settings,
		      const struct state *state, const struct admin_key *admin,
		      struct sp_error *err)
{
	struct endpoint endpoint;
	endpoint_find(&endpoint, settings, api_server_port(rooms->server));
	int result = announce(state, settings, &endpoint, admin, rooms->role, err);
	if (result == 0) {
		sp_log(SP_LOG_INFO, "ready on %s", endpoint.url);
		process_notify("READY=1");
	}
	endpoint_finish(&endpoint);
	return result;
}

static int run_rooms(const struct options *options, struct settings *settings,
		     const struct state *state, struct netd *netd, struct sp_error *err)
{
	struct rooms rooms;
	struct admin_key admin = { 0 };
	int result = rooms_open(&rooms, settings, state, netd, &admin, err);
	if (result == 0)
		result = tell_ready(&rooms, settings, state, &admin, err);
	explicit_bzero(&admin, sizeof(admin));
	if (result == 0)
		result = serve(&rooms, options, settings, err);
	rooms_close(&rooms);
	return result;
}

static int run_in_state(const struct options *options, struct settings *settings, struct netd *netd,
			struct sp_error *err)
{
	struct state state;
	int result = state_open(&state, options->state, err);
	if (result == 0)
		result = announce_withdraw(&state, err);
	if (result == 0)
		result = run_rooms(options, settings, &state, netd, err);
	state_close(&state);
	return result;
}

static int run_daemon(const struct options *options, struct settings *settings,
		      struct sp_error *err)
{
	serving_hold_signals();
	if (sp_landlock_version() == 0)
		sp_log(SP_LOG_WARNING, "this kernel has no Landlock: the filter of system calls is "
				       "the only wall around workers");
	if (process_harden(err) != 0)
		return -1;
	struct netd netd;
	netd_start(&netd, settings);
	int result = process_become(settings->user, err);
	if (result == 0)
		result = process_confine(err);
	if (result == 0)
		result = run_in_state(options, settings, &netd, err);
	netd_finish(&netd);
	return result;
}

static int run(const struct options *options, struct settings *settings, struct sp_error *err)
{
	if (options->command == COMMAND_SERVE)
		return run_daemon(options, settings, err);
	/* As the daemon's own user: what is made in the folder must be the daemon's. */
	if (process_harden(err) != 0 || process_become(settings->user, err) != 0)
		return -1;
	return options->command == COMMAND_BACKUP ? copies_back_up(options, settings, err)
						  : copies_restore(options, settings, err);
}

static int end_with(int status, const struct sp_error *err)
{
	sp_log(SP_LOG_ERROR, "%s", err->message);
	return status;
}

int main(int argc, char **argv)
{
	struct options options;
	int status = options_parse(argc, argv, &options);
	if (status != OPTIONS_GO_ON)
		return status;

	sp_log_init("sallyportd", SP_LOG_INFO);
	sp_json_wipe_what_is_freed();
	struct settings settings;
	struct sp_error err = { 0 };
	if (options_read_settings(&options, &settings, &err) != 0)
		status = end_with(EXIT_WRONG_USE, &err);
	else if (options.only_check)
		status = EXIT_SUCCESS;
	else {
		sp_log_init("sallyportd",
			    (enum sp_log_level)sp_log_level_from_name(settings.log_level));
		status = run(&options, &settings, &err) == 0 ? EXIT_SUCCESS
							     : end_with(EXIT_FAILURE, &err);
	}
	settings_finish(&settings);
	return status;
}
