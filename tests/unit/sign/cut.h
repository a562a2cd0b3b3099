#pragma once
/** Requests as text, for the tests of signatures. */

#include "test.h"

#include <stdio.h>
#include <strings.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "sign/verify.h"

enum { HEADERS_MAX = 32 };

/** A request cut out of a text, in memory of its own, so that a test may change every byte. */
struct cut {
	char *text;
	struct sign_header headers[HEADERS_MAX];
	struct sign_request request;
	int64_t time_ms;
};

static inline enum sign_verdict find_key(void *ctx, const char *id, const char *token,
					 int64_t now_ms, struct sign_key *out)
{
	static const char *const keys[][2] = {
		{ "AKIASALLYPORTDEV0001", "secretsecretsecretsecretsecretsecret1234" },
		{ "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
	};
	(void)ctx;
	(void)now_ms;
	for (size_t i = 0; i < SP_COUNT_OF(keys); i++) {
		if (strcmp(keys[i][0], id) != 0)
			continue;
		snprintf(out->id, sizeof(out->id), "%s", keys[i][0]);
		snprintf(out->secret, sizeof(out->secret), "%s", keys[i][1]);
		return token == NULL ? SIGN_GOOD : SIGN_BAD_TOKEN;
	}
	return SIGN_UNKNOWN_KEY;
}

static const struct sign_keys keys = { .find = find_key };

static inline const char *header(const struct cut *cut, const char *name)
{
	for (size_t i = 0; i < cut->request.header_count; i++)
		if (strcasecmp(cut->headers[i].name, name) == 0)
			return cut->headers[i].value;
	return NULL;
}

static inline struct cut *cut_up(const char *text)
{
	struct cut *cut = sp_alloc(sizeof(*cut));
	cut->text = sp_strdup(text);
	char *body = strstr(cut->text, "\n\n");
	assert_non_null(body);
	*body = '\0';
	for (char *at = cut->text; (at = strchr(at, '\n')) != NULL; at++)
		if (at[1] == ' ' || at[1] == '\t')
			*at = ' ';
	cut->request.body = body + 2;
	cut->request.body_length = strlen(body + 2);

	char *rest = cut->text;
	char *line = strsep(&rest, "\n");
	cut->request.method = strsep(&line, " ");
	cut->request.target = line;
	*strrchr(line, ' ') = '\0'; /* the version; a path of the public suite has a space */
	while ((line = strsep(&rest, "\n")) != NULL) {
		assert_true(cut->request.header_count < HEADERS_MAX);
		struct sign_header *one = &cut->headers[cut->request.header_count++];
		one->name = strsep(&line, ":");
		one->value = line + strspn(line, " ");
	}
	cut->request.headers = cut->headers;

	const char *stamp = header(cut, "x-amz-date");
	const char *in_query = strstr(cut->request.target, "X-Amz-Date=");
	char copy[17] = "";
	if (stamp != NULL || in_query != NULL)
		snprintf(copy, sizeof(copy), "%.16s", stamp != NULL ? stamp : in_query + 11);
	if (!sp_time_from_amz(copy, &cut->time_ms))
		assert_true(sp_time_from_amz("20261123T154148Z", &cut->time_ms));
	return cut;
}

static inline void free_cut(struct cut *cut)
{
	free(cut->text);
	free(cut);
}
