/* stranger.c - accounts for whoever asks for one, where the host is open (XEP-0077 3.1)
 * SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>

#include "register.h"

void answer_stranger_get(struct tern_stranger *stranger, const struct element *query,
	const void *settings)
{
	const struct register_settings *rules = settings;
	struct element *answer;

	if (!rules->is_open) {
		tern_stranger_refuse(stranger, TERN_SERVICE_UNAVAILABLE, NULL, NULL);
		return;
	}
	answer = element_new(tern_stranger_arena(stranger), NS_REGISTER, "query");
	element_add_text(answer, "instructions", "Choose a username and a password.");
	element_add(answer, NS_REGISTER, "username");
	element_add(answer, NS_REGISTER, "password");
	tern_stranger_answer(stranger, answer);
}

/* --- a new account ------------------------------------------------------------------------- */

struct wish { const char *local, *password; };

struct refusal {
	enum tern_condition condition;
	const char *text;
};

static bool is_reserved(const struct register_settings *rules, const char *local)
{
	for (char *const *name = rules->reserved; *name; name++)
		if (strcmp(*name, local) == 0)
			return true;
	return false;
}

/* Whoever got the name of an administrator who is still to come would be one. */
static bool is_of_administrator(struct tern_stranger *stranger, const char *local)
{
	const struct tern_host *host = tern_stranger_host(stranger);
	struct arena *arena = tern_stranger_arena(stranger);
	const struct jid *jid = jid_new(arena,
		arena_printf(arena, "%s@%s", local, tern_host_domain(host)));

	return jid && tern_host_question(host, TERN_ASK_ADMINISTRATOR, jid);
}

/* A condition of TERN_NO_CONDITION: there is nothing against it. */
static struct refusal read_wish(struct tern_stranger *stranger, const struct element *query,
	const struct register_settings *rules, struct wish *ret)
{
	const char *username = element_find_text(query, NULL, "username");

	ret->password = element_find_text(query, NULL, "password");
	/* The server knows nobody who could be removed. */
	if (element_find(query, NULL, "remove"))
		return (struct refusal){ TERN_UNEXPECTED_REQUEST, NULL };
	if (!rules->is_open)
		return (struct refusal){ TERN_SERVICE_UNAVAILABLE, NULL };
	if (!username || !*username || !ret->password || !*ret->password)
		return (struct refusal){ TERN_NOT_ACCEPTABLE,
			"a username and a password are needed" };
	ret->local = jid_prepare_local(tern_stranger_arena(stranger), username, strlen(username));
	if (!ret->local)
		return (struct refusal){ TERN_NOT_ACCEPTABLE, "this is no username" };
	if (is_too_short(rules, ret->password))
		return (struct refusal){ TERN_NOT_ACCEPTABLE, "the password is too short" };
	return (struct refusal){ TERN_NO_CONDITION, NULL };
}

static void finish(struct tern_stranger *stranger, int result)
{
	switch (result) {
	case 0:
		tern_stranger_answer(stranger, NULL);
		break;
	case -EEXIST:
		tern_stranger_refuse(stranger, TERN_CONFLICT, NULL, NULL);
		break;
	case -EALREADY:
		tern_stranger_refuse(stranger, TERN_NOT_ACCEPTABLE, "cancel",
			"an account has been registered here");
		break;
	case -EINVAL:
		tern_stranger_refuse(stranger, TERN_NOT_ACCEPTABLE, NULL, NULL);
		break;
	default:
		tern_stranger_refuse(stranger, tern_condition_of(result), NULL, NULL);
	}
}

/* Whether a name is taken can be found out here: that is a try, too. */
void answer_stranger_set(struct tern_stranger *stranger, const struct element *query,
	const void *settings)
{
	const struct register_settings *rules = settings;
	struct wish wish = { NULL, NULL };
	struct refusal refusal = read_wish(stranger, query, rules, &wish);

	if (refusal.condition)
		tern_stranger_refuse(stranger, refusal.condition, NULL, refusal.text);
	else if (tern_stranger_note_try(stranger) > (unsigned long)rules->per_address)
		tern_stranger_refuse(stranger, TERN_NOT_ACCEPTABLE, "wait",
			"too many accounts from this address");
	else if (is_reserved(rules, wish.local) || is_of_administrator(stranger, wish.local))
		tern_stranger_refuse(stranger, TERN_CONFLICT, NULL, "this name is reserved");
	else
		tern_stranger_register(stranger, wish.local, wish.password, finish);
}
