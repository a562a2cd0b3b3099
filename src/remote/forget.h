#pragma once
/** What libraries free without a thought may have been a secret. */

/**
 * From here to forget_end() memory that this thread frees is overwritten, by whatever library. For moments in which
 * nothing waits: until then other threads that want the same stand still.
 */
void forget_begin(void);
void forget_end(void);
