/* The setting that says where events are sent. */
#include "fuzz.h"

#include "base/buffer.h"
#include "events/webhook_list.h"

/* Written down again it is the same. */
static void check_again(const struct webhook_places *places)
{
	struct webhook_places again;
	struct sp_error err = { 0 };
	SP_AUTO_BUFFER text = { 0 };
	for (size_t i = 0; i < places->count; i++)
		sp_buffer_format(&text, "%s=%s ", places->list[i].name, places->list[i].url);
	FUZZ_CHECK(webhook_places_parse(sp_buffer_text(&text), &again, &err) == 0);
	FUZZ_CHECK(again.count == places->count);
	for (size_t i = 0; i < places->count; i++)
		FUZZ_CHECK(strcmp(again.list[i].name, places->list[i].name) == 0 &&
			   strcmp(again.list[i].url, places->list[i].url) == 0);
	webhook_places_finish(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SP_AUTO_FREE char *text = fuzz_text(data, size);
	struct webhook_places places;
	struct sp_error err = { 0 };
	if (webhook_places_parse(text, &places, &err) != 0) {
		fuzz_check_error(&err);
		return 0;
	}
	check_again(&places);
	webhook_places_finish(&places);
	return 0;
}
