#include "test.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "base/scope.h"
#include "worker/letter.h"

enum { WRITERS = 4, LETTERS_EACH = 2000 };

static struct inbox *open_inbox(void)
{
	struct inbox *inbox;
	struct sp_error err = { 0 };
	assert_int_equal(inbox_open(&inbox, &err), 0);
	return inbox;
}

static bool is_readable(const struct inbox *inbox)
{
	struct pollfd wait = { .fd = inbox_fd(inbox), .events = POLLIN };
	return poll(&wait, 1, 0) == 1;
}

static struct letter *numbered(unsigned number)
{
	struct letter *letter = letter_create(LETTER_ENDED, NULL, -1);
	letter->from = number;
	return letter;
}

static void letters_come_in_order_and_the_descriptor_tells_of_them(void **state)
{
	(void)state;
	struct inbox *inbox = open_inbox();
	assert_false(is_readable(inbox));
	assert_null(inbox_take(inbox));
	for (unsigned i = 0; i < 3; i++)
		inbox_post(inbox, numbered(i));
	for (unsigned i = 0; i < 3; i++) {
		assert_true(is_readable(inbox));
		struct letter *letter = inbox_take(inbox);
		assert_int_equal(letter->from, i);
		letter_destroy(letter);
	}
	assert_false(is_readable(inbox));
	assert_null(inbox_take(inbox));
	inbox_post(inbox, numbered(9));
	assert_true(is_readable(inbox));
	inbox_close(inbox); /* with that letter */
}

static void a_letter_takes_its_descriptor_and_texts_along(void **state)
{
	(void)state;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct worker_message message = { .kind = WORKER_CANCEL, .file_id = sp_strdup("id") };
	letter_destroy(letter_create(LETTER_MESSAGE, &message, fd));
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	letter_destroy(NULL);
}

static void *write_many(void *inbox)
{
	for (unsigned i = 0; i < LETTERS_EACH; i++)
		inbox_post(inbox, numbered(i));
	return NULL;
}

static void no_letter_is_lost_between_threads(void **state)
{
	(void)state;
	struct inbox *inbox = open_inbox();
	pthread_t writers[WRITERS];
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&writers[i], NULL, write_many, inbox), 0);
	for (unsigned received = 0; received < WRITERS * LETTERS_EACH;) {
		struct pollfd wait = { .fd = inbox_fd(inbox), .events = POLLIN };
		assert_int_equal(poll(&wait, 1, 10000), 1);
		for (struct letter *letter; (letter = inbox_take(inbox)) != NULL; received++)
			letter_destroy(letter);
	}
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writers[i], NULL);
	assert_false(is_readable(inbox));
	inbox_close(inbox);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_come_in_order_and_the_descriptor_tells_of_them),
		cmocka_unit_test(a_letter_takes_its_descriptor_and_texts_along),
		cmocka_unit_test(no_letter_is_lost_between_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
