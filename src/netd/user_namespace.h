#pragma once
/** Networks for an ordinary user: in a user namespace, where one is root over what one makes oneself. */

#include "base/error.h"

/**
 * Moves this process into a user, a mount and a network namespace of its own, with an empty /run/netns that nobody else
 * sees. All of it goes with the last process inside.
 */
int user_namespace_enter(struct sp_error *err);
