/* fake_stranger.c - somebody who has no account, and asks for one
 * SPDX-License-Identifier: MIT */

#include "fake_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"

struct tern_stranger {
	struct tern_host *host;
	struct arena *arena;
	const char *id;
};

static void run_claim(struct tern_host *host, struct tern_stranger *stranger,
	const struct tern_stanza *iq)
{
	const struct element *payload = element_first(iq->element);

	for (size_t i = 0; i < host->count; i++) {
		const struct tern_stranger_iq *claim = host->modules[i]->stranger_iqs;

		for (; claim && claim->run; claim++)
			if (claim->type == iq->type &&
			    element_is(payload, claim->ns, claim->name)) {
				claim->run(stranger, payload, host->settings[i]);
				return;
			}
	}
}

const char *fake_stranger_asks(struct fake *fake, const char *xml)
{
	struct reading reading = read_xml(xml);
	struct tern_stanza iq = read_stanza(reading.element);
	struct tern_stranger *stranger = heap_zalloc(sizeof *stranger);

	stranger->host = &fake->host;
	stranger->arena = reading.arena;
	stranger->id = iq.id;
	run_claim(&fake->host, stranger, &iq);
	return next_line(&fake->host.left);
}

/* --- the API -------------------------------------------------------------------------------- */

struct tern_host *tern_stranger_host(const struct tern_stranger *stranger)
{
	return stranger->host;
}

struct arena *tern_stranger_arena(const struct tern_stranger *stranger)
{
	return stranger->arena;
}

static struct element *new_answer(const struct tern_stranger *stranger, const char *type)
{
	struct element *iq = element_new(stranger->arena, NS_CLIENT, "iq");

	element_set(iq, "type", type);
	element_set(iq, "id", stranger->id);
	return iq;
}

static void say(struct tern_stranger *take_stranger, const struct element *iq)
{
	add_line(&take_stranger->host->left, iq);
	arena_destroy(take_stranger->arena);
	free(take_stranger);
}

void tern_stranger_answer(struct tern_stranger *stranger, struct element *payload)
{
	struct element *iq = new_answer(stranger, "result");

	if (payload)
		element_append(iq, payload);
	say(stranger, iq);
}

void tern_stranger_refuse(struct tern_stranger *stranger, enum tern_condition condition,
	const char *type, const char *text)
{
	struct element *iq = new_answer(stranger, "error");
	struct element *error = element_add(iq, NULL, "error");

	element_set(error, "type", type ? type : tern_condition_type(condition));
	element_add(error, NS_STANZAS, tern_condition_name(condition));
	say(stranger, iq);
}

unsigned tern_stranger_note_try(struct tern_stranger *stranger)
{
	return ++stranger->host->tries;
}

void tern_stranger_register(struct tern_stranger *stranger, const char *local,
	const char *password, void (*done)(struct tern_stranger *stranger, int result))
{
	struct fake *fake = (struct fake *)stranger->host;
	const struct jid *jid = jid_join(stranger->arena, local, "example.org", NULL);
	struct tern_entity *account;

	if (stranger->host->change_result < 0 || find_account(stranger->host, jid)) {
		done(stranger, stranger->host->change_result < 0 ? stranger->host->change_result :
			-EEXIST);
		return;
	}
	account = fake_account(fake, jid_text(jid));
	snprintf(account->password, sizeof account->password, "%s", password);
	done(stranger, 0);
}
