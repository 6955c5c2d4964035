/* own.c - users change their passwords and give up their accounts (XEP-0077 3.2, 3.3)
 * SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "register.h"

/* --- who asks ------------------------------------------------------------------------------ */

/* NULL: somebody who has no account at the host that was asked. */
static struct tern_entity *owner_of(const struct tern_event *event)
{
	struct tern_entity *entity = event->session ? tern_session_entity(event->session) : NULL;

	return entity && tern_entity_host(entity) == event->host ? entity : NULL;
}

static const struct element *query_of(const struct tern_event *event)
{
	return element_first(event->stanza.element);
}

/* 3.1: that there is an account, and nothing else that is on file. */
enum tern_verdict answer_own_get(struct tern_event *event, const void *settings)
{
	struct tern_entity *entity = owner_of(event);
	struct element *answer;

	if (!entity)
		return TERN_PASS;
	answer = element_new(event->arena, NS_REGISTER, "query");
	element_add(answer, NS_REGISTER, "registered");
	element_add_text(answer, "instructions", "You have an account here, and may choose another password.");
	element_add_text(answer, "username", jid_local(tern_entity_jid(entity)));
	element_add(answer, NS_REGISTER, "password");
	return tern_reply(event, answer);
}

/* --- answers that come later --------------------------------------------------------------- */

struct request { tern_ticket ticket; };

static struct request *begin(struct tern_event *event)
{
	struct request *request = heap_zalloc(sizeof *request);

	tern_answer_later(event, &request->ticket);
	return request;
}

static enum tern_condition condition_of(int result)
{
	switch (result) {
	case -EINVAL:
		return TERN_NOT_ACCEPTABLE;
	case -ENOENT: /* of an anonymous account */
		return TERN_NOT_ALLOWED;
	default:
		return tern_condition_of(result);
	}
}

static void finish(struct tern_entity *entity, struct request *take_request, int result)
{
	if (entity && result == 0)
		tern_answer(entity, take_request->ticket, NULL);
	else if (entity)
		tern_answer_error(entity, take_request->ticket, condition_of(result), NULL);
	free(take_request);
}

/* --- another password (3.3) ---------------------------------------------------------------- */

#define PAUSE_US 1000000

static void note_password(struct tern_entity *entity, void *context, int result)
{
	struct register_changes *changes =
		entity ? tern_entity_state(entity, register_changes) : NULL;

	if (changes)
		changes->is_under_way = false;
	finish(entity, context, result);
}

static bool begins_change(struct tern_entity *entity)
{
	struct register_changes *changes = tern_entity_state(entity, register_changes);
	uint64_t now_us = tern_now_us(entity);

	if (changes->is_under_way || now_us < changes->last_us + PAUSE_US)
		return false;
	*changes = (struct register_changes){ .last_us = now_us, .is_under_way = true };
	return true;
}

/* By its name alone, or by the whole address. */
static bool names(struct arena *arena, const char *username, const struct jid *account)
{
	const char *local = jid_prepare_local(arena, username, strlen(username));
	const struct jid *jid = jid_new(arena, username);

	return (local && strcmp(local, jid_local(account)) == 0) ||
		(jid && jid_equal(jid, account));
}

static enum tern_verdict change_password(struct tern_event *event, struct tern_entity *entity,
	const struct register_settings *rules)
{
	const char *username = element_find_text(query_of(event), NULL, "username");
	const char *password = element_find_text(query_of(event), NULL, "password");

	if (!username || !*username || !password || !*password)
		return tern_reject(event, TERN_BAD_REQUEST, NULL);
	if (!names(event->arena, username, tern_entity_jid(entity)))
		return tern_reject(event, TERN_FORBIDDEN, "this is not your account");
	if (is_too_short(rules, password))
		return tern_reject(event, TERN_NOT_ACCEPTABLE, "the password is too short");
	if (!begins_change(entity))
		return tern_reject(event, TERN_RESOURCE_CONSTRAINT, "one change after another");
	tern_set_password(entity, password, note_password, begin(event));
	return TERN_LATER;
}

/* --- no account any more (3.2) ------------------------------------------------------------- */

static void note_deletion(struct tern_entity *entity, void *context, int result)
{
	finish(entity, context, result);
}

static enum tern_verdict remove_account(struct tern_event *event, struct tern_entity *entity)
{
	if (element_count(query_of(event)) != 1)
		return tern_reject(event, TERN_BAD_REQUEST, NULL);
	tern_delete_account(entity, note_deletion, begin(event));
	return TERN_LATER;
}

enum tern_verdict answer_own_set(struct tern_event *event, const void *settings)
{
	struct tern_entity *entity = owner_of(event);
	bool removes = element_find(query_of(event), NULL, "remove");

	if (!entity)
		return tern_reject(event, removes ? TERN_REGISTRATION_REQUIRED : TERN_NOT_ALLOWED,
			NULL);
	return removes ? remove_account(event, entity) : change_password(event, entity, settings);
}
