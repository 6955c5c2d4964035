/* shown.c - presence that a block hides and its end shows again (XEP-0191 3.3, 3.4)
 * SPDX-License-Identifier: MIT */

#include "blocking.h"

static void add(struct tern_entity *entity, struct audience *audience, const struct jid *jid)
{
	audience->were_forbidden[audience->count] = blocklist_forbids(blocklist_of(entity), jid);
	audience->jids[audience->count++] = jid;
}

/* The contacts, by their bare addresses, and single resources that an item names. */
struct audience audience_before(struct tern_entity *entity, struct arena *arena,
	const struct jid *const *items, size_t count)
{
	const struct jid *const *contacts;
	size_t contact_count = tern_contacts(entity, 0, arena, &contacts);
	struct audience audience = {
		.jids = arena_alloc(arena, (contact_count + count + 1) * sizeof *audience.jids),
		.were_forbidden = arena_alloc(arena, contact_count + count + 1),
	};

	for (size_t i = 0; i < contact_count; i++)
		add(entity, &audience, contacts[i]);
	for (size_t i = 0; i < count; i++)
		if (jid_resource(items[i]))
			add(entity, &audience, items[i]);
	return audience;
}

/* Of those who stand to the user like that, whom the change has forbidden, or allowed. */
static size_t pick(struct tern_entity *entity, const struct audience *audience,
	enum tern_subscription bit, bool are_forbidden, const struct jid **ret_jids)
{
	const struct blocklist *list = blocklist_of(entity);
	size_t count = 0;

	for (size_t i = 0; i < audience->count; i++) {
		const struct jid *jid = audience->jids[i];

		if (audience->were_forbidden[i] != are_forbidden &&
		    blocklist_forbids(list, jid) == are_forbidden &&
		    (tern_question(entity, TERN_ASK_SUBSCRIPTION, jid) & (int)bit))
			ret_jids[count++] = jid;
	}
	return count;
}

static void tell(struct tern_session *session, struct element *presence,
	const struct jid *const *to, size_t count)
{
	if (count > 0)
		tern_send_many(tern_session_entity(session), &(struct tern_broadcast){
			.stanza = presence, .from = tern_session_jid(session), .to = to,
			.count = count, .only_open = true });
}

static struct element *new_presence(struct arena *arena, const char *type)
{
	struct element *presence = element_new(arena, NS_CLIENT, "presence");

	element_set(presence, "type", type);
	return presence;
}

/* What those who were blocked have said of themselves meanwhile has been lost: they are asked. */
void audience_after(struct tern_entity *entity, struct arena *arena,
	const struct audience *audience)
{
	size_t bytes = (audience->count + 1) * sizeof(struct jid *);
	const struct jid **hidden = arena_alloc(arena, bytes), **shown = arena_alloc(arena, bytes),
		**asked = arena_alloc(arena, bytes);
	size_t hide = pick(entity, audience, TERN_SUB_FROM, true, hidden);
	size_t show = pick(entity, audience, TERN_SUB_FROM, false, shown);
	size_t ask = pick(entity, audience, TERN_SUB_TO, false, asked);
	struct tern_session *session = tern_session_first(entity);

	for (; session; session = tern_session_next(session)) {
		if (!tern_session_is_available(session))
			continue;
		tell(session, new_presence(arena, "unavailable"), hidden, hide);
		tell(session, element_copy(arena, tern_session_presence(session)), shown, show);
		tell(session, new_presence(arena, "probe"), asked, ask);
	}
}
