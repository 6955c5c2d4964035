/* keep.c - puts messages into the archives of sender and recipient (XEP-0313 1.1, XEP-0359 0.7)
 * SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>

#include "buffer.h"
#include "entry.h"
#include "mam.h"
#include "worth.h"

/* --- stanza ids ---------------------------------------------------------------------------- */

struct element *stanza_id_new(struct arena *arena, const struct tern_entity *entity,
	struct archive_id id)
{
	struct element *stanza_id = element_new(arena, NS_SID, "stanza-id");

	element_set(stanza_id, "by", jid_text(tern_entity_jid(entity)));
	element_set(stanza_id, "id", archive_id_text(arena, id));
	return stanza_id;
}

/* Addresses are parsed outside of the event's arena: a message may name very many. */
static bool is_own(const char *by, const struct jid *own)
{
	struct arena *arena;
	const struct jid *jid;
	bool same;

	if (strcmp(by, jid_text(own)) == 0)
		return true;
	arena = arena_create(ARENA_SMALL);
	jid = jid_new(arena, by);
	same = jid && jid_equal(jid, own);
	arena_destroy(arena);
	return same;
}

/* XEP-0359 3, rule 2: whoever says in this account's name which id it gave. */
bool stanza_id_is_false(const struct element *element, const void *own)
{
	const char *by = element_is(element, NS_SID, "stanza-id") ? element_get(element, "by") : NULL;

	return by && is_own(by, own);
}

static void remove_false_ids(struct tern_event *event)
{
	const struct jid *own = tern_entity_jid(event->entity);
	const struct element *at = element_first(event->stanza.element);

	while (at && !stanza_id_is_false(at, own))
		at = element_next(at);
	if (at)
		element_remove_if(tern_event_edit(event), stanza_id_is_false, own);
}

/* --- keeping ------------------------------------------------------------------------------- */

static bool is_allowed(struct tern_entity *entity, const struct mam *mam, const struct jid *peer)
{
	switch (prefs_judge(archive_of(entity)->prefs, mam->fallback, peer)) {
	case PREFS_KEEP:
		return true;
	case PREFS_SKIP:
		return false;
	case PREFS_ASK_ROSTER: /* who writes to himself is no stranger */
		break;
	}
	return jid_bare_equal(peer, tern_entity_jid(entity)) ||
		tern_question(entity, TERN_ASK_IN_ROSTER, peer);
}

/* An account without a name on disk (RFC 4505) has no archive. */
static enum tern_verdict keep(struct tern_event *event, const struct mam *mam,
	const struct jid *peer, unsigned flags)
{
	struct entry_head head = { .mark = event->mark, .peer = peer, .flags = flags };
	struct buffer entry = { 0 };
	size_t len;
	int result;

	if (!is_allowed(event->entity, mam, peer))
		return TERN_PASS;
	tern_random(event->entity, &head.drawn, sizeof head.drawn);
	entry_start(&entry, &head);
	tern_event_write(event, &entry);
	result = tern_append(event->entity, mam_log, jid_bare_text(peer), buffer_at(&entry),
		entry.len, &event->kept_id);
	len = entry.len;
	buffer_finish(&entry);
	if (result == -EPERM)
		return TERN_PASS;
	if (result == 0 && !(flags & ENTRY_SENT) && (result = note_received(event)) < 0)
		tern_log_delete(event->entity, mam_log, event->kept_id);
	if (result < 0)
		return tern_reject(event, tern_condition_of(result), NULL);
	tern_event_add(event, stanza_id_new(event->arena, event->entity,
		(struct archive_id){ event->kept_id, head.drawn }));
	retain_after_append(event->entity, mam, len);
	return TERN_PASS;
}

/* What goes to the own account is kept once, where it arrives. */
enum tern_verdict keep_sent(struct tern_event *event, const void *settings)
{
	const struct jid *to = event->stanza.to;
	struct worth_case facts = { event->stanza.type, event->stanza.element, false };

	remove_false_ids(event);
	if (!to || jid_bare_equal(to, tern_entity_jid(event->entity)) || !is_worth_keeping(&facts))
		return TERN_PASS;
	return keep(event, settings, to, ENTRY_SENT);
}

enum tern_verdict keep_received(struct tern_event *event, const void *settings)
{
	const char *resource = jid_resource(event->stanza.to);
	struct worth_case facts = { event->stanza.type, event->stanza.element,
		resource && !tern_session_find(event->entity, resource) };

	remove_false_ids(event);
	if (!is_worth_keeping(&facts))
		return TERN_PASS;
	return keep(event, settings, event->stanza.from, 0);
}
