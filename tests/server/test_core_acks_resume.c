/* test_core_acks_resume.c - a session waits for its client, and goes on where it was
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <string.h>

#include "acks_internal.h"
#include "core_stage.h"
#include "entity_internal.h"
#include "detached.h"
#include "session_internal.h"
#include "shard_internal.h"

#define ENABLE "<enable xmlns='urn:xmpp:sm:3' resume='true'/>"
#define MESSAGE(to) "<message to='" to "' type='chat'><body>word</body></message>"

static unsigned detached, resumed, gone;

static void count(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	++*(unsigned *)(uintptr_t)settings;
}

static void note_detached(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	count(entity, session, event, &detached);
}

static void note_resumed(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	count(entity, session, event, &resumed);
}

static void note_gone(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	count(entity, session, event, &gone);
}

static const struct tern_module watcher = {
	.abi = TERN_MODULE_ABI,
	.name = "watcher",
	.about = "watches sessions",
	.watches = (const struct tern_watch[]){ { TERN_ON_SESSION_DETACHED, note_detached },
		{ TERN_ON_SESSION_RESUMED, note_resumed }, { TERN_ON_SESSION_GONE, note_gone },
		{ 0 } },
};

static struct client *romeo, *nurse;
static char id[ACKS_ID_BYTES];

static const char *enable(struct client *client)
{
	client_says(client, ENABLE);
	client_heard(client);
	return strcpy(id, client_session(client)->acks->id);
}

static void set_up(void)
{
	static const struct tern_module *const modules[] = { &stage_keeper, &watcher, &stage_delivery,
		NULL };

	stage_open(modules);
	detached = resumed = gone = 0;
	romeo = client_open(ROMEO, "garden");
	nurse = client_open(NURSE, "house");
	enable(romeo);
}

TestSuite(core_acks_resume, .init = set_up, .fini = stage_close);

static void tell_romeo(void)
{
	client_says(nurse, MESSAGE(ROMEO "/garden"));
	stage_settle();
}

Test(core_acks_resume, a_session_stays_when_its_link_breaks)
{
	client_breaks(romeo);
	cr_assert(client_session(romeo));
	cr_assert_eq(detached, 1);
	cr_assert_eq(gone, 0);
}

Test(core_acks_resume, what_came_meanwhile_is_sent)
{
	client_breaks(romeo);
	tell_romeo();
	tell_romeo();
	romeo = client_resumes(ROMEO, id, 0);
	const char *heard = client_heard(romeo);

	cr_assert(has(heard, "<resumed xmlns='urn:xmpp:sm:3' previd='"));
	cr_assert_eq(count_of(heard, "<body>word</body>"), 2);
	cr_assert_eq(resumed, 1);
}

Test(core_acks_resume, what_the_client_has_is_not_sent_again)
{
	tell_romeo();
	tell_romeo();
	client_breaks(romeo);
	romeo = client_resumes(ROMEO, id, 1);
	cr_assert_eq(count_of(client_heard(romeo), "<body>word</body>"), 1);
}

Test(core_acks_resume, the_answer_waits_for_the_last_receipt)
{
	client_says(romeo, MESSAGE(NURSE));
	client_breaks(romeo);
	romeo = client_resumes(ROMEO, id, 0);
	cr_assert_str_eq(client_heard(romeo), "");
	cr_assert(client_is_paused(romeo));
	stage_settle();
	cr_assert(has(client_heard(romeo), "h='1'/>"));
	cr_assert_not(client_is_paused(romeo));
}

Test(core_acks_resume, who_is_back_is_asked_at_once_and_behind_what_waited)
{
	client_breaks(romeo);
	cr_assert(has(client_heard(client_resumes(ROMEO, id, 0)), "/><r xmlns='urn:xmpp:sm:3'/>"));
	tell_romeo();
	romeo = client_resumes(ROMEO, id, 0);
	cr_assert(has(client_heard(romeo), "</message><r xmlns='urn:xmpp:sm:3'/>"));
}

Test(core_acks_resume, who_is_back_and_says_nothing_is_gone_again)
{
	client_breaks(romeo);
	romeo = client_resumes(ROMEO, id, 0);
	stage_pass(31000);
	cr_assert_eq(client_error(romeo), STREAM_ERROR_CONNECTION_TIMEOUT);
	cr_assert_eq(detached, 2);
}

Test(core_acks_resume, a_client_that_breaks_while_it_waits_can_try_again)
{
	client_says(romeo, MESSAGE(NURSE));
	client_breaks(romeo);
	client_breaks(client_resumes(ROMEO, id, 0));
	romeo = client_resumes(ROMEO, id, 0);
	stage_settle();
	cr_assert(has(client_heard(romeo), "h='1'/>"));
}

Test(core_acks_resume, an_old_stream_that_still_hangs_is_closed)
{
	struct client *again = client_resumes(ROMEO, id, 0);

	cr_assert_eq(client_error(romeo), STREAM_ERROR_CONFLICT);
	cr_assert(has(client_heard(again), "<resumed"));
	cr_assert_eq(gone, 0);
}

Test(core_acks_resume, more_than_was_sent_ends_the_session)
{
	client_breaks(romeo);
	cr_assert(has(client_heard(client_resumes(ROMEO, id, 7)), "<handled-count-too-high"));
	cr_assert_eq(gone, 1);
}

Test(core_acks_resume, an_id_of_another_account_finds_nothing)
{
	client_breaks(romeo);
	struct client *thief = client_resumes(ROSALINE, id, 0);

	cr_assert_not(has(client_heard(thief), "<resumed"));
}

Test(core_acks_resume, ids_differ)
{
	char first[ACKS_ID_BYTES];

	strcpy(first, id);
	cr_assert_str_neq(enable(nurse), first);
	cr_assert_eq(strlen(first), 32);
}

Test(core_acks_resume, its_time_runs_out)
{
	client_breaks(romeo);
	stage_pass(299000);
	cr_assert_eq(gone, 0);
	stage_pass(2000);
	cr_assert_eq(gone, 1);
}

Test(core_acks_resume, how_much_was_handled_is_remembered)
{
	struct shard *shard = client_session(romeo)->entity->shard;
	uint32_t h = 0;

	client_says(romeo, "<presence/>");
	client_breaks(romeo);
	stage_pass(301000);
	cr_assert(detached_recall(shard, id, &h));
	cr_assert_eq(h, 1);
	cr_assert_not(detached_recall(shard, "nonsense", &h));
}

Test(core_acks_resume, the_longest_detached_make_room)
{
	stage.server.limits.detached_sessions = 1;
	struct client *other = client_open(ROMEO, "balcony");

	enable(other);
	client_breaks(romeo);
	stage_pass(10);
	client_breaks(other);
	cr_assert_null(client_session(romeo));
	cr_assert(client_session(other));
}

Test(core_acks_resume, a_new_resource_is_worth_more_than_a_detached_one)
{
	stage.server.limits.resources = 1;
	client_breaks(romeo);
	cr_assert(client_is_there(client_open(ROMEO, "balcony")));
	cr_assert_eq(gone, 1);
}

Test(core_acks_resume, a_dead_connection_is_as_good_as_broken)
{
	tell_romeo();
	stage_pass(31000);
	cr_assert_eq(client_error(romeo), STREAM_ERROR_CONNECTION_TIMEOUT);
	cr_assert_eq(detached, 1);
	romeo = client_resumes(ROMEO, id, 0);
	cr_assert(has(client_heard(romeo), "<body>word</body>"));
}
