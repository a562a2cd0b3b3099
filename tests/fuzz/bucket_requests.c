/*
 * Requests to S3 that come one after the other, with a line "====" between them, carried out by the real operations on a
 * bucket that is a folder, which is new for each input. "$u" in a request is the upload that was begun last, "$e" the last
 * ETag that an answer had. Whatever comes: nothing is read or written outside of the bucket, and nothing half stays.
 */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "objects/folder_uploads.h"
#include "objects/objects.h"
#include "request.h"
#include "service/context.h"
#include "service/services.h"

enum { REQUESTS_MAX = 12, INPUT_MAX = 16 << 10, OPEN_MAX_OF_WALK = 16 };
#define BETWEEN "\n====\n"
#define SECRET  "nobody may read this"

/* ---- what is away: the linker takes these in the place of the rooms' own ---------------------------------------- */

int pool_submit(struct pool *pool, loop_fn *work, void *ctx, struct sp_error *err)
{
	(void)pool, (void)err;
	work(ctx);
	return 0;
}

void MHD_resume_connection(struct MHD_Connection *connection)
{
	(void)connection;
}

static bool is_owner(void *ctx, const struct sign_identity *who)
{
	(void)ctx, (void)who;
	return true;
}

static const struct api_guard guard = { .is_owner = is_owner };

/* ---- the bucket -------------------------------------------------------------------------------------------------- */

static char *root; /* owned; NULL: not there yet */
static ino_t secret_inode;
static struct objects *objects;

static char *path_of(const char *name)
{
	struct sp_buffer path = { 0 };
	sp_buffer_format(&path, "%s/%s", root, name);
	return sp_buffer_take(&path);
}

static void write_file(const char *name, const char *text)
{
	SP_AUTO_FREE char *path = path_of(name);
	SP_AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FUZZ_CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

static void make_folder(const char *name)
{
	SP_AUTO_FREE char *path = path_of(name);
	FUZZ_CHECK(mkdir(path, 0700) == 0);
}

static int remove_entry(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
	(void)status, (void)flag, (void)walk;
	return remove(path);
}

static void remove_below(const char *name)
{
	SP_AUTO_FREE char *path = path_of(name);
	FUZZ_CHECK(nftw(path, remove_entry, OPEN_MAX_OF_WALK, FTW_DEPTH | FTW_PHYS) == 0);
}

static void remove_ground(void)
{
	objects_close(objects);
	nftw(root, remove_entry, OPEN_MAX_OF_WALK, FTW_DEPTH | FTW_PHYS);
	free(root);
}

static void lay_ground(void)
{
	struct sp_error err = { 0 };
	const char *parent = getenv("TMPDIR");
	struct sp_buffer folder = { 0 };
	sp_buffer_format(&folder, "%s/sallyport-fuzz-XXXXXX", parent == NULL ? "/tmp" : parent);
	root = sp_buffer_take(&folder);
	if (mkdtemp(root) == NULL)
		sp_die("could not make the folder \"%s\"", root);
	atexit(remove_ground);
	SP_AUTO_FREE char *buckets = path_of("buckets");
	FUZZ_CHECK(objects_open(buckets, NULL, 0, &objects, &err) == 0);
	write_file("secret", SECRET);
	struct stat status;
	SP_AUTO_FREE char *secret = path_of("secret");
	FUZZ_CHECK(stat(secret, &status) == 0);
	secret_inode = status.st_ino;
}

/* With links within it and out of it. */
static void make_bucket(void)
{
	make_folder("buckets/bkt");
	make_folder("buckets/bkt/d");
	write_file("buckets/bkt/f", "content");
	write_file("buckets/bkt/d/g", "");
	SP_AUTO_FREE char *inside = path_of("buckets/bkt/in");
	SP_AUTO_FREE char *outside = path_of("buckets/bkt/out");
	FUZZ_CHECK(symlink("d", inside) == 0 && symlink("../..", outside) == 0);
}

/* What .sallyport may have when nothing is on its way: uploads. */
static void check_leftovers(void)
{
	SP_AUTO_FREE char *path = path_of("buckets/bkt/.sallyport");
	DIR *folder = opendir(path);
	const struct dirent *entry;
	while (folder != NULL && (entry = readdir(folder)) != NULL)
		FUZZ_CHECK(entry->d_name[0] == '.' ||
			   sp_text_starts_with(entry->d_name, "upload-"));
	if (folder != NULL)
		closedir(folder);
}

static void check_outside(void)
{
	char text[sizeof(SECRET)] = "";
	SP_AUTO_FREE char *path = path_of("secret");
	SP_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	FUZZ_CHECK(read(fd, text, sizeof(text)) == (ssize_t)strlen(SECRET));
	FUZZ_CHECK(strcmp(text, SECRET) == 0);
	DIR *folder = opendir(root);
	size_t count = 0;
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	FUZZ_CHECK(count == 4); /* with "." and ".." */
}

/* ---- requests ---------------------------------------------------------------------------------------------------- */

/* What later requests may name. */
struct learnt {
	char upload[UPLOAD_ID_SIZE], etag[64];
};

static void copy_behind(const char *text, const char *mark, char *out, size_t room)
{
	const char *at = text == NULL ? NULL : strstr(text, mark);
	if (at == NULL)
		return;
	at += strlen(mark);
	snprintf(out, room, "%.*s", (int)strcspn(at, "<&\""), at);
}

static void learn(struct learnt *learnt, const struct api_call *call)
{
	copy_behind(call->answer.body, "<UploadId>", learnt->upload, sizeof(learnt->upload));
	copy_behind(call->answer.body, "<ETag>&quot;", learnt->etag, sizeof(learnt->etag));
	for (size_t i = 0; i < call->more_count; i++)
		if (strcmp(call->more[i].name, "ETag") == 0)
			copy_behind(call->more[i].value, "\"", learnt->etag, sizeof(learnt->etag));
}

static void put_learnt(const struct learnt *learnt, const char *text, size_t length,
		       struct sp_buffer *out)
{
	for (size_t i = 0; i < length; i++) {
		char next = i + 1 < length ? text[i + 1] : '\0';
		bool is_name = text[i] == '$' && (next == 'u' || next == 'e');
		if (is_name)
			sp_buffer_add_text(out, next == 'u' ? learnt->upload : learnt->etag);
		else
			sp_buffer_add_char(out, text[i]);
		i += is_name;
	}
}

/* As HTTP would have it: a body has a length. */
static void add_length(struct api_call *call)
{
	char text[24];
	const struct sign_request request = call_request(call);
	if (sign_header_value(&request, "content-length") != NULL || call->header_count >= 60)
		return;
	snprintf(text, sizeof(text), "%zu", call->body.length);
	call->headers[call->header_count++] =
		(struct sign_header){ strdup("content-length"), strdup(text) };
}

/* In two pieces, as it may come. */
static void pour(struct api_call *call)
{
	const struct api_sink *kind = call->operation->sink;
	const char *bytes = sp_buffer_text(&call->body);
	size_t length = call->body.length, half = length / 2;
	struct sp_error err = { 0 };
	void *sink = kind->open(call);
	if (sink == NULL)
		return;
	if (call->id[0] == 'a') { /* of a client that goes away */
		kind->abandon(sink);
		return;
	}
	bool failed = (half > 0 && kind->write(sink, bytes, half, &err) != 0) ||
		      (length > half && kind->write(sink, bytes + half, length - half, &err) != 0);
	kind->finish(sink, call, failed ? &err : NULL);
}

static void check_answer(struct api_call *call)
{
	FUZZ_CHECK(call_is_answered(call));
	if (call->answer.status == 500)
		sp_die("%s failed: %s", call->operation->name, call->answer.body);
	if (call->answer.has_file) {
		struct stat status;
		FUZZ_CHECK(fstat(call->answer.fd, &status) == 0 && status.st_ino != secret_inode);
		close(call->answer.fd);
		call->answer.has_file = false;
	}
	fuzz_request_check_answer(&call->answer);
	call->answer.body = NULL;
}

static void carry_out(struct api_call *call, struct learnt *learnt)
{
	const struct protocol *protocol = protocol_of(API_S3);
	enum refusal_reason reason = REFUSED_REASON_COUNT;
	struct sp_error err = { 0 };
	struct shape_fault fault;
	if (protocol->read(call, &reason, &err) != 0)
		return;
	shape_drop_nulls(call->input);
	if (shape_find_fault(call->operation->input, call->input, &fault) != 0)
		return;
	shape_drop_strangers(call->operation->input, call->input);
	const struct sign_request request = call_request(call);
	const char *said = sign_header_value(&request, "x-amz-content-sha256");
	if (said == NULL || !sign_payload_of(said, &call->seal.payload))
		call->seal.payload = SIGN_PAYLOAD_UNSIGNED;
	call_hold(call);
	if (call->operation->sink != NULL)
		pour(call);
	else
		call->operation->handle(call);
	if (!call_is_answered(call)) { /* abandoned */
		call_release(call);
		return;
	}
	learn(learnt, call);
	check_answer(call);
}

static void run(const char *text, size_t length, struct service_context *context,
		struct learnt *learnt)
{
	static const struct api_served served[] = { { &service_s3, NULL } };
	SP_AUTO_BUFFER request = { 0 };
	put_learnt(learnt, text, length, &request);
	struct api_call *call =
		fuzz_request_read((const uint8_t *)sp_buffer_text(&request), request.length);
	if (call == NULL)
		return;
	call->catalogue = (struct api_catalogue){ .services = served,
						  .service_count = SP_COUNT_OF(served),
						  .guard = &guard,
						  .region = context->region,
						  .account = context->account };
	call->service = &service_s3;
	call->context = context;
	add_length(call);
	const struct sign_request head = call_request(call);
	if (sign_header_value(&head, "x-abandon") != NULL)
		call->id[0] = 'a';
	carry_out(call, learnt);
	call_release(call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > INPUT_MAX)
		return 0;
	if (root == NULL)
		lay_ground();
	make_bucket();
	struct service_context context = {
		.objects = objects,
		.region = "eu-central-1",
		.account = "123456789012",
	};
	struct learnt learnt = { 0 };
	SP_AUTO_FREE char *text = fuzz_text(data, size);
	const char *at = text;
	for (size_t i = 0; i < REQUESTS_MAX && at != NULL; i++) {
		const char *end = strstr(at, BETWEEN);
		run(at, end == NULL ? strlen(at) : (size_t)(end - at), &context, &learnt);
		at = end == NULL ? NULL : end + strlen(BETWEEN);
		check_leftovers();
	}
	check_outside();
	remove_below("buckets");
	make_folder("buckets");
	return 0;
}
