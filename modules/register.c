/* register.c - users change their passwords and give up their accounts (XEP-0077 2.4)
 * SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "module.h"

#define NS_REGISTER "jabber:iq:register"

/* Of a host. */
struct rules { long password_least; };

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
static enum tern_verdict answer_fields(struct tern_event *event, const void *settings)
{
	struct tern_entity *entity = owner_of(event);
	struct element *answer;

	if (!entity)
		return TERN_PASS;
	answer = element_new(event->arena, NS_REGISTER, "query");
	element_add(answer, NS_REGISTER, "registered");
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

static void note_password(struct tern_entity *entity, void *context, int result)
{
	finish(entity, context, result);
}

/* By its name alone, or by the whole address. */
static bool names(struct arena *arena, const char *username, const struct jid *account)
{
	const char *local = jid_prepare_local(arena, username, strlen(username));
	const struct jid *jid = jid_new(arena, username);

	return (local && strcmp(local, jid_local(account)) == 0) ||
		(jid && jid_equal(jid, account));
}

/* Characters, as people count them. */
static size_t length_of(const char *text)
{
	size_t length = 0;

	for (; *text; text++)
		length += (*text & 0xc0) != 0x80;
	return length;
}

static enum tern_verdict change_password(struct tern_event *event, struct tern_entity *entity,
	const struct rules *rules)
{
	const char *username = element_find_text(query_of(event), NULL, "username");
	const char *password = element_find_text(query_of(event), NULL, "password");

	if (!username || !*username || !password || !*password)
		return tern_reject(event, TERN_BAD_REQUEST, NULL);
	if (!names(event->arena, username, tern_entity_jid(entity)))
		return tern_reject(event, TERN_FORBIDDEN, "this is not your account");
	if (length_of(password) < (size_t)rules->password_least)
		return tern_reject(event, TERN_NOT_ACCEPTABLE, "the password is too short");
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

static enum tern_verdict answer_set(struct tern_event *event, const void *settings)
{
	struct tern_entity *entity = owner_of(event);
	bool removes = element_find(query_of(event), NULL, "remove");

	if (!entity)
		return tern_reject(event, removes ? TERN_REGISTRATION_REQUIRED : TERN_NOT_ALLOWED,
			NULL);
	return removes ? remove_account(event, entity) : change_password(event, entity, settings);
}

static int register_load(struct tern_host *host, void **ret_settings)
{
	struct rules *rules = heap_zalloc(sizeof *rules);

	rules->password_least = tern_option_number(host, "password-length");
	*ret_settings = rules;
	return 0;
}

static void register_unload(struct tern_host *host, void *settings)
{
	free(settings);
}

TERN_EXPORT const struct tern_module tern_module = {
	.abi = TERN_MODULE_ABI,
	.name = "register",
	.about = "users change their passwords and delete their accounts (XEP-0077)",
	.features = (const char *const[]){ NS_REGISTER, NULL },
	.iqs = (const struct tern_iq[]){
		{ TERN_GET, TERN_AT_HOST | TERN_AT_OWN_ACCOUNT, NS_REGISTER, "query", answer_fields },
		{ TERN_SET, TERN_AT_HOST | TERN_AT_OWN_ACCOUNT, NS_REGISTER, "query", answer_set },
		{ 0 },
	},
	.options = (const struct tern_option[]){
		{ "password-length", TERN_NUMBER, "6", 1, 1000,
			"characters of a new password, at least" },
		{ 0 },
	},
	.load = register_load,
	.unload = register_unload,
};
