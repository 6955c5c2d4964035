/* door.c - users shut their door: only contacts can write to them
 *
 * An example of a module for Tern, and a whole one.  A client asks its own account
 *
 *     <iq type='get' id='1'><door xmlns='urn:example:door'/></iq>
 *
 * whether the door is shut, and shuts or opens it with the same element in a `set`:
 *
 *     <iq type='set' id='2'><door xmlns='urn:example:door' state='shut'/></iq>
 *
 * tern-module(3) explains every call. */

#include <module.h>

#include <endian.h>
#include <heap.h>
#include <stdlib.h>
#include <string.h>

#define NS_DOOR "urn:example:door"

/* Of a host: what its section of tern.conf says. Shared by all threads, so constant. */
struct door_settings {
	const char *notice;
	bool is_shut; /* unless somebody says otherwise */
};

/* Of an account, while it is open: what its record says. Zeroed when the account opens. */
struct door {
	bool is_set, is_shut;
	uint64_t since_us; /* UTC since 1970 */
};

/* The record as it lies on disk: the same on every machine. */
struct record {
	uint64_t since_us; /* big-endian */
	char state;        /* 's'hut or 'o'pen */
} __attribute__((packed));

/* Filled in when the module is loaded. */
static tern_state door_state;
static tern_store door_store;
static tern_metric refused_metric;

/* --- the door ------------------------------------------------------------------------------ */

/* Before any handler sees the account; what cannot be read is as if it had never been. */
static int read_door(struct tern_entity *entity, const void *key, size_t key_len,
	const void *value, size_t value_len)
{
	struct door *door = tern_entity_state(entity, door_state);
	struct record record;

	if (value_len != sizeof record)
		return 0;
	memcpy(&record, value, sizeof record);
	*door = (struct door){ true, record.state == 's', be64toh(record.since_us) };
	return 0;
}

static bool is_shut(struct tern_entity *entity, const struct door_settings *settings)
{
	const struct door *door = tern_entity_state(entity, door_state);

	return door->is_set ? door->is_shut : settings->is_shut;
}

/* Writes first and changes memory after: a write that is refused has changed nothing. Whatever
 * the account says from here on waits until the record is on disk. */
static int move_door(struct tern_entity *entity, bool shut)
{
	struct door *door = tern_entity_state(entity, door_state);
	uint64_t now_us = tern_now_us(entity);
	struct record record = { htobe64(now_us), shut ? 's' : 'o' };
	int result = tern_put(entity, door_store, "", 0, &record, sizeof record);

	if (result == 0)
		*door = (struct door){ true, shut, now_us };
	return result;
}

/* --- who gets through ---------------------------------------------------------------------- */

/* The account itself, its server and its contacts always do. */
static bool is_stranger(struct tern_entity *entity, const struct jid *peer)
{
	if (jid_bare_equal(peer, tern_entity_jid(entity)) ||
	    (jid_is_domain(peer) && strcmp(jid_domain(peer),
		tern_host_domain(tern_entity_host(entity))) == 0))
		return false;
	return !tern_question(entity, TERN_ASK_IN_ROSTER, peer);
}

/* Errors answer something that the account has sent. */
static enum tern_verdict check_incoming(struct tern_event *event, const void *settings)
{
	const struct door_settings *door = settings;

	if (event->stanza.type == TERN_ERROR || !is_shut(event->entity, door) ||
	    !is_stranger(event->entity, event->stanza.from))
		return TERN_PASS;
	tern_count(event->entity, refused_metric, 1);
	return tern_reject(event, TERN_FORBIDDEN, door->notice);
}

/* So other modules know it too: presence, say, sends nothing to whom the door is shut. */
static int answer_blocked(struct tern_entity *entity, const struct jid *about,
	const void *settings)
{
	return is_shut(entity, settings) && (!about || is_stranger(entity, about));
}

/* --- the owner ----------------------------------------------------------------------------- */

static enum tern_verdict answer_get(struct tern_event *event, const void *settings)
{
	struct element *door = element_new(event->arena, NS_DOOR, "door");

	element_set(door, "state", is_shut(event->entity, settings) ? "shut" : "open");
	return tern_reply(event, door);
}

static enum tern_verdict answer_set(struct tern_event *event, const void *settings)
{
	const struct element *door = element_first(event->stanza.element);
	const char *state = element_get(door, "state");
	bool shut = state && strcmp(state, "shut") == 0;
	int result;

	if (!shut && (!state || strcmp(state, "open") != 0))
		return tern_reject(event, TERN_BAD_REQUEST, "a door is shut or open");
	result = move_door(event->entity, shut);
	if (result < 0)
		return tern_reject(event, tern_condition_of(result), NULL);
	return tern_reply(event, NULL);
}

/* --- the administrator: ternctl ------------------------------------------------------------ */

static void show_door(struct tern_command *command, struct tern_entity *entity,
	const void *settings)
{
	const struct door *door = tern_entity_state(entity, door_state);
	const char *since = door->is_set ?
		tern_datetime(tern_command_arena(command), door->since_us) : "";

	tern_command_row(command,
		(const char *const[]){ is_shut(entity, settings) ? "shut" : "open", since });
	tern_command_end(command);
}

static void open_door(struct tern_command *command, struct tern_entity *entity,
	const void *settings)
{
	if (move_door(entity, false) < 0)
		tern_command_fail(command, "the door cannot be moved: the disk takes nothing");
	else
		tern_command_end(command);
}

/* --- the module ---------------------------------------------------------------------------- */

/* Texts of options live as long as the settings. */
static int door_load(struct tern_host *host, void **ret_settings)
{
	struct door_settings *settings = heap_zalloc(sizeof *settings);

	settings->notice = tern_option_string(host, "notice");
	settings->is_shut = tern_option_bool(host, "shut");
	*ret_settings = settings;
	return 0;
}

static void door_unload(struct tern_host *host, void *settings)
{
	free(settings);
}

TERN_EXPORT const struct tern_module tern_module = {
	.abi = TERN_MODULE_ABI,
	.name = "door",
	.about = "users shut their door to all but their contacts",
	.features = (const char *const[]){ NS_DOOR, NULL },
	.iqs = (const struct tern_iq[]){
		{ TERN_GET, TERN_AT_OWN_ACCOUNT, NS_DOOR, "door", answer_get },
		{ TERN_SET, TERN_AT_OWN_ACCOUNT, NS_DOOR, "door", answer_set },
		{ 0 },
	},
	.hooks = (const struct tern_hook[]){
		{ TERN_IN_CHECK, TERN_MESSAGES, 0, check_incoming },
		{ 0 },
	},
	.states = (const struct tern_state_claim[]){
		{ TERN_PER_ACCOUNT, sizeof(struct door), &door_state },
		{ 0 },
	},
	.stores = (const struct tern_store_claim[]){
		{ "door", TERN_RESIDENT, &door_store, read_door },
		{ 0 },
	},
	.answers = (const struct tern_answer_claim[]){
		{ TERN_ASK_BLOCKED, answer_blocked },
		{ 0 },
	},
	.options = (const struct tern_option[]){
		{ "notice", TERN_STRING, "Only contacts can write to me.", 0, 0,
			"what strangers read who write to a shut door" },
		{ "shut", TERN_BOOL, "no", 0, 0, "whether doors are shut that nobody has moved yet" },
		{ 0 },
	},
	.commands = (const struct tern_command_claim[]){
		{ "door show", "JID", "tells whether an account's door is shut, and since when",
			TERN_COMMAND_AT_ACCOUNT, (const char *const[]){ "state", "since", NULL },
			show_door },
		{ "door open", "JID", "opens an account's door", TERN_COMMAND_AT_ACCOUNT,
			(const char *const[]){ NULL }, open_door },
		{ 0 },
	},
	.metrics = (const struct tern_metric_claim[]){
		{ "door_refused", TERN_COUNTER, "messages that found a shut door", &refused_metric },
		{ 0 },
	},
	.load = door_load,
	.unload = door_unload,
};
