#pragma once
/** Addresses in unit tests: written as people write them, compared so that a failure shows both. */

#include "test.h"

#include "base/ip.h"

static inline struct ip_address address(const char *text)
{
	struct ip_address out;
	if (!ip_parse(text, &out))
		fail_msg("\"%s\" is no address", text);
	return out;
}

static inline void assert_address(struct ip_address got, struct ip_address expected)
{
	char got_text[IP_TEXT_SIZE], expected_text[IP_TEXT_SIZE];
	ip_text(got, got_text);
	ip_text(expected, expected_text);
	assert_string_equal(got_text, expected_text);
}
