#pragma once
/**
 * The web console, as the build makes it of console/: a table of its files, compressed. Built without it, the table has
 * one page that says so. Its text is written by console/tools/embed.py.
 */

#include "api/page.h"

/** Ends with a NULL path. */
extern const struct api_page console_pages[];
