/** Walks the tables of all services: nothing is reachable that nobody has said the permission for. */
#include "test.h"

#include <ctype.h>
#include <stdio.h>

#include "api/guard.h"
#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/services.h"

/* What may be asked by anybody who can sign; AssumeRole because it asks itself, the role's trust policy as well, and
 * DeleteObjects for each key, of which it tells by itself. */
static const char *const for_anybody[] = { "sts:GetCallerIdentity", "sts:AssumeRole",
					   "sallyport:GetHealth", "s3:DeleteObjects" };

typedef void each_fn(const struct api_service *service, const struct api_operation *operation);

static void for_each_operation(each_fn *fn)
{
	for (size_t i = 0; services_all[i] != NULL; i++)
		for (const struct api_operation *at = services_all[i]->operations; at->name != NULL;
		     at++)
			fn(services_all[i], at);
}

static void check_says_something(const struct api_service *service,
				 const struct api_operation *operation)
{
	if (operation->resource == NULL || operation->resource[0] == '\0')
		fail_msg("%s:%s has no word in api_operation.resource: api/guard.h says what "
			 "belongs there",
			 service->signing_name, operation->name);
}

static void every_operation_says_what_it_is_about(void **state)
{
	(void)state;
	for_each_operation(check_says_something);
}

/* "List.Member" is a member of a list's structures. */
static bool has_member(const struct shape *input, const char *name, size_t length)
{
	const char *dot = memchr(name, '.', length);
	size_t first = dot == NULL ? length : (size_t)(dot - name);
	for (const struct shape_member *at = input->members; at->name != NULL; at++) {
		const struct shape *shape = at->shape;
		const struct shape *text = shape->type == SHAPE_LIST ? shape->element : shape;
		if (strlen(at->name) != first || memcmp(at->name, name, first) != 0)
			continue;
		if (dot == NULL)
			return text->type == SHAPE_STRING;
		return shape->type == SHAPE_LIST && text->type == SHAPE_STRUCTURE &&
		       has_member(text, dot + 1, length - first - 1);
	}
	return false;
}

/* A member that is not there would make every request be about no resource in particular. */
static void check_members(const struct api_service *service, const struct api_operation *operation)
{
	for (const char *at = operation->resource; (at = strchr(at, '{')) != NULL;) {
		const char *end = strchr(++at, '}');
		assert_non_null(end);
		while (at < end) {
			size_t length = strcspn(at, "|}");
			bool is_asker = length == 1 && *at == '@';
			if (!is_asker && !has_member(operation->input, at, length))
				fail_msg("%s:%s has no text member %.*s", service->signing_name,
					 operation->name, (int)length, at);
			at += length + 1;
		}
	}
}

static void what_a_row_names_is_in_the_input(void **state)
{
	(void)state;
	for_each_operation(check_members);
}

static void check_action(const char *action, size_t length)
{
	const char *colon = memchr(action, ':', length);
	assert_non_null(colon);
	for (size_t i = 0; i < length; i++)
		assert_true(isalnum((unsigned char)action[i]) || action[i] == ':' ||
			    action[i] == '-');
}

/* One that is asked for in addition does not stand alone: without its member nothing would be asked. */
static void check_words(const struct api_service *service, const struct api_operation *operation)
{
	SP_AUTO_FREE char *row = sp_strdup(operation->resource);
	char *rest = row, *word;
	size_t own = 0;
	while ((word = strsep(&rest, " ")) != NULL) {
		const char *equals = strchr(word, '=');
		assert_true(word[0] != '\0');
		if (equals == NULL)
			own++;
		else
			check_action(word, (size_t)(equals - word));
	}
	if (own == 0)
		fail_msg("%s:%s asks for nothing of its own", service->signing_name,
			 operation->name);
}

static void every_operation_asks_for_its_own_action(void **state)
{
	(void)state;
	for_each_operation(check_words);
}

static void check_anybody(const struct api_service *service, const struct api_operation *operation)
{
	if (strcmp(operation->resource, GUARD_ANYBODY) != 0)
		return;
	SP_AUTO_BUFFER action = { 0 };
	sp_buffer_format(&action, "%s:%s", service->signing_name, operation->name);
	for (size_t i = 0; i < SP_COUNT_OF(for_anybody); i++)
		if (strcmp(for_anybody[i], sp_buffer_text(&action)) == 0)
			return;
	fail_msg("%s is for anybody, and the test does not know why", sp_buffer_text(&action));
}

static void only_who_am_i_is_for_anybody(void **state)
{
	(void)state;
	for_each_operation(check_anybody);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_says_what_it_is_about),
		cmocka_unit_test(what_a_row_names_is_in_the_input),
		cmocka_unit_test(every_operation_asks_for_its_own_action),
		cmocka_unit_test(only_who_am_i_is_for_anybody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
