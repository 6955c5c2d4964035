/* prefs_iq.c - tells and changes what a user wants kept (XEP-0441 0.2)
 * SPDX-License-Identifier: MIT */

#include <errno.h>

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

static int store_prefs(struct tern_entity *entity, const struct prefs *prefs)
{
	struct buffer record = { 0 };
	int result;

	prefs_pack(&record, prefs);
	result = tern_put(entity, mam_prefs, KEY, sizeof KEY - 1, buffer_at(&record), record.len);
	buffer_finish(&record);
	return result;
}

/* 0, or as tern_put: then they are gone, and what was wished before holds. */
static int take_prefs(struct tern_entity *entity, struct prefs *prefs)
{
	struct archive *archive = archive_of(entity);
	int result = store_prefs(entity, prefs);

	if (result < 0) {
		prefs_destroy(prefs);
		return result;
	}
	prefs_destroy(archive->prefs);
	archive->prefs = prefs;
	return 0;
}

enum tern_verdict change_prefs(struct tern_event *event, const void *settings)
{
	const struct mam *mam = settings;
	enum tern_condition fault;
	struct prefs *prefs;
	int result;

	if (mam->is_prefs_fixed)
		return tern_reject(event, TERN_NOT_ALLOWED, NULL);
	fault = prefs_read(element_find(event->stanza.element, NS_MAM, "prefs"), RULES_MOST, &prefs);
	if (fault)
		return tern_reject(event, fault, NULL);
	result = take_prefs(event->entity, prefs);
	if (result < 0)
		return tern_reject(event, tern_condition_of(result), NULL);
	return tern_reply(event, prefs_xml(event->arena, prefs));
}

int import_prefs(struct tern_entity *entity, const struct element *xml, const void *settings)
{
	const struct mam *mam = settings;
	enum tern_condition fault;
	struct prefs *prefs;

	if (mam->is_prefs_fixed)
		return -EPERM;
	fault = prefs_read(xml, RULES_MOST, &prefs);
	if (fault)
		return fault == TERN_NOT_ACCEPTABLE ? -EFBIG : -EBADMSG;
	return take_prefs(entity, prefs);
}
