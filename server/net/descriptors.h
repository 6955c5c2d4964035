/* descriptors.h - how many descriptors the process may open, and what to keep free
 * SPDX-License-Identifier: MIT */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

#include <stdbool.h>

/* Raises RLIMIT_NOFILE to its hard limit and notes it; main calls it before listeners open.
 * How many descriptors the process may have. */
long descriptors_setup(void);

/* Connections may use what is left after a part for files, storage and the control
 * socket.  True while there is room for one more; before descriptors_setup, always.  Any
 * thread. */
bool descriptors_left(void);

/* A connection came or went; any thread. */
void descriptors_note(int difference);

/* Connections that are open. */
long descriptors_in_use(void);

#endif
