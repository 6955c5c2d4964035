/* module.c - the archive of an account's messages (XEP-0313 1.1.3, XEP-0359 0.7, XEP-0441 0.2)
 * SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>

#include "commands.h"
#include "entry.h"
#include "export.h"
#include "heap.h"
#include "import.h"
#include "mam.h"
#include "rsm.h"


tern_store mam_log, mam_prefs, mam_missed, mam_retention;
tern_state mam_archive, mam_reader;

static void archive_finish(void *state)
{
	struct archive *archive = state;

	prefs_destroy(archive->prefs);
	free(archive->own_retention);
	waiting_finish(&archive->waiting);
}

/* XEP-0313 9.1: an archive is its owner's alone. */
static enum tern_verdict refuse_stranger(struct tern_event *event, const void *settings)
{
	return tern_reject(event, TERN_FORBIDDEN, NULL);
}

static int mam_load(struct tern_host *host, void **ret_settings)
{
	struct mam *mam = heap_zalloc(sizeof *mam);

	if (!prefs_default_read(tern_option_string(host, "default"), &mam->fallback)) {
		free(mam);
		return -EINVAL;
	}
	mam->is_prefs_fixed = !tern_option_bool(host, "preferences");
	mam->page = (size_t)tern_option_number(host, "page");
	mam->page_most = (size_t)tern_option_number(host, "page-most");
	mam->retention = (struct retention){ (uint64_t)tern_option_number(host, "days"),
		(uint64_t)tern_option_number(host, "limit"),
		(uint64_t)tern_option_number(host, "bytes") };
	*ret_settings = mam;
	return 0;
}

static void mam_unload(struct tern_host *host, void *settings)
{
	free(settings);
}

TERN_EXPORT const struct tern_module tern_module = {
	.abi = TERN_MODULE_ABI,
	.name = "mam",
	.about = "messages are archived for their sender and recipient (XEP-0313)",
	.account_features = (const char *const[]){
		NS_MAM, NS_MAM "#extended", NS_MAM "#groupchat-field", NS_RSM, NS_SID, NULL
	},
	.iqs = (const struct tern_iq[]){
		{ TERN_SET, TERN_AT_OWN_ACCOUNT, NS_MAM, "query", answer_query },
		{ TERN_GET, TERN_AT_OWN_ACCOUNT, NS_MAM, "query", answer_form },
		{ TERN_GET, TERN_AT_OWN_ACCOUNT, NS_MAM, "metadata", answer_metadata },
		{ TERN_GET, TERN_AT_OWN_ACCOUNT, NS_MAM, "prefs", answer_prefs },
		{ TERN_SET, TERN_AT_OWN_ACCOUNT, NS_MAM, "prefs", change_prefs },
		{ TERN_SET, TERN_AT_OTHER_ACCOUNT, NS_MAM, "query", refuse_stranger,
			TERN_FORBIDDEN },
		{ TERN_GET, TERN_AT_OTHER_ACCOUNT, NS_MAM, "query", refuse_stranger,
			TERN_FORBIDDEN },
		{ TERN_GET, TERN_AT_OTHER_ACCOUNT, NS_MAM, "metadata", refuse_stranger,
			TERN_FORBIDDEN },
		{ TERN_GET, TERN_AT_OTHER_ACCOUNT, NS_MAM, "prefs", refuse_stranger,
			TERN_FORBIDDEN },
		{ TERN_SET, TERN_AT_OTHER_ACCOUNT, NS_MAM, "prefs", refuse_stranger,
			TERN_FORBIDDEN },
		{ 0 },
	},
	.hooks = (const struct tern_hook[]){
		{ TERN_OUT_RECORD, TERN_MESSAGES, -10, keep_sent },
		{ TERN_IN_RECORD, TERN_MESSAGES, -10, keep_received },
		{ TERN_IN_MISSED, TERN_MESSAGES, -10, note_missed },
		{ 0 },
	},
	.watches = (const struct tern_watch[]){
		{ TERN_ON_ENTITY_OPENED, begin_retention },
		{ TERN_ON_ENTITY_OPENED, note_opened },
		{ TERN_ON_AVAILABLE, note_presence },
		{ TERN_ON_PRESENCE_CHANGED, note_presence },
		{ TERN_ON_UNAVAILABLE, note_absence },
		{ TERN_ON_SESSION_DETACHED, note_detached },
		{ TERN_ON_SESSION_RESUMED, note_resumed },
		{ TERN_ON_SESSION_FOUND, note_presence },
		{ TERN_ON_MODULE_LEAVING, note_detached },
		{ 0 },
	},
	.states = (const struct tern_state_claim[]){
		{ TERN_PER_ACCOUNT, sizeof(struct archive), &mam_archive, archive_finish },
		{ TERN_PER_SESSION, sizeof(struct reader), &mam_reader, NULL, "mam", true },
		{ 0 },
	},
	.stores = (const struct tern_store_claim[]){
		{ "mam", TERN_LOG, &mam_log, NULL, entry_mark },
		{ "mam/prefs", TERN_RESIDENT, &mam_prefs, read_prefs },
		{ "mam/missed", TERN_RESIDENT, &mam_missed, read_missed },
		{ "mam/retention", TERN_RESIDENT, &mam_retention, read_retention },
		{ 0 },
	},
	.rounds = (const struct tern_round[]){
		{ &mam_log, retain_all, retention_has_end },
		{ &mam_retention, retain_all, NULL },
		{ 0 },
	},
	.options = (const struct tern_option[]){
		{ "default", TERN_STRING, "always", 0, 0,
			"what is archived where the user has no wish: always, never or roster" },
		{ "preferences", TERN_BOOL, "yes", 0, 0, "whether users may change that" },
		{ "page", TERN_NUMBER, "50", 1, 250, "results of a query that names no number" },
		{ "page-most", TERN_NUMBER, "250", 1, 500, "results of a query, at most" },
		{ "days", TERN_NUMBER, "0", 0, RETENTION_DAYS_MOST,
			"days after which messages are deleted; 0: never. An account is looked at when it "
			"opens, hourly while it is open, and daily where it stays closed; nobody gets to read "
			"what is too old. What holds for a single account: `ternctl archive retention`" },
		{ "limit", TERN_NUMBER, "0", 0, RETENTION_MESSAGES_MOST,
			"messages of one account, about; older ones are deleted; 0: no limit" },
		{ "bytes", TERN_NUMBER, "0", 0, RETENTION_BYTES_MOST, "the same in bytes" },
		{ 0 },
	},
	.commands = archive_commands,
	.taken = note_taken,
	.exporter = export_rest,
	.importers = (const struct tern_importer[]){
		{ NS_PIE "#mam", "archive", import_archive, true },
		{ NS_MAM, "prefs", import_prefs },
		{ NS_RETENTION, "retention", import_retention },
		{ 0 },
	},
	.load = mam_load,
	.unload = mam_unload,
};
