/* Which connection gets which file, and when another connection is opened. */

#include <stdio.h>

#include "base/clock.h"
#include "worker/desk_inside.h"
#include "worker/help.h"

enum {
	SMALL_BYTES =
		256 << 10, /* a file of so many takes less time than the opening of a connection */
};

struct slot *desk_find_slot(struct desk *desk, enum slot_state state)
{
	for (size_t i = 0; i < desk->slot_count; i++)
		if (desk->slots[i].state == state)
			return &desk->slots[i];
	return NULL;
}

size_t desk_count_slots(const struct desk *desk, enum slot_state state)
{
	size_t count = 0;
	for (size_t i = 0; i < desk->slot_count; i++)
		count += desk->slots[i].state == state;
	return count;
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

/* The file that the next connection is opened for: each one that is being opened already will take one, and those that
 * are left will help with the first. "": a test. */
static void note_waiting_file(struct desk *desk, struct slot *slot)
{
	const struct letter *letter = desk->waiting.first;
	if (letter == NULL)
		letter = desk->calls.first;
	for (size_t opening = desk_count_slots(desk, SLOT_OPENING); letter != NULL && opening > 0;
	     opening--)
		letter = letter->next;
	if (letter == NULL)
		letter = desk->waiting.first;
	snprintf(slot->file_id, sizeof(slot->file_id), "%s",
		 letter == NULL ? "" : letter->message.file_id);
}

int desk_open_slot(struct desk *desk, struct slot *slot, enum letter_kind how, struct sp_error *err)
{
	if (slot->state == SLOT_UNUSED &&
	    connection_start((unsigned)(slot - desk->slots), &desk->configuration, desk->feeder,
			     desk->inbox, &slot->connection, err) != 0)
		return -1;
	note_waiting_file(desk, slot);
	slot->state = SLOT_OPENING;
	slot->held = how == LETTER_OPEN_HELD;
	connection_post(slot->connection, letter_create(how, NULL, -1));
	return 0;
}

void desk_tell_held(struct desk *desk, enum letter_kind what)
{
	for (size_t i = 0; i < desk->slot_count; i++) {
		struct slot *slot = &desk->slots[i];
		if (slot->state != SLOT_OPENING || !slot->held)
			continue;
		slot->held = false;
		slot->dismissed = what == LETTER_DISMISSED;
		connection_post(slot->connection, letter_create(what, NULL, -1));
	}
}

bool desk_is_led(const struct desk *desk)
{
	for (size_t i = 0; i < desk->slot_count; i++) {
		const struct slot *slot = &desk->slots[i];
		if (slot->state == SLOT_OPENING && !slot->held && !slot->dismissed)
			return true;
	}
	return false;
}

static bool is_content(const struct desk *desk)
{
	return sp_monotonic_ms() < desk->content_until_ms;
}

/* As many as may help with what is at work, once no file waits any more. */
static bool wants_helper(const struct desk *desk)
{
	return desk->waiting.first == NULL && desk->calls.first != NULL &&
	       desk_count_slots(desk, SLOT_OPENING) < CREW_HELPERS_MAX;
}

/* Whether the file that waits first will call for help for certain: then help may be on its way before it is begun. */
static bool will_call(const struct desk *desk)
{
	const struct worker_message *order = &desk->waiting.first->message;
	return order->kind == WORKER_SEND && order->upload_mode != UPLOAD_DIRECT &&
	       order->size >= HELP_BYTES_MIN &&
	       connection_may_stripe_at(&desk->configuration, desk->configuration.banner);
}

/*
 * The first connection goes ahead alone: what keeps it from opening (a wrong password, say) would keep all of them, and
 * servers count. Where it led to a session before, others follow it as far as the door, with the server's key seen and
 * nothing secret sent, so that they are in soon after it is.
 */
static bool may_follow(const struct desk *desk, size_t opening)
{
	if (desk->waiting.first == NULL || desk->configuration.banner == NULL ||
	    desk->was_refused || is_content(desk) || !desk_is_led(desk))
		return false;
	return opening < desk->waiting.count || (opening <= CREW_HELPERS_MAX && will_call(desk));
}

/* As many connections as there are files. */
static bool wants_another(const struct desk *desk)
{
	size_t opening = desk_count_slots(desk, SLOT_OPENING);
	bool is_up = desk_count_slots(desk, SLOT_UP) > 0;
	if (!is_up && opening > 0)
		return may_follow(desk, opening);
	if (opening >= desk->waiting.count && !wants_helper(desk))
		return false;
	return !is_up || !is_content(desk);
}

/* ---- giving out -------------------------------------------------------------------------------------------------- */

static void give(struct desk *desk, struct slot *slot, struct letter *letter)
{
	desk->roll.files[letter->file].at = (int)(slot - desk->slots);
	slot->files++;
	desk->at_work++;
	connection_post(slot->connection, letter);
}

void desk_rest(struct desk *desk, struct rolled *file)
{
	if (file->rests)
		return;
	file->rests = true;
	desk->slots[file->at].resting++;
}

void desk_take_back(struct desk *desk, struct slot *slot, unsigned number)
{
	struct rolled *file = &desk->roll.files[number];
	slot->resting -= file->rests;
	slot->files--;
	file->rests = false;
	file->at = -1;
	desk->at_work--;
}

struct letter *desk_take_waiting(struct desk *desk, unsigned number)
{
	struct letter *found = NULL;
	struct letters kept = { 0 };
	for (struct letter *letter; (letter = letters_shift(&desk->waiting)) != NULL;) {
		if (letter->file == number)
			found = letter;
		else
			letters_append(&kept, letter);
	}
	desk->waiting = kept;
	return found;
}

/* How many files a connection has when all that there are, or may be opened, have as many. */
static size_t fair_share(const struct desk *desk)
{
	size_t files = desk->waiting.count + desk->at_work;
	size_t connections = is_content(desk) ? desk_count_slots(desk, SLOT_UP) +
							desk_count_slots(desk, SLOT_OPENING)
					      : desk->slot_count;
	if (connections > files)
		connections = files;
	return connections == 0 ? 0 : (files + connections - 1) / connections;
}

static bool is_small(const struct worker_message *order)
{
	return order->kind != WORKER_RETRIEVE && order->size <= SMALL_BYTES;
}

/* When it may be busy with @most. */
static bool may_have_more(const struct slot *slot, size_t most)
{
	return slot->state == SLOT_UP && slot->files - slot->resting < most &&
	       slot->files < WORKER_FILES_MAX;
}

/* The one with the fewest files. What is large, or of a size that nobody knows, waits rather for a connection that is
 * still to come than for its turn on this one. */
static struct slot *slot_for(struct desk *desk, const struct letter *letter, size_t share)
{
	struct slot *best = NULL;
	for (size_t i = 0; i < desk->slot_count; i++) {
		struct slot *slot = &desk->slots[i];
		size_t most =
			is_small(&letter->message) || slot->depth < share ? slot->depth : share;
		if (may_have_more(slot, most) && (best == NULL || slot->files < best->files))
			best = slot;
	}
	return best;
}

static bool has_room(const struct desk *desk)
{
	for (size_t i = 0; i < desk->slot_count; i++)
		if (may_have_more(&desk->slots[i], desk->slots[i].depth))
			return true;
	return false;
}

static void give_out(struct desk *desk)
{
	size_t share = fair_share(desk);
	struct letters kept = { 0 };
	if (!has_room(desk))
		return;
	for (struct letter *letter; (letter = letters_shift(&desk->waiting)) != NULL;) {
		struct slot *slot = slot_for(desk, letter, share);
		if (slot != NULL)
			give(desk, slot, letter);
		else
			letters_append(&kept, letter);
	}
	desk->waiting = kept;
}

/* ---- help ---------------------------------------------------------------------------------------------------- */

static void drop_calls(struct desk *desk,
		       bool (*is_over)(const struct letter *call, const void *ctx), const void *ctx)
{
	struct letters kept = { 0 };
	for (struct letter *call; (call = letters_shift(&desk->calls)) != NULL;) {
		if (is_over(call, ctx))
			letter_destroy(call);
		else
			letters_append(&kept, call);
	}
	desk->calls = kept;
}

static bool is_done(const struct letter *call, const void *ctx)
{
	(void)ctx;
	return !crew_is_wanted(call->crew);
}

static bool is_of_crew(const struct letter *call, const void *crew)
{
	return call->crew == crew;
}

/* Whoever has nothing to do goes to those who called, in turn. */
static void send_helpers(struct desk *desk)
{
	drop_calls(desk, is_done, NULL);
	for (size_t i = 0; i < desk->slot_count && desk->calls.first != NULL; i++) {
		struct slot *slot = &desk->slots[i];
		if (slot->state != SLOT_UP || slot->files > 0 || slot->helps)
			continue;
		struct letter *call = letters_shift(&desk->calls);
		struct letter *letter = letter_create(LETTER_HELP, NULL, -1);
		crew_hold(call->crew);
		letter->crew = call->crew;
		slot->helps = true;
		connection_post(slot->connection, letter);
		letters_append(&desk->calls, call);
	}
}

/* Where one could not help, others will not be asked to. */
void desk_note_helped(struct desk *desk, struct slot *slot, const struct letter *letter)
{
	slot->helps = false;
	if (letter->returned)
		drop_calls(desk, is_of_crew, letter->crew);
}

int desk_distribute(struct desk *desk, struct sp_error *err)
{
	if (desk->waiting.first != NULL)
		give_out(desk);
	if (desk->waiting.first == NULL && desk->calls.first != NULL)
		send_helpers(desk);
	while (wants_another(desk)) {
		struct slot *slot = desk_find_slot(desk, SLOT_DOWN);
		if (slot == NULL)
			slot = desk_find_slot(desk, SLOT_UNUSED);
		if (slot == NULL)
			return 0;
		bool follows = desk_is_led(desk) && desk_count_slots(desk, SLOT_UP) == 0;
		if (desk_open_slot(desk, slot, follows ? LETTER_OPEN_HELD : LETTER_OPEN, err) != 0)
			return -1;
	}
	return 0;
}
