#pragma once
/** The one line at the bottom of a terminal that says how far something is. */

#include "cli/amount.h"

enum { BAR_TEXT_SIZE = 512 };

/** The line for a terminal of @columns, not longer than that. Pure. */
void bar_text(const struct amount_done *done, int64_t rate, int64_t seconds_left, int columns,
	      char out[BAR_TEXT_SIZE]);

struct bar {
	bool is_shown; /* there is a terminal on standard error, and nobody wants quiet */
	struct amount_rate rate;
	int64_t drawn_ms;
};

void bar_open(struct bar *bar, bool is_quiet);

/** Draws it, unless it was drawn a moment ago. */
void bar_draw(struct bar *bar, const struct amount_done *done);

/** Takes it away, so that other words can be written; it comes back with the next bar_draw(). */
void bar_clear(struct bar *bar);
