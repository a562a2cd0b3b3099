#include "ipc/sentence.h"

#include <string.h>

#include "base/scope.h"
#include "base/text.h"

/* A sentence may have been cut in the middle of a character, or quote what a server said. */
void sentence_write(struct sp_writer *writer, const char *text)
{
	SP_AUTO_FREE char *clean = sp_strdup(text);
	size_t length = clean == NULL ? 0 : strlen(clean);
	for (size_t at = 0; at < length;) {
		size_t size = 1;
		while (size < 4 && size < length - at && !sp_utf8_valid(clean + at, size))
			size++;
		if (sp_utf8_valid(clean + at, size)) {
			at += size;
			continue;
		}
		clean[at++] = '?';
	}
	sp_write_text(writer, clean);
}
