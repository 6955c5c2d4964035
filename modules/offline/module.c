/* module.c - messages are kept for absent users until they log in (XEP-0160 1.0.1)
 * SPDX-License-Identifier: MIT */

#include <stdlib.h>

#include "heap.h"
#include "offline.h"

tern_store offline_log;
tern_state offline_backlog, offline_served;
tern_metric offline_kept, offline_given;

static int answer_stores_missed(struct tern_entity *entity, const struct jid *about,
	const void *settings)
{
	return 1;
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
		{ TERN_ON_ENTITY_OPENED, count_backlog },
		{ TERN_ON_SESSION_RESTORED, count_backlog },
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
		{ TERN_PER_ACCOUNT, sizeof(struct backlog), &offline_backlog, NULL },
		{ TERN_PER_SESSION, sizeof(struct served), &offline_served, NULL, "offline",
			.save = save_served, .restore = restore_served },
		{ 0 },
	},
	.stores = (const struct tern_store_claim[]){
		{ "offline", TERN_LOG, &offline_log, NULL },
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
	.commands = offline_commands,
	.metrics = (const struct tern_metric_claim[]){
		{ "offline_kept", TERN_COUNTER, "messages kept for absent users", &offline_kept, NULL },
		{ "offline_given", TERN_COUNTER, "kept messages that devices were given",
			&offline_given, NULL },
		{ 0 },
	},
	.load = offline_load,
	.unload = offline_unload,
};
