#pragma once
/**
 * Ctrl-C while something is waited for: what was asked for goes on at the service, so it is told how to watch it. A signal
 * has no parameter, so this is the room's only state that belongs to nobody. The second Ctrl-C ends the program at once.
 */

#include <stdbool.h>

/** From now on SIGINT and SIGTERM are noted instead of ending the program. Once. */
void interrupt_note(void);

bool interrupt_came(void);

/** Readable once one came; -1 before interrupt_note(). */
int interrupt_fd(void);
