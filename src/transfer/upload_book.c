#include "transfer/upload_book.h"

#include "store/storage_uploads.h"

/* What is asked for by one call, on its way to the store's writer or a reader. */
struct page {
	const char *file_id, *after;
	int attempt;
	int64_t before_ms;
	struct object_upload *out;
	size_t max, *out_count;
};

static int write_add(struct db *db, void *ctx, struct sp_error *err)
{
	return storage_uploads_add(db, ctx, err);
}

static int add(void *ctx, const struct object_upload *upload, struct sp_error *err)
{
	struct object_upload copy = *upload; /* whose texts stay the caller's */
	return store_write(ctx, write_add, &copy, err);
}

static int read_find(struct db *db, void *ctx, struct sp_error *err)
{
	const struct page *page = ctx;
	return storage_uploads_find(db, page->file_id, page->attempt, page->out, err);
}

static int find(void *ctx, const char *file_id, int attempt, struct object_upload *out,
		struct sp_error *err)
{
	struct page page = { .file_id = file_id, .attempt = attempt, .out = out };
	return store_read(ctx, read_find, &page, err);
}

static int read_list(struct db *db, void *ctx, struct sp_error *err)
{
	const struct page *page = ctx;
	return storage_uploads_list(db, page->file_id, page->before_ms, page->after, page->out,
				    page->max, page->out_count, err);
}

static int list(void *ctx, const char *file_id, int64_t before_ms, const char *after,
		struct object_upload *out, size_t max, size_t *out_count, struct sp_error *err)
{
	struct page page = { .file_id = file_id,
			     .before_ms = before_ms,
			     .after = after == NULL ? "" : after,
			     .out = out,
			     .max = max,
			     .out_count = out_count };
	return store_read(ctx, read_list, &page, err);
}

static int write_forget(struct db *db, void *ctx, struct sp_error *err)
{
	return storage_uploads_forget(db, *(const char **)ctx, err);
}

static int forget(void *ctx, const char *upload_id, struct sp_error *err)
{
	return store_write(ctx, write_forget, &upload_id, err);
}

struct upload_book upload_book_in(struct store *store)
{
	return (struct upload_book){
		.ctx = store, .add = add, .find = find, .list = list, .forget = forget
	};
}
