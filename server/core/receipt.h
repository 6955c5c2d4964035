/* receipt.h - the promise that a stanza has been dealt with
 * SPDX-License-Identifier: MIT
 *
 * A receipt belongs to an event and ends with it: every post, write and held event made from
 * it holds a share, and what holds a share gives it back when it ends itself, so that no path
 * can forget it.  When the last share is back the receipt goes to its home shard and finishes
 * there.  A share never waits for a peer. */
#ifndef RECEIPT_H
#define RECEIPT_H

#include <stdatomic.h>

#include "shard.h"

struct receipt { /* embedded */
	struct post post;
	struct shard *home;
	atomic_uint shares;
	atomic_bool is_refused; /* of what was to be written for it, something was */
	struct receipt *place; /* what a slow reader holds instead, or NULL; lives as long */
	void (*finished)(struct shard *shard, struct receipt *receipt); /* owns it */
};

/* With one share, the caller's. */
void receipt_init(struct receipt *receipt, struct shard *home,
	void (*finished)(struct shard *shard, struct receipt *receipt));

struct receipt *receipt_share(struct receipt *receipt); /* any thread; NULL stays NULL */
void receipt_note_refused(struct receipt *receipt);     /* whoever has a share; takes NULL */
void receipt_release(struct receipt *receipt);          /* any thread; takes NULL */
void receipt_release_here(struct receipt *receipt);     /* at home: finishes within the call */

#endif
