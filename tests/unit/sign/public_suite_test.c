/*
 * AWS's own examples of Signature Version 4, which are other people's files and not in this tree. Either form of them will
 * do, as a folder that SALLYPORT_SIGV4_SUITE names: v4/ of the AWS signing test suite
 * (github.com/awslabs/aws-c-auth, tests/aws-signing-test-suite), or aws4_testsuite (github.com/boto/botocore,
 * tests/unit/auth).
 */

#include "test.h"

#include <fts.h>
#include <stdio.h>
#include <strings.h>

#include "cut.h"
#include "sign/canonical.h"

#define REGION "us-east-1"

enum { CASES_MAX = 256, TEXT_MAX = 64 << 10 };

/* What is signed, and the canonical form of it as the suite has it. */
struct example {
	char *signed_path, *canonical_path;
};

static struct example examples[CASES_MAX];
static size_t example_count;

static const struct {
	const char *signed_ends, *canonical_ends;
} forms[] = {
	{ "header-signed-request.txt", "header-canonical-request.txt" },
	{ "query-signed-request.txt", "query-canonical-request.txt" },
	{ ".sreq", ".creq" },
};

static char *read_text(const char *path)
{
	char *text = sp_alloc(TEXT_MAX);
	FILE *file = fopen(path, "r");
	if (file == NULL)
		fail_msg("could not open \"%s\"", path);
	size_t length = fread(text, 1, TEXT_MAX - 3, file);
	fclose(file);
	text[length] = '\0';
	if (strstr(text, "\n\n") == NULL) /* the older suite ends with the last header */
		memcpy(text + length, "\n\n", 3);
	return text;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void add(const char *path)
{
	for (size_t i = 0; i < SP_COUNT_OF(forms); i++) {
		size_t length = strlen(path), end = strlen(forms[i].signed_ends);
		if (length < end || strcmp(path + length - end, forms[i].signed_ends) != 0)
			continue;
		assert_true(example_count < CASES_MAX);
		SP_AUTO_BUFFER canonical = { 0 };
		sp_buffer_format(&canonical, "%.*s%s", (int)(length - end), path,
				 forms[i].canonical_ends);
		examples[example_count++] =
			(struct example){ sp_strdup(path), sp_buffer_take(&canonical) };
	}
}

static void find_suite(char *folder)
{
	FTS *tree = fts_open((char *[]){ folder, NULL }, FTS_PHYSICAL, by_name);
	for (FTSENT *entry; tree != NULL && (entry = fts_read(tree)) != NULL;)
		if (entry->fts_info == FTS_F)
			add(entry->fts_path);
	if (tree != NULL)
		fts_close(tree);
}

static void forget_suite(void)
{
	for (size_t i = 0; i < example_count; i++) {
		free(examples[i].signed_path);
		free(examples[i].canonical_path);
	}
}

static void canonical_path_of(const struct cut *cut, struct sp_buffer *out)
{
	sign_canonical_path(cut->request.target, strcspn(cut->request.target, "?"), out);
}

/* S3 signs paths as they are, and the suite shows that, too. All other services resolve dots and slashes first. */
static bool is_signed_like_s3(const struct cut *cut, const char *canonical)
{
	SP_AUTO_BUFFER ours = { 0 };
	canonical_path_of(cut, &ours);
	const char *theirs = strchr(canonical, '\n') + 1;
	size_t length = strcspn(theirs, "\n");
	return length != ours.length || memcmp(theirs, ours.data, length) != 0;
}

static bool has_token(const struct cut *cut)
{
	return header(cut, "x-amz-security-token") != NULL ||
	       strstr(cut->request.target, "X-Amz-Security-Token=") != NULL;
}

static enum sign_verdict verdict_of(const struct cut *cut)
{
	struct sp_error err = { 0 };
	struct sign_identity identity;
	return sign_verify(&cut->request, &keys, REGION, cut->time_ms, &identity, &err);
}

static void what_the_suite_signs_is_good_unless_it_is_signed_like_s3_or_has_a_token(void **state)
{
	(void)state;
	size_t good = 0, like_s3 = 0, with_token = 0;
	for (size_t i = 0; i < example_count; i++) {
		SP_AUTO_FREE char *text = read_text(examples[i].signed_path);
		SP_AUTO_FREE char *canonical = read_text(examples[i].canonical_path);
		struct cut *cut = cut_up(text);
		enum sign_verdict verdict = verdict_of(cut);
		if (has_token(cut)) { /* we gave it to nobody */
			if (verdict == SIGN_GOOD)
				fail_msg("%s: a strange token is good", examples[i].signed_path);
			with_token++;
		} else if (is_signed_like_s3(cut, canonical)) {
			if (verdict != SIGN_WRONG)
				fail_msg("%s: %d", examples[i].signed_path, (int)verdict);
			like_s3++;
		} else {
			if (verdict != SIGN_GOOD)
				fail_msg("%s: %d", examples[i].signed_path, (int)verdict);
			good++;
		}
		free_cut(cut);
	}
	fprintf(stderr, "# %zu examples: %zu good, %zu signed like S3's, %zu with a token\n",
		example_count, good, like_s3, with_token);
	assert_true(good > example_count / 2);
}

/* All that was signed: method, path, query, signed headers. The same text is the same request, spelled another way. */
static void spell(const struct cut *cut, const char *names, struct sp_buffer *out)
{
	const char *target = cut->request.target, *query = strchr(target, '?');
	sp_buffer_format(out, "%s ", cut->request.method);
	canonical_path_of(cut, out);
	sp_buffer_add_char(out, ' ');
	sign_canonical_query(query == NULL ? "" : query + 1, NULL, out);
	sp_buffer_add_char(out, ' ');
	sign_canonical_headers(&cut->request, names, out);
}

/* @names: of what was signed, so that another spelling of it is the same; NULL: no byte may be another. */
static size_t flip_each_byte(struct cut *cut, const char *text, size_t length, const char *names,
			     const char *path)
{
	char *bytes = cut->text + (text - cut->text);
	SP_AUTO_BUFFER before = { 0 };
	if (names != NULL)
		spell(cut, names, &before);
	for (size_t i = 0; i < length; i++) {
		SP_AUTO_BUFFER after = { 0 };
		bytes[i] ^= 1;
		if (names != NULL)
			spell(cut, names, &after);
		bool same = names != NULL && after.length == before.length &&
			    memcmp(after.data, before.data, after.length) == 0;
		if (!same && verdict_of(cut) == SIGN_GOOD)
			fail_msg("%s: byte %zu changed unnoticed: %.60s", path, i, bytes);
		bytes[i] ^= 1;
	}
	assert_int_equal(verdict_of(cut), SIGN_GOOD);
	return length;
}

static size_t flip_headers(struct cut *cut, const char *names, const char *path)
{
	size_t flipped = 0;
	for (size_t i = 0; i < cut->request.header_count; i++) {
		const struct sign_header *one = &cut->headers[i];
		size_t length = strlen(one->value);
		if (strcasecmp(one->name, "authorization") == 0)
			flipped += flip_each_byte(cut, one->value, length, NULL, path);
		else if (sign_names_contain(names, one->name))
			flipped += flip_each_byte(cut, one->value, length, names, path);
	}
	return flipped;
}

/* "host;x-amz-date" of the header or of the query; owned by the caller. */
static char *signed_names(const struct cut *cut)
{
	static const char parameter[] = "SignedHeaders=";
	const char *authorization = header(cut, "authorization");
	if (authorization == NULL)
		return sign_query_value(strchr(cut->request.target, '?') + 1,
					"X-Amz-SignedHeaders");
	const char *at = strstr(authorization, parameter) + strlen(parameter);
	SP_AUTO_BUFFER names = { 0 };
	sp_buffer_add(&names, at, strcspn(at, ","));
	return sp_buffer_take(&names);
}

static void no_signed_byte_of_the_suite_can_change_unnoticed(void **state)
{
	(void)state;
	size_t flipped = 0;
	for (size_t i = 0; i < example_count; i++) {
		const char *path = examples[i].signed_path;
		SP_AUTO_FREE char *text = read_text(path);
		struct cut *cut = cut_up(text);
		const struct sign_request *request = &cut->request;
		SP_AUTO_FREE char *names = signed_names(cut);
		if (verdict_of(cut) == SIGN_GOOD) {
			flipped += flip_each_byte(cut, request->method, strlen(request->method),
						  NULL, path);
			flipped += flip_each_byte(cut, request->target, strlen(request->target),
						  names, path);
			flipped += flip_each_byte(cut, request->body, request->body_length, NULL,
						  path);
			flipped += flip_headers(cut, names, path);
		}
		free_cut(cut);
	}
	fprintf(stderr, "# %zu bytes flipped\n", flipped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_the_suite_signs_is_good_unless_it_is_signed_like_s3_or_has_a_token),
		cmocka_unit_test(no_signed_byte_of_the_suite_can_change_unnoticed),
	};
	char *folder = getenv("SALLYPORT_SIGV4_SUITE");
	if (folder == NULL ||
	    folder[0] == '\0') { /* not skip(): its words are no skipping to Meson */
		puts("1..1\nok 1 - AWS's own examples of signatures # SKIP SALLYPORT_SIGV4_SUITE "
		     "names no folder of them");
		return 0;
	}
	find_suite(folder);
	if (example_count == 0) {
		printf("1..1\nnot ok 1 - there are signed requests in \"%s\"\n", folder);
		return 1;
	}
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	forget_suite();
	return failed;
}
