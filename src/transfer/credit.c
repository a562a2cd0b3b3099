#include "transfer/credit.h"

#include "ipc/worker_message.h"

enum {
	/* One is at work, others are opened, checked, committed meanwhile: whatever their size. */
	FILES_PER_CONNECTION_MIN = 4,
	MEAN_OF = 16,           /* files, about */
	WORTH_READING_PART = 4, /* a quarter of the places */
};

static const uint64_t bytes_per_connection = 64 << 20;

void credit_note_size(struct credit *credit, uint64_t size)
{
	if (size >= credit->size_mean)
		credit->size_mean += (size - credit->size_mean) / MEAN_OF;
	else
		credit->size_mean -= (credit->size_mean - size) / MEAN_OF;
}

size_t credit_files(const struct credit *credit, size_t share)
{
	uint64_t files = credit->connections * bytes_per_connection / (credit->size_mean + 1);
	if (files > WORKER_FILES_MAX)
		files = WORKER_FILES_MAX;
	if (files > share)
		files = share;
	if (files < credit->connections * FILES_PER_CONNECTION_MIN)
		files = credit->connections * FILES_PER_CONNECTION_MIN;
	return (size_t)files;
}

size_t credit_worth_reading(size_t files)
{
	return files / WORTH_READING_PART + 1;
}
