/* test_core_saved.c - a graceful restart takes no session away that can be resumed
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <string.h>

#include "acks_internal.h"
#include "buffer.h"
#include "core_stage.h"
#include "entity_internal.h"
#include "saved_form.h"
#include "session_internal.h"
#include "shard_internal.h"
#include "storage.h"

#define ENABLE "<enable xmlns='urn:xmpp:sm:3' resume='true'/>"
#define MESSAGE(to) "<message to='" to "' type='chat'><body>word</body></message>"

/* --- a module with a pending log, and states of each kind -------------------------------------- */

static tern_store pending_log;
static tern_state plain_handle, careful_handle;
static unsigned missed, gone, bound, restored;

static int keep_pending(struct tern_event *event, tern_store *ret_log, uint64_t *ret_id,
	const void *settings)
{
	(void)settings;
	*ret_log = pending_log;
	return tern_append(event->entity, pending_log, NULL, "word", 4, ret_id);
}

static enum tern_verdict note_missed(struct tern_event *event, const void *settings)
{
	(void)settings;
	missed += !event->awaits_ack;
	return TERN_DONE;
}

/* Where the process has ended, nobody hears of it. */
static void note_gone(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	gone += !entity->shard->is_ended;
}

static void note_bound(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	bound++;
}

/* All of the session is there by now. */
static void note_restored(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	cr_assert_eq(*(int *)tern_session_state(session, plain_handle), 7);
	restored++;
}

static void save(struct tern_session *session, struct buffer *out)
{
	buffer_add_text(out, tern_session_state(session, careful_handle));
}

static void restore(struct tern_session *session, const char *bytes, size_t len)
{
	cr_assert_lt(len, 8);
	memcpy(tern_session_state(session, careful_handle), bytes, len);
}

static const struct tern_module keeper = {
	.abi = TERN_MODULE_ABI,
	.name = "keeper",
	.about = "keeps messages",
	.hooks = (const struct tern_hook[]){
		{ TERN_IN_MISSED, TERN_MESSAGES, 0, note_missed }, { 0 } },
	.watches = (const struct tern_watch[]){ { TERN_ON_SESSION_GONE, note_gone },
		{ TERN_ON_SESSION_BOUND, note_bound }, { TERN_ON_SESSION_RESTORED, note_restored },
		{ 0 } },
	.states = (const struct tern_state_claim[]){
		{ TERN_PER_SESSION, sizeof(int), &plain_handle, NULL, "keeper/plain", true },
		{ TERN_PER_SESSION, 8, &careful_handle, NULL, "keeper/careful", .save = save,
			.restore = restore },
		{ 0 } },
	.stores = (const struct tern_store_claim[]){ { "keeper", TERN_LOG, &pending_log, NULL },
		{ 0 } },
	.pending = keep_pending,
};

static struct client *romeo, *nurse;
static char id[ACKS_ID_BYTES];

static void set_up(void)
{
	static const struct tern_module *const modules[] = { &keeper, &stage_passing, NULL };

	stage_open(modules);
	romeo = client_open(ROMEO, "garden");
	nurse = client_open(NURSE, "house");
	client_says(romeo, ENABLE);
	client_says(nurse, ENABLE);
	client_heard(romeo);
	strcpy(id, client_session(romeo)->acks->id);
	*(int *)tern_session_state(client_session(romeo), plain_handle) = 7;
	*(int *)tern_session_state(client_session(nurse), plain_handle) = 7;
	missed = gone = bound = restored = 0;
}

TestSuite(core_saved, .init = set_up, .fini = stage_close);

static void tell_romeo(void)
{
	client_says(nurse, MESSAGE(ROMEO));
	stage_settle();
}

static struct tern_session *session_of(const char *account)
{
	struct tern_entity *entity = stage_entity(account);

	return entity ? entity->sessions : NULL;
}

static size_t pending(const char *account)
{
	struct tern_entity *entity = stage_entity(account);
	uint64_t count = 0;

	storage_log_count(stage.server.storage, entity->owner,
		loader_store_of(pending_log)->number, &count);
	return count;
}

Test(core_saved, an_attached_session_is_told_what_was_handled)
{
	client_says(romeo, "<presence/>");
	stage_restart_gracefully();
	cr_assert(has(client_heard(romeo), "<a xmlns='urn:xmpp:sm:3' h='1'/>"));
	cr_assert_eq(client_error(romeo), STREAM_ERROR_SYSTEM_SHUTDOWN);
}

Test(core_saved, it_is_there_again_and_nobody_was_told_that_it_left)
{
	stage_restart_gracefully();
	cr_assert(session_of(ROMEO) && session_of(NURSE));
	cr_assert_eq(restored, 2);
	cr_assert_eq(bound + gone, 0);
}

Test(core_saved, it_can_be_resumed_with_its_counters_and_its_queue)
{
	client_says(romeo, "<presence/>");
	tell_romeo();
	tell_romeo();
	stage_restart_gracefully();
	romeo = client_resumes(ROMEO, id, 1);
	const char *heard = client_heard(romeo);

	cr_assert(has(heard, "<resumed"));
	cr_assert(has(heard, "h='1'/>"));
	cr_assert_eq(count_of(heard, "<body>word</body>"), 1);
	client_says(romeo, "<r xmlns='urn:xmpp:sm:3'/>");
	cr_assert(has(client_heard(romeo), "<a xmlns='urn:xmpp:sm:3' h='1'/>"));
}

Test(core_saved, detached_ones_outlive_restart_after_restart)
{
	client_breaks(romeo);
	tell_romeo();
	for (unsigned i = 0; i < 3; i++)
		stage_restart_gracefully();
	cr_assert_eq(count_of(client_heard(client_resumes(ROMEO, id, 0)), "<body>word</body>"), 1);
}

Test(core_saved, records_are_gone_when_it_is_there_again)
{
	stage_restart_gracefully();
	stage_restart(); /* as a crash: nothing is saved */
	cr_assert_null(session_of(ROMEO));
	cr_assert_not(has(client_heard(client_resumes(ROMEO, id, 0)), "<resumed"));
}

Test(core_saved, its_presence_stays)
{
	client_says(romeo, "<presence><show>away</show><priority>5</priority></presence>");
	stage_restart_gracefully();
	const struct tern_session *session = session_of(ROMEO);

	cr_assert(tern_session_is_available(session));
	cr_assert_eq(tern_session_priority(session), 5);
	cr_assert_str_eq(element_find_text(tern_session_presence(session), NS_CLIENT, "show"),
		"away");
}

Test(core_saved, states_of_modules_stay)
{
	strcpy(tern_session_state(client_session(romeo), careful_handle), "words");
	stage_restart_gracefully();
	cr_assert_str_eq(tern_session_state(session_of(ROMEO), careful_handle), "words");
}

Test(core_saved, its_time_goes_on)
{
	client_breaks(romeo);
	stage_pass(200000);
	stage_restart_gracefully();
	stage_pass(99000);
	cr_assert_eq(gone, 0);
	stage_pass(2000);
	cr_assert_eq(gone, 1);
}

Test(core_saved, when_its_time_is_up_its_queue_is_routed_again)
{
	client_breaks(romeo);
	tell_romeo();
	stage_restart_gracefully();
	stage_pass(301000);
	stage_settle();
	cr_assert_eq(missed, 1);
	cr_assert_eq(pending(ROMEO), 1);
}

Test(core_saved, an_ack_still_empties_the_pending_log)
{
	tell_romeo();
	cr_assert_eq(pending(ROMEO), 1);
	stage_restart_gracefully();
	romeo = client_resumes(ROMEO, id, 1);
	stage_settle();
	cr_assert_eq(pending(ROMEO), 0);
}

Test(core_saved, two_devices_still_share_a_message)
{
	struct client *other = client_open(ROMEO, "balcony");
	char other_id[ACKS_ID_BYTES];

	client_says(other, ENABLE);
	strcpy(other_id, client_session(other)->acks->id);
	*(int *)tern_session_state(client_session(other), plain_handle) = 7;
	tell_romeo();
	stage_restart_gracefully();
	client_resumes(ROMEO, other_id, 1);
	stage_settle();
	stage_pass(301000); /* the first one never comes back */
	stage_settle();
	cr_assert_eq(missed, 0);
	cr_assert_eq(pending(ROMEO), 0);
}

Test(core_saved, who_cannot_be_resumed_ends)
{
	struct client *abram = client_open(ABRAM, "street");

	stage_restart_gracefully();
	cr_assert_null(session_of(ABRAM));
	cr_assert_not(client_is_there(abram));
}

/* --- records that something else has written ---------------------------------------------------- */

static void note_committed(void *context, uint64_t tag)
{
}

static void put(const void *key, size_t key_len, const void *value, size_t len)
{
	struct storage_batch *batch = storage_batch_create(stage.server.storage);

	batch_put(batch, OWNER_SERVER, stage.server.saved_store, key, key_len, value, len);
	storage_submit(stage.server.storage, batch, note_committed, NULL, 0);
	stage_settle();
}

static bool count_record(void *context, const void *key, size_t key_len, const void *value,
	size_t value_len)
{
	++*(unsigned *)context;
	return true;
}

static unsigned records(void)
{
	unsigned count = 0;

	storage_each(stage.server.storage, OWNER_SERVER, stage.server.saved_store, count_record,
		&count);
	return count;
}

Test(core_saved, what_cannot_be_read_is_erased_and_the_rest_is_restored)
{
	struct buffer absent = { 0 };

	saved_add_head(&absent, &(struct saved_head){ .jid = { NOBODY "/x", strlen(NOBODY "/x") },
		.id = { "id", 2 }, .max_s = 300 });
	saved_add_end(&absent);
	put("\0\0\0\7\0\0\0", 8, "\1garbage", 8);
	put("\0\0\0\10\0\0\0", 8, "\2from a newer server", 20);
	put("x", 1, "", 0);
	put("\0\0\0\11\0\0\0", 8, buffer_at(&absent), absent.len);
	buffer_finish(&absent);
	stage_restart_gracefully();
	cr_assert(session_of(ROMEO) && session_of(NURSE));
	cr_assert_eq(records(), 0);
}
