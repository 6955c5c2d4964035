/* test_core_accounts.c - binding, conflicts, anonymous accounts, deletion
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <errno.h>

#include "account.h"
#include "arena.h"
#include "core_stage.h"
#include "element.h"
#include "entity_internal.h"
#include "names.h"
#include "shard.h"

struct memory { int count; };

static tern_store store, record, diary;
static tern_state state;
static char notes[512];
static bool ends_when_available, ends_when_bound;

static int read_nothing(struct tern_entity *entity, const void *key, size_t key_len,
	const void *value, size_t len)
{
	struct memory *memory = tern_entity_state(entity, state);

	(void)key, (void)key_len, (void)value, (void)len;
	memory->count++;
	return 0;
}

static void note(const char *what)
{
	strcat(notes, what);
	strcat(notes, " ");
}

static void note_got(struct tern_entity *entity, void *context, const void *value, size_t len,
	bool cancelled)
{
	(void)entity, (void)context, (void)len;
	note(cancelled ? "get-cancelled" : value ? "got" : "got-nothing");
}

static void note_page(struct tern_entity *entity, void *context, const struct tern_entry *entries,
	size_t count, bool complete, bool cancelled)
{
	(void)entity, (void)context, (void)entries, (void)count, (void)complete;
	note(cancelled ? "page-cancelled" : "page");
}

static void note_decision(struct tern_entity *entity, void *context, int result)
{
	struct arena *arena = arena_create(256);
	struct element *word = element_new(arena, NS_CLIENT, "message");

	(void)context;
	note(result == 0 ? "decided" : "not-decided");
	for (struct tern_session *at = tern_session_first(entity); at; at = tern_session_next(at))
		tern_session_send(at, word);
	arena_destroy(arena);
}

static enum tern_verdict obey(struct tern_event *event, const void *settings)
{
	const char *order = element_find_text(event->stanza.element, NULL, "body");

	(void)settings;
	if (!event->session || !order)
		return TERN_PASS;
	if (strcmp(order, "put") == 0)
		note(tern_put(event->entity, store, "k", 1, "v", 1) == 0 ? "put" : "refused");
	else if (strcmp(order, "delete") == 0)
		tern_delete_account(event->entity, note_decision, NULL);
	else if (strcmp(order, "read") == 0) {
		tern_put(event->entity, record, "k", 1, "v", 1);
		tern_get(event->entity, record, "k", 1, note_got, NULL);
		tern_log_page(event->entity, diary, &(struct tern_page){ 0 }, note_page, NULL);
	}
	return TERN_DONE;
}

static void note_gone(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	(void)entity, (void)event, (void)settings;
	note(session ? jid_resource(tern_session_jid(session)) : "?");
	note("gone");
}

static void note_deleted(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	(void)event, (void)settings;
	cr_assert_null(session);
	cr_assert_eq(tern_put(entity, store, "k", 1, "v", 1), -ENOENT);
	note("deleted");
}

static void end_it(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	(void)entity, (void)event, (void)settings;
	if (ends_when_available)
		tern_session_end(session, "policy-violation", NULL);
}

static void end_at_once(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	(void)entity, (void)event, (void)settings;
	if (ends_when_bound)
		tern_session_end(session, "policy-violation", NULL);
}

static void note_available(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	(void)entity, (void)session, (void)event, (void)settings;
	note("available");
}

static void note_opened(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	(void)entity, (void)session, (void)event, (void)settings;
	note("opened");
}

static void note_unavailable(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	(void)entity, (void)session, (void)event, (void)settings;
	note("unavailable");
}

static const struct tern_module notary = {
	.abi = TERN_MODULE_ABI,
	.name = "notary",
	.about = "notes what happens",
	.hooks = (const struct tern_hook[]){ { TERN_OUT_CHECK, TERN_MESSAGES, 0, obey }, { 0 } },
	.watches = (const struct tern_watch[]){
		{ TERN_ON_ENTITY_OPENED, note_opened },
		{ TERN_ON_SESSION_BOUND, end_at_once },
		{ TERN_ON_AVAILABLE, end_it },
		{ TERN_ON_AVAILABLE, note_available },
		{ TERN_ON_UNAVAILABLE, note_unavailable },
		{ TERN_ON_SESSION_GONE, note_gone },
		{ TERN_ON_ACCOUNT_DELETED, note_deleted },
		{ 0 },
	},
	.states = (const struct tern_state_claim[]){
		{ TERN_PER_ACCOUNT, sizeof(struct memory), &state, NULL }, { 0 } },
	.stores = (const struct tern_store_claim[]){
		{ "notary", TERN_RESIDENT, &store, read_nothing },
		{ "notary/record", TERN_FETCHED, &record, NULL },
		{ "notary/diary", TERN_LOG, &diary },
		{ 0 },
	},
};

static void set_up(void)
{
	static const struct tern_module *const modules[] = { &notary, &stage_delivery, NULL };

	stage_open(modules);
	*notes = 0;
}

TestSuite(core_accounts, .init = set_up, .fini = stage_close);

static void order(struct client *client, const char *text)
{
	client_says(client, "<message><body>%s</body></message>", text);
}

/* --- binding ------------------------------------------------------------------------------ */

Test(core_accounts, a_new_session_replaces_one_of_its_resource)
{
	struct client *first = client_open(ROMEO, "garden"), *second = client_open(ROMEO, "garden");

	cr_assert(client_is_there(second));
	cr_assert_eq(client_error(first), STREAM_ERROR_CONFLICT);
	cr_assert_str_eq(notes, "garden gone ");
}

Test(core_accounts, have_so_many_sessions_and_no_more)
{
	stage.server.limits.resources = 2;
	cr_assert(client_is_there(client_open(ROMEO, "a")));
	cr_assert(client_is_there(client_open(ROMEO, "b")));
	cr_assert_not(client_is_there(client_open(ROMEO, "c")));
	cr_assert(client_is_there(client_open(ROMEO, "b")));
}

Test(core_accounts, that_do_not_exist_have_no_sessions)
{
	cr_assert_not(client_is_there(client_open(NOBODY, "a")));
}

Test(core_accounts, refuse_a_resource_that_is_none)
{
	cr_assert_not(client_is_there(client_open(ROMEO, "\xff")));
}

Test(core_accounts, may_lose_a_session_while_it_is_bound)
{
	ends_when_bound = true;
	cr_assert_not(client_is_there(client_open(ROMEO, "a")));
	cr_assert_null(tern_session_first(stage_entity(ROMEO)));
}

Test(core_accounts, tell_nobody_more_of_a_session_that_one_of_them_ended)
{
	struct client *romeo = client_open(ROMEO, "a");

	ends_when_available = true;
	client_says(romeo, "<presence/>");
	cr_assert_eq(client_error(romeo), STREAM_ERROR_POLICY_VIOLATION);
	cr_assert_str_eq(notes, "unavailable a gone ");
}

Test(core_accounts, end_a_session_that_speaks_for_others)
{
	struct client *romeo = client_open(ROMEO, "a");

	client_says(romeo, "<message from='" NURSE "'/>");
	cr_assert_eq(client_error(romeo), STREAM_ERROR_INVALID_FROM);
}

Test(core_accounts, end_a_session_that_sends_what_is_no_stanza)
{
	struct client *romeo = client_open(ROMEO, "a");

	client_says(romeo, "<r xmlns='urn:example:none'/>");
	cr_assert_eq(client_error(romeo), STREAM_ERROR_UNSUPPORTED_STANZA_TYPE);
}

/* --- deletion ----------------------------------------------------------------------------- */

Test(core_accounts, are_deleted_with_their_sessions)
{
	struct client *a = client_open(ROMEO, "a"), *b = client_open(ROMEO, "b");

	cr_assert_eq(stage_delete(ROMEO), 0);
	cr_assert_eq(client_error(a), STREAM_ERROR_NOT_AUTHORIZED);
	cr_assert_eq(client_error(b), STREAM_ERROR_NOT_AUTHORIZED);
	cr_assert_str_eq(notes, "deleted a gone b gone ");
	cr_assert_eq(stage_delete(ROMEO), -ENOENT);
	cr_assert_not(client_is_there(client_open(ROMEO, "a")));
}

Test(core_accounts, hear_of_their_own_deletion_when_it_is_on_disk)
{
	struct client *romeo = client_open(ROMEO, "a");

	order(romeo, "delete");
	cr_assert_str_eq(notes, "deleted decided ");
	cr_assert_str_eq(client_heard(romeo), "");
	cr_assert_eq(client_error(romeo), STREAM_ERROR_NONE);
	stage_settle();
	cr_assert(has(client_heard(romeo), "<message"));
	cr_assert_eq(client_error(romeo), STREAM_ERROR_NOT_AUTHORIZED);
	cr_assert_str_eq(notes, "deleted decided a gone ");
}

Test(core_accounts, neither_say_nor_hear_anything_while_they_are_deleted)
{
	struct client *romeo = client_open(ROMEO, "a"), *nurse = client_open(NURSE, "b");

	order(romeo, "delete");
	order(romeo, "put");
	order(romeo, "delete");
	client_says(nurse, "<iq to='" ROMEO "/a' type='get' id='i'><q xmlns='urn:x'/></iq>");
	stage_settle();
	cr_assert_str_eq(notes, "deleted decided a gone ");
	cr_assert_not(has(client_heard(romeo), "<iq"));
	cr_assert(has(client_heard(nurse), "service-unavailable"));
}

Test(core_accounts, are_deleted_once)
{
	struct client *romeo = client_open(ROMEO, "a");

	client_posts(romeo, "<message><body>delete</body></message>");
	client_posts(romeo, "<message><body>delete</body></message>");
	stage_settle();
	cr_assert_str_eq(notes, "deleted decided not-decided a gone ");
}

Test(core_accounts, are_new_when_they_are_made_again)
{
	struct client *romeo = client_open(ROMEO, "a");

	order(romeo, "put");
	stage_settle();
	stage_delete(ROMEO);
	cr_assert_eq(stage_create(ROMEO), 0);
	cr_assert_eq(stage_create(ROMEO), -EEXIST);
	stage_restart();
	cr_assert(client_is_there(client_open(ROMEO, "a")));
	cr_assert_eq(((struct memory *)tern_entity_state(stage_entity(ROMEO), state))->count, 0);
}

Test(core_accounts, take_what_they_read_along_when_they_are_deleted)
{
	struct client *romeo = client_open(ROMEO, "a");

	order(romeo, "read");
	cr_assert_str_eq(notes, "");
	stage_delete(ROMEO);
	cr_assert(has(notes, "get-cancelled "));
	cr_assert(has(notes, "page-cancelled "));
}

Test(core_accounts, that_do_not_exist_write_nothing)
{
	struct tern_entity *entity = stage_entity(ROMEO);
	uint64_t id;

	stage_delete(ROMEO);
	cr_assert_eq(tern_put(entity, store, "k", 1, "v", 1), -ENOENT);
	cr_assert_eq(tern_delete(entity, store, "k", 1), -ENOENT);
	cr_assert_eq(tern_append(entity, diary, NULL, "v", 1, &id), -ENOENT);
	cr_assert_eq(tern_log_delete(entity, diary, 1), -ENOENT);
}

Test(core_accounts, are_open_when_they_are_made)
{
	cr_assert_eq(stage_create(NOBODY), 0);
	cr_assert_str_eq(notes, "opened ");
}

/* --- logins that outlive an account --------------------------------------------------------- */

static struct login *login;

static void keep_login(void *context, struct login *opened, bool failed)
{
	(void)context;
	cr_assert_not(failed);
	login = opened;
}

static const struct jid *jid_of(struct arena *arena, const char *text)
{
	return jid_new(arena, text);
}

Test(core_accounts, made_again_are_not_those_that_a_login_has_proven)
{
	struct arena *arena = arena_create(256);
	struct tern_session *session;

	login_open(stage.server.shards[0], stage.host, jid_of(arena, ROMEO), keep_login, NULL);
	stage_delete(ROMEO);
	stage_create(ROMEO);
	cr_assert_eq(login_bind(login, NULL, "a", &session), -ENOENT);
	login_close(login);
	arena_destroy(arena);
}

Test(core_accounts, slow_down_guessing_and_forget)
{
	struct arena *arena = arena_create(256);
	unsigned first, second;

	login_open(stage.server.shards[0], stage.host, jid_of(arena, ROMEO), keep_login, NULL);
	first = login_note_failure(login);
	second = login_note_failure(login);
	cr_assert_lt(first, second);
	for (unsigned i = 0; i < 20; i++)
		login_note_failure(login);
	cr_assert_eq(login_delay_ms(login), 5000);
	login_note_success(login);
	cr_assert_eq(login_delay_ms(login), 0);
	login_close(login);
	arena_destroy(arena);
}

/* Else the delays would tell which accounts exist. */
Test(core_accounts, that_do_not_exist_slow_guessing_down_as_long_as_others)
{
	static const char *const names[] = { ROMEO, NOBODY };
	struct arena *arena = arena_create(256);
	struct shard *home;
	unsigned delays[2];

	for (unsigned i = 0; i < 2; i++) {
		home = account_home(&stage.server, jid_of(arena, names[i]));
		login_open(home, stage.host, jid_of(arena, names[i]), keep_login, NULL);
		for (unsigned k = 0; k < 5; k++)
			login_note_failure(login);
		login_close(login);
	}
	stage_pass(10000);
	for (unsigned i = 0; i < 2; i++) {
		home = account_home(&stage.server, jid_of(arena, names[i]));
		login_open(home, stage.host, jid_of(arena, names[i]), keep_login, NULL);
		delays[i] = login_delay_ms(login);
		login_close(login);
	}
	cr_assert_gt(delays[0], 0);
	cr_assert_eq(delays[0], delays[1]);
	arena_destroy(arena);
}

/* --- anonymous ones ------------------------------------------------------------------------- */

#define ANYBODY "anonymous-1@example.org"

static unsigned home_of_anybody(struct arena *arena)
{
	return shard_index(account_home(&stage.server, jid_of(arena, ANYBODY)));
}

Test(core_accounts, that_are_anonymous_keep_nothing)
{
	struct arena *arena = arena_create(256);
	struct tern_session *session;
	struct tern_entity *entity;

	login = login_open_anonymous(stage.server.shards[home_of_anybody(arena)], stage.host,
		jid_of(arena, ANYBODY));
	cr_assert_eq(login_bind(login, NULL, "a", &session), 0);
	login_close(login);
	entity = tern_session_entity(session);
	cr_assert_eq(tern_put(entity, store, "k", 1, "v", 1), 0);
	cr_assert_eq(tern_append(entity, diary, NULL, "v", 1, NULL), -EPERM);
	tern_session_end(session, "reset", NULL);
	stage_settle();
	cr_assert_not(stage_entity(ANYBODY)->exists);
	stage_pass(6000);
	cr_assert_null(stage_entity(ANYBODY));
	arena_destroy(arena);
}

Test(core_accounts, that_are_anonymous_are_not_somebodys)
{
	struct arena *arena = arena_create(256);
	struct tern_session *session;

	login = login_open_anonymous(stage.server.shards[0], stage.host, jid_of(arena, ROMEO));
	cr_assert_eq(login_bind(login, NULL, "a", &session), -ENOENT);
	login_close(login);
	arena_destroy(arena);
}

Test(core_accounts, made_where_an_anonymous_one_was_keep_what_they_write)
{
	struct arena *arena = arena_create(256);

	login = login_open_anonymous(stage.server.shards[home_of_anybody(arena)], stage.host,
		jid_of(arena, ANYBODY));
	login_close(login);
	cr_assert_eq(stage_create(ANYBODY), 0);
	order(client_open(ANYBODY, "a"), "put");
	stage_settle();
	stage_restart();
	client_open(ANYBODY, "a");
	cr_assert_eq(((struct memory *)tern_entity_state(stage_entity(ANYBODY), state))->count, 1);
	arena_destroy(arena);
}
