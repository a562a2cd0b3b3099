#pragma once
/** Within service/lattice/: the page of a list that a request asks for. */

#include "service/lattice/request.h"

struct lattice_page {
	const char *list;
	char *after; /* owned; NULL: from the start */
	size_t max;
	json_t *items; /* owned */
	char last[NETWORK_ID_SIZE];
	bool has_more;
};

/** @list: what is listed, with all that it depends on; kept. On failure there is nothing to end. */
int lattice_page_begin(struct lattice_request *request, const char *list, struct lattice_page *out,
		       struct sp_error *err);

/** Is the next one, by ascending ids, in the page? If so it must be added. */
bool lattice_page_wants(struct lattice_page *page, const char *id);
/** @item is taken. */
void lattice_page_add(struct lattice_page *page, json_t *item);

/** Puts items and nextToken into the request's output. */
void lattice_page_end(struct lattice_page *page, struct lattice_request *request);
