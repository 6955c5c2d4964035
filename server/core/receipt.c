/* receipt.c - shares, counted across shards */
/* SPDX-License-Identifier: MIT */

#include "receipt.h"

#include <stddef.h>

static void finish(struct shard *shard, struct post *post)
{
	struct receipt *receipt = (struct receipt *)((char *)post - offsetof(struct receipt, post));

	receipt->finished(shard, receipt);
}

void receipt_init(struct receipt *receipt, struct shard *home,
	void (*finished)(struct shard *shard, struct receipt *receipt))
{
	receipt->post.run = finish;
	receipt->home = home;
	receipt->finished = finished;
	receipt->place = NULL;
	atomic_init(&receipt->is_refused, false);
	atomic_init(&receipt->shares, 1);
}

struct receipt *receipt_share(struct receipt *receipt)
{
	if (receipt)
		atomic_fetch_add_explicit(&receipt->shares, 1, memory_order_relaxed);
	return receipt;
}

void receipt_note_refused(struct receipt *receipt)
{
	if (receipt)
		atomic_store_explicit(&receipt->is_refused, true, memory_order_relaxed);
}

void receipt_release(struct receipt *receipt)
{
	if (receipt && atomic_fetch_sub_explicit(&receipt->shares, 1, memory_order_acq_rel) == 1)
		shard_post(receipt->home, &receipt->post);
}

void receipt_release_here(struct receipt *receipt)
{
	if (atomic_fetch_sub_explicit(&receipt->shares, 1, memory_order_acq_rel) == 1)
		receipt->finished(receipt->home, receipt);
}
