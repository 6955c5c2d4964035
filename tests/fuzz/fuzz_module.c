/* fuzz_module.c - any stanzas from anybody, on one module in a fake engine
 * SPDX-License-Identifier: MIT
 *
 * Promised: no crash, no leak, no wild memory.  A line is what somebody does; its first letter
 * says who:
 *   a, b  a client of the account sends that stanza      n  ... what is no stanza
 *   f     a contact elsewhere sends it                   s  ... a stranger
 *   i     somebody without an account sends that iq      x  an administrator exports the account
 *   t     half an hour goes by                           d  the disk is full, or no more
 *   o     an administrator's order is refused, or, with anything behind it, answered
 *   r     the clients leave, and all is read again from the disk */

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fake_host.h"
#include "writer.h"

extern const struct tern_module tern_module;

#define ACCOUNT "juliet@example.org"

static int answer_subscription(struct tern_entity *entity, const struct jid *about,
	const void *settings)
{
	return strcmp(jid_bare_text(about), "romeo@example.com") == 0 ?
		TERN_SUB_FROM | TERN_SUB_TO : 0;
}

static size_t list_contacts(struct tern_entity *entity, unsigned bits, struct arena *arena,
	const struct jid *const **ret_contacts, const void *settings)
{
	const struct jid **contacts = arena_alloc(arena, sizeof *contacts);

	contacts[0] = jid_new(arena, "romeo@example.com");
	*ret_contacts = contacts;
	return 1;
}

/* Where the module itself does not know the contacts. */
static const struct tern_module roster = {
	.name = "stub",
	.answers = (const struct tern_answer_claim[]){
		{ TERN_ASK_SUBSCRIPTION, answer_subscription },
		{ TERN_ASK_IN_ROSTER, answer_subscription },
		{ 0 },
	},
	.contacts = list_contacts,
};

static const struct tern_command_claim orders[] = {
	{ "user add", .at = TERN_COMMAND_AT_ACCOUNT }, { "user del", .at = TERN_COMMAND_AT_ACCOUNT },
	{ "user list" }, { "session list" }, { "roster list", .at = TERN_COMMAND_AT_ACCOUNT },
	{ "last seen", .at = TERN_COMMAND_AT_ACCOUNT }, { "announce" },
	{ "archive purge", "JID", "purges", TERN_COMMAND_AT_ACCOUNT,
		(const char *const[]){ "jid", "count", NULL }, .is_final = true,
		.fields = (const struct tern_command_field[]){
			{ "--before", "Before", TERN_FIELD_TEXT }, { "--all", "All", TERN_FIELD_FLAG },
			{ "ID", "Id", TERN_FIELD_TEXT, true }, { 0 } } },
	{ 0 },
};

/* Of sessions, and of anything else with as many columns. */
#define ROWS ACCOUNT "/balcony|0|[::1]:5222|TLS|away\n" ACCOUNT "/chamber|0|detached||\n"

struct stage {
	struct fake *fake;
	struct tern_entity *account;
	struct tern_session *sessions[2];
	bool is_full;
};

static struct tern_session *session_of(struct stage *stage, char who)
{
	return who == 'b' ? stage->sessions[1] : stage->sessions[0];
}

static void log_in(struct stage *stage)
{
	stage->sessions[0] = fake_session(stage->account, "balcony");
	stage->sessions[1] = fake_session(stage->account, "chamber");
}

/* A module may have ended one. */
static bool are_there(const struct stage *stage)
{
	struct tern_session *first = tern_session_first(stage->account);

	return first && tern_session_next(first);
}

static void read_again(struct stage *stage)
{
	struct tern_session *session;

	while ((session = tern_session_first(stage->account)))
		fake_end(session);
	if (fake_reopen(stage->account) < 0)
		abort(); /* it cannot read what it has written */
	log_in(stage);
}

/* The addresses are what the real engine lets pass. */
static void say(struct stage *stage, char who, const char *xml)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	struct element *stanza = fake_read_sound(arena, xml);

	if (stanza && (who == 'a' || who == 'b')) {
		element_set(stanza, "from", NULL);
		fake_send(session_of(stage, who), writer_text(arena, stanza));
	} else if (stanza) {
		element_set(stanza, "from", who == 'f' ? "romeo@example.com/orchard" :
			"tybalt@example.net/x");
		if (!element_get(stanza, "to"))
			element_set(stanza, "to", ACCOUNT);
		fake_arrive(stage->fake, writer_text(arena, stanza));
	}
	arena_destroy(arena);
}

static bool is_claimed(const struct element *iq)
{
	const struct tern_stranger_iq *claim = tern_module.stranger_iqs;
	const char *type = element_get(iq, "type");

	for (; claim && claim->run && type; claim++)
		if (strcmp(type, claim->type == TERN_GET ? "get" : "set") == 0 && element_first(iq) &&
		    element_is(element_first(iq), claim->ns, claim->name))
			return true;
	return false;
}

/* What nobody claims ends the stream before a module could hear of it. */
static void ask_as_stranger(struct stage *stage, const char *xml)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	struct element *iq = fake_read_sound(arena, xml);

	if (iq && element_is(iq, NS_CLIENT, "iq") && is_claimed(iq))
		fake_stranger_asks(stage->fake, writer_text(arena, iq));
	arena_destroy(arena);
}

static void act(struct stage *stage, const char *line)
{
	if (!are_there(stage))
		read_again(stage);
	switch (*line) {
	case 'a': case 'b': case 'f': case 's':
		say(stage, *line, line + 1);
		break;
	case 'n':
		fake_send_nonza(stage->sessions[0], line + 1);
		break;
	case 'i':
		ask_as_stranger(stage, line + 1);
		break;
	case 'x':
		if (tern_module.exporter)
			free(fake_export(stage->account, tern_module.name));
		break;
	case 't':
		fake_pass(stage->fake, 1800000);
		break;
	case 'd':
		stage->is_full = !stage->is_full;
		fake_fill_disk(stage->fake, stage->is_full ? 0 : -1);
		break;
	case 'o':
		if (fake_order(stage->fake) && !line[1])
			fake_refuse_order(stage->fake, -ENOENT, "there is nobody");
		else if (fake_order(stage->fake))
			fake_answer_order(stage->fake, ROWS);
		break;
	case 'r':
		read_again(stage);
		break;
	}
	fake_forget(stage->fake);
}

/* By preset strangers can do nothing, and there is no administrator. */
static const struct fake_option options[] = { { "open", "yes" }, { "admins", ACCOUNT }, { 0 } };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct tern_module *const modules[] = { &tern_module, &roster, NULL };
	char *text = malloc(len + 1), *rest = text, *line;
	struct stage stage = { .fake = fake_create(modules, options) };

	memcpy(text, data, len);
	text[len] = '\0';
	fake_know_orders(stage.fake, orders);
	stage.account = fake_account(stage.fake, ACCOUNT);
	log_in(&stage);
	while ((line = strsep(&rest, "\n")))
		act(&stage, line);
	fake_destroy(stage.fake);
	free(text);
	return 0;
}
