#include "cli/bar.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"

enum { DRAW_EVERY_MS = 100, COLUMNS_USUAL = 80, METER_WIDTH = 20, METER_FROM_COLUMNS = 60 };

static void draw_meter(int per_mille, char out[METER_WIDTH + 3])
{
	int filled = per_mille * METER_WIDTH / 1000;
	out[0] = '[';
	memset(out + 1, ' ', METER_WIDTH);
	memset(out + 1, '=', (size_t)filled);
	if (filled < METER_WIDTH)
		out[1 + filled] = '>';
	out[METER_WIDTH + 1] = ']';
	out[METER_WIDTH + 2] = '\0';
}

void bar_text(const struct amount_done *done, int64_t rate, int64_t seconds_left, int columns,
	      char out[BAR_TEXT_SIZE])
{
	char meter[METER_WIDTH + 3], ended[AMOUNT_SIZE], files[AMOUNT_SIZE], moved[AMOUNT_SIZE];
	char all[AMOUNT_SIZE], speed[AMOUNT_SIZE], left[AMOUNT_SIZE], failed[AMOUNT_SIZE + 16] = "";
	int per_mille = amount_per_mille(done);
	draw_meter(per_mille, meter);
	amount_of_things(done->files_ended, ended);
	amount_of_things(done->files, files);
	amount_of_bytes(done->bytes_done, moved);
	amount_of_bytes(done->bytes, all);
	amount_of_bytes(rate, speed);
	snprintf(left, sizeof(left), "-:--");
	if (seconds_left >= 0)
		amount_of_seconds(seconds_left, left);
	if (done->files_failed > 0) {
		char count[AMOUNT_SIZE];
		amount_of_things(done->files_failed, count);
		snprintf(failed, sizeof(failed), "  %s failed", count);
	}
	snprintf(out, BAR_TEXT_SIZE, "%s%s%3d %%  %s/%s files  %s%s%s  %s/s  %s left%s",
		 columns < METER_FROM_COLUMNS ? "" : meter, columns < METER_FROM_COLUMNS ? "" : " ",
		 per_mille / 10, ended, files, moved, done->sizes_are_known ? " of " : "",
		 done->sizes_are_known ? all : "", speed, left, failed);
	size_t room = columns < 1 ? 0 : (size_t)columns;
	if (room < BAR_TEXT_SIZE)
		out[room] = '\0';
}

static int columns_of(int fd)
{
	struct winsize size;
	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : COLUMNS_USUAL;
}

void bar_open(struct bar *bar, bool is_quiet)
{
	*bar = (struct bar){ .is_shown = !is_quiet && isatty(STDERR_FILENO) };
}

void bar_draw(struct bar *bar, const struct amount_done *done)
{
	int64_t now_ms = sp_monotonic_ms();
	if (!bar->is_shown || (bar->drawn_ms > 0 && now_ms - bar->drawn_ms < DRAW_EVERY_MS))
		return;
	char text[BAR_TEXT_SIZE];
	amount_rate_sample(&bar->rate, done, now_ms);
	/* One column less: a line that is full would begin another one. */
	bar_text(done, amount_rate_bytes(&bar->rate, done, now_ms),
		 amount_seconds_left(&bar->rate, done, now_ms), columns_of(STDERR_FILENO) - 1,
		 text);
	fprintf(stderr, "\r%s\033[K", text);
	bar->drawn_ms = now_ms;
}

void bar_clear(struct bar *bar)
{
	if (bar->drawn_ms > 0)
		fputs("\r\033[K", stderr);
	bar->drawn_ms = 0;
}
