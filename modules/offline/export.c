/* export.c - what waits, written into files (XEP-0227 4.5)
 * SPDX-License-Identifier: MIT */

#include "arena.h"
#include "datetime.h"
#include "offline.h"
#include "stored.h"

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
	tern_log_page(entity, offline_log,
		&(struct tern_page){ .after_id = export->after, .most = OFFLINE_LIST_PAGE }, export_page,
		export);
}

/* XEP-0227 4.5. */
void export_kept(struct tern_command *command, struct tern_entity *entity,
	const void *settings)
{
	struct export *export = arena_zalloc(tern_command_arena(command), sizeof *export);

	export->command = command;
	export->messages = element_new(tern_command_arena(command), NS_PIE, "offline-messages");
	export_from(entity, export);
}
