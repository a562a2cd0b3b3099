#pragma once
/** What the operating system does while a test runs: a wall clock that the test turns, descriptors that do not travel. */

#include <stdatomic.h>
#include <stdint.h>

extern _Atomic int64_t weather_clock_ahead_ms; /* of the wall clock as our programs see it */
extern atomic_int weather_busy; /* so many more messages with descriptors are refused for now */
