/* keep.c - messages are kept for accounts that nobody is logged in to (XEP-0160 1.0.1)
 * SPDX-License-Identifier: MIT */

#include <errno.h>

#include "buffer.h"
#include "storable.h"
#include "offline.h"

static int keep(struct tern_event *event, uint64_t *ret_id)
{
	struct buffer xml = { 0 };
	int result;

	tern_event_write(event, &xml);
	result = tern_append(event->entity, offline_log, jid_bare_text(event->stanza.from),
		buffer_at(&xml), xml.len, ret_id);
	buffer_finish(&xml);
	return result;
}

static enum tern_verdict keep_within(struct tern_event *event, long limit)
{
	struct backlog *backlog = backlog_of(event->entity);
	uint64_t id = tern_event_pending_id(event);
	int result;

	if (id) { /* it came back from a device that never took it */
		backlog_note_returned(backlog, id);
		return TERN_DONE;
	}
	result = backlog_is_full(backlog, limit) ? -EDQUOT : keep(event, &id);
	if (result < 0)
		return tern_reject(event, tern_condition_of(result), NULL);
	tern_count(event->entity, offline_kept, 1);
	backlog_grow(backlog, 1);
	return TERN_DONE;
}

enum tern_verdict keep_missed(struct tern_event *event, const void *settings)
{
	const struct offline *offline = settings;

	if (event->awaits_ack) /* it is in the log, and is counted when it is given up */
		return TERN_PASS;
	switch (offline_choice(&event->stanza)) {
	case OFFLINE_KEEP:
		return keep_within(event, offline->limit);
	case OFFLINE_DROP:
		return TERN_DONE;
	case OFFLINE_REFUSE:
		break;
	}
	return TERN_PASS;
}

/* What is under way to a device waits here as well, until the device has it.  How much that is at a
 * time is bounded by what a session may leave unacknowledged; where the store is full of what
 * devices never took, nothing is added to it. */
int keep_pending(struct tern_event *event, tern_store *ret_log, uint64_t *ret_id,
	const void *settings)
{
	const struct offline *offline = settings;

	if (offline_choice(&event->stanza) != OFFLINE_KEEP)
		return 0;
	if (backlog_is_full(backlog_of(event->entity), offline->limit))
		return -EDQUOT;
	*ret_log = offline_log;
	return keep(event, ret_id);
}
