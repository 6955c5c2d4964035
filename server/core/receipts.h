/* receipts.h - the receipts of a shard's sessions that are open, and those that are too long
 * SPDX-License-Identifier: MIT
 *
 * Nothing that a receipt waits for is a peer's: one that is open for RECEIPT_LATE_MS is a fault of
 * the server or of its disk.  It is counted, and the log has a line for it, once. */
#ifndef RECEIPTS_H
#define RECEIPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shard.h"

#define RECEIPT_LATE_MS 30000

/* Embedded in what a session has under way. */
struct open_receipt {
	struct open_receipt *next, *previous;
	uint64_t since_ms, session;
	bool is_late;
};

struct receipts {
	struct open_receipt *first, *last; /* oldest first */
	struct timer look;
	size_t count;
};

void receipts_add(struct shard *shard, struct open_receipt *receipt, uint64_t session);
void receipts_remove(struct shard *shard, struct open_receipt *receipt);

/* Those that are late now; on the shard, or while it stands still. */
size_t receipts_late_now(const struct shard *shard);

#endif
