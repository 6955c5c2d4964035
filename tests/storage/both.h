/* both.h - one test, both engines
 * SPDX-License-Identifier: MIT */
#ifndef STORAGE_BOTH_H
#define STORAGE_BOTH_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "bed.h"

enum { ROSTER = 1, VCARD = 2, ARCHIVE = 3, PENDING = 4 };

/* BOTH(suite, sentence) { ... uses bed ... } */
#define BOTH(suite, sentence)                      \
	static void sentence(struct bed *bed);     \
	Test(suite, sentence##_in_lmdb)            \
	{                                          \
		struct bed bed;                    \
		bed_open_lmdb(&bed);               \
		sentence(&bed);                    \
		bed_close(&bed);                   \
	}                                          \
	Test(suite, sentence##_in_memory)          \
	{                                          \
		struct bed bed;                    \
		bed_open_memory(&bed);             \
		sentence(&bed);                    \
		bed_close(&bed);                   \
	}                                          \
	static void sentence(struct bed *bed)

/* Compares text that is freed. */
#define IS(take_text, expected)                                    \
	do {                                                       \
		char *text_ = (take_text);                         \
		cr_assert_str_eq(text_ ? text_ : "(none)", expected); \
		free(text_);                                       \
	} while (0)

#endif
