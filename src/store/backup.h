#pragma once
/**
 * A copy of a store, and a store from a copy. The master key is never part of it: what is sealed stays sealed.
 */

#include <stdint.h>

#include "db/db.h"
#include "store/transfers.h"
#include "store/vault.h"

/** What a copy holds. */
struct store_copy {
	int64_t schema;
	uint64_t size;       /* bytes */
	int64_t files_begun; /* restored: files that had not ended */
};

/**
 * DIRECTORY/store.db, consistent as of one moment, into the file @to_path; a daemon may go on writing meanwhile. What
 * db_backup() promises. SP_NOT_FOUND when there is no store.
 */
int store_back_up(const char *directory, const char *to_path, enum db_copy how,
		  struct store_copy *out, struct sp_error *err);

/**
 * The copy @from_path becomes DIRECTORY/store.db, brought to this program's schema. All of it is checked before, and
 * everything that is sealed in it opened; what fails leaves the folder without a store, and the copy is only read.
 * Nobody else may use the folder.
 *
 * SP_EXISTS when there is a store, or what is left of one; SP_SYSTEM for a damaged copy; SP_INVALID when it is none of a
 * store; SP_UNSUPPORTED for a newer schema; SP_DENIED when @vault's key is another one.
 */
int store_restore(const char *directory, const char *from_path, const struct vault *vault,
		  enum restored_files unfinished, struct store_copy *out, struct sp_error *err);
