#pragma once
/** What libraries free without a thought may have been a secret. */

/**
 * From here to wipe_freed_end() memory that this thread frees is overwritten, by whatever library. For moments in which
 * nothing waits: until then other threads that want the same stand still.
 */
void wipe_freed_begin(void);
void wipe_freed_end(void);
