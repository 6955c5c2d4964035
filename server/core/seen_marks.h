/* seen_marks.h - a bounded set of marks, of which the oldest are forgotten first
 * SPDX-License-Identifier: MIT */
#ifndef SEEN_MARKS_H
#define SEEN_MARKS_H

#include <stdint.h>

#define MARKS_MOST 1024 /* more than a client leaves unacknowledged */

struct mark {
	uint64_t mark;
	uint64_t at_us;   /* since 1970 */
	uint64_t session; /* that sent it in this life of the process; 0: not known */
};

struct marks;
struct marks *marks_create(void); /* its memory grows with what it holds */
void marks_destroy(struct marks *marks);

/* The one that was there for longest goes when there are too many. */
void marks_add(struct marks *marks, const struct mark *mark);

/* The newest of that mark, or NULL; borrowed until the next is added. */
const struct mark *marks_find(const struct marks *marks, uint64_t mark);

#endif
