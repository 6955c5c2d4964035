/* space.c - refuses writes before the disk does
 * SPDX-License-Identifier: MIT */
#include "space.h"

#include "storage_internal.h"

enum {
	LOOK_EVERY_MS = 1000,
	COMMIT_COST_BYTES = 128 * 1024, /* pages that a commit writes beside the payload */
	PAYLOAD_COST = 3,               /* a page is written whole; freed ones come back late */
};

static const uint64_t preset_reserve_bytes = 64u << 20;

static void set_full(struct storage *storage, bool full)
{
	if (atomic_exchange(&storage->full, full) == full)
		return;
	if (storage->options.full)
		storage->options.full(storage->options.context, full);
}

static uint64_t reserve_of(const struct storage *storage)
{
	return storage->options.reserve_bytes ? storage->options.reserve_bytes
	                                      : preset_reserve_bytes;
}

/* Once full, an eighth of the reserve must be free above it: else it would flap. */
static bool is_full_now(const struct storage *storage, const struct engine_space *space)
{
	if (!atomic_load(&storage->full))
		return space->headroom_bytes == 0;
	return space->headroom_bytes <= space->reserve_bytes / 8;
}

void space_look(struct storage *storage)
{
	struct engine_space space;
	const struct storage_engine *engine = storage->engine;
	if (engine->ops->space(storage->engine, reserve_of(storage), &space) < 0)
		return;
	storage->committer.spent_bytes = 0;
	storage->committer.headroom_bytes = space.headroom_bytes;
	set_full(storage, is_full_now(storage, &space));
}

void space_note_commit(struct storage *storage, size_t bytes, uint64_t now_ms)
{
	struct committer *committer = &storage->committer;
	committer->spent_bytes += bytes * PAYLOAD_COST + COMMIT_COST_BYTES;
	bool used_up = committer->spent_bytes > committer->headroom_bytes / 2;
	bool is_time = now_ms - committer->looked_ms >= LOOK_EVERY_MS;
	if (!used_up && !is_time && !atomic_load(&storage->full))
		return;
	committer->looked_ms = now_ms;
	space_look(storage);
}

void space_note_refusal(struct storage *storage)
{
	set_full(storage, true);
}
