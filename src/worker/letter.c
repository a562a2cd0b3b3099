#include "worker/letter.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/scope.h"

struct letter *letter_create(enum letter_kind kind, const struct worker_message *message, int fd)
{
	struct letter *letter = sp_alloc(sizeof(*letter));
	letter->kind = kind;
	letter->fd = fd;
	if (message != NULL)
		letter->message = *message;
	return letter;
}

void letter_destroy(struct letter *letter)
{
	if (letter == NULL)
		return;
	sp_close_fd(&letter->fd);
	crew_release(letter->crew);
	worker_message_finish(&letter->message);
	free(letter);
}

void letters_append(struct letters *letters, struct letter *letter)
{
	letter->next = NULL;
	if (letters->first == NULL)
		letters->first = letter;
	else
		letters->last->next = letter;
	letters->last = letter;
	letters->count++;
}

void letters_prepend(struct letters *letters, struct letter *letter)
{
	letter->next = letters->first;
	letters->first = letter;
	if (letter->next == NULL)
		letters->last = letter;
	letters->count++;
}

struct letter *letters_shift(struct letters *letters)
{
	struct letter *letter = letters->first;
	if (letter == NULL)
		return NULL;
	letters->first = letter->next;
	letter->next = NULL;
	letters->count--;
	return letter;
}

static void letters_move(struct letters *to, struct letters *from)
{
	if (from->first == NULL)
		return;
	if (to->first == NULL)
		to->first = from->first;
	else
		to->last->next = from->first;
	to->last = from->last;
	to->count += from->count;
	*from = (struct letters){ 0 };
}

struct inbox {
	pthread_mutex_t lock; /* for all below */
	struct letters letters;
	int fd; /* an eventfd that counts one while there are letters */
};

int inbox_open(struct inbox **out, struct sp_error *err)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd == -1)
		return sp_fail_errno(err, "could not create an eventfd");
	struct inbox *inbox = sp_alloc(sizeof(*inbox));
	pthread_mutex_init(&inbox->lock, NULL);
	inbox->fd = fd;
	*out = inbox;
	return 0;
}

void inbox_close(struct inbox *inbox)
{
	if (inbox == NULL)
		return;
	for (struct letter *letter; (letter = inbox_take(inbox)) != NULL;)
		letter_destroy(letter);
	close(inbox->fd);
	pthread_mutex_destroy(&inbox->lock);
	free(inbox);
}

int inbox_fd(const struct inbox *inbox)
{
	return inbox->fd;
}

void inbox_post(struct inbox *inbox, struct letter *letter)
{
	pthread_mutex_lock(&inbox->lock);
	if (inbox->letters.first == NULL)
		eventfd_write(inbox->fd, 1);
	letters_append(&inbox->letters, letter);
	pthread_mutex_unlock(&inbox->lock);
}

struct letter *inbox_take(struct inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	struct letter *letter = letters_shift(&inbox->letters);
	if (letter != NULL && inbox->letters.first == NULL)
		eventfd_read(inbox->fd, &(eventfd_t){ 0 });
	pthread_mutex_unlock(&inbox->lock);
	return letter;
}

void inbox_take_all(struct inbox *inbox, struct letters *out)
{
	pthread_mutex_lock(&inbox->lock);
	if (inbox->letters.first != NULL)
		eventfd_read(inbox->fd, &(eventfd_t){ 0 });
	letters_move(out, &inbox->letters);
	pthread_mutex_unlock(&inbox->lock);
}
