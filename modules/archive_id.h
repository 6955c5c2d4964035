/* archive_id.h - what a message of an archive is called over the wire (XEP-0313 1.1, XEP-0359)
 * SPDX-License-Identifier: MIT
 *
 * Its place in the log, and a number that was drawn for it: 1800000000000000-5a5a5a5a5a5a5a5a.  A
 * place is a time and could be guessed. */
#ifndef ARCHIVE_ID_H
#define ARCHIVE_ID_H

#include <stdbool.h>
#include <stdint.h>

struct arena;

struct archive_id {
	uint64_t place; /* the log's id, in microseconds since 1970; 0: of no message */
	uint64_t drawn; /* 0 and unwritten: of entries of old */
};

#define ARCHIVE_ID_SIZE 38 /* the longest text and its NUL */

const char *archive_id_text(struct arena *arena, struct archive_id id);

/* False for what no archive ever wrote, as by another server. */
bool archive_id_read(const char *text, struct archive_id *ret_id);

/* Messages of one archive: by place. */
int archive_id_compare(struct archive_id left, struct archive_id right);

#endif
