#include "cli/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static volatile sig_atomic_t came;
static int ends[2] = { -1, -1 };

static void note(int number)
{
	int saved = errno;
	(void)number;
	came = 1;
	ssize_t written = write(ends[1], "", 1);
	(void)written; /* it is non-blocking: when it is full somebody has been woken */
	errno = saved;
}

void interrupt_note(void)
{
	const struct sigaction action = { .sa_handler = note, .sa_flags = (int)SA_RESETHAND };
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return; /* then a signal ends the program, as ever */
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool interrupt_came(void)
{
	return came != 0;
}

int interrupt_fd(void)
{
	return ends[0];
}
