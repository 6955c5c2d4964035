/* retention.c - cuts the old end off an archive, by age and by number
 * SPDX-License-Identifier: MIT
 *
 * An account's archive is looked at when the account opens and once an hour while it is open,
 * so nobody reads what is too old.  Entries are counted once in an opening, in slices, after the
 * first that is added; from then on the count follows. */

#include "mam.h"

#define HOUR_MS (3600 * 1000)
#define NEXT_SLICE_MS 1
#define SLACK 16 /* an archive may exceed its limit by this part of it */

/* --- by age -------------------------------------------------------------------------------- */

static const struct mam *settings_in(void *context)
{
	return context;
}

static void expire_old(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	uint64_t now = cancelled ? 0 : tern_now_us(entity), age = settings_in(context)->age_us;

	if (now > age && count > 0 && entries[0].id < now - age)
		tern_log_expire(entity, mam_log, now - age);
}

static void look_for_old(struct tern_entity *entity, const struct mam *mam);

static void look_again(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	if (!cancelled)
		look_for_old(entity, context);
}

static void look_for_old(struct tern_entity *entity, const struct mam *mam)
{
	tern_log_page(entity, mam_log, &(struct tern_page){ .most = 1 }, expire_old, (void *)mam);
	tern_timer_start(entity, NULL, HOUR_MS, look_again, (void *)mam);
}

void begin_retention(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	const struct mam *mam = settings;

	if (mam->age_us)
		look_for_old(entity, mam);
}

/* --- by number ------------------------------------------------------------------------------ */

static void trim(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	struct archive *archive;

	if (cancelled)
		return;
	archive = archive_of(entity);
	archive->is_trimming = false;
	if (count > 0 && tern_log_expire(entity, mam_log, entries[count - 1].id) == 0)
		archive->count -= count;
}

static void trim_if_many(struct tern_entity *entity, const struct mam *mam)
{
	struct archive *archive = archive_of(entity);

	if (archive->is_trimming || archive->count <= mam->limit + mam->limit / SLACK)
		return;
	archive->is_trimming = true;
	tern_log_page(entity, mam_log,
		&(struct tern_page){ .most = (size_t)(archive->count - mam->limit) }, trim, NULL);
}

static void count_slice(struct tern_entity *entity, const struct mam *mam);

static void count_on(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	if (!cancelled)
		count_slice(entity, context);
}

static void note_slice(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	struct archive *archive;

	if (cancelled)
		return;
	archive = archive_of(entity);
	archive->count += count;
	if (count > 0)
		archive->counted_to = entries[count - 1].id;
	if (!complete) {
		tern_timer_start(entity, NULL, NEXT_SLICE_MS, count_on, context);
		return;
	}
	archive->is_counted = true;
	trim_if_many(entity, settings_in(context));
}

static void count_slice(struct tern_entity *entity, const struct mam *mam)
{
	tern_log_page(entity, mam_log,
		&(struct tern_page){ .after_id = archive_of(entity)->counted_to }, note_slice,
		(void *)mam);
}

void forget_count(struct tern_entity *entity)
{
	struct archive *archive = archive_of(entity);

	if (!archive->is_counted)
		return;
	archive->is_counted = archive->is_counting = false;
	archive->count = archive->counted_to = 0;
}

void retain_after_append(struct tern_entity *entity, const struct mam *mam)
{
	struct archive *archive = archive_of(entity);

	if (!mam->limit)
		return;
	if (archive->is_counted) {
		archive->count++;
		trim_if_many(entity, mam);
	} else if (!archive->is_counting) {
		archive->is_counting = true;
		count_slice(entity, mam);
	}
}
