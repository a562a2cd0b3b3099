#include "events/sink.h"

#include <sys/resource.h>
#include <unistd.h>

enum { NICENESS = 10 };

/* Linux has a niceness for each thread. Where it may not be changed, events are told all the same. */
void sink_step_back(void)
{
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
}
