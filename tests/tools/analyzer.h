#pragma once
/**
 * For clang-tidy only (./dev lint includes it in front of every file): its analyzer looks at one file at a time and
 * cannot know that these functions never return anything but -1, so that after "return sp_fail(…)" the caller stops.
 */
#include "base/error.h"

static inline int analyzer_failed(int result)
{
	(void)result;
	return -1;
}

#define sp_fail(...)       analyzer_failed(sp_fail(__VA_ARGS__))
#define sp_fail_va(...)    analyzer_failed(sp_fail_va(__VA_ARGS__))
#define sp_fail_errno(...) analyzer_failed(sp_fail_errno(__VA_ARGS__))
#define sp_wrap(...)       analyzer_failed(sp_wrap(__VA_ARGS__))
