#pragma once
/** The book of unfinished uploads, in the store. */

#include "objects/objects.h"
#include "store/store.h"

/** @store is kept. */
struct upload_book upload_book_in(struct store *store);
