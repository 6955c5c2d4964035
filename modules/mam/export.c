/* export.c - an account's wishes and waiting messages for a file (XEP-0227 1.1)
 * SPDX-License-Identifier: MIT
 *
 * A file has no mark in an archive: what waits stands there twice, under the id that it has in the
 * archive. */

#include "export.h"

#include "entry.h"
#include "stored.h"

enum { PAGE = 100 };

struct export {
	struct tern_command *command;
	struct element *messages;
	uint64_t after;
};

static void add_waiting(struct tern_entity *entity, struct element *messages,
	const struct tern_entry *stored, struct stored_reader *reader)
{
	struct arena *arena = element_arena(messages);
	struct element *message;
	struct entry entry;

	if (!waiting_has(&archive_of(entity)->waiting, stored->id) || !entry_read(stored, &entry) ||
	    (entry.flags & ENTRY_SENT))
		return;
	message = stored_read(reader, entry.xml, entry.xml_len);
	if (!message)
		return;
	message = element_copy(arena, message);
	element_append(message, stanza_id_new(arena, entity, entry.id));
	tern_delay_add(message, tern_entity_host(entity), stored->id);
	element_append(messages, message);
}

static void export_waiting(struct tern_entity *entity, struct export *export);

static void export_page(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	struct export *export = context;
	struct stored_reader *reader = stored_reader_create();

	for (size_t i = 0; i < count; i++) {
		export->after = entries[i].id;
		add_waiting(entity, export->messages, &entries[i], reader);
	}
	stored_reader_destroy(reader);
	if (cancelled) {
		tern_command_fail(export->command, "the archive cannot be read");
	} else if (!complete && count) {
		export_waiting(entity, export);
	} else {
		if (element_first(export->messages))
			tern_command_element(export->command, export->messages);
		tern_command_end(export->command);
	}
}

static void export_waiting(struct tern_entity *entity, struct export *export)
{
	tern_log_page(entity, mam_log,
		&(struct tern_page){ .after_id = export->after, .most = PAGE }, export_page, export);
}

void export_rest(struct tern_command *command, struct tern_entity *entity, const void *settings)
{
	struct arena *arena = tern_command_arena(command);
	const struct archive *archive = archive_of(entity);
	uint64_t first = waiting_first(&archive->waiting);
	struct export *export;

	/* XEP-0227 4 leaves room for what it does not know. */
	if (archive->prefs)
		tern_command_element(command, prefs_xml(arena, archive->prefs));
	if (archive->own_retention)
		tern_command_element(command, retention_xml(arena, archive->own_retention));
	if (!first) {
		tern_command_end(command);
		return;
	}
	export = arena_zalloc(arena, sizeof *export);
	*export = (struct export){ command, element_new(arena, NS_PIE, "offline-messages"), first - 1 };
	export_waiting(entity, export);
}
