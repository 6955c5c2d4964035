/* module.c - a client that nobody looks at is left in peace (XEP-0352 1.0.0)
 * SPDX-License-Identifier: MIT
 *
 * While a client is inactive, presence and chat states wait, the latest of each. They say what
 * is, not what happened, so they carry no delay when they go: in order, in front of anything
 * that does not wait, or when the client is active again. */

#include "module.h"

#include <stdlib.h>

#include "buffer.h"
#include "choice.h"
#include "heap.h"
#include "kept.h"
#include "stored.h"

#define NS_CSI "urn:xmpp:csi:0"

struct csi { size_t stanzas, bytes; };

static tern_state kept_handle;

static void let_go(struct tern_session *session)
{
	struct kept *kept = tern_session_state(session, kept_handle);
	struct stored_reader *reader;
	struct kept_entry *entry;

	if (!kept->first)
		return;
	reader = stored_reader_create();
	while ((entry = kept_take(kept))) {
		struct element *stanza = stored_read(reader, kept_stanza(entry), entry->len);

		if (stanza)
			tern_session_send(session, stanza);
		free(entry);
	}
	stored_reader_destroy(reader);
}

static void keep(struct kept *kept, const char *key, const struct element *stanza)
{
	struct buffer xml = { 0 };

	stored_write(&xml, stanza);
	kept_put(kept, key, buffer_at(&xml), xml.len);
	buffer_finish(&xml);
}

static bool keep_back(struct tern_session *session, const struct tern_stanza *stanza,
	const void *settings)
{
	const struct csi *most = settings;
	struct kept *kept = tern_session_state(session, kept_handle);
	const char *key = csi_key(element_arena(stanza->element), stanza);

	if (!key) {
		let_go(session);
		return false;
	}
	keep(kept, key, stanza->element);
	if (kept->count > most->stanzas || kept->bytes > most->bytes)
		let_go(session);
	return true;
}

static void become_inactive(struct tern_session *session, const struct element *element,
	const void *settings)
{
	tern_session_filter(session, true);
}

static void become_active(struct tern_session *session, const struct element *element,
	const void *settings)
{
	tern_session_filter(session, false);
	let_go(session);
}

static void save_kept(struct tern_session *session, struct buffer *out)
{
	kept_save(tern_session_state(session, kept_handle), out);
}

static void restore_kept(struct tern_session *session, const char *bytes, size_t len)
{
	kept_restore(tern_session_state(session, kept_handle), bytes, len);
}

/* XEP-0352 5.1: who comes back is active until it says otherwise. */
static void note_resumed(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	become_active(session, NULL, settings);
}

/* RFC 6121 4.5: what it kept of its contacts belongs to the presence session that ends; in the next
 * one it would be told of resources that have left since. */
static void note_unavailable(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	const struct kept *kept = tern_session_state(session, kept_handle);

	if (!event || !kept->first) /* no event: the session ends */
		return;
	tern_session_filter(session, false);
	let_go(session);
	tern_session_filter(session, true);
}

/* Nothing that was kept back is lost; nobody keeps anything back any more. */
static void note_leaving(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	for (session = tern_session_first(entity); session; session = tern_session_next(session))
		become_active(session, NULL, settings);
}

static int csi_load(struct tern_host *host, void **ret_settings)
{
	struct csi *most = heap_zalloc(sizeof *most);

	most->stanzas = (size_t)tern_option_number(host, "stanzas");
	most->bytes = (size_t)tern_option_number(host, "bytes");
	*ret_settings = most;
	return 0;
}

static void csi_unload(struct tern_host *host, void *settings)
{
	free(settings);
}

TERN_EXPORT const struct tern_module tern_module = {
	.abi = TERN_MODULE_ABI,
	.name = "csi",
	.about = "presence and chat states wait while a client is inactive (XEP-0352)",
	.stream_features = (const struct tern_stream_feature[]){ { NS_CSI, "csi" }, { 0 } },
	.nonzas = (const struct tern_nonza[]){
		{ NS_CSI, "active", become_active },
		{ NS_CSI, "inactive", become_inactive },
		{ 0 },
	},
	.filter = keep_back,
	.watches = (const struct tern_watch[]){
		{ TERN_ON_SESSION_RESUMED, note_resumed },
		{ TERN_ON_UNAVAILABLE, note_unavailable },
		{ TERN_ON_MODULE_LEAVING, note_leaving },
		{ 0 },
	},
	.states = (const struct tern_state_claim[]){
		{ TERN_PER_SESSION, sizeof(struct kept), &kept_handle, kept_finish, "csi",
			.save = save_kept, .restore = restore_kept },
		{ 0 },
	},
	.options = (const struct tern_option[]){
		{ "stanzas", TERN_NUMBER, "500", 0, 100000,
			"stanzas that wait for one client, at most; then all of them go" },
		{ "bytes", TERN_NUMBER, "131072", 0, 16777216, "bytes of them, at most" },
		{ 0 },
	},
	.load = csi_load,
	.unload = csi_unload,
};
