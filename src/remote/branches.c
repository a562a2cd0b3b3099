#include "remote/branches.h"

#include <assert.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "remote/ask.h"

/* A branch: neither while there is none, first the one, then the other. */
struct branch {
	struct channel_opening *opening;
	struct remote *remote;
	size_t users;
	int64_t unused_since_ms;
};

struct branches {
	struct remote *trunk;
	struct channel_opener opener;
	size_t most, worth;
	struct branch_wish *wishes;
	struct branch all[BRANCHES_MAX];
	size_t turn; /* who moves first */
};

void remote_may_branch(struct remote *trunk, const struct channel_opener *opener, size_t channels)
{
	assert(session_branches(trunk) == NULL && channels > 0);
	struct branches *branches = sp_alloc(sizeof(*branches));
	branches->trunk = trunk;
	branches->opener = *opener;
	branches->most = channels - 1 < BRANCHES_MAX ? channels - 1 : BRANCHES_MAX;
	branches->worth = SIZE_MAX;
	session_set_branches(trunk, branches);
}

/* The first that fits says it. Windows may keep a file that is open from being opened again. */
static const struct {
	const char *start;
	bool stripes_well;
} servers[] = {
	{ "SSH-2.0-OpenSSH_for_Windows", false },
	{ "SSH-2.0-OpenSSH_", true },
};

bool remote_stripes_well(const char *banner)
{
	for (size_t i = 0; i < SP_COUNT_OF(servers); i++)
		if (sp_text_starts_with(banner, servers[i].start))
			return servers[i].stripes_well;
	return false;
}

size_t remote_channels_most(const struct remote *trunk)
{
	return 1 + branches_most(trunk);
}

/* ---- for jobs ---------------------------------------------------------------------------------------------------- */

void branches_enter(struct remote *trunk, struct branch_wish *wish)
{
	struct branches *branches = session_branches(trunk);
	if (branches == NULL)
		return;
	wish->next = branches->wishes;
	branches->wishes = wish;
}

void branches_leave(struct remote *trunk, struct branch_wish *wish)
{
	struct branches *branches = session_branches(trunk);
	if (branches == NULL)
		return;
	struct branch_wish **link = &branches->wishes;
	while (*link != NULL && *link != wish)
		link = &(*link)->next;
	if (*link != NULL)
		*link = wish->next;
}

size_t branches_most(const struct remote *trunk)
{
	const struct branches *branches = session_branches(trunk);
	return branches == NULL ? 0 : branches->most;
}

size_t branches_worth(const struct remote *trunk)
{
	const struct branches *branches = session_branches(trunk);
	return branches == NULL ? SIZE_MAX : branches->worth;
}

void branches_judge(struct remote *trunk, size_t worth)
{
	struct branches *branches = session_branches(trunk);
	if (branches != NULL)
		branches->worth = worth;
}

bool branches_settled(const struct remote *trunk)
{
	const struct branches *branches = session_branches(trunk);
	for (size_t i = 0; branches != NULL && i < BRANCHES_MAX; i++)
		if (branches->all[i].opening != NULL)
			return false;
	return true;
}

struct remote *branch_take(struct remote *trunk, size_t index)
{
	struct branches *branches = session_branches(trunk);
	struct branch *branch = branches == NULL ? NULL : &branches->all[index];
	if (branch == NULL || branch->remote == NULL || session_dead(branch->remote) != NULL)
		return NULL;
	branch->users++;
	return branch->remote;
}

void branch_give_back(struct remote *trunk, size_t index)
{
	struct branch *branch = &session_branches(trunk)->all[index];
	assert(branch->users > 0);
	branch->users--;
	branch->unused_since_ms = sp_monotonic_ms();
}

/* ---- opening and closing ----------------------------------------------------------------------------------------- */

static bool exists(const struct branch *branch)
{
	return branch->opening != NULL || branch->remote != NULL;
}

static size_t count(const struct branches *branches)
{
	size_t there = 0;
	for (size_t i = 0; i < BRANCHES_MAX; i++)
		there += exists(&branches->all[i]);
	return there;
}

/* The server has had enough. What it granted, or is still asked for, remains. */
static void note_refusal(struct branches *branches)
{
	size_t there = count(branches);
	if (there < branches->most)
		branches->most = there;
}

static void begin(struct branches *branches, struct branch *branch)
{
	struct sp_error ignored = { 0 };
	branch->opening = branches->opener.begin(branches->opener.ctx, BRANCH_OPEN_MS, &ignored);
	if (branch->opening == NULL)
		note_refusal(branches);
}

static void go_on(struct branches *branches, struct branch *branch)
{
	struct sp_error ignored = { 0 };
	struct channel *channel;
	int result = branches->opener.step(branch->opening, &channel, &ignored);
	if (result == 0)
		return;
	branch->opening = NULL;
	branch->unused_since_ms = sp_monotonic_ms();
	if (result > 0)
		branch->remote = session_branch_off(branches->trunk, channel);
	else
		note_refusal(branches);
}

static size_t wished(const struct branches *branches)
{
	size_t most = 0;
	for (const struct branch_wish *wish = branches->wishes; wish != NULL; wish = wish->next)
		most = wish->count > most ? wish->count : most;
	return most < branches->most ? most : branches->most;
}

static bool is_needless(const struct branches *branches, const struct branch *branch, size_t wanted)
{
	if (branch->remote == NULL || branch->users > 0)
		return false;
	if (session_dead(branch->remote) != NULL)
		return true;
	if (branches->wishes != NULL)
		return (size_t)(branch - branches->all) >= wanted;
	return sp_monotonic_ms() - branch->unused_since_ms >= BRANCH_IDLE_MS;
}

/* The first ones are those that are there: a job that wishes for three uses 0 to 2. */
static void open_and_close(struct branches *branches)
{
	size_t wanted = wished(branches);
	for (size_t i = 0; i < BRANCHES_MAX; i++) {
		struct branch *branch = &branches->all[i];
		if (is_needless(branches, branch, wanted))
			session_destroy(sp_take_pointer(&branch->remote));
		if (!exists(branch) && i < wanted && count(branches) < branches->most)
			begin(branches, branch);
		if (branch->opening != NULL)
			go_on(branches, branch);
	}
}

/* ---- moving ------------------------------------------------------------------------------------------------------ */

static void move(struct remote *remote, int64_t idle_ms, bool *moved, int *timeout_ms)
{
	struct sp_error err = { 0 };
	if (session_move(remote, moved, &err) != 0 ||
	    session_check_overtaken(remote, idle_ms, &err) != 0 ||
	    session_check_idle(remote, idle_ms, timeout_ms, &err) != 0)
		session_die(remote, &err);
}

void branches_move(struct branches *branches, int64_t idle_ms, bool *moved, int *timeout_ms)
{
	open_and_close(branches);
	/* What the layer below still takes is given to one after the other, so that a slow line starves none. */
	branches->turn++;
	for (size_t i = 0; i < BRANCHES_MAX; i++) {
		struct branch *branch = &branches->all[(branches->turn + i) % BRANCHES_MAX];
		if (branch->remote != NULL && session_dead(branch->remote) == NULL)
			move(branch->remote, idle_ms, moved, timeout_ms);
	}
	if (count(branches) > 0 && (*timeout_ms < 0 || *timeout_ms > BRANCH_IDLE_MS))
		*timeout_ms = BRANCH_IDLE_MS;
}

void branches_destroy(struct branches *branches)
{
	if (branches == NULL)
		return;
	for (size_t i = 0; i < BRANCHES_MAX; i++) {
		if (branches->all[i].opening != NULL)
			branches->opener.give_up(branches->all[i].opening);
		session_destroy(branches->all[i].remote);
	}
	free(branches);
}
