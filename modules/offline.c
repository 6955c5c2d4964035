/* offline.c - keeps messages for accounts that nobody is logged in to (XEP-0160 1.0.1)
 * SPDX-License-Identifier: MIT */

#include "offline.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buffer.h"
#include "datetime.h"
#include "heap.h"
#include "module.h"
#include "stored.h"

#define NS_PIE "urn:xmpp:pie:0" /* XEP-0227 */
#define NS_HINTS "urn:xmpp:hints"

/* A page ends behind the message that exceeds its bytes: less than limits.unwritten-bytes.  What comes
 * while a device has not taken a page yet goes in front of the next one: so as a rule there is one. */
enum { PAGE = 500, PAGE_BYTES = 1024 * 1024, LIST_PAGE = 100, NEXT_PAGE_MS = 1 };

struct offline { long limit; };

/* How many messages wait and are under way to no device, about; a page that is given counts until the
 * device has it. */
struct backlog {
	uint32_t count;
	uint64_t counted_to; /* the id of the last one seen, or 0 */
	bool is_being_counted, is_being_given;
	bool is_empty;        /* all that waited has been given, but what is handed out */
	bool is_missed_again; /* something has been, while that is being given */
	bool has_withheld;    /* of somebody who is blocked now */
	bool may_return;      /* of what is handed out, without a word when its session ends */
};

/* A session that has been given what waited, and wants whatever comes from now on. */
struct served {
	bool is_served;
	struct given *given; /* the page that it is being given, or NULL */
};

/* When the session has a page comes the next. */
struct given {
	uint64_t session_id, last_id;
	bool is_last;
	uint32_t counted; /* of its messages, in the backlog */
};

static tern_store log_handle;
static tern_state backlog_handle, served_handle;
static tern_metric kept_handle, given_handle;

/* --- what is kept -------------------------------------------------------------------------- */

enum offline_choice offline_choice(const struct tern_stanza *message)
{
	if (tern_is_kept(message))
		return OFFLINE_KEEP;
	if (message->type != TERN_CHAT || element_find(message->element, NS_HINTS, "no-store"))
		return OFFLINE_REFUSE;
	return OFFLINE_DROP;
}

static struct served *served_of(struct tern_session *session)
{
	return tern_session_state(session, served_handle);
}

/* --- keeping ------------------------------------------------------------------------------- */

static bool is_full(const struct backlog *backlog, long limit)
{
	return backlog->count >= (unsigned long)limit;
}

static void count_page(struct tern_entity *entity, const struct offline *offline);

static void count_on(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	if (!cancelled)
		count_page(entity, context);
}

static void note_counted(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	const struct offline *offline = context;
	struct backlog *backlog = tern_entity_state(entity, backlog_handle);

	backlog->is_being_counted = !cancelled;
	if (cancelled)
		return;
	for (size_t i = 0; i < count; i++)
		backlog->count += !tern_is_handed_out(entity, log_handle, entries[i].id);
	backlog->is_being_counted = !complete && count > 0 && !is_full(backlog, offline->limit);
	if (!backlog->is_being_counted)
		return;
	backlog->counted_to = entries[count - 1].id;
	tern_timer_start(entity, NULL, NEXT_PAGE_MS, count_on, context);
}

/* From the new end: what comes meanwhile is counted as it comes. */
static void count_page(struct tern_entity *entity, const struct offline *offline)
{
	const struct backlog *backlog = tern_entity_state(entity, backlog_handle);

	tern_log_page(entity, log_handle, &(struct tern_page){
		.before_id = backlog->counted_to, .backwards = true }, note_counted, (void *)offline);
}

/* Also when a session is there again, to which some of what was counted is under way. */
static void count_all(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	struct backlog *backlog = tern_entity_state(entity, backlog_handle);

	if (backlog->is_being_counted)
		return;
	backlog->is_being_counted = true;
	backlog->count = 0;
	backlog->counted_to = 0;
	for (session = tern_session_first(entity); session; session = tern_session_next(session)) {
		if (served_of(session)->given)
			served_of(session)->given->counted = 0;
	}
	count_page(entity, settings);
}

static int keep(struct tern_event *event, uint64_t *ret_id)
{
	struct buffer xml = { 0 };
	int result;

	tern_event_write(event, &xml);
	result = tern_append(event->entity, log_handle, jid_bare_text(event->stanza.from),
		buffer_at(&xml), xml.len, ret_id);
	buffer_finish(&xml);
	return result;
}

static enum tern_verdict note_missed(struct backlog *backlog)
{
	backlog->count++;
	backlog->is_missed_again = true;
	backlog->is_empty = false;
	return TERN_DONE;
}

/* A count that is under way, from the new end, has not come to it and finds it in the log. */
static bool will_be_counted(const struct backlog *backlog, uint64_t id)
{
	return backlog->is_being_counted && (!backlog->counted_to || id < backlog->counted_to);
}

static enum tern_verdict note_returned(struct backlog *backlog, uint64_t id)
{
	backlog->count -= will_be_counted(backlog, id);
	return note_missed(backlog);
}

static enum tern_verdict keep_within(struct tern_event *event, long limit)
{
	struct backlog *backlog = tern_entity_state(event->entity, backlog_handle);
	uint64_t id = tern_event_pending_id(event);
	int result;

	if (id) /* it came back from a device that never took it */
		return note_returned(backlog, id);
	result = is_full(backlog, limit) ? -EDQUOT : keep(event, &id);
	if (result < 0)
		return tern_reject(event, tern_condition_of(result), NULL);
	tern_count(event->entity, kept_handle, 1);
	return note_missed(backlog);
}

static enum tern_verdict keep_missed(struct tern_event *event, const void *settings)
{
	const struct offline *offline = settings;

	if (event->awaits_ack) /* it is in the log, and is counted when it is given up */
		return TERN_PASS;
	switch (offline_choice(&event->stanza)) {
	case OFFLINE_KEEP:
		return keep_within(event, offline->limit);
	case OFFLINE_DROP:
		return TERN_DONE;
	case OFFLINE_REFUSE:
		break;
	}
	return TERN_PASS;
}

/* What is under way to a device waits here as well, until the device has it.  How much that is at a
 * time is bounded by what a session may leave unacknowledged; where the store is full of what
 * devices never took, nothing is added to it. */
static int keep_pending(struct tern_event *event, tern_store *ret_log, uint64_t *ret_id,
	const void *settings)
{
	const struct offline *offline = settings;

	if (offline_choice(&event->stanza) != OFFLINE_KEEP)
		return 0;
	if (is_full(tern_entity_state(event->entity, backlog_handle), offline->limit))
		return -EDQUOT;
	*ret_log = log_handle;
	return keep(event, ret_id);
}

/* --- giving -------------------------------------------------------------------------------- */

/* XEP-0191 3.3: nothing of them is delivered; what waited before the block waits for its end. */
static bool is_blocked(struct tern_entity *entity, const struct element *message)
{
	return tern_question(entity, TERN_ASK_BLOCKED,
		jid_new(element_arena(message), element_get(message, "from")));
}

static void lose_damaged(struct tern_entity *entity, uint64_t id)
{
	tern_log(entity, TERN_SAY_ERROR, "an offline message was damaged and is lost");
	tern_log_delete(entity, log_handle, id);
}

/* How many of the entries the page has; an id is the time since when its message waits. */
static size_t give(struct tern_entity *entity, struct tern_session *session,
	const struct tern_entry *entries, size_t count, struct given *given)
{
	struct backlog *backlog = tern_entity_state(entity, backlog_handle);
	struct stored_reader *reader = stored_reader_create();
	bool blocks = tern_question(entity, TERN_ASK_BLOCKED, NULL);
	size_t bytes = 0, i;

	for (i = 0; i < count && bytes < PAGE_BYTES; i++) {
		struct element *message;

		bytes += entries[i].len;
		if (tern_is_handed_out(entity, log_handle, entries[i].id)) {
			backlog->may_return = true;
			continue;
		}
		message = stored_read(reader, entries[i].bytes, entries[i].len);
		if (message && blocks && is_blocked(entity, message)) {
			backlog->has_withheld = true;
			continue;
		}
		given->counted++;
		if (!message) {
			lose_damaged(entity, entries[i].id);
			continue;
		}
		tern_delay_add(message, tern_entity_host(entity), entries[i].id);
		tern_session_hand_out(session, message, log_handle, entries[i].id);
	}
	stored_reader_destroy(reader);
	tern_count(entity, given_handle, given->counted);
	return i;
}

static void give_from(struct tern_entity *entity, struct tern_session *session, uint64_t after);

static bool wants_more(struct tern_session *session)
{
	return served_of(session)->is_served;
}

/* One session at a time is given what waits. */
static void serve(struct tern_entity *entity, struct tern_session *session)
{
	struct backlog *backlog = tern_entity_state(entity, backlog_handle);

	if (backlog->is_being_given || backlog->is_empty)
		return;
	backlog->is_being_given = true;
	backlog->is_missed_again = backlog->has_withheld = false;
	give_from(entity, session, 0);
}

/* To whoever is there, and not the session of that id. */
static void serve_another(struct tern_entity *entity, uint64_t but)
{
	struct tern_session *session = tern_session_first(entity);

	while (session && (tern_session_id(session) == but || !wants_more(session)))
		session = tern_session_next(session);
	if (session)
		serve(entity, session);
}

/* What was missed meanwhile, while a session did not want messages for a moment, may stand before
 * the page that was read last. */
static void end_giving(struct tern_entity *entity)
{
	struct backlog *backlog = tern_entity_state(entity, backlog_handle);

	backlog->is_being_given = false;
	backlog->is_empty = !backlog->is_missed_again;
	if (backlog->is_missed_again)
		serve_another(entity, 0);
}

/* The session wants no more: another that is there gets the rest, or whoever comes next. */
static void give_up(struct tern_entity *entity, uint64_t session_id)
{
	struct backlog *backlog = tern_entity_state(entity, backlog_handle);

	backlog->is_being_given = false;
	serve_another(entity, session_id);
}

static void note_written(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	struct backlog *backlog = tern_entity_state(entity, backlog_handle);
	struct given *given = context;

	if (session)
		served_of(session)->given = NULL;
	if (!cancelled)
		backlog->count -= given->counted < backlog->count ? given->counted : backlog->count;
	if (cancelled) { /* note_end or note_resumed looks for what is left */
		backlog->is_being_given = false;
		backlog->may_return = true;
	} else if (!given->is_last && !wants_more(session))
		give_up(entity, given->session_id);
	else if (!given->is_last)
		give_from(entity, session, given->last_id);
	else
		end_giving(entity);
	free(given);
}

static void await_written(struct tern_session *session, struct given *given)
{
	served_of(session)->given = given;
	tern_session_when_written(session, note_written, given);
}

static void give_page(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	struct tern_session *session;
	struct given *given;
	size_t taken;

	if (cancelled)
		return;
	if (count == 0) {
		end_giving(entity);
		return;
	}
	session = tern_session_by_id(entity, (uintptr_t)context);
	if (!session) {
		give_up(entity, (uintptr_t)context);
		return;
	}
	given = heap_alloc(sizeof *given);
	*given = (struct given){ .session_id = tern_session_id(session) };
	taken = give(entity, session, entries, count, given);
	given->last_id = entries[taken - 1].id;
	given->is_last = complete && taken == count;
	await_written(session, given);
}

static void give_from(struct tern_entity *entity, struct tern_session *session, uint64_t after)
{
	tern_log_page(entity, log_handle,
		&(struct tern_page){ .after_id = after, .most = PAGE }, give_page,
		(void *)(uintptr_t)tern_session_id(session));
}

/* XEP-0160 2: when a resource says that it wants messages, by its first presence or by a
 * priority that is no longer negative. */
static void note_presence(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	struct served *served = served_of(session);
	bool was_served = served->is_served;

	served->is_served = tern_session_is_available(session) &&
		tern_session_priority(session) >= 0;
	if (!was_served && served->is_served)
		serve(entity, session);
}

/* What it had not taken when its stream broke is in the log, where it was in no queue. */
static void note_resumed(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	if (wants_more(session))
		serve(entity, session);
}

static void note_absence(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	served_of(session)->is_served = false;
}

/* What was withheld before a restart, or came back when it was, is not known as such: but it is there. */
static void note_unblocked(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	struct backlog *backlog = tern_entity_state(entity, backlog_handle);

	if (!backlog->has_withheld && backlog->is_empty)
		return;
	backlog->is_empty = false;
	backlog->is_missed_again = true; /* for what is being given now */
	serve_another(entity, 0);
}

/* --- what comes back ----------------------------------------------------------------------- */

/* What was handed out to a session without acks is not missed when it ends: it is looked for when
 * all has been said about the session. */
static void look_again(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	struct backlog *backlog = tern_entity_state(entity, backlog_handle);

	if (cancelled)
		return;
	backlog->may_return = backlog->is_empty = false;
	backlog->is_missed_again = true; /* where it is being given */
	count_all(entity, NULL, NULL, context);
	serve_another(entity, 0);
}

static void note_end(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	const struct backlog *backlog = tern_entity_state(entity, backlog_handle);

	if (backlog->may_return || served_of(session)->given)
		tern_timer_start(entity, NULL, 0, look_again, (void *)settings);
}

/* --- over a restart -------------------------------------------------------------------------- */

/* What is in the session's queue is handed out, as before; the rest of the log follows it. */
static void save_served(struct tern_session *session, struct buffer *out)
{
	const struct served *served = served_of(session);
	const struct given *given = served->given;
	uint64_t numbers[3] = { htobe64(served->is_served) };
	size_t count = 1;

	if (given) {
		numbers[count++] = htobe64(given->last_id);
		numbers[count++] = htobe64(given->is_last);
	}
	buffer_add(out, (const char *)numbers, count * sizeof *numbers);
}

static void restore_served(struct tern_session *session, const char *bytes, size_t len)
{
	struct backlog *backlog =
		tern_entity_state(tern_session_entity(session), backlog_handle);
	uint64_t numbers[3];
	size_t count = len / sizeof *numbers;
	struct given *given;

	if (len > sizeof numbers || len % sizeof *numbers || count == 0)
		return;
	memcpy(numbers, bytes, len);
	served_of(session)->is_served = be64toh(numbers[0]);
	if (count < 3 || backlog->is_being_given)
		return;
	given = heap_alloc(sizeof *given);
	*given = (struct given){ tern_session_id(session), be64toh(numbers[1]),
		be64toh(numbers[2]) };
	backlog->is_being_given = backlog->is_missed_again = true; /* for all that is known */
	await_written(session, given);
}

static int answer_stores_missed(struct tern_entity *entity, const struct jid *about,
	const void *settings)
{
	return 1;
}

/* --- ternctl ---------------------------------------------------------------------------------- */

static void list_from(struct tern_command *command, struct tern_entity *entity, uint64_t after);

static void list_page(struct tern_entity *entity, void *context, const struct tern_entry *entries,
	size_t count, bool complete, bool cancelled)
{
	struct tern_command *command = context;

	for (size_t i = 0; i < count; i++)
		tern_command_row(command, (const char *const[]){
			tern_datetime(tern_command_arena(command), entries[i].id),
			entries[i].with ? entries[i].with : "" });
	if (cancelled)
		tern_command_fail(command, "the messages cannot be read");
	else if (complete || count == 0)
		tern_command_end(command);
	else
		list_from(command, entity, entries[count - 1].id);
}

static void list_from(struct tern_command *command, struct tern_entity *entity, uint64_t after)
{
	tern_log_page(entity, log_handle,
		&(struct tern_page){ .after_id = after, .most = LIST_PAGE }, list_page, command);
}

static void list_kept(struct tern_command *command, struct tern_entity *entity,
	const void *settings)
{
	list_from(command, entity, 0);
}

struct export {
	struct tern_command *command;
	struct element *messages;
	uint64_t after;
};

static void export_from(struct tern_entity *entity, struct export *export);

static void export_page(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	struct export *export = context;
	struct arena *arena = tern_command_arena(export->command);
	struct stored_reader *reader = stored_reader_create();

	for (size_t i = 0; i < count; i++) {
		struct element *message = stored_read(reader, entries[i].bytes, entries[i].len);

		export->after = entries[i].id;
		if (!message)
			continue;
		tern_delay_add(message, tern_entity_host(entity), entries[i].id);
		element_append(export->messages, element_copy(arena, message));
	}
	stored_reader_destroy(reader);
	if (cancelled)
		tern_command_fail(export->command, "the messages cannot be read");
	else if (!complete && count)
		export_from(entity, export);
	else {
		if (element_first(export->messages))
			tern_command_element(export->command, export->messages);
		tern_command_end(export->command);
	}
}

static void export_from(struct tern_entity *entity, struct export *export)
{
	tern_log_page(entity, log_handle,
		&(struct tern_page){ .after_id = export->after, .most = LIST_PAGE }, export_page,
		export);
}

/* XEP-0227 4.5. */
static void export_kept(struct tern_command *command, struct tern_entity *entity,
	const void *settings)
{
	struct export *export = arena_zalloc(tern_command_arena(command), sizeof *export);

	export->command = command;
	export->messages = element_new(tern_command_arena(command), NS_PIE, "offline-messages");
	export_from(entity, export);
}

/* --- files of other servers ------------------------------------------------------------------ */

/* A message on its way into the log. */
struct arrival {
	struct element *message;
	const struct jid *from;
	uint64_t since, id;
	size_t place; /* in the file */
};

/* XEP-0160 3: the last delay that the host itself gives.  It leaves the message, for it is given
 * again. */
static uint64_t take_since(struct tern_entity *entity, struct element *message)
{
	const char *domain = tern_host_domain(tern_entity_host(entity));
	uint64_t since = tern_now_us(entity);
	struct element *last = NULL;

	for (struct element *delay = element_find(message, NS_DELAY, "delay"); delay;
	     delay = element_find_next(delay, NS_DELAY, "delay")) {
		const char *from = element_get(delay, "from"), *stamp = element_get(delay, "stamp");

		if (stamp && (!from || strcmp(from, domain) == 0) && datetime_read(stamp, &since))
			last = delay;
	}
	if (last)
		element_remove(message, last);
	return since;
}

/* An archive gives its messages other ids when they come from another server; but one whose ids are
 * times, as here, keeps them. */
static bool is_false_id(const struct element *element, const void *own)
{
	const char *by = element_get(element, "by"), *id = element_get(element, "id");

	return element_is(element, NS_SID, "stanza-id") && by && strcmp(by, own) == 0 &&
		(!id || strspn(id, "0123456789") != strlen(id));
}

/* False for what is no message. */
static bool read_arrival(struct tern_entity *entity, struct arena *arena, const struct element *xml,
	struct arrival *ret_arrival)
{
	const char *from = element_get(xml, "from");

	ret_arrival->from = from ? jid_new(arena, from) : NULL;
	if (!ret_arrival->from || !element_is(xml, NS_CLIENT, "message"))
		return false;
	ret_arrival->message = element_copy(arena, xml);
	element_set(ret_arrival->message, "from", jid_text(ret_arrival->from));
	if (!element_get(xml, "to"))
		element_set(ret_arrival->message, "to", jid_text(tern_entity_jid(entity)));
	element_remove_if(ret_arrival->message, is_false_id, jid_text(tern_entity_jid(entity)));
	ret_arrival->since = take_since(entity, ret_arrival->message);
	return true;
}

static int compare_arrivals(const void *a, const void *b)
{
	const struct arrival *left = a, *right = b;

	if (left->since != right->since)
		return left->since < right->since ? -1 : 1;
	return left->place < right->place ? -1 : left->place > right->place;
}

static int append_arrival(struct tern_entity *entity, struct arrival *arrival)
{
	struct buffer xml = { 0 };
	int result;

	stored_write(&xml, arrival->message);
	result = tern_append_as_of(entity, log_handle, arrival->since,
		jid_bare_text(arrival->from), buffer_at(&xml), xml.len, &arrival->id);
	buffer_finish(&xml);
	return result;
}

/* All of them or none. */
static int append_arrivals(struct tern_entity *entity, struct arrival *arrivals, size_t count)
{
	struct backlog *backlog = tern_entity_state(entity, backlog_handle);
	size_t done = 0;
	int result = 0;

	while (done < count && result == 0)
		result = append_arrival(entity, &arrivals[done++]);
	for (size_t i = 0; result < 0 && i + 1 < done; i++)
		tern_log_delete(entity, log_handle, arrivals[i].id);
	if (result < 0)
		return result;
	backlog->count += (uint32_t)count;
	backlog->is_missed_again = true;
	backlog->is_empty = false;
	return 0;
}

/* What another server has promised to keep is kept, however much it is. */
static int import_kept(struct tern_entity *entity, const struct element *messages,
	const void *settings)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	struct arrival *arrivals =
		arena_zalloc(arena, (element_count(messages) + 1) * sizeof *arrivals);
	size_t count = 0;
	int result = 0;

	for (const struct element *xml = element_first(messages); xml && result == 0;
	     xml = element_next(xml)) {
		arrivals[count].place = count;
		result = read_arrival(entity, arena, xml, &arrivals[count++]) ? 0 : -EBADMSG;
	}
	if (result == 0) {
		qsort(arrivals, count, sizeof *arrivals, compare_arrivals);
		result = append_arrivals(entity, arrivals, count);
	}
	arena_destroy(arena);
	return result;
}

/* --- less ------------------------------------------------------------------------------------- */

static void delete_kept(struct tern_command *command, struct tern_entity *entity,
	const void *settings)
{
	int result = tern_log_expire(entity, log_handle, UINT64_MAX);

	if (result < 0) {
		tern_command_fail(command, "the messages cannot be deleted: %s", strerror(-result));
		return;
	}
	((struct backlog *)tern_entity_state(entity, backlog_handle))->count = 0;
	tern_command_row(command, (const char *const[]){ jid_text(tern_entity_jid(entity)) });
	tern_command_end(command);
}

static int offline_load(struct tern_host *host, void **ret_settings)
{
	struct offline *offline = heap_zalloc(sizeof *offline);

	offline->limit = tern_option_number(host, "limit");
	*ret_settings = offline;
	return 0;
}

static void offline_unload(struct tern_host *host, void *settings)
{
	free(settings);
}

TERN_EXPORT const struct tern_module tern_module = {
	.abi = TERN_MODULE_ABI,
	.name = "offline",
	.about = "messages for absent users are kept until they log in (XEP-0160)",
	.features = (const char *const[]){ "msgoffline", NULL },
	.hooks = (const struct tern_hook[]){
		{ TERN_IN_MISSED, TERN_MESSAGES, 0, keep_missed },
		{ 0 },
	},
	.watches = (const struct tern_watch[]){
		{ TERN_ON_ENTITY_OPENED, count_all },
		{ TERN_ON_SESSION_RESTORED, count_all },
		{ TERN_ON_AVAILABLE, note_presence },
		{ TERN_ON_PRESENCE_CHANGED, note_presence },
		{ TERN_ON_UNAVAILABLE, note_absence },
		{ TERN_ON_SESSION_RESUMED, note_resumed },
		{ TERN_ON_BLOCKLIST_CHANGED, note_unblocked },
		{ TERN_ON_SESSION_GONE, note_end },
		{ TERN_ON_SESSION_FOUND, note_presence },
		{ 0 },
	},
	.states = (const struct tern_state_claim[]){
		{ TERN_PER_ACCOUNT, sizeof(struct backlog), &backlog_handle, NULL },
		{ TERN_PER_SESSION, sizeof(struct served), &served_handle, NULL, "offline",
			.save = save_served, .restore = restore_served },
		{ 0 },
	},
	.stores = (const struct tern_store_claim[]){
		{ "offline", TERN_LOG, &log_handle, NULL },
		{ 0 },
	},
	.options = (const struct tern_option[]){
		{ "limit", TERN_NUMBER, "100", 1, 100000, "messages kept for one account; what its "
			"devices have not acknowledged when their sessions end is kept beyond that, and "
			"counts: then new messages are refused until some of it is taken" },
		{ 0 },
	},
	.answers = (const struct tern_answer_claim[]){
		{ TERN_ASK_STORES_MISSED, answer_stores_missed },
		{ 0 },
	},
	.pending = keep_pending,
	.exporter = export_kept,
	.importers = (const struct tern_importer[]){
		{ NS_PIE, "offline-messages", import_kept, true },
		{ 0 },
	},
	.commands = (const struct tern_command_claim[]){
		{ "offline list", "JID", "lists what waits for an account, without its text",
			TERN_COMMAND_AT_ACCOUNT, (const char *const[]){ "since", "from", NULL },
			list_kept },
		{ "offline delete", "JID", "deletes what waits for an account",
			TERN_COMMAND_AT_ACCOUNT, (const char *const[]){ "jid", NULL }, delete_kept,
			.is_final = true },
		{ 0 },
	},
	.metrics = (const struct tern_metric_claim[]){
		{ "offline_kept", TERN_COUNTER, "messages kept for absent users", &kept_handle, NULL },
		{ "offline_given", TERN_COUNTER, "kept messages that devices were given",
			&given_handle, NULL },
		{ 0 },
	},
	.load = offline_load,
	.unload = offline_unload,
};
