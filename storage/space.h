/* space.h - watches the reserve
 * SPDX-License-Identifier: MIT
 *
 * On the committer's thread.  Looking costs system calls, so it is done when a commit
 * could have used up half of what was there, and once a second. */
#ifndef STORAGE_SPACE_H
#define STORAGE_SPACE_H

#include <stddef.h>
#include <stdint.h>

struct storage;

void space_look(struct storage *storage);
void space_note_commit(struct storage *storage, size_t bytes, uint64_t now_ms);
void space_note_refusal(struct storage *storage);

#endif
