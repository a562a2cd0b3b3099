#include "service/iam/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api/form.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/asker.h"
#include "service/page_token.h"

enum { PAGE_DEFAULT = 100 };

/* A request inside its closure. */
struct run {
	struct iam_request *request;
	iam_fn *fn;
};

static const char *code_of(enum sp_code code)
{
	static const struct {
		enum sp_code code;
		const char *name;
	} codes[] = {
		{ SP_NOT_FOUND, IAM_NO_ENTITY }, { SP_EXISTS, "EntityAlreadyExists" },
		{ SP_CONFLICT, IAM_CONFLICT },   { SP_LIMIT, IAM_LIMIT },
		{ SP_INVALID, IAM_INVALID },     { SP_UNSUPPORTED, IAM_INVALID },
	};
	for (size_t i = 0; i < SP_COUNT_OF(codes); i++)
		if (codes[i].code == code)
			return codes[i].name;
	return "ServiceFailure";
}

static int run(struct db *db, void *ctx, struct sp_error *err)
{
	struct run *running = ctx;
	return running->fn(running->request, db, err);
}

typedef int store_door(struct store *store, store_fn *fn, void *ctx, struct sp_error *err);

static void carry_out(struct api_call *call, store_door *door, iam_fn *fn, bool changes)
{
	struct iam_request request = {
		.context = api_context(call),
		.input = api_input(call),
		.output = json_object(),
		.now_ms = sp_now_ms(),
	};
	struct run running = { .request = &request, .fn = fn };
	struct sp_error err = { 0 };
	struct identities *identities = request.context->identities;
	const struct asker asker = service_asker(call);
	int result = identities_who(identities, &asker, &request.who, &err);
	bool is_nobody = result != 0 && err.code == SP_NOT_FOUND;
	if (result == 0)
		result = door(request.context->store, run, &running, &err);
	if (changes) {
		identities_changed(identities);
		/* What roles may, connectors look at when they connect anew. */
		transfer_engine_changed(request.context->engine, NULL);
	}
	if (result == 0) {
		api_reply(call, request.output);
	} else if (is_nobody) {
		json_decref(request.output);
		api_refuse_key(call);
	} else {
		json_decref(request.output);
		api_fail(call, request.code != NULL ? request.code : code_of(err.code), "%s",
			 err.message);
	}
	identity_finish(&request.who);
}

void iam_read(struct api_call *call, iam_fn *fn)
{
	carry_out(call, store_read, fn, false);
}

void iam_write(struct api_call *call, iam_fn *fn)
{
	carry_out(call, store_write, fn, true);
}

int(iam_refuse)(struct iam_request *request, struct sp_error *err, const char *code,
		const char *format, ...)
{
	va_list args;
	request->code = code;
	va_start(args, format);
	sp_fail_va(err, SP_INVALID, format, args);
	va_end(args);
	return -1;
}

const char *iam_text(const struct iam_request *request, const char *name)
{
	return sp_json_string(request->input, name);
}

void iam_id_draw(const char *prefix, char out[PRINCIPAL_ID_SIZE])
{
	static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	unsigned char random[PRINCIPAL_ID_SIZE];
	sp_random_bytes(random, sizeof(random));
	snprintf(out, PRINCIPAL_ID_SIZE, "%s", prefix);
	for (size_t i = strlen(out); i < PRINCIPAL_ID_SIZE - 1; i++)
		out[i] = base32[random[i] % 32];
	out[PRINCIPAL_ID_SIZE - 1] = '\0';
}

const char *iam_path(const struct iam_request *request)
{
	const char *path = iam_text(request, "Path");
	return path == NULL ? "/" : path;
}

int iam_find_asked(struct iam_request *request, struct db *db, struct principal *out,
		   struct sp_error *err)
{
	const char *role = iam_text(request, "RoleName"), *user = iam_text(request, "UserName");
	if (role != NULL)
		return principals_find(db, PRINCIPAL_ROLE, role, out, err);
	if (user == NULL && request->who.name[0] == '\0')
		return iam_refuse(request, err, IAM_INVALID,
				  "Must specify userName when calling with non-User credentials");
	return principals_find(db, PRINCIPAL_USER, user == NULL ? request->who.name : user, out,
			       err);
}

void iam_set_time(json_t *object, const char *name, int64_t time_ms)
{
	char text[SP_ISO_TIME_SIZE];
	sp_time_to_iso(time_ms, text);
	char *dot = strchr(text, '.'); /* whole seconds, as AWS has it */
	if (dot != NULL)
		strcpy(dot, "Z");
	sp_json_set_text(object, name, text);
}

void iam_set_document(json_t *object, const char *name, const char *document)
{
	SP_AUTO_FREE char *text = form_encode(document, false);
	sp_json_set_text(object, name, text);
}

int iam_check_document(struct iam_request *request, enum access_policy_kind kind,
		       const char *document, size_t max, const char *too_long, struct sp_error *err)
{
	struct access_policy *policy;
	if (access_policy_read(kind, document, &policy, err) != 0) {
		request->code = IAM_MALFORMED;
		return -1;
	}
	access_policy_destroy(policy);
	if (max > 0 && access_policy_size(document) > max)
		return iam_refuse(request, err, IAM_LIMIT, "%s", too_long);
	return 0;
}

/* ---- pages ---------------------------------------------------------------------------------------------------------- */

int iam_page_begin(struct iam_request *request, const char *name, struct iam_page *out,
		   struct sp_error *err)
{
	const char *marker = iam_text(request, "Marker");
	*out = (struct iam_page){
		.list = page_token_list_of(name, request->input),
		.max = (size_t)sp_json_integer(request->input, "MaxItems", PAGE_DEFAULT),
	};
	if (marker != NULL && page_token_read(request->context->token_key, out->list, marker,
					      &out->after, err) != 0) {
		free(out->list);
		return iam_refuse(request, err, IAM_INVALID, "Invalid Marker.");
	}
	out->entries = json_array();
	return 0;
}

int iam_page_add(struct iam_page *page, json_t *entry, const char *position)
{
	page->more = json_array_size(page->entries) == page->max;
	if (page->more) {
		json_decref(entry);
		return 1;
	}
	json_array_append_new(page->entries, entry);
	free(page->last);
	page->last = sp_strdup(position);
	return 0;
}

int iam_page_whole(struct iam_request *request, const char *name, json_t *entries,
		   struct sp_error *err)
{
	json_object_set_new(request->output, name, entries);
	json_object_set_new(request->output, "IsTruncated", json_false());
	return iam_text(request, "Marker") == NULL
		       ? 0
		       : iam_refuse(request, err, IAM_INVALID, "Invalid Marker.");
}

void iam_page_end(struct iam_request *request, struct iam_page *page, const char *name)
{
	json_object_set_new(request->output, name, sp_take_pointer(&page->entries));
	json_object_set_new(request->output, "IsTruncated", json_boolean(page->more));
	if (page->more) {
		SP_AUTO_FREE char *token =
			page_token_make(request->context->token_key, page->list, page->last);
		sp_json_set_text(request->output, "Marker", token);
	}
	free(page->list);
	free(page->after);
	free(page->last);
}
