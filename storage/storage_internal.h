/* storage_internal.h - the storage as its own files see it
 * SPDX-License-Identifier: MIT */
#ifndef STORAGE_INTERNAL_H
#define STORAGE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine.h"
#include "queue.h"

/* What the committer's thread alone touches (storage_step's caller, when stepped). */
struct committer {
	struct storage_batch *first, *last; /* taken from the queue, not committed */
	const struct storage_batch **group;
	size_t group_room;
	bool lost;       /* a write failed for good; nothing is committed any more */
	bool unsynced;   /* relaxed commits since the last sync */
	bool leftovers;  /* storage_clean has work */
	unsigned refused; /* attempts in a row that ended in -ENOSPC */
	uint64_t synced_ms, looked_ms;
	uint64_t spent_bytes, headroom_bytes; /* since, and when, space was looked at */
};

struct storage {
	struct storage_engine *engine;
	struct storage_options options;
	int lock_fd; /* -1: none */

	struct queue queue;
	_Atomic uint32_t next_owner;
	atomic_bool full;
	_Atomic uint64_t commits, writes;

	bool threaded;
	pthread_t thread;
	pthread_mutex_t sleep_lock;
	pthread_cond_t woken;
	atomic_bool sleeping, stopping;
	struct committer committer;

	pthread_mutex_t spares_lock;
	struct storage_batch *spares;
	size_t spares_count;
};

/* Opens over an engine (taken, also on failure), with or without a thread. */
int storage_open_engine(const struct storage_options *options, struct storage_engine *take_engine,
	bool threaded, struct storage **ret_storage);

#endif
