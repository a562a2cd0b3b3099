#include "ipc/sentence.h"

#include <string.h>

#include "base/scope.h"
#include "base/text.h"

/* A sentence may have been cut in the middle of a character, or quote what a server said. */
void sentence_write(struct sp_writer *writer, const char *text)
{
	SP_AUTO_FREE char *clean = sp_strdup(text == NULL ? "" : text);
	sp_text_make_readable(clean);
	sp_write_text(writer, clean);
}
