#include "store/access_keys.h"

#include <assert.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/scope.h"
#include "base/secret.h"
#include "store/rows.h"

/* As AWS draws them: four letters and 16 characters of base 32, 40 characters of secret. */
enum { ID_RANDOM = 16, SECRET_LENGTH = 40 };
static_assert((int)SECRET_LENGTH <= (int)ACCESS_KEY_SECRET_MAX, "the secret must fit");

/* What a sealed secret is bound to. */
static char *place_of(const char *id)
{
	SP_AUTO_BUFFER place = { 0 };
	sp_buffer_format(&place, "access-key|%s", id);
	return sp_buffer_take(&place);
}

void access_keys_draw(const char *prefix, char id[ACCESS_KEY_ID_MAX + 1],
		      char secret[ACCESS_KEY_SECRET_MAX + 1])
{
	static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	unsigned char random[ID_RANDOM];
	sp_random_bytes(random, sizeof(random));
	char *at = stpcpy(id, prefix);
	for (size_t i = 0; i < ID_RANDOM; i++)
		*at++ = base32[random[i] % 32];
	*at = '\0';
	sp_random_alphanumeric(secret, SECRET_LENGTH);
}

int access_keys_insert(struct db *db, const struct vault *vault, const char *owner, const char *id,
		       const char *secret, struct sp_error *err)
{
	if (*id == '\0' || strlen(id) > ACCESS_KEY_ID_MAX || *secret == '\0' ||
	    strlen(secret) > ACCESS_KEY_SECRET_MAX)
		return sp_fail(err, SP_INVALID,
			       "an access key's id and secret have 1 to %d and 1 to %d bytes",
			       ACCESS_KEY_ID_MAX, ACCESS_KEY_SECRET_MAX);
	SP_AUTO_FREE char *place = place_of(id);
	SP_AUTO_FREE void *sealed = NULL;
	size_t length;
	if (vault_seal(vault, place, secret, strlen(secret), &sealed, &length, err) != 0 ||
	    db_run(db, err,
		   "INSERT INTO access_keys (id, sealed, created_ms, owner_id) VALUES (?1, ?2, ?3, "
		   "?4)",
		   "sbis", id, sealed, length, sp_now_ms(), owner) != 0)
		return sp_wrap(err, "could not keep the access key \"%s\"", id);
	return 0;
}

/* The current one of @rows, which have the columns id and sealed. */
static int open_key(struct db_rows *rows, const struct vault *vault, char *id, char *secret,
		    struct sp_error *err)
{
	const char *found = db_rows_text(rows, 0);
	SP_AUTO_FREE char *place = place_of(found);
	size_t sealed_length, length;
	const void *sealed = db_rows_blob(rows, 1, &sealed_length);
	SP_AUTO_SECRET char *plain = NULL;
	if (vault_unseal(vault, place, sealed, sealed_length, &plain, &length, err) != 0)
		return sp_wrap(err, "could not read the access key \"%s\"", found);
	if (strlen(found) > ACCESS_KEY_ID_MAX || length > ACCESS_KEY_SECRET_MAX)
		return sp_fail(err, SP_INTERNAL, "the access key \"%s\" is too long", found);
	if (id != NULL)
		memcpy(id, found, strlen(found) + 1);
	memcpy(secret, plain, length + 1);
	return 0;
}

static int read_key(struct db_rows *rows, const struct vault *vault, char *id, char *secret,
		    struct sp_error *err)
{
	int got = db_rows_next(rows, err);
	if (got == 0)
		return sp_fail(err, SP_NOT_FOUND, "there is no such access key");
	return got < 0 ? -1 : open_key(rows, vault, id, secret, err);
}

int access_keys_check(struct db *db, const struct vault *vault, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, "SELECT id, sealed FROM access_keys", "") != 0)
		return -1;
	char secret[ACCESS_KEY_SECRET_MAX + 1];
	int got, result = 0;
	while (result == 0 && (got = db_rows_next(rows, err)) != 0)
		result = got < 0 ? -1 : open_key(rows, vault, NULL, secret, err);
	explicit_bzero(secret, sizeof(secret));
	return result;
}

int access_keys_first(struct db *db, const struct vault *vault, char id[ACCESS_KEY_ID_MAX + 1],
		      char secret[ACCESS_KEY_SECRET_MAX + 1], struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT id, sealed FROM access_keys WHERE owner_id IS NULL AND is_active = 1"
		     " ORDER BY created_ms, id LIMIT 1",
		     "") != 0)
		return -1;
	return read_key(rows, vault, id, secret, err);
}

int access_keys_find(struct db *db, const struct vault *vault, const char *id,
		     char secret[ACCESS_KEY_SECRET_MAX + 1], struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT id, sealed FROM access_keys WHERE id = ?1 AND is_active = 1", "s",
		     id) != 0)
		return -1;
	return read_key(rows, vault, NULL, secret, err);
}

/* ---- without their secrets ------------------------------------------------------------------------------------------ */

#define COLUMNS "id, owner_id, is_active, created_ms, used_ms, used_service, used_region"

static void describe(struct db_rows *rows, struct access_key *out)
{
	*out = (struct access_key){
		.is_active = db_rows_integer(rows, 2) != 0,
		.created_ms = db_rows_integer(rows, 3),
		.used_ms = db_rows_integer(rows, 4),
	};
	rows_copy(rows, 0, out->id, sizeof(out->id));
	rows_copy(rows, 1, out->owner, sizeof(out->owner));
	rows_copy(rows, 5, out->used_service, sizeof(out->used_service));
	rows_copy(rows, 6, out->used_region, sizeof(out->used_region));
}

int access_keys_describe(struct db *db, const char *id, struct access_key *out,
			 struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, "SELECT " COLUMNS " FROM access_keys WHERE id = ?1", "s",
		     id) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got == 0)
		return sp_fail(err, SP_NOT_FOUND, "there is no access key \"%s\"", id);
	if (got == 1)
		describe(rows, out);
	return got < 0 ? -1 : 0;
}

int access_keys_list(struct db *db, const char *owner,
		     struct access_key out[ACCESS_KEYS_PER_USER_MAX], size_t *out_count,
		     struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT " COLUMNS " FROM access_keys WHERE COALESCE(owner_id, '') = ?1"
		     " ORDER BY created_ms, id",
		     "s", owner == NULL ? "" : owner) != 0)
		return -1;
	int got = 0;
	*out_count = 0;
	while (*out_count < ACCESS_KEYS_PER_USER_MAX && (got = db_rows_next(rows, err)) == 1)
		describe(rows, &out[(*out_count)++]);
	return got < 0 ? -1 : 0;
}

int access_keys_set_active(struct db *db, const char *id, bool is_active, struct sp_error *err)
{
	return db_run(db, err, "UPDATE access_keys SET is_active = ?2 WHERE id = ?1", "si", id,
		      (int64_t)is_active);
}

int access_keys_delete(struct db *db, const char *id, struct sp_error *err)
{
	return db_run(db, err, "DELETE FROM access_keys WHERE id = ?1", "s", id);
}

int access_keys_note_use(struct db *db, const char *id, const char *service, const char *region,
			 int64_t now_ms, struct sp_error *err)
{
	return db_run(db, err,
		      "UPDATE access_keys SET used_ms = ?2, used_service = ?3, used_region = ?4"
		      " WHERE id = ?1",
		      "siss", id, now_ms, service, region);
}
