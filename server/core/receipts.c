/* receipts.c - looks from time to time whether the oldest receipts are too old */
/* SPDX-License-Identifier: MIT */

#include "receipts.h"

#include "jid.h"
#include "log.h"
#include "session_internal.h"
#include "shard_internal.h"

#define LOOK_MS 5000
#define LINES_MOST 20 /* of one look */

static bool is_late(const struct shard *shard, const struct open_receipt *receipt)
{
	return shard->ticks_ms - receipt->since_ms >= RECEIPT_LATE_MS;
}

static void complain(struct shard *shard, const struct open_receipt *receipt, unsigned lines)
{
	const struct tern_session *session = idmap_get(&shard->sessions.by_id, receipt->session);
	const char *jid = session ? jid_text(session->jid) : "that has ended";
	unsigned age_s = (unsigned)((shard->ticks_ms - receipt->since_ms) / 1000);

	if (lines < LINES_MOST)
		log_warn("session", jid, "a stanza has not been dealt with for %u s", age_s);
}

static void look(struct shard *shard, struct timer *timer)
{
	struct receipts *receipts = &shard->receipts;
	struct open_receipt *receipt = receipts->first;
	unsigned found = 0;

	for (; receipt && is_late(shard, receipt); receipt = receipt->next) {
		if (receipt->is_late)
			continue;
		receipt->is_late = true;
		complain(shard, receipt, found++);
	}
	if (found > LINES_MOST)
		log_warn("server", NULL, "so it is with %u stanzas more", found - LINES_MOST);
	counter_add(&shard->counters, COUNT_RECEIPTS_OLD, found);
	if (receipts->first)
		timer_start(shard, timer, LOOK_MS);
}

void receipts_add(struct shard *shard, struct open_receipt *receipt, uint64_t session)
{
	struct receipts *receipts = &shard->receipts;

	*receipt = (struct open_receipt){ .previous = receipts->last,
		.since_ms = shard->ticks_ms, .session = session };
	if (receipts->last)
		receipts->last->next = receipt;
	else
		receipts->first = receipt;
	receipts->last = receipt;
	receipts->count++;
	if (timer_is_running(&receipts->look))
		return;
	receipts->look.run = look;
	timer_start(shard, &receipts->look, LOOK_MS);
}

void receipts_remove(struct shard *shard, struct open_receipt *receipt)
{
	struct receipts *receipts = &shard->receipts;

	receipts->count--;
	if (receipt->previous)
		receipt->previous->next = receipt->next;
	else
		receipts->first = receipt->next;
	if (receipt->next)
		receipt->next->previous = receipt->previous;
	else
		receipts->last = receipt->previous;
}

size_t receipts_late_now(const struct shard *shard)
{
	const struct open_receipt *receipt = shard->receipts.first;
	size_t count = 0;

	for (; receipt && is_late(shard, receipt); receipt = receipt->next)
		count++;
	return count;
}
