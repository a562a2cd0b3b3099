#include "remote/session_inside.h"

#include "remote/branches.h"

static int move(struct remote *remote, int other_fd, int timeout_ms, int64_t idle_ms,
		struct sp_error *err)
{
	bool moved = false;
	/* On a slow line whoever comes first takes all that it can take now. */
	bool is_last = remote->branches != NULL && remote->turns++ % 2 != 0;
	if (is_last)
		branches_move(remote->branches, idle_ms, &moved, &timeout_ms);
	if (session_move(remote, &moved, err) != 0)
		return -1;
	if (remote->branches != NULL && !is_last)
		branches_move(remote->branches, idle_ms, &moved, &timeout_ms);
	if (session_check_overtaken(remote, idle_ms, err) != 0)
		return -1;
	if (moved)
		return 0;
	if (session_check_idle(remote, idle_ms, &timeout_ms, err) != 0)
		return -1;
	const uint8_t *data;
	return remote->channel->backend->wait(remote->channel, session_front(remote, &data) > 0,
					      other_fd, timeout_ms, err);
}

int remote_pump(struct remote *remote, int other_fd, int timeout_ms, int64_t idle_ms,
		struct sp_error *err)
{
	if (remote_check(remote, err) != 0)
		return -1;
	struct sp_error why = { 0 };
	if (move(remote, other_fd, timeout_ms, idle_ms, &why) == 0)
		return 0;
	session_die(remote, &why);
	return sp_fail(err, why.code, "%s", why.message);
}
