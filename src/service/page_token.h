#pragma once
/**
 * Tokens that say where the next page of a list begins. They are signed, so that nobody makes up a position, and bound
 * to their list, so that the token of one list is none of another.
 */

#include "base/error.h"
#include "base/json.h"

enum { PAGE_TOKEN_KEY_SIZE = 32 };

/**
 * What a list that is filtered is called: with other filters its pages are others. The caller's to free.
 *
 * @filters  any JSON value; NULL when there are none
 */
char *page_token_list(const char *list, const json_t *filters);

/** The same where all of a request's @input but what says which page it is, and how long, is a filter. */
char *page_token_list_of(const char *list, const json_t *input);

/**
 * @key       PAGE_TOKEN_KEY_SIZE bytes
 * @list      what is listed, with everything that the order depends on: "ListConnectors"
 * @position  where the page ended, in the list's own words
 * The token is owned by the caller: letters, digits, '-' and '_'.
 */
char *page_token_make(const unsigned char *key, const char *list, const char *position);

/** @out_position is owned by the caller. SP_INVALID when the token was not made for this list by us. */
int page_token_read(const unsigned char *key, const char *list, const char *token,
		    char **out_position, struct sp_error *err);
