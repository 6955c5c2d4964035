/* private.c - keeps what clients want to find again, for their own account alone (XEP-0049 1.2)
 * SPDX-License-Identifier: MIT
 *
 * A record holds the elements of one namespace and name, as a <query/> of them.  How large each
 * is stands in a resident index, so that the limits need no reading. */

#include "module.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "heap.h"
#include "stored.h"

#define NS_PRIVATE "jabber:iq:private"

struct private_limits { size_t records, bytes; };

/* One record's size. */
struct held {
	struct held *next;
	uint32_t bytes;
	size_t key_len;
	char key[];
};

struct holdings {
	struct held *first;
	size_t count, bytes;
};

/* Of a record's key; nobody stores what has a longer one. */
enum { KEY_MOST = 400 };

static tern_state holdings_handle;
static tern_store elements_store, sizes_store;

/* --- what is there ------------------------------------------------------------------------- */

static struct holdings *holdings_of(struct tern_entity *entity)
{
	return tern_entity_state(entity, holdings_handle);
}

static struct held **find(struct holdings *holdings, const char *key, size_t key_len)
{
	struct held **at = &holdings->first;

	while (*at && ((*at)->key_len != key_len || memcmp((*at)->key, key, key_len) != 0))
		at = &(*at)->next;
	return at;
}

static void forget(struct holdings *holdings, const char *key, size_t key_len)
{
	struct held **at = find(holdings, key, key_len), *held = *at;

	if (!held)
		return;
	*at = held->next;
	holdings->count--;
	holdings->bytes -= held->bytes;
	free(held);
}

static void note(struct holdings *holdings, const char *key, size_t key_len, uint32_t bytes)
{
	struct held *held = heap_zalloc(sizeof *held + key_len);

	forget(holdings, key, key_len);
	held->bytes = bytes;
	held->key_len = key_len;
	memcpy(held->key, key, key_len);
	held->next = holdings->first;
	holdings->first = held;
	holdings->count++;
	holdings->bytes += bytes;
}

static void finish_holdings(void *state)
{
	struct holdings *holdings = state;

	while (holdings->first)
		forget(holdings, holdings->first->key, holdings->first->key_len);
}

static int read_size(struct tern_entity *entity, const void *key, size_t key_len,
	const void *value, size_t value_len)
{
	uint32_t bytes;

	if (value_len != sizeof bytes)
		return 0;
	memcpy(&bytes, value, sizeof bytes);
	note(holdings_of(entity), key, key_len, be32toh(bytes));
	return 0;
}

/* --- what may be there --------------------------------------------------------------------- */

/* XEP-0049 2.3: namespaces of protocols that keep their things elsewhere. */
static bool is_reserved(const char *ns)
{
	return strncmp(ns, "jabber:", 7) == 0 || strncmp(ns, "http://jabber.org/", 18) == 0 ||
		strcmp(ns, "vcard-temp") == 0;
}

/* Without a look at more of it than a key may have: many children can share a long namespace. */
static bool has_long_key(const struct element *element)
{
	return strnlen(element_name(element), KEY_MOST) + 1 +
		strnlen(element_ns(element), KEY_MOST) > KEY_MOST;
}

static bool has_unfit(const struct element *query)
{
	const struct element *at = element_first(query);

	while (at && !is_reserved(element_ns(at)) && !has_long_key(at))
		at = element_next(at);
	return at;
}

/* A name has no space in it, so that two keys never meet. */
static const char *key_of(struct arena *arena, const struct element *element)
{
	return arena_printf(arena, "%s %s", element_name(element), element_ns(element));
}

/* --- storing ------------------------------------------------------------------------------- */

/* A record to be written; without bytes: to be erased. */
struct draft {
	struct draft *next;
	const char *key;
	size_t key_len;
	const struct element *kind; /* one of them */
	struct element *all; /* in a <query/> of their own */
	struct buffer xml;
};

static bool is_same(const struct element *a, const struct element *b)
{
	return element_is(a, element_ns(b), element_name(b));
}

/* An element with nothing in it is what a client reads where there is none. */
static bool is_blank(struct arena *arena, const struct element *kind, const struct buffer *xml)
{
	struct element *blank = element_new(arena, NS_PRIVATE, "query");
	struct buffer out = { 0 };
	bool same;

	element_add(blank, element_ns(kind), element_name(kind));
	stored_write(&out, blank);
	same = out.len == xml->len && memcmp(buffer_at(&out), buffer_at(xml), out.len) == 0;
	buffer_finish(&out);
	return same;
}

static struct draft *draft_new(struct arena *arena, const struct element *kind,
	struct draft *next)
{
	struct draft *draft = arena_zalloc(arena, sizeof *draft);

	draft->key = key_of(arena, kind);
	draft->key_len = strlen(draft->key);
	draft->kind = kind;
	draft->all = element_new(arena, NS_PRIVATE, "query");
	draft->next = next;
	return draft;
}

static struct draft *find_draft(struct draft *drafts, const struct element *kind)
{
	while (drafts && !is_same(drafts->kind, kind))
		drafts = drafts->next;
	return drafts;
}

/* One for each kind of element in the query, whose children move into them; false where there are
 * more than `most`, so that the work is bounded whoever sends it. */
static bool sort(struct arena *arena, struct element *query, size_t most,
	struct draft **ret_drafts)
{
	struct element *at;
	size_t count = 0;

	while ((at = element_first(query))) {
		struct draft *draft = find_draft(*ret_drafts, at);

		if (!draft && count++ == most)
			return false;
		if (!draft)
			*ret_drafts = draft = draft_new(arena, at, *ret_drafts);
		element_remove(query, at);
		element_append(draft->all, at);
	}
	return true;
}

/* All that is there can be erased while as much is stored that is new, but no more than that is
 * sorted. The drafts are for finish_drafts, whatever comes back. */
static enum tern_condition draft_all(struct tern_entity *entity, struct arena *arena,
	const struct element *query, const struct private_limits *most, struct draft **ret_drafts)
{
	size_t kinds = holdings_of(entity)->count + most->records;

	*ret_drafts = NULL;
	if (has_unfit(query))
		return TERN_NOT_ACCEPTABLE;
	if (!sort(arena, element_copy(arena, query), kinds, ret_drafts))
		return TERN_POLICY_VIOLATION;
	for (struct draft *draft = *ret_drafts; draft; draft = draft->next) {
		stored_write(&draft->xml, draft->all);
		if (is_blank(arena, draft->kind, &draft->xml))
			buffer_finish(&draft->xml);
	}
	return TERN_NO_CONDITION;
}

static bool fits(struct holdings *holdings, const struct private_limits *most,
	const struct draft *drafts)
{
	size_t records = holdings->count, bytes = holdings->bytes;

	for (; drafts; drafts = drafts->next) {
		const struct held *held = *find(holdings, drafts->key, drafts->key_len);

		records += (drafts->xml.len > 0) - (held != NULL);
		bytes += drafts->xml.len - (held ? held->bytes : 0);
	}
	return records <= most->records && bytes <= most->bytes;
}

static int erase(struct tern_entity *entity, const struct draft *draft)
{
	int result = tern_delete(entity, elements_store, draft->key, draft->key_len);

	if (result == 0)
		result = tern_delete(entity, sizes_store, draft->key, draft->key_len);
	if (result == 0)
		forget(holdings_of(entity), draft->key, draft->key_len);
	return result;
}

static int put_size(struct tern_entity *entity, const struct draft *draft, uint32_t bytes)
{
	bytes = htobe32(bytes);
	return tern_put(entity, sizes_store, draft->key, draft->key_len, &bytes, sizeof bytes);
}

/* As it is in memory. */
static void restore_size(struct tern_entity *entity, const struct draft *draft)
{
	const struct held *held = *find(holdings_of(entity), draft->key, draft->key_len);

	if (held)
		put_size(entity, draft, held->bytes);
	else
		tern_delete(entity, sizes_store, draft->key, draft->key_len);
}

/* The size first: what has none would count for nothing. */
static int write(struct tern_entity *entity, const struct draft *draft)
{
	uint32_t bytes = (uint32_t)draft->xml.len;
	int result = put_size(entity, draft, bytes);

	if (result < 0)
		return result;
	result = tern_put(entity, elements_store, draft->key, draft->key_len,
		buffer_at(&draft->xml), draft->xml.len);
	if (result < 0)
		restore_size(entity, draft);
	else
		note(holdings_of(entity), draft->key, draft->key_len, bytes);
	return result;
}

static enum tern_condition store(struct tern_entity *entity, const struct private_limits *most,
	const struct draft *drafts)
{
	int result = 0;

	if (!fits(holdings_of(entity), most, drafts))
		return TERN_POLICY_VIOLATION;
	for (; drafts && result == 0; drafts = drafts->next)
		result = drafts->xml.len ? write(entity, drafts) : erase(entity, drafts);
	return tern_condition_of(result);
}

static void finish_drafts(struct draft *drafts)
{
	for (; drafts; drafts = drafts->next)
		buffer_finish(&drafts->xml);
}

static enum tern_verdict change(struct tern_event *event, const void *settings)
{
	const struct element *query = element_first(event->stanza.element);
	enum tern_condition refused;
	struct draft *drafts;

	if (!element_first(query))
		return tern_reject(event, TERN_NOT_ACCEPTABLE, NULL);
	refused = draft_all(event->entity, event->arena, query, settings, &drafts);
	if (!refused)
		refused = store(event->entity, settings, drafts);
	finish_drafts(drafts);
	return refused ? tern_reject(event, refused, refused == TERN_POLICY_VIOLATION ?
		"more than this server keeps for an account" : NULL) : tern_reply(event, NULL);
}

/* --- giving back --------------------------------------------------------------------------- */

/* What is asked for: an element that is empty if there is none. */
struct wish {
	tern_ticket ticket;
	struct arena *arena;
	struct element *query;
};

static void fulfil(struct tern_entity *entity, const struct wish *wish, const void *value,
	size_t len)
{
	struct stored_reader *reader = stored_reader_create();
	struct element *found = stored_read(reader, value, len);

	if (!found)
		tern_log(entity, TERN_SAY_ERROR, "private data was damaged and is lost");
	tern_answer(entity, wish->ticket, found ? found : wish->query);
	stored_reader_destroy(reader);
}

static void note_found(struct tern_entity *entity, void *context, const void *value, size_t len,
	bool cancelled)
{
	struct wish *wish = context;

	if (!cancelled && value)
		fulfil(entity, wish, value, len);
	else if (!cancelled)
		tern_answer(entity, wish->ticket, wish->query);
	arena_destroy(wish->arena);
}

static enum tern_verdict give(struct tern_event *event, const void *settings)
{
	const struct element *query = element_first(event->stanza.element);
	const struct element *kind = element_first(query);
	const char *key = kind ? key_of(event->arena, kind) : NULL;
	enum tern_verdict verdict;
	struct arena *arena;
	struct wish *wish;

	if (!kind || element_next(kind)) /* 2.3: one at a time */
		return tern_reject(event, TERN_BAD_REQUEST, NULL);
	if (is_reserved(element_ns(kind)) || strlen(key) > KEY_MOST)
		return tern_reject(event, TERN_NOT_ACCEPTABLE, NULL);
	arena = arena_create(ARENA_SMALL);
	wish = arena_zalloc(arena, sizeof *wish);
	wish->arena = arena;
	wish->query = element_new(arena, NS_PRIVATE, "query");
	element_add(wish->query, element_ns(kind), element_name(kind));
	verdict = tern_answer_later(event, &wish->ticket);
	tern_get(event->entity, elements_store, key, strlen(key), note_found, wish);
	return verdict;
}

static enum tern_verdict refuse_stranger(struct tern_event *event, const void *settings)
{
	return tern_reject(event, TERN_FORBIDDEN, NULL);
}

/* --- ternctl ------------------------------------------------------------------------------- */

/* The keys are noted first, because storage may answer later. */
struct export {
	struct tern_command *command;
	struct element *query; /* of all that was read */
	const struct held **records; /* copies */
	size_t count, next;
};

static void export_next(struct tern_entity *entity, struct export *export);

static void note_exported(struct tern_entity *entity, void *context, const void *value, size_t len,
	bool cancelled)
{
	struct export *export = context;
	struct stored_reader *reader = stored_reader_create();
	const struct element *found = value ? stored_read(reader, value, len) : NULL;

	for (const struct element *at = found ? element_first(found) : NULL; at;
	     at = element_next(at))
		element_append(export->query, element_copy(element_arena(export->query), at));
	stored_reader_destroy(reader);
	if (cancelled)
		tern_command_fail(export->command, "private data cannot be read");
	else
		export_next(entity, export);
}

static void export_next(struct tern_entity *entity, struct export *export)
{
	const struct held *held;

	if (export->next == export->count) {
		if (element_first(export->query))
			tern_command_element(export->command, export->query);
		tern_command_end(export->command);
		return;
	}
	held = export->records[export->next++];
	tern_get(entity, elements_store, held->key, held->key_len, note_exported, export);
}

/* XEP-0227 4.6. */
static void export_all(struct tern_command *command, struct tern_entity *entity,
	const void *settings)
{
	const struct holdings *holdings = holdings_of(entity);
	struct arena *arena = tern_command_arena(command);
	struct export *export = arena_zalloc(arena, sizeof *export);

	export->command = command;
	export->query = element_new(arena, NS_PRIVATE, "query");
	export->records = arena_alloc(arena, (holdings->count + 1) * sizeof *export->records);
	for (const struct held *held = holdings->first; held; held = held->next) {
		struct held *copy = arena_alloc(arena, sizeof *copy + held->key_len);

		copy->key_len = held->key_len;
		memcpy(copy->key, held->key, held->key_len);
		export->records[export->count++] = copy;
	}
	export_next(entity, export);
}

static int import_all(struct tern_entity *entity, const struct element *query,
	const void *settings)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	struct draft *drafts;
	enum tern_condition refused = draft_all(entity, arena, query, settings, &drafts);

	if (!refused)
		refused = store(entity, settings, drafts);
	finish_drafts(drafts);
	arena_destroy(arena);
	return refused == TERN_NO_CONDITION ? 0 : refused == TERN_POLICY_VIOLATION ? -EFBIG
		: refused == TERN_NOT_ACCEPTABLE ? -EBADMSG : -ENOSPC;
}

static int private_load(struct tern_host *host, void **ret_settings)
{
	struct private_limits *most = heap_zalloc(sizeof *most);

	most->records = (size_t)tern_option_number(host, "limit");
	most->bytes = (size_t)tern_option_number(host, "bytes");
	*ret_settings = most;
	return 0;
}

static void private_unload(struct tern_host *host, void *settings)
{
	free(settings);
}

TERN_EXPORT const struct tern_module tern_module = {
	.abi = TERN_MODULE_ABI,
	.name = "private",
	.about = "what clients keep for themselves (XEP-0049)",
	.features = (const char *const[]){ NS_PRIVATE, NULL },
	.account_features = (const char *const[]){ NS_PRIVATE, NULL },
	.iqs = (const struct tern_iq[]){
		{ TERN_GET, TERN_AT_OWN_ACCOUNT, NS_PRIVATE, "query", give },
		{ TERN_SET, TERN_AT_OWN_ACCOUNT, NS_PRIVATE, "query", change },
		{ TERN_GET, TERN_AT_OTHER_ACCOUNT, NS_PRIVATE, "query", refuse_stranger,
			TERN_FORBIDDEN },
		{ TERN_SET, TERN_AT_OTHER_ACCOUNT, NS_PRIVATE, "query", refuse_stranger,
			TERN_FORBIDDEN },
		{ 0 },
	},
	.states = (const struct tern_state_claim[]){
		{ TERN_PER_ACCOUNT, sizeof(struct holdings), &holdings_handle, finish_holdings },
		{ 0 },
	},
	.stores = (const struct tern_store_claim[]){
		{ "private", TERN_FETCHED, &elements_store, NULL },
		{ "private/sizes", TERN_RESIDENT, &sizes_store, read_size },
		{ 0 },
	},
	.options = (const struct tern_option[]){
		{ "limit", TERN_NUMBER, "100", 1, 10000, "kinds of elements kept for one account" },
		{ "bytes", TERN_NUMBER, "1048576", 1024, 67108864, "bytes of them, as XML" },
		{ 0 },
	},
	.exporter = export_all,
	.importers = (const struct tern_importer[]){ { NS_PRIVATE, "query", import_all, true }, { 0 } },
	.load = private_load,
	.unload = private_unload,
};
