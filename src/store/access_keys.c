#include "store/access_keys.h"

#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/scope.h"
#include "base/secret.h"

/* What a sealed secret is bound to. */
static char *place_of(const char *id)
{
	SP_AUTO_BUFFER place = { 0 };
	sp_buffer_format(&place, "access-key|%s", id);
	return sp_buffer_take(&place);
}

int access_keys_insert(struct db *db, const struct vault *vault, const char *id, const char *secret,
		       struct sp_error *err)
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
	    db_run(db, err, "INSERT INTO access_keys (id, sealed, created_ms) VALUES (?1, ?2, ?3)",
		   "sbi", id, sealed, length, sp_now_ms()) != 0)
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
		     "SELECT id, sealed FROM access_keys ORDER BY created_ms, id LIMIT 1", "") != 0)
		return -1;
	return read_key(rows, vault, id, secret, err);
}

int access_keys_find(struct db *db, const struct vault *vault, const char *id,
		     char secret[ACCESS_KEY_SECRET_MAX + 1], struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, "SELECT id, sealed FROM access_keys WHERE id = ?1", "s", id) !=
	    0)
		return -1;
	return read_key(rows, vault, NULL, secret, err);
}
