#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "service/iam/operations.h"
#include "service/iam/request.h"
#include "store/access_keys.h"

/* Whose keys a request is about: a user's, or without a name those of who asks. */
struct owner {
	const char *id; /* NULL: the account itself */
	const char *name;
	struct principal user;
};

static void finish_owner(struct owner *owner)
{
	principal_finish(&owner->user);
}

#define AUTO_OWNER __attribute__((cleanup(finish_owner))) struct owner

static int find_owner(struct iam_request *request, struct db *db, struct owner *out,
		      struct sp_error *err)
{
	*out = (struct owner){ .name = "root" };
	if (iam_text(request, "UserName") == NULL && request->who.is_owner)
		return 0;
	if (iam_find_asked(request, db, &out->user, err) != 0)
		return -1;
	out->id = out->user.id;
	out->name = out->user.name;
	return 0;
}

static const char *status_of(const struct access_key *key)
{
	return key->is_active ? "Active" : "Inactive";
}

static int create_key(struct iam_request *request, struct db *db, struct sp_error *err)
{
	char id[ACCESS_KEY_ID_MAX + 1], secret[ACCESS_KEY_SECRET_MAX + 1];
	struct access_key keys[ACCESS_KEYS_PER_USER_MAX];
	size_t count;
	AUTO_OWNER owner;
	if (find_owner(request, db, &owner, err) != 0 ||
	    access_keys_list(db, owner.id, keys, &count, err) != 0)
		return -1;
	if (count >= ACCESS_KEYS_PER_USER_MAX)
		return iam_refuse(request, err, IAM_LIMIT,
				  "Cannot exceed quota for AccessKeysPerUser: %d",
				  ACCESS_KEYS_PER_USER_MAX);
	access_keys_draw(ACCESS_KEY_LASTING, id, secret);
	int result = access_keys_insert(db, request->context->vault, owner.id, id, secret, err);
	json_t *view = json_pack("{s:s, s:s, s:s, s:s}", "UserName", owner.name, "AccessKeyId", id,
				 "Status", "Active", "SecretAccessKey", secret);
	explicit_bzero(secret, sizeof(secret));
	iam_set_time(view, "CreateDate", request->now_ms);
	json_object_set_new(request->output, "AccessKey", view);
	return result;
}

void iam_create_access_key(struct api_call *call)
{
	iam_write(call, create_key);
}

static int list_keys(struct iam_request *request, struct db *db, struct sp_error *err)
{
	struct access_key keys[ACCESS_KEYS_PER_USER_MAX];
	size_t count;
	AUTO_OWNER owner;
	if (find_owner(request, db, &owner, err) != 0 ||
	    access_keys_list(db, owner.id, keys, &count, err) != 0)
		return -1;
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		json_t *view = json_pack("{s:s, s:s, s:s}", "UserName", owner.name, "AccessKeyId",
					 keys[i].id, "Status", status_of(&keys[i]));
		iam_set_time(view, "CreateDate", keys[i].created_ms);
		json_array_append_new(list, view);
	}
	return iam_page_whole(request, "AccessKeyMetadata", list, err);
}

void iam_list_access_keys(struct api_call *call)
{
	iam_read(call, list_keys);
}

static int no_key(struct iam_request *request, struct sp_error *err)
{
	return iam_refuse(request, err, IAM_NO_ENTITY, "The Access Key with id %s cannot be found.",
			  iam_text(request, "AccessKeyId"));
}

/* The key that the input names, which must be its owner's. */
static int find_key(struct iam_request *request, struct db *db, struct access_key *out,
		    struct sp_error *err)
{
	AUTO_OWNER owner;
	if (find_owner(request, db, &owner, err) != 0)
		return -1;
	if (access_keys_describe(db, iam_text(request, "AccessKeyId"), out, err) != 0)
		return err->code == SP_NOT_FOUND ? no_key(request, err) : -1;
	bool is_theirs = strcmp(out->owner, owner.id == NULL ? "" : owner.id) == 0;
	return is_theirs ? 0 : no_key(request, err);
}

static int update_key(struct iam_request *request, struct db *db, struct sp_error *err)
{
	struct access_key key;
	if (find_key(request, db, &key, err) != 0)
		return -1;
	bool is_active = sp_text_equal(iam_text(request, "Status"), "Active");
	return access_keys_set_active(db, key.id, is_active, err);
}

void iam_update_access_key(struct api_call *call)
{
	iam_write(call, update_key);
}

static int delete_key(struct iam_request *request, struct db *db, struct sp_error *err)
{
	struct access_key key;
	if (find_key(request, db, &key, err) != 0)
		return -1;
	return access_keys_delete(db, key.id, err);
}

void iam_delete_access_key(struct api_call *call)
{
	iam_write(call, delete_key);
}

static int last_used(struct iam_request *request, struct db *db, struct sp_error *err)
{
	struct access_key key;
	AUTO_PRINCIPAL user = { 0 };
	if (access_keys_describe(db, iam_text(request, "AccessKeyId"), &key, err) != 0)
		return err->code == SP_NOT_FOUND ? no_key(request, err) : -1;
	if (key.owner[0] != '\0' && principals_find_id(db, key.owner, &user, err) != 0)
		return -1;
	bool was_used = key.used_ms != 0;
	json_t *use = json_pack("{s:s, s:s}", "ServiceName", was_used ? key.used_service : "N/A",
				"Region", was_used ? key.used_region : "N/A");
	if (was_used)
		iam_set_time(use, "LastUsedDate", key.used_ms);
	sp_json_set_text(request->output, "UserName", key.owner[0] == '\0' ? "root" : user.name);
	json_object_set_new(request->output, "AccessKeyLastUsed", use);
	return 0;
}

void iam_get_access_key_last_used(struct api_call *call)
{
	iam_read(call, last_used);
}
