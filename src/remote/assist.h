#pragma once
/**
 * A helper's part of one file (remote/crew.h): blocks that are lent to it are written to, or filled from, the same file
 * over a connection of its own. A state machine like upload.h's and download.h's, which does either.
 *
 *   WAIT (for the first block) ──► OPEN ──► FSTAT (fetching: is it the same file?) ──► blocks… ──► CLOSE ──► done
 */

#include "remote/crew.h"
#include "remote/session.h"
#include "remote/upload.h" /* enum job_state */

struct assist;

/** Joins @crew; NULL when that needs nobody any more. It rings @bell when another step is worth while. */
struct assist *assist_start(struct remote *remote, struct crew *crew, const struct crew_bell *bell);

/** Never waits. Whether it is JOB_DONE or JOB_FAILED concerns the file's owner alone, who knows. */
enum job_state assist_step(struct assist *assist);

/** Gives back all that it has, and leaves. NULL is fine. */
void assist_destroy(struct assist *assist);
