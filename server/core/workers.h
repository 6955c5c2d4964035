/* workers.h - the threads behind shard_work
 * SPDX-License-Identifier: MIT
 *
 * One small pool a process, behind the shards in the scheduler. In a simulation nothing is started,
 * and workers_step runs the oldest job when the simulation wants it. */
#ifndef WORKERS_H
#define WORKERS_H

#include <stdbool.h>

int workers_start(unsigned count); /* 0 or -errno; once */
void workers_stop(void);           /* what waits is done first */

/* Without threads: runs one waiting job; false when there is none. */
bool workers_step(void);

#endif
