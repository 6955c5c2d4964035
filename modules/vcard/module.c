/* module.c - keeps vCards and gives them to whoever asks (XEP-0054 1.3.0); the photo's hash goes
 * into its owner's presence (XEP-0153, XEP-0398 5)
 * SPDX-License-Identifier: MIT
 *
 * The vCard is fetched when somebody asks; the hash of its photo is resident, for presence does
 * not wait. */

#include "module.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "heap.h"
#include "photo.h"
#include "stored.h"

#define NS_VCARD "vcard-temp"

struct vcard {
	size_t bytes;
	const char *name, *url, *note; /* of the host; "": unsaid */
};

struct face {
	bool has_photo;
	unsigned char photo[PHOTO_HASH_BYTES];
};

static tern_state face_handle;
static tern_store vcard_store, photo_store;

static int read_photo(struct tern_entity *entity, const void *key, size_t key_len,
	const void *value, size_t value_len)
{
	struct face *face = tern_entity_state(entity, face_handle);

	if (value_len != sizeof face->photo)
		return 0;
	memcpy(face->photo, value, value_len);
	face->has_photo = true;
	return 0;
}

/* --- giving -------------------------------------------------------------------------------- */

/* Who asks, and what is said where there is none: XEP-0054 3.1 and 3.3. */
struct wish {
	tern_ticket ticket;
	enum tern_condition otherwise;
};

static void note_found(struct tern_entity *entity, void *context, const void *value, size_t len,
	bool cancelled)
{
	struct wish *wish = context;
	struct stored_reader *reader = stored_reader_create();
	struct element *vcard = value && !cancelled ? stored_read(reader, value, len) : NULL;

	if (value && !cancelled && !vcard)
		tern_log(entity, TERN_SAY_ERROR, "the vCard was damaged and is lost");
	if (vcard)
		tern_answer(entity, wish->ticket, vcard);
	else if (!cancelled)
		tern_answer_error(entity, wish->ticket, wish->otherwise, NULL);
	stored_reader_destroy(reader);
	free(wish);
}

static enum tern_verdict fetch(struct tern_event *event, enum tern_condition otherwise)
{
	struct wish *wish = heap_zalloc(sizeof *wish);
	enum tern_verdict verdict = tern_answer_later(event, &wish->ticket);

	wish->otherwise = otherwise;
	tern_get(event->entity, vcard_store, "", 0, note_found, wish);
	return verdict;
}

static enum tern_verdict give_own(struct tern_event *event, const void *settings)
{
	return fetch(event, TERN_ITEM_NOT_FOUND);
}

/* As an account that does not exist answers. */
static enum tern_verdict give_others(struct tern_event *event, const void *settings)
{
	return fetch(event, TERN_SERVICE_UNAVAILABLE);
}

static void add_said(struct element *vcard, const char *name, const char *text)
{
	if (*text)
		element_add_text(vcard, name, text);
}

/* XEP-0054 3.3: a server may have one. */
static enum tern_verdict give_of_host(struct tern_event *event, const void *settings)
{
	const struct vcard *vcard = settings;
	struct element *answer = element_new(event->arena, NS_VCARD, "vCard");

	add_said(answer, "FN", vcard->name);
	add_said(answer, "URL", vcard->url);
	add_said(answer, "DESC", vcard->note);
	return element_first(answer) ? tern_reply(event, answer) :
		tern_reject(event, TERN_ITEM_NOT_FOUND, NULL);
}

/* --- keeping ------------------------------------------------------------------------------- */

static int write_photo(struct tern_entity *entity, const struct face *face)
{
	if (!face->has_photo)
		return tern_delete(entity, photo_store, "", 0);
	return tern_put(entity, photo_store, "", 0, face->photo, sizeof face->photo);
}

/* The photo goes first, for it can be undone: what was in the vCard is not in memory.  Where even
 * that fails, no photo is better than a false one. */
static int write(struct tern_entity *entity, const struct buffer *xml, const struct face *fresh)
{
	struct face *face = tern_entity_state(entity, face_handle);
	int result = write_photo(entity, fresh);

	if (result < 0)
		return result;
	result = xml->len ? tern_put(entity, vcard_store, "", 0, buffer_at(xml), xml->len) :
		tern_delete(entity, vcard_store, "", 0);
	if (result == 0)
		*face = *fresh;
	else if (write_photo(entity, face) < 0)
		tern_delete(entity, photo_store, "", 0);
	return result;
}

/* A vCard with nothing in it is none. -EFBIG, or as tern_put. */
static int keep(struct tern_entity *entity, struct arena *arena, const struct element *vcard,
	const struct vcard *limits)
{
	struct face fresh = { 0 };
	struct buffer xml = { 0 };
	int result = -EFBIG;

	fresh.has_photo = photo_hash(arena, vcard, fresh.photo);
	if (element_first(vcard))
		stored_write(&xml, vcard);
	if (xml.len <= limits->bytes)
		result = write(entity, &xml, &fresh);
	buffer_finish(&xml);
	return result;
}

static enum tern_verdict change(struct tern_event *event, const void *settings)
{
	int result = keep(event->entity, event->arena, element_first(event->stanza.element),
		settings);

	if (result == -EFBIG)
		return tern_reject(event, TERN_POLICY_VIOLATION, "the vCard is too large");
	if (result < 0)
		return tern_reject(event, tern_condition_of(result), NULL);
	return tern_reply(event, NULL);
}

static enum tern_verdict refuse_change(struct tern_event *event, const void *settings)
{
	return tern_reject(event, TERN_FORBIDDEN, NULL);
}

/* --- presence ------------------------------------------------------------------------------ */

static enum tern_verdict show_photo(struct tern_event *event, const void *settings)
{
	const struct face *face = tern_entity_state(event->entity, face_handle);
	const char *hash;

	if (event->stanza.type != TERN_AVAILABLE || !face->has_photo)
		return TERN_PASS;
	hash = photo_text(event->arena, face->photo);
	if (photo_is_wanted(event->stanza.element, hash))
		photo_announce(tern_event_edit(event), hash);
	return TERN_PASS;
}

/* --- ternctl ------------------------------------------------------------------------------- */

static void note_exported(struct tern_entity *entity, void *context, const void *value, size_t len,
	bool cancelled)
{
	struct stored_reader *reader = stored_reader_create();
	struct element *vcard = value && !cancelled ? stored_read(reader, value, len) : NULL;

	if (vcard)
		tern_command_element(context, vcard);
	stored_reader_destroy(reader);
	if (cancelled)
		tern_command_fail(context, "the vCard cannot be read");
	else
		tern_command_end(context);
}

/* XEP-0227 4.7. */
static void export_vcard(struct tern_command *command, struct tern_entity *entity,
	const void *settings)
{
	tern_get(entity, vcard_store, "", 0, note_exported, command);
}

static int import_vcard(struct tern_entity *entity, const struct element *vcard,
	const void *settings)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	int result = keep(entity, arena, vcard, settings);

	arena_destroy(arena);
	return result;
}

static int vcard_load(struct tern_host *host, void **ret_settings)
{
	struct vcard *vcard = heap_zalloc(sizeof *vcard);

	vcard->bytes = (size_t)tern_option_number(host, "bytes");
	vcard->name = tern_option_string(host, "host-name");
	vcard->url = tern_option_string(host, "host-url");
	vcard->note = tern_option_string(host, "host-note");
	*ret_settings = vcard;
	return 0;
}

static void vcard_unload(struct tern_host *host, void *settings)
{
	free(settings);
}

TERN_EXPORT const struct tern_module tern_module = {
	.abi = TERN_MODULE_ABI,
	.name = "vcard",
	.about = "vCards, and the hash of their photos in presence (XEP-0054, XEP-0153)",
	.features = (const char *const[]){ NS_VCARD, NULL },
	.account_features = (const char *const[]){ NS_VCARD, NULL },
	.iqs = (const struct tern_iq[]){
		{ TERN_GET, TERN_AT_OWN_ACCOUNT, NS_VCARD, "vCard", give_own },
		{ TERN_SET, TERN_AT_OWN_ACCOUNT, NS_VCARD, "vCard", change },
		{ TERN_GET, TERN_AT_OTHER_ACCOUNT, NS_VCARD, "vCard", give_others },
		{ TERN_SET, TERN_AT_OTHER_ACCOUNT, NS_VCARD, "vCard", refuse_change, TERN_FORBIDDEN },
		{ TERN_GET, TERN_AT_HOST, NS_VCARD, "vCard", give_of_host },
		{ TERN_SET, TERN_AT_HOST, NS_VCARD, "vCard", refuse_change },
		{ 0 },
	},
	.hooks = (const struct tern_hook[]){
		{ TERN_OUT_CHECK, TERN_PRESENCES, 0, show_photo },
		{ 0 },
	},
	.states = (const struct tern_state_claim[]){
		{ TERN_PER_ACCOUNT, sizeof(struct face), &face_handle, NULL },
		{ 0 },
	},
	.stores = (const struct tern_store_claim[]){
		{ "vcard", TERN_FETCHED, &vcard_store, NULL },
		{ "vcard/photo", TERN_RESIDENT, &photo_store, read_photo },
		{ 0 },
	},
	.options = (const struct tern_option[]){
		{ "bytes", TERN_NUMBER, "131072", 1024, 1048576, "size of a vCard, at most" },
		{ "host-name", TERN_STRING, "", 0, 0, "the name in the host's own vCard" },
		{ "host-url", TERN_STRING, "", 0, 0, "its web page" },
		{ "host-note", TERN_STRING, "", 0, 0, "a line about it" },
		{ 0 },
	},
	.exporter = export_vcard,
	.importers = (const struct tern_importer[]){ { NS_VCARD, "vCard", import_vcard }, { 0 } },
	.load = vcard_load,
	.unload = vcard_unload,
};
