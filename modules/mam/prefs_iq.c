/* prefs_iq.c - tells and changes what a user wants kept (XEP-0441 0.2)
 * SPDX-License-Identifier: MIT */

#include "buffer.h"
#include "mam.h"

#define RULES_MOST 200
#define KEY "prefs"

int read_prefs(struct tern_entity *entity, const void *key, size_t key_len, const void *value,
	size_t value_len)
{
	struct archive *archive = archive_of(entity);

	prefs_destroy(archive->prefs);
	archive->prefs = prefs_unpack(value, value_len);
	return 0;
}

enum tern_verdict answer_prefs(struct tern_event *event, const void *settings)
{
	const struct mam *mam = settings;
	const struct prefs *prefs = archive_of(event->entity)->prefs;
	struct prefs of_host = { .fallback = mam->fallback };

	return tern_reply(event, prefs_xml(event->arena, prefs ? prefs : &of_host));
}

/* XEP-0227 4 leaves room for what it does not know; the archive itself is read page by page. */
void export_prefs(struct tern_command *command, struct tern_entity *entity, const void *settings)
{
	const struct prefs *prefs = archive_of(entity)->prefs;

	if (prefs)
		tern_command_element(command, prefs_xml(tern_command_arena(command), prefs));
	tern_command_end(command);
}

static int store_prefs(struct tern_entity *entity, const struct prefs *prefs)
{
	struct buffer record = { 0 };
	int result;

	prefs_pack(&record, prefs);
	result = tern_put(entity, mam_prefs, KEY, sizeof KEY - 1, buffer_at(&record), record.len);
	buffer_finish(&record);
	return result;
}

enum tern_verdict change_prefs(struct tern_event *event, const void *settings)
{
	const struct mam *mam = settings;
	struct archive *archive = archive_of(event->entity);
	enum tern_condition fault;
	struct prefs *prefs;
	int result;

	if (mam->is_prefs_fixed)
		return tern_reject(event, TERN_NOT_ALLOWED, NULL);
	fault = prefs_read(element_find(event->stanza.element, NS_MAM, "prefs"), RULES_MOST, &prefs);
	if (fault)
		return tern_reject(event, fault, NULL);
	result = store_prefs(event->entity, prefs);
	if (result < 0) {
		prefs_destroy(prefs);
		return tern_reject(event, tern_condition_of(result), NULL);
	}
	prefs_destroy(archive->prefs);
	archive->prefs = prefs;
	return tern_reply(event, prefs_xml(event->arena, prefs));
}
