/* seen_marks.h - a bounded set of marks, of which the oldest are forgotten first
 * SPDX-License-Identifier: MIT */
#ifndef SEEN_MARKS_H
#define SEEN_MARKS_H

#include <stdbool.h>
#include <stdint.h>

#define MARKS_MOST 1024 /* more than a client leaves unacknowledged */

/* Bits of a mark that tell the session it came from; what stands above is a message's, or 0. */
#define MARK_SESSION UINT64_C(0xfffc)

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

/* The newest of that mark, or NULL; borrowed until the next is added.  By message: whichever
 * session it came from. */
const struct mark *marks_find(const struct marks *marks, uint64_t mark);
const struct mark *marks_find_message(const struct marks *marks, uint64_t mark);

/* Is there one that is like `mark` in those bits? Looks at all. */
bool marks_has(const struct marks *marks, uint64_t mark, uint64_t bits);

#endif
