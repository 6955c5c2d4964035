/* test_core_intents.c - what is sent surely arrives, also after a crash
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <errno.h>

#include "core_stage.h"
#include "storage.h"

static tern_ticket ticket;
static bool holds;
static int subscription; /* of whoever is asked */
static tern_store asked;

static enum tern_verdict send_surely(struct tern_event *event, const void *settings)
{
	struct element *copy = element_copy(event->arena, event->stanza.element);

	(void)settings;
	if (event->stanza.type != TERN_SUBSCRIBE)
		return TERN_PASS;
	element_set(copy, "from", jid_text(tern_entity_jid(event->entity)));
	cr_assert_eq(tern_send_surely(event->entity, copy), 0);
	return TERN_DONE;
}

static enum tern_verdict hold(struct tern_event *event, const void *settings)
{
	(void)settings;
	return holds ? tern_hold(event, TERN_PASS, &ticket) : TERN_PASS;
}

static enum tern_verdict keep(struct tern_event *event, const void *settings)
{
	(void)settings;
	return tern_put(event->entity, asked, "", 0, "yes", 3) == 0 ? TERN_PASS :
		tern_reject(event, TERN_RESOURCE_CONSTRAINT, NULL);
}

static int answer(struct tern_entity *entity, const struct jid *about, const void *settings)
{
	(void)entity, (void)about, (void)settings;
	return subscription;
}

static const struct tern_module sure = {
	.abi = TERN_MODULE_ABI,
	.name = "sure",
	.about = "sends subscriptions surely",
	.hooks = (const struct tern_hook[]){
		{ TERN_OUT_CHECK, TERN_PRESENCES, 0, send_surely },
		{ TERN_IN_CHECK, TERN_PRESENCES, 0, hold },
		{ TERN_IN_RECORD, TERN_PRESENCES, 0, keep },
		{ 0 },
	},
	.answers = (const struct tern_answer_claim[]){ { TERN_ASK_SUBSCRIPTION, answer }, { 0 } },
	.stores = (const struct tern_store_claim[]){ { "sure", TERN_FETCHED, &asked, NULL }, { 0 } },
};

static struct client *romeo, *rosaline;

static void set_up(void)
{
	static const struct tern_module *const modules[] = { &sure, &stage_delivery, NULL };

	holds = false;
	subscription = TERN_SUB_PENDING_OUT;
	stage_open(modules);
	romeo = client_open(ROMEO, "garden");
	rosaline = client_open(ROSALINE, "feast");
}

TestSuite(core_intents, .init = set_up, .fini = stage_close);

static bool count_one(void *context, const void *key, size_t key_len, const void *value, size_t len)
{
	(void)key, (void)key_len, (void)value, (void)len;
	++*(unsigned *)context;
	return true;
}

static unsigned intents(void)
{
	unsigned count = 0;

	storage_each(stage.server.storage, OWNER_SERVER, stage.server.intents_store, count_one, &count);
	return count;
}

static void subscribe(const char *to)
{
	client_says(romeo, "<presence type='subscribe' to='%s'/>", to);
}

#define HEARD "<presence type='subscribe' from='" ROMEO "' to='" ROSALINE "'></presence>"

Test(core_intents, are_said_when_they_are_on_disk)
{
	subscribe(ROSALINE);
	cr_assert_str_eq(client_heard(rosaline), "");
	storage_step(stage.server.storage, 1);
	cr_assert_eq(intents(), 1);
	stage_settle(); /* what Rosaline's account keeps of it, too */
	cr_assert_str_eq(client_heard(rosaline), HEARD);
}

Test(core_intents, are_erased_when_they_are_dealt_with)
{
	subscribe(ROSALINE);
	stage_settle();
	cr_assert_eq(intents(), 0);
	subscribe("far.example");
	subscribe(NOBODY);
	subscribe("example.org");
	stage_settle();
	cr_assert_eq(intents(), 0);
}

Test(core_intents, are_said_again_after_a_crash)
{
	holds = true;
	subscribe(ROSALINE);
	stage_settle();
	cr_assert_eq(intents(), 1);
	stage_restart();
	rosaline = client_open(ROSALINE, "feast");
	cr_assert_eq(intents(), 1);
	tern_release(stage_entity(ROSALINE), ticket, TERN_PASS);
	stage_settle();
	cr_assert_str_eq(client_heard(rosaline), HEARD);
	cr_assert_eq(intents(), 0);
}

Test(core_intents, are_not_said_again_after_a_crash_when_it_is_not_so_any_more)
{
	holds = true;
	subscribe(ROSALINE);
	stage_settle();
	subscription = 0;
	stage_restart();
	rosaline = client_open(ROSALINE, "feast");
	stage_settle();
	cr_assert_str_eq(client_heard(rosaline), "");
	cr_assert_eq(intents(), 0);
}

/* Romeo's is on disk, and Rosaline hears of it when the disk is full. */
static void subscribe_in_vain(void)
{
	holds = true;
	subscribe(ROSALINE);
	stage_settle();
	stage_fill_disk(true);
	holds = false;
	tern_release(stage_entity(ROSALINE), ticket, TERN_PASS);
	stage_settle();
	cr_assert_str_eq(client_heard(rosaline), "");
	cr_assert_eq(intents(), 1);
}

/* And how many intents are left then. */
static void rosaline_hears_in(unsigned ms, const char *heard, unsigned left)
{
	stage_pass(ms);
	stage_settle();
	cr_assert_str_eq(client_heard(rosaline), heard);
	cr_assert_eq(intents(), left);
}

Test(core_intents, are_said_again_to_whom_had_no_room)
{
	subscribe_in_vain();
	rosaline_hears_in(30000, "", 1); /* there is still none */
	stage_fill_disk(false);
	rosaline_hears_in(29999, "", 1);
	rosaline_hears_in(1, HEARD, 0);
}

Test(core_intents, are_not_said_again_when_it_is_not_so_any_more)
{
	subscribe_in_vain();
	stage_fill_disk(false);
	subscription = 0;
	rosaline_hears_in(30000, "", 0);
}

Test(core_intents, wait_until_somebody_can_tell_whether_it_is_so)
{
	subscribe_in_vain();
	stage_fill_disk(false);
	subscription = TERN_SUB_UNKNOWN;
	rosaline_hears_in(30000, "", 1);
	subscription = TERN_SUB_PENDING_OUT;
	rosaline_hears_in(30000, HEARD, 0);
}

Test(core_intents, that_had_no_room_are_said_again_after_a_restart)
{
	subscribe_in_vain();
	stage_fill_disk(false);
	holds = true;
	stage_restart();
	rosaline = client_open(ROSALINE, "feast");
	tern_release(stage_entity(ROSALINE), ticket, TERN_PASS);
	stage_settle();
	cr_assert_str_eq(client_heard(rosaline), HEARD);
	cr_assert_eq(intents(), 0);
}

Test(core_intents, stay_when_the_process_ends_while_they_wait)
{
	holds = true;
	subscribe(ROSALINE);
	stage_settle();
	stage_restart();
	stage_restart();
	cr_assert_eq(intents(), 1);
}

Test(core_intents, need_an_addressee)
{
	struct tern_entity *entity = stage_entity(ROMEO);
	struct arena *arena = arena_create(256);

	cr_assert_eq(tern_send_surely(entity, element_new(arena, NS_CLIENT, "presence")), -EINVAL);
	arena_destroy(arena);
}
