/* test_core_turnover.c - modules come and go while sessions are open and things are under way
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "acks_internal.h"
#include "arena.h"
#include "call.h"
#include "core_stage.h"
#include "element.h"
#include "entity_internal.h"
#include "session_internal.h"
#include "shard_internal.h"
#include "turnover.h"

#define NS_GUEST "tern:test:guest"

static struct arena *arena;
static const char *why;

/* What happened, in a few words each. */
static char notes[1024];

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	size_t len = strlen(notes);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(notes + len, sizeof notes - len, format, arguments);
	va_end(arguments);
}

static const char *noted(void)
{
	static char told[sizeof notes];

	strcpy(told, notes);
	notes[0] = '\0';
	return told;
}

/* --- the guest: begins one of everything ---------------------------------------------------- */

struct memory { char bytes[64]; };

static tern_state of_account, of_session;
static tern_store records, shelf;
static int load_result;
static bool begins_again;

static struct memory *memory_of(struct tern_entity *entity)
{
	return tern_entity_state(entity, of_account);
}

static int read_record(struct tern_entity *entity, const void *key, size_t key_len,
	const void *value, size_t value_len)
{
	strncat(memory_of(entity)->bytes, value, value_len);
	return 0;
}

static void note_due(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	note("%s%s ", (const char *)context, cancelled ? "-" : "");
}

static void note_answer(struct tern_entity *entity, void *context, const struct tern_stanza *answer)
{
	note("ask%s ", answer ? "" : tern_is_leaving(entity) ? "-" : "?");
}

static void note_record(struct tern_entity *entity, void *context, const void *value, size_t len,
	bool cancelled)
{
	note("get%s ", cancelled ? "-" : "");
}

static void note_changed(struct tern_entity *entity, void *context, int result)
{
	note("change%s ", result == -ECANCELED ? "-" : "");
}

static void note_page(struct tern_entity *entity, void *context, const struct tern_entry *entries,
	size_t count, bool complete, bool cancelled)
{
	note("page%s ", cancelled ? "-" : "");
	if (!begins_again)
		return;
	begins_again = false; /* timers and changes have been cancelled by now */
	tern_timer_start(entity, NULL, 1, note_due, "again");
	tern_set_password(entity, "third", note_changed, NULL);
}

static void begin_all(struct tern_event *event)
{
	struct tern_entity *entity = event->entity;
	struct element *iq = element_new(event->arena, NS_CLIENT, "iq");

	element_set(iq, "type", "get");
	element_set(iq, "to", ROSALINE "/feast");
	element_add(iq, NS_GUEST, "question");
	tern_timer_start(entity, NULL, 1000, note_due, "timer");
	tern_timer_start(entity, event->session, 1000, note_due, "own-timer");
	tern_ask(entity, iq, 60000, note_answer, NULL);
	tern_set_password(entity, "other", note_changed, NULL);
	tern_put(entity, records, "k", 1, "said", 4); /* what follows waits for the disk */
	tern_get(entity, records, "k", 1, note_record, NULL);
	tern_log_page(entity, shelf, &(struct tern_page){ .most = 1 }, note_page, NULL);
	tern_session_when_written(event->session, note_due, "written");
}

static enum tern_verdict answer(struct tern_event *event, const void *settings)
{
	tern_ticket ticket;

	if (event->entity)
		begin_all(event);
	return tern_answer_later(event, &ticket);
}

static enum tern_verdict hold(struct tern_event *event, const void *settings)
{
	const char *body = element_find_text(event->stanza.element, NULL, "body");
	tern_ticket ticket;

	if (!body || strncmp(body, "hold", 4) != 0)
		return TERN_PASS;
	return tern_hold(event, strcmp(body, "hold-reject") == 0 ?
		tern_reject(event, TERN_NOT_ALLOWED, NULL) : TERN_PASS, &ticket);
}

static void note_opened(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	note("opened(%s) ", memory_of(entity)->bytes);
}

static void note_found(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	struct memory *memory = tern_session_state(session, of_session);

	note("found(%s%s) ", jid_resource(tern_session_jid(session)), memory->bytes);
}

static void note_leaving(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	note("leaving ");
	for (session = tern_session_first(entity); session; session = tern_session_next(session)) {
		struct memory *memory = tern_session_state(session, of_session);

		strcpy(memory->bytes, "touched");
	}
}

static void note_finish(void *memory)
{
	note("finish ");
}

static int guest_load(struct tern_host *host, void **ret_settings)
{
	*ret_settings = "settings";
	return load_result;
}

static void guest_unload(struct tern_host *host, void *settings)
{
	note("unload(%s) ", (const char *)settings);
}

static const struct tern_module guest = {
	.abi = TERN_MODULE_ABI,
	.name = "guest",
	.about = "comes and goes",
	.iqs = (const struct tern_iq[]){
		{ TERN_GET, TERN_AT_OWN_ACCOUNT | TERN_AT_HOST, NS_GUEST, "begin", answer }, { 0 } },
	.hooks = (const struct tern_hook[]){ { TERN_IN_CHECK, TERN_MESSAGES, 0, hold }, { 0 } },
	.watches = (const struct tern_watch[]){
		{ TERN_ON_ENTITY_OPENED, note_opened }, { TERN_ON_SESSION_FOUND, note_found },
		{ TERN_ON_MODULE_LEAVING, note_leaving }, { 0 } },
	.states = (const struct tern_state_claim[]){
		{ TERN_PER_ACCOUNT, sizeof(struct memory), &of_account, note_finish },
		{ TERN_PER_SESSION, sizeof(struct memory), &of_session, note_finish }, { 0 } },
	.stores = (const struct tern_store_claim[]){
		{ "guest", TERN_RESIDENT, &records, read_record },
		{ "guest/shelf", TERN_LOG, &shelf, NULL }, { 0 } },
	.load = guest_load,
	.unload = guest_unload,
};

/* --- others: hooks that note that a message met them ----------------------------------------- */

#define MEETS(name) \
	static enum tern_verdict meet_##name(struct tern_event *event, const void *settings) \
	{ \
		note(#name " "); \
		return TERN_PASS; \
	}
MEETS(early) MEETS(one) MEETS(two) MEETS(late)

#define MODULE(module, priority, run) \
	static const struct tern_module module = { \
		.abi = TERN_MODULE_ABI, .name = #module, .about = "meets messages", \
		.hooks = (const struct tern_hook[]){ \
			{ TERN_IN_CHECK, TERN_MESSAGES, priority, run }, { 0 } }, \
	}
MODULE(early, -10, meet_early);
MODULE(one, 0, meet_one);
MODULE(two, 0, meet_two);
MODULE(late, 10, meet_late);

/* --- the stage ------------------------------------------------------------------------------- */

static struct client *romeo, *rosaline;

static int change(const struct tern_module *const *modules)
{
	struct wanted_module wanted[8] = { { 0 } };
	size_t count = 0;

	for (; modules[count]; count++)
		wanted[count].module = modules[count];
	return turnover_stepped(arena, stage.host, wanted, count, &why);
}

#define HAS(...) cr_assert_eq(change((const struct tern_module *const[]){ __VA_ARGS__, \
	&stage_delivery, NULL }), 0)

static void set_up(void)
{
	static const struct tern_module *const modules[] = { &stage_delivery, NULL };

	arena = arena_create(1024);
	why = NULL;
	load_result = 0;
	begins_again = false;
	stage_open(modules);
	romeo = client_open(ROMEO, "garden");
	rosaline = client_open(ROSALINE, "feast");
	noted();
}

static void tear_down(void)
{
	stage_close();
	arena_destroy(arena);
}

TestSuite(core_turnover, .init = set_up, .fini = tear_down);

static void begin_at(const char *to)
{
	client_says(romeo, "<iq type='get' id='b'%s%s%s><begin xmlns='" NS_GUEST "'/></iq>",
		to ? " to='" : "", to ? to : "", to ? "'" : "");
}

static void say(const char *body)
{
	client_says(romeo, "<message to='" ROSALINE "' type='chat' id='m'><body>%s</body></message>",
		body);
}

/* --- who comes ------------------------------------------------------------------------------- */

Test(core_turnover, shows_a_new_module_what_is_there)
{
	client_open(ROMEO, "street");
	noted();
	HAS(&guest);
	cr_assert(has(notes, "opened() "));
	cr_assert(has(notes, "found(garden) found(street) "));
	cr_assert_eq(count_of(notes, "found(feast)"), 1);
	cr_assert_eq(count_of(notes, "opened"), 2 + (stage_entity(NURSE) != NULL) +
		(stage_entity(ABRAM) != NULL));
}

Test(core_turnover, gives_a_module_that_comes_back_fresh_memory)
{
	HAS(&guest);
	strcpy(((struct memory *)tern_session_state(client_session(romeo), of_session))->bytes, "x");
	strcpy(memory_of(stage_entity(ROMEO))->bytes, "x");
	change((const struct tern_module *const[]){ &stage_delivery, NULL });
	noted();
	HAS(&guest);
	cr_assert_eq(count_of(notes, "found(garden) "), 1);
	cr_assert_str_eq(memory_of(stage_entity(ROMEO))->bytes, "");
}

Test(core_turnover, reads_records_first_also_those_that_are_not_on_disk_yet)
{
	HAS(&guest);
	cr_assert_eq(tern_put(stage_entity(ROMEO), records, "k", 1, "word", 4), 0);
	change((const struct tern_module *const[]){ &stage_delivery, NULL });
	noted();
	HAS(&guest);
	cr_assert_eq(count_of(notes, "opened(word)"), 1);
}

Test(core_turnover, changes_nothing_when_a_module_does_not_load)
{
	load_result = -EINVAL;
	cr_assert_eq(change((const struct tern_module *const[]){ &guest, NULL }), -EINVAL);
	cr_assert_str_eq(why, "module `guest` does not load: Invalid argument");
	cr_assert_str_eq(notes, "");
	say("word");
	cr_assert(has(client_heard(rosaline), "word"));
}

/* --- who leaves --------------------------------------------------------------------------------- */

static const char *leave(void)
{
	noted();
	cr_assert_eq(change((const struct tern_module *const[]){ &stage_delivery, NULL }), 0);
	return noted();
}

Test(core_turnover, cancels_what_the_module_has_under_way_and_calls_each_back_once)
{
	const char *heard;

	HAS(&guest);
	begin_at(NULL);
	heard = leave();
	cr_assert_eq(count_of(heard, "timer- "), 2);
	cr_assert(has(heard, "ask- ") && has(heard, "get- ") && has(heard, "page- "));
	cr_assert(has(heard, "written- ") && has(heard, "change- "));
	cr_assert(has(client_heard(romeo), "<service-unavailable") == false);
	stage_settle();
	stage_pass(70000);
	stage_settle();
	cr_assert_str_eq(noted(), "");
	cr_assert(has(client_heard(romeo), "<service-unavailable"));
}

Test(core_turnover, unloads_the_module_behind_its_last_callback)
{
	const char *heard;

	HAS(&guest);
	begin_at(NULL);
	heard = leave();
	cr_assert(strstr(heard, "leaving") < strstr(heard, "timer-"));
	cr_assert(strstr(heard, "timer-") < strstr(heard, "finish"));
	cr_assert(has(heard, "finish unload(settings) "));
}

Test(core_turnover, cancels_at_once_what_a_leaving_module_begins)
{
	HAS(&guest);
	begin_at(NULL);
	begins_again = true;
	cr_assert_eq(count_of(leave(), "again- change- "), 1);
}

Test(core_turnover, leaves_the_password_as_it_was)
{
	HAS(&guest);
	stage_settle();
	begin_at(NULL);
	leave();
	stage_settle();
	client_breaks(romeo);
	stage_pass(60000);
	cr_assert_null(stage.server.shards[0]->changes);
	cr_assert_null(stage.server.shards[1]->changes);
}

Test(core_turnover, refuses_an_iq_to_the_host_that_waits_at_its_senders_home)
{
	HAS(&guest);
	begin_at("example.org");
	leave();
	cr_assert(has(client_heard(romeo), "<service-unavailable"));
}

Test(core_turnover, releases_held_events_with_the_verdict_that_was_named)
{
	HAS(&guest);
	say("hold-pass");
	say("behind");
	cr_assert_str_eq(client_heard(rosaline), "");
	leave();
	stage_settle();
	cr_assert(has(client_heard(rosaline), "hold-pass</body></message>"));
	HAS(&guest);
	say("hold-reject");
	leave();
	stage_settle();
	cr_assert(has(client_heard(romeo), "<not-allowed"));
	cr_assert_str_eq(client_heard(rosaline), "");
}

Test(core_turnover, keeps_the_order_of_what_waited_behind_a_held_event)
{
	const char *heard;

	HAS(&guest);
	say("hold-pass");
	say("behind");
	leave();
	heard = client_heard(rosaline);
	cr_assert(strstr(heard, "hold-pass") < strstr(heard, "behind"));
}

Test(core_turnover, leaves_others_alone)
{
	HAS(&guest, &one);
	say("hold-pass");
	noted();
	HAS(&guest); /* `one` leaves */
	cr_assert_str_eq(client_heard(rosaline), "");
	leave();
	cr_assert(has(client_heard(rosaline), "hold-pass"));
}

Test(core_turnover, frees_the_memory_of_sessions_that_ended_in_the_same_turn)
{
	HAS(&guest);
	session_close(client_session(romeo), STREAM_ERROR_NONE, NULL);
	cr_assert_eq(count_of(leave(), "finish"), 2 + 2 + (stage_entity(NURSE) != NULL) +
		(stage_entity(ABRAM) != NULL));
	stage_turns();
	cr_assert_str_eq(noted(), "");
}

static void ended(struct errand *errand, void *context)
{
	note("%s", call_error(errand) ? call_error(errand) : "ended");
	call_destroy(errand);
}

static void run_command(struct tern_command *command, struct tern_entity *entity,
	const void *settings)
{
	note("%s ", (const char *)settings);
	tern_command_end(command);
}

Test(core_turnover, fails_a_command_that_comes_too_late)
{
	const struct tern_command_claim claim = { "guest greet", "JID", "greets",
		TERN_COMMAND_AT_ACCOUNT, (const char *const[]){ NULL }, run_command };

	HAS(&guest);
	call_start(&(struct call){ .claim = &claim, .host = stage.host, .settings = "settings",
		.owner = host_find_loaded(stage.host, &guest), .account = jid_new(arena, ROMEO),
		.ended = ended });
	cr_assert_eq(count_of(leave(), "unload"), 0);
	stage_settle();
	cr_assert_str_eq(noted(), "the module `guest` has just been unloaded");
	cr_assert_str_eq(leave(), "unload(settings) ");
}

/* --- events in the middle of a phase ------------------------------------------------------------ */

static void hold_between(void)
{
	say("hold-pass");
	stage_settle();
}

Test(core_turnover, a_held_event_meets_each_hook_once_whatever_the_order)
{
	HAS(&one, &guest, &two, &late);
	hold_between();
	HAS(&late, &two, &guest, &one);
	noted();
	HAS(&late, &two, &one);
	stage_settle();
	cr_assert_eq(count_of(notes, "one "), 0);
	cr_assert_eq(count_of(notes, "two "), 1);
	cr_assert_eq(count_of(notes, "late "), 1);
}

Test(core_turnover, a_held_event_meets_new_hooks_whose_turn_has_not_passed)
{
	HAS(&guest);
	hold_between();
	HAS(&guest, &early, &late);
	noted();
	HAS(&early, &late);
	stage_settle();
	cr_assert_eq(count_of(notes, "early "), 0);
	cr_assert_eq(count_of(notes, "late "), 1);
	cr_assert(has(client_heard(rosaline), "hold-pass"));
}

Test(core_turnover, a_held_event_does_not_meet_hooks_that_have_left)
{
	HAS(&guest, &two, &late);
	hold_between();
	HAS(&guest, &late);
	noted();
	HAS(&late);
	cr_assert_eq(count_of(notes, "two "), 0);
	cr_assert_eq(count_of(notes, "late "), 1);
}

/* --- what devices take while the module is away ------------------------------------------------- */

#define ENABLE "<enable xmlns='urn:xmpp:sm:3' resume='true'/>"

static size_t on_shelf;

static void count_page(struct tern_entity *entity, void *context, const struct tern_entry *entries,
	size_t count, bool complete, bool cancelled)
{
	on_shelf = count;
}

static size_t look_at_shelf(void)
{
	stage_settle();
	tern_log_page(stage_entity(ROMEO), shelf, &(struct tern_page){ .most = 9 }, count_page, NULL);
	stage_settle();
	return on_shelf;
}

/* What it gives stands on the shelf too. */
static uint64_t hand_out(struct client *client)
{
	struct element *message = element_new(arena, NS_CLIENT, "message");
	uint64_t id;

	element_set(message, "from", ROSALINE);
	element_set(message, "to", ROMEO);
	element_set(message, "type", "chat");
	element_add_text(message, "body", "from the shelf");
	cr_assert_eq(tern_append(stage_entity(ROMEO), shelf, NULL, "x", 1, &id), 0);
	tern_session_hand_out(client_session(client), message, shelf, id);
	return id;
}

Test(core_turnover, deletes_what_a_session_was_handed_out_when_it_has_it)
{
	uint64_t id;

	HAS(&guest);
	client_says(romeo, ENABLE);
	id = hand_out(romeo);
	leave();
	cr_assert(tern_is_handed_out(stage_entity(ROMEO), shelf, id));
	cr_assert_eq(look_at_shelf(), 1);
	client_says(romeo, "<a xmlns='urn:xmpp:sm:3' h='1'/>");
	cr_assert_eq(look_at_shelf(), 0);
	cr_assert(!tern_is_handed_out(stage_entity(ROMEO), shelf, id));
}

Test(core_turnover, deletes_what_a_session_was_handed_out_when_it_is_written)
{
	uint64_t id;

	HAS(&guest);
	id = hand_out(romeo);
	cr_assert(tern_is_handed_out(stage_entity(ROMEO), shelf, id));
	leave();
	cr_assert_eq(look_at_shelf(), 0);
	cr_assert(!tern_is_handed_out(stage_entity(ROMEO), shelf, id));
}

static struct tern_written written_as(const char *xml)
{
	return (struct tern_written){ xml, strlen(xml), {
		tern_delay_new(arena, tern_entity_host(stage_entity(ROMEO)), 0),
		element_new(arena, "urn:x", "x") } };
}

static int hand_out_written(const char *xml)
{
	struct tern_written written = written_as(xml);
	uint64_t id;

	cr_assert_eq(tern_append(stage_entity(ROMEO), shelf, NULL, xml, strlen(xml), &id), 0);
	return tern_session_hand_out_written(client_session(romeo), &written, shelf, id);
}

static int hand_over_written(const char *xml)
{
	struct tern_written written = written_as(xml);

	return tern_session_hand_over_written(client_session(romeo), &written, 7);
}

#define WRITTEN(content) "<message from='" ROSALINE "' type='chat'>" content "</message>"
#define MORE "<delay xmlns='urn:xmpp:delay' from='example.org' stamp='1970-01-01T00:00:00.000000Z'/>" \
	"<x xmlns='urn:x'/>"

/* The same whether somebody looks at it or not. */
static void hears_what_was_written(void)
{
	const char *heard;

	cr_assert_eq(hand_out_written(WRITTEN("<body>&lt;3</body>")), 0);
	cr_assert_eq(hand_out_written("<message from='" ROSALINE "' type='chat'/>"), 0);
	stage_settle();
	heard = client_heard(romeo);
	cr_assert(strstr(heard, WRITTEN("<body>&lt;3</body>" MORE)), "%s", heard);
	cr_assert(strstr(heard, WRITTEN(MORE)), "%s", heard);
	cr_assert_eq(look_at_shelf(), 0);
	cr_assert_eq(hand_over_written(WRITTEN("<body>kept</body>")), 0);
	cr_assert_eq(hand_over_written("<presence/>"), -EBADMSG);
	stage_settle();
	cr_assert(strstr(client_heard(romeo), WRITTEN("<body>kept</body>" MORE)));
}

Test(core_turnover, hands_out_what_is_written_as_it_stands)
{
	HAS(&guest);
	hears_what_was_written();
	client_session(romeo)->is_filtered = true;
	hears_what_was_written();
}

Test(core_turnover, hands_out_no_damage)
{
	static const char *const damaged[] = { "", "x", "<message", "<message><body></message",
		"<presence from='" ROSALINE "'></presence>", "<iq/>", "<messages/>" };

	HAS(&guest);
	for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++)
		cr_expect_eq(hand_out_written(damaged[i]), -EBADMSG, "%s", damaged[i]);
	client_session(romeo)->is_filtered = true;
	cr_assert_eq(hand_out_written(WRITTEN("<body>")), -EBADMSG);
	stage_settle();
	cr_assert_str_empty(client_heard(romeo));
}

Test(core_turnover, deletes_what_was_written_before_acks_were_enabled)
{
	HAS(&guest);
	client_leaves_unread(romeo, 1);
	hand_out(romeo);
	stage_settle();
	client_says(romeo, ENABLE);
	cr_assert_eq(look_at_shelf(), 1);
	client_leaves_unread(romeo, 0);
	cr_assert_eq(look_at_shelf(), 0);
}

Test(core_turnover, keeps_what_was_not_written_when_the_stream_broke)
{
	char id[64];

	HAS(&guest);
	client_leaves_unread(romeo, 1);
	hand_out(romeo);
	stage_settle();
	client_says(romeo, ENABLE);
	strcpy(id, client_session(romeo)->acks->id);
	client_breaks(romeo);
	romeo = client_resumes(ROMEO, id, 0);
	client_says(romeo, "<a xmlns='urn:xmpp:sm:3' h='0'/>");
	cr_assert_eq(look_at_shelf(), 1);
}

Test(core_turnover, delivers_what_was_handed_out_to_a_session_that_never_took_it)
{
	struct client *street = client_open(ROMEO, "street");

	HAS(&guest);
	client_says(romeo, ENABLE);
	client_says(street, "<presence/>");
	hand_out(romeo);
	stage_settle();
	client_heard(street);
	session_close(client_session(romeo), STREAM_ERROR_NONE, NULL);
	cr_assert_eq(look_at_shelf(), 0);
	cr_assert(strstr(client_heard(street), "from the shelf"));
}

Test(core_turnover, keeps_what_a_session_was_handed_out_when_it_ends_without_it)
{
	uint64_t id;

	HAS(&guest);
	client_says(romeo, ENABLE);
	id = hand_out(romeo);
	leave();
	session_close(client_session(romeo), STREAM_ERROR_NONE, NULL);
	cr_assert_eq(look_at_shelf(), 1);
	cr_assert(!tern_is_handed_out(stage_entity(ROMEO), shelf, id));
}

static void note_taken(struct tern_entity *entity, uint64_t kept_id, const void *settings)
{
	note("taken(%u) ", (unsigned)kept_id);
}

static enum tern_verdict archive_it(struct tern_event *event, const void *settings)
{
	event->kept_id = 7;
	return TERN_PASS;
}

static const struct tern_module archivist = {
	.abi = TERN_MODULE_ABI, .name = "archivist", .about = "keeps all",
	.hooks = (const struct tern_hook[]){
		{ TERN_IN_RECORD, TERN_MESSAGES, 0, archive_it }, { 0 } },
	.taken = note_taken,
};

static void archive_and_leave(void)
{
	change((const struct tern_module *const[]){ &archivist, &stage_passing, NULL });
	client_says(rosaline, ENABLE);
	say("word");
	stage_settle();
	change((const struct tern_module *const[]){ &stage_passing, NULL });
}

Test(core_turnover, an_archive_hears_later_what_was_taken_while_it_was_away)
{
	archive_and_leave();
	client_says(rosaline, "<a xmlns='urn:xmpp:sm:3' h='1'/>");
	stage_settle();
	cr_assert_str_eq(noted(), "");
	HAS(&archivist);
	cr_assert_str_eq(noted(), "taken(7) ");
	HAS(&archivist, &one);
	cr_assert_str_eq(noted(), "");
}

Test(core_turnover, what_waits_in_an_archive_that_is_away_is_not_bounced)
{
	archive_and_leave();
	session_close(client_session(rosaline), STREAM_ERROR_NONE, NULL);
	stage_settle();
	cr_assert_str_eq(client_heard(romeo), "");
	HAS(&archivist);
	cr_assert_str_eq(noted(), "");
}

static enum tern_verdict refuse_missed(struct tern_event *event, const void *settings)
{
	return tern_reject(event, TERN_SERVICE_UNAVAILABLE, NULL);
}

static const struct tern_module refuser = {
	.abi = TERN_MODULE_ABI, .name = "refuser", .about = "sends back what is missed",
	.hooks = (const struct tern_hook[]){
		{ TERN_IN_MISSED, TERN_MESSAGES, 1000, refuse_missed }, { 0 } },
};

Test(core_turnover, nor_does_another_module_send_it_back)
{
	archive_and_leave();
	change((const struct tern_module *const[]){ &stage_passing, &refuser, NULL });
	session_close(client_session(rosaline), STREAM_ERROR_NONE, NULL);
	stage_settle();
	cr_assert_str_eq(client_heard(romeo), "");
}

static tern_store drawer;

static int put_aside(struct tern_event *event, tern_store *ret_log, uint64_t *ret_id,
	const void *settings)
{
	*ret_log = drawer;
	return tern_append(event->entity, drawer, NULL, "x", 1, ret_id);
}

static const struct tern_module keeper = {
	.abi = TERN_MODULE_ABI, .name = "keeper", .about = "keeps what is under way",
	.stores = (const struct tern_store_claim[]){
		{ "keeper/drawer", TERN_LOG, &drawer, NULL }, { 0 } },
	.pending = put_aside,
};

Test(core_turnover, what_waits_in_a_pending_log_that_is_away_is_not_sent_back)
{
	change((const struct tern_module *const[]){ &keeper, &stage_passing, &refuser, NULL });
	client_says(romeo, ENABLE);
	client_says(rosaline, ENABLE);
	say("word");
	stage_settle();
	cr_assert(has(client_heard(rosaline), "word"));
	client_heard(romeo);
	change((const struct tern_module *const[]){ &stage_passing, &refuser, NULL });
	session_close(client_session(rosaline), STREAM_ERROR_NONE, NULL);
	stage_settle();
	cr_assert_str_eq(client_heard(romeo), "");
}

static enum tern_verdict take_missed(struct tern_event *event, const void *settings)
{
	note("missed ");
	return TERN_DONE;
}

static const struct tern_module store = {
	.abi = TERN_MODULE_ABI, .name = "store", .about = "keeps what is missed",
	.hooks = (const struct tern_hook[]){
		{ TERN_IN_MISSED, TERN_MESSAGES, 0, take_missed }, { 0 } },
};

Test(core_turnover, what_another_took_over_does_not_wait_in_the_archive)
{
	archive_and_leave();
	change((const struct tern_module *const[]){ &stage_passing, &store, NULL });
	client_open(ROSALINE, "hall");
	session_close(client_session(rosaline), STREAM_ERROR_NONE, NULL);
	while (tern_session_first(stage_entity(ROSALINE)))
		session_close(tern_session_first(stage_entity(ROSALINE)), STREAM_ERROR_NONE, NULL);
	stage_settle();
	cr_assert_str_eq(noted(), "missed ");
	HAS(&archivist);
	cr_assert_str_eq(noted(), "taken(7) ");
}

/* --- many times ------------------------------------------------------------------------------------ */

Test(core_turnover, a_module_comes_and_goes_without_an_end)
{
	size_t states, stores;

	HAS(&guest);
	states = loader_state_count(TERN_PER_ACCOUNT);
	stores = loader_store_count();
	for (unsigned i = 0; i < 100; i++) {
		begin_at(NULL);
		stage_pass(10);
		leave();
		HAS(&guest);
	}
	cr_assert_eq(loader_state_count(TERN_PER_ACCOUNT), states);
	cr_assert_eq(loader_store_count(), stores);
	cr_assert_eq(stage.host->left_count, 0);
	say("word");
	stage_settle();
	cr_assert(has(client_heard(rosaline), "word"));
}
