#pragma once
/** Sentences in messages: they go to logs and into JSON, so whoever reads them may rely on UTF-8. */

#include "base/bytes.h"

/** @text with every byte that spoils it turned into a question mark. NULL is written as the empty string. */
void sentence_write(struct sp_writer *writer, const char *text);
