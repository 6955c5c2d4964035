/* handing.c - messages that modules keep, given to sessions whose devices take them over
 * SPDX-License-Identifier: MIT */

#include <errno.h>

#include "arena.h"
#include "buffer.h"
#include "element.h"
#include "entity_internal.h"
#include "handover.h"
#include "misuse.h"
#include "module.h"
#include "names.h"
#include "reread.h"
#include "session_internal.h"
#include "shard_internal.h"
#include "stored.h"
#include "writer.h"

void tern_session_hand_over(struct tern_session *session, struct element *message,
	uint64_t kept_id)
{
	if (misuse_of_nothing(session, __func__) || misuse_of_nothing(message, __func__))
		return;
	if (!session_keeps_back(session, message))
		session_say_message(session, message, handover_of_kept(session->entity, kept_id));
}

/* What a filter keeps back is its module's to say, or to lose. */
void tern_session_hand_out(struct tern_session *session, struct element *message, tern_store log,
	uint64_t id)
{
	struct handover *handover;
	bool is_kept_back;

	if (misuse_of_nothing(session, __func__) || misuse_of_nothing(message, __func__) ||
	    misuse_of_store(log, true, __func__))
		return;
	handover = handover_of_pending(session->entity, log, id);
	is_kept_back = session_keeps_back(session, message);
	if (!is_kept_back)
		session_say_message(session, message, session->acks ? handover : NULL);
	if (is_kept_back || !session->acks)
		handover_take_when_written(session, handover);
}

/* --- as they were written ------------------------------------------------------------------ */

/* As a tree, for who looks at what the session hears; in its arena, the caller's. Both NULL: it is no
 * message. */
static struct reread read_written(struct tern_session *session, const struct tern_written *written)
{
	struct reread message = reread(session->entity->shard->parsers, written->xml, written->len);

	if (!message.element || !element_is(message.element, NS_CLIENT, "message")) {
		arena_destroy(message.arena);
		return (struct reread){ NULL, NULL };
	}
	for (size_t i = 0; i < TERN_WRITTEN_MORE && written->more[i]; i++)
		element_append(message.element, element_copy(message.arena, written->more[i]));
	return message;
}

/* Where nobody looks at it: in the shard's scratch. NULL: it has to be read. */
static struct buffer *splice(struct tern_session *session, const struct tern_written *written)
{
	size_t inside = session->is_filtered ? 0 :
		stored_message_inside(written->xml, written->len);
	struct buffer *out = session->entity->shard->scratch;

	if (!inside)
		return NULL;
	buffer_add(out, written->xml, inside);
	for (size_t i = 0; i < TERN_WRITTEN_MORE && written->more[i]; i++)
		writer_element(out, written->more[i], NS_CLIENT);
	buffer_add(out, written->xml + inside, written->len - inside);
	return out;
}

int tern_session_hand_over_written(struct tern_session *session,
	const struct tern_written *written, uint64_t kept_id)
{
	struct buffer *spliced;
	struct reread message;

	if (misuse_of_nothing(session, __func__))
		return -EINVAL;
	spliced = splice(session, written);
	if (spliced) {
		session_say_buffer(session, spliced, handover_of_kept(session->entity, kept_id));
		return 0;
	}
	message = read_written(session, written);
	if (!message.element)
		return -EBADMSG;
	tern_session_hand_over(session, message.element, kept_id);
	arena_destroy(message.arena);
	return 0;
}

int tern_session_hand_out_written(struct tern_session *session, const struct tern_written *written,
	tern_store log, uint64_t id)
{
	struct handover *handover;
	struct buffer *spliced;
	struct reread message;

	if (misuse_of_nothing(session, __func__) || misuse_of_store(log, true, __func__))
		return -EINVAL;
	spliced = splice(session, written);
	if (spliced) {
		handover = handover_of_pending(session->entity, log, id);
		session_say_buffer(session, spliced, session->acks ? handover : NULL);
		if (!session->acks)
			handover_take_when_written(session, handover);
		return 0;
	}
	message = read_written(session, written);
	if (!message.element)
		return -EBADMSG;
	tern_session_hand_out(session, message.element, log, id);
	arena_destroy(message.arena);
	return 0;
}
