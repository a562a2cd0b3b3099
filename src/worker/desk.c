/* What the daemon and the connections say, and what is made of it. */

#include "worker/desk_inside.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"
#include "model/security_policy.h"

enum {
	/* A server that refused a further connection is not asked again for so long. */
	CONTENT_MS = 60 * 1000,
};

static_assert(sizeof(struct desk) <= SP_SECRET_PAGES_MAX, "no system need lock so much");

/* ---- to the daemon --------------------------------------------------------------------------------------------- */

/* An enum ipc_result, or -1. */
static int send_message(struct desk *desk, const struct worker_message *message,
			struct sp_error *err)
{
	size_t length;
	if (worker_message_encode(message, desk->wire, &length, err) != 0)
		return -1;
	return ipc_send(desk->control_fd, desk->wire, length, NULL, 0, err);
}

static int flush_outgoing(struct desk *desk, struct sp_error *err)
{
	while (desk->outgoing.first != NULL) {
		int result = send_message(desk, &desk->outgoing.first->message, err);
		if (result == -1)
			return -1;
		if (result == IPC_AGAIN)
			return 0;
		desk->ended = desk->ended || result == IPC_ENDED;
		letter_destroy(letters_shift(&desk->outgoing));
	}
	return 0;
}

/* @letter is taken. What says how far a file is, or that we live, waits for nothing: the next one says it better. */
static int tell(struct desk *desk, struct letter *letter, struct sp_error *err)
{
	if (letter->message.kind == WORKER_PROGRESS || letter->message.kind == WORKER_BEAT) {
		int result = 0;
		if (desk->outgoing.first == NULL)
			result = send_message(desk, &letter->message, err);
		desk->ended = desk->ended || result == IPC_ENDED;
		letter_destroy(letter);
		return result == -1 ? -1 : 0;
	}
	letters_append(&desk->outgoing, letter);
	return flush_outgoing(desk, err);
}

/* @letter, of a file that no connection has, is taken. */
static int tell_failed(struct desk *desk, struct letter *letter, enum failure_step step,
		       enum sp_code code, const char *text, struct sp_error *err)
{
	struct worker_message message = {
		.kind = WORKER_FILE_FAILED,
		.file_id = sp_strdup(letter->message.file_id),
		.attempt = letter->message.attempt,
		.step = step,
		.code = code,
		.text = sp_strdup(text),
	};
	roll_remove(&desk->roll, letter->file);
	letter_destroy(letter);
	return tell(desk, letter_create(LETTER_MESSAGE, &message, -1), err);
}

/* ---- from the daemon ------------------------------------------------------------------------------------------- */

/* What the daemon may say; each takes the letter, also when it fails. */
typedef int hear_fn(struct desk *desk, struct letter *letter, struct sp_error *err);

/* Moves a text to where it may stay. */
static void keep_secret(struct desk *desk, char **text)
{
	if (*text == NULL)
		return;
	size_t size = strlen(*text) + 1;
	assert(desk->secrets_used + size <= SECRETS_MAX); /* all of them were in one message */
	char *kept = memcpy(desk->secrets + desk->secrets_used, *text, size);
	desk->secrets_used += size;
	sp_secret_free(*text);
	*text = kept;
}

static int hear_configure(struct desk *desk, struct letter *letter, struct sp_error *err)
{
	if (desk->slot_count != 0) {
		letter_destroy(letter);
		return sp_fail(err, SP_PROTOCOL, "cannot be configured twice");
	}
	desk->configuration = letter->message;
	letter->message = (struct worker_message){ 0 };
	letter_destroy(letter);
	keep_secret(desk, &desk->configuration.password);
	keep_secret(desk, &desk->configuration.private_key);
	for (size_t i = 0; i < WORKER_OTHER_LOGINS_MAX; i++) {
		keep_secret(desk, &desk->configuration.other_passwords[i]);
		keep_secret(desk, &desk->configuration.other_private_keys[i]);
	}

	const struct worker_message *configuration = &desk->configuration;
	if (configuration->host == NULL || configuration->user == NULL ||
	    configuration->connections == 0 || configuration->security_policy == NULL ||
	    security_policy_find(configuration->security_policy) == NULL)
		return sp_fail(err, SP_PROTOCOL,
			       "cannot be configured without host, user, connections and a known "
			       "security policy");
	desk->slot_count = configuration->connections;
	return feeder_start(desk->slot_count, desk->inbox, &desk->feeder, err);
}

static int hear_socket(struct desk *desk, struct letter *letter, struct sp_error *err)
{
	for (size_t i = 0; i < desk->slot_count; i++) {
		struct slot *slot = &desk->slots[i];
		if (slot->request == 0 || slot->request != letter->message.request)
			continue;
		slot->request = 0;
		connection_post(slot->connection, letter);
		return 0;
	}
	sp_fail(err, SP_PROTOCOL, "cannot use socket %u, which was not asked for",
		letter->message.request);
	letter_destroy(letter);
	return -1;
}

static int hear_file(struct desk *desk, struct letter *letter, struct sp_error *err)
{
	letter->file = desk->test ? ROLL_MAX : roll_add(&desk->roll, &letter->message);
	if (letter->file != ROLL_MAX) {
		letters_append(&desk->waiting, letter);
		return 0;
	}
	/* Nobody waits for a REMOVE: what is not removed stays. */
	bool harmless = !desk->test && letter->message.kind == WORKER_REMOVE;
	letter_destroy(letter);
	return harmless ? 0
			: sp_fail(err, SP_PROTOCOL, "cannot take %s",
				  desk->test ? "a file in a test" : "so many files");
}

static int hear_permit(struct desk *desk, struct letter *letter, struct sp_error *err)
{
	(void)err;
	letter->file = roll_find(&desk->roll, &letter->message);
	struct rolled *file = letter->file == ROLL_MAX ? NULL : &desk->roll.files[letter->file];
	if (file != NULL && file->may_permit) {
		file->may_permit = false;
		connection_post(desk->slots[file->at].connection, letter);
	} else {
		letter_destroy(letter); /* it has failed, and the daemon hears of it */
	}
	return 0;
}

static int fail_cancelled(struct desk *desk, struct letter *file, struct sp_error *err)
{
	return tell_failed(desk, file, STEP_WAIT, SP_CANCELLED, "cancelled before it was begun",
			   err);
}

static int hear_cancel(struct desk *desk, struct letter *letter, struct sp_error *err)
{
	unsigned number = letter->file = roll_find(&desk->roll, &letter->message);
	if (number == ROLL_MAX) { /* it has ended, and the daemon hears of it */
		letter_destroy(letter);
		return 0;
	}
	struct rolled *file = &desk->roll.files[number];
	file->cancelled = true;
	if (file->at >= 0) {
		connection_post(desk->slots[file->at].connection, letter);
		return 0;
	}
	letter_destroy(letter);
	return fail_cancelled(desk, desk_take_waiting(desk, number), err);
}

static int hear_test(struct desk *desk, struct letter *letter, struct sp_error *err)
{
	letter_destroy(letter);
	struct slot *slot = desk_find_slot(desk, SLOT_UNUSED);
	if (!desk->test || slot == NULL)
		return sp_fail(err, SP_PROTOCOL, "cannot test a connection here");
	return desk_open_slot(desk, slot, LETTER_TRY, err);
}

/* The file thread knows what it asked for. */
static int hear_storage(struct desk *desk, struct letter *letter, struct sp_error *err)
{
	(void)err;
	feeder_post(desk->feeder, letter);
	return 0;
}

static const struct {
	enum worker_kind kind;
	hear_fn *hear;
} hears[] = {
	{ WORKER_CONFIGURE, hear_configure }, { WORKER_SOCKET, hear_socket },
	{ WORKER_NO_SOCKET, hear_socket },    { WORKER_SEND, hear_file },
	{ WORKER_RETRIEVE, hear_file },       { WORKER_RECOVER, hear_file },
	{ WORKER_REMOVE, hear_file },         { WORKER_PERMIT, hear_permit },
	{ WORKER_CANCEL, hear_cancel },       { WORKER_TEST, hear_test },
	{ WORKER_LIST, hear_file },           { WORKER_MOVE, hear_file },
	{ WORKER_DELETE, hear_file },         { WORKER_URLS, hear_storage },
	{ WORKER_STORAGE_CA, hear_storage },  { WORKER_STORAGE_SOCKET, hear_storage },
	{ WORKER_NO_STORAGE, hear_storage },
};

/* @letter is taken. */
static int hear(struct desk *desk, struct letter *letter, struct sp_error *err)
{
	enum worker_kind kind = letter->message.kind;
	bool in_order = kind == WORKER_CONFIGURE || desk->slot_count != 0;
	for (size_t i = 0; in_order && i < SP_COUNT_OF(hears); i++)
		if (hears[i].kind == kind)
			return hears[i].hear(desk, letter, err);
	letter_destroy(letter);
	return sp_fail(err, SP_PROTOCOL, "cannot take a message of kind %u %s", kind,
		       in_order ? "from the daemon" : "before the configuration");
}

static int receive(struct desk *desk, struct sp_error *err)
{
	int fds[IPC_FDS_MAX];
	size_t length, fd_count;
	for (;;) {
		int result =
			ipc_receive(desk->control_fd, desk->wire, &length, fds, &fd_count, err);
		if (result == IPC_ENDED)
			desk->ended = true;
		if (result != IPC_DONE)
			return result == -1 ? -1 : 0;

		struct worker_message message;
		result = worker_message_decode(desk->wire, length, fd_count, &message, err);
		explicit_bzero(desk->wire, length); /* it may have been the configuration */
		if (result != 0) {
			for (size_t i = 0; i < fd_count; i++)
				close(fds[i]);
			return -1;
		}
		int fd = fd_count == 0 ? -1 : fds[0];
		if (hear(desk, letter_create(LETTER_MESSAGE, &message, fd), err) != 0)
			return -1;
	}
}

/* ---- from the connections -------------------------------------------------------------------------------------- */

static int tell_tested(struct desk *desk, struct letter *letter, struct sp_error *err)
{
	letter->message.kind = WORKER_TEST_RESULT;
	return tell(desk, letter, err);
}

static int fail_waiting(struct desk *desk, const struct worker_message *why, struct sp_error *err)
{
	for (struct letter *file; (file = letters_shift(&desk->waiting)) != NULL;)
		if (tell_failed(desk, file, (enum failure_step)why->step, (enum sp_code)why->code,
				why->text, err) != 0)
			return -1;
	return 0;
}

static void note_opened(struct desk *desk, struct slot *slot, const struct letter *letter)
{
	slot->state = SLOT_UP;
	slot->depth = letter->depth;
	slot->held = slot->dismissed = desk->was_refused = false;
	desk_tell_held(desk, LETTER_ADMITTED);
}

/* A server that has had enough of us is left with what it granted; one that grants nothing has failed all. */
static int note_not_opened(struct desk *desk, struct slot *slot, struct letter *letter,
			   struct sp_error *err)
{
	int result = 0;
	bool was_held = slot->held, was_dismissed = slot->dismissed;
	slot->state = SLOT_DOWN;
	slot->request = 0;
	slot->held = slot->dismissed = false;
	if (desk->test)
		return tell_tested(desk, letter, err);
	if (desk_count_slots(desk, SLOT_UP) > 0 || was_held) {
		desk->content_until_ms = sp_monotonic_ms() + CONTENT_MS;
	} else if (!was_dismissed && !desk_is_led(desk)) {
		desk->was_refused = true;
		desk_tell_held(desk, LETTER_DISMISSED);
		result = fail_waiting(desk, &letter->message, err);
	}
	letter_destroy(letter);
	return result;
}

static int note_returned(struct desk *desk, struct letter *letter, struct sp_error *err)
{
	desk_take_back(desk, &desk->slots[letter->from], letter->file);
	if (desk->roll.files[letter->file].cancelled)
		return fail_cancelled(desk, letter, err);
	if (letter->returned)
		return tell_failed(desk, letter, STEP_SFTP, SP_CLOSED,
				   "the server closed two connections in a row before the file was "
				   "begun",
				   err);
	letter->returned = true;
	letter->kind = LETTER_MESSAGE;
	letters_prepend(&desk->waiting, letter);
	return 0;
}

/* The connection has done with it, but for tidying up: the next file need not wait for that. */
static void end(struct desk *desk, unsigned number)
{
	const struct rolled *file = &desk->roll.files[number];
	if (file->at >= 0)
		desk_take_back(desk, &desk->slots[file->at], number);
	roll_note_told(&desk->roll, number);
}

/* What a connection says of a file that it has. READY is the end of a RETRIEVE or LIST, unless it holds the bytes. */
static void note_word(struct desk *desk, const struct letter *letter)
{
	struct rolled *file = &desk->roll.files[letter->file];
	enum worker_kind kind = letter->message.kind;
	bool waits = file->kind == WORKER_SEND || letter->message.held != 0;
	if ((kind == WORKER_READY && waits) || kind == WORKER_TAKEN || kind == WORKER_FOUND) {
		file->may_permit = true;
		desk_rest(desk, file);
	} else if (kind != WORKER_PROGRESS && kind != WORKER_WATERMARK) {
		end(desk, letter->file);
	}
}

static int note_message(struct desk *desk, struct slot *slot, struct letter *letter,
			struct sp_error *err)
{
	if (letter->message.kind == WORKER_NEED_SOCKET) {
		slot->request = letter->message.request = ++desk->last_request;
		letter->message.file_id = sp_strdup(slot->file_id);
	} else if (letter->message.kind != WORKER_CONNECTED) {
		note_word(desk, letter);
	}
	return tell(desk, letter, err);
}

/* @letter is taken. */
static int note(struct desk *desk, struct letter *letter, struct sp_error *err)
{
	struct slot *slot = &desk->slots[letter->from];
	assert(letter->kind == LETTER_MESSAGE || letter->kind >= LETTER_RING); /* others are ours */
	switch (letter->kind) {
	case LETTER_STORAGE:
		letter->kind = LETTER_MESSAGE;
		return tell(desk, letter, err);
	case LETTER_MESSAGE:
		return note_message(desk, slot, letter, err);
	case LETTER_OPENED:
		note_opened(desk, slot, letter);
		if (desk->test)
			return tell_tested(desk, letter, err);
		break;
	case LETTER_NOT_OPENED:
		return note_not_opened(desk, slot, letter, err);
	case LETTER_ENDED:
		end(desk, letter->file);
		roll_remove(&desk->roll, letter->file);
		break;
	case LETTER_RETURNED:
		return note_returned(desk, letter, err);
	case LETTER_LOST:
		slot->state = SLOT_DOWN;
		break;
	case LETTER_HELP_WANTED:
		letters_append(&desk->calls, letter);
		return 0;
	case LETTER_HELPED:
		desk_note_helped(desk, slot, letter);
		break;
	case LETTER_HELP:
	case LETTER_RING:
	case LETTER_OPEN:
	case LETTER_OPEN_HELD:
	case LETTER_ADMITTED:
	case LETTER_DISMISSED:
	case LETTER_TRY:
		break;
	}
	letter_destroy(letter);
	return 0;
}

static int collect(struct desk *desk, struct sp_error *err)
{
	for (struct letter *letter; (letter = inbox_take(desk->inbox)) != NULL;)
		if (note(desk, letter, err) != 0)
			return -1;
	return 0;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

int desk_open(int control_fd, bool test, struct desk **out, struct sp_error *err)
{
	struct desk *desk = sp_secret_pages(sizeof(*desk));
	desk->control_fd = control_fd;
	desk->test = test;
	roll_init(&desk->roll);
	if (inbox_open(&desk->inbox, err) != 0) {
		sp_secret_pages_free(desk, sizeof(*desk));
		return -1;
	}
	*out = desk;
	return 0;
}

/* Until the next beat; files may wait for the time when a further connection is tried again. */
static int patience(const struct desk *desk)
{
	int64_t now = sp_monotonic_ms();
	int64_t left = desk->next_beat_ms - now, content = desk->content_until_ms - now;
	if (desk->waiting.first != NULL && content > 0 && content < left)
		left = content;
	return left < 0 ? 0 : (int)left;
}

static int beat(struct desk *desk, struct sp_error *err)
{
	int64_t now = sp_monotonic_ms();
	if (now < desk->next_beat_ms)
		return 0;
	desk->next_beat_ms = now + WORKER_BEAT_MS;
	const struct worker_message message = { .kind = WORKER_BEAT };
	return tell(desk, letter_create(LETTER_MESSAGE, &message, -1), err);
}

int desk_run(struct desk *desk, struct sp_error *err)
{
	while (!desk->ended) {
		struct pollfd waits[] = {
			{ .fd = desk->control_fd, .events = POLLIN },
			{ .fd = inbox_fd(desk->inbox), .events = POLLIN },
		};
		if (desk->outgoing.first != NULL)
			waits[0].events |= POLLOUT;
		poll(waits, SP_COUNT_OF(waits), patience(desk));
		if (receive(desk, err) != 0 || collect(desk, err) != 0 ||
		    flush_outgoing(desk, err) != 0 || desk_distribute(desk, err) != 0 ||
		    beat(desk, err) != 0)
			return -1;
	}
	return 0;
}

void desk_wipe(struct desk *desk)
{
	explicit_bzero(desk->secrets, sizeof(desk->secrets));
}
