/* retention.c - cuts the old end off an archive, by age, number and bytes
 * SPDX-License-Identifier: MIT
 *
 * An account's archive is looked at when the account opens, once an hour while it is open, and
 * once a day where it stays closed (module.c claims a round), so nobody reads what is too old, and
 * it does not lie there either.  Entries are counted once in an opening, in slices, after the
 * first that is added; from then on the count follows. */

#include "retention.h"

#include "mam.h"

#define HOUR_MS (3600 * 1000)
#define DAY_US (UINT64_C(24) * 3600 * 1000000)
#define NEXT_SLICE_MS 1
#define SLACK 16 /* an archive may exceed its limit by this part of it */

static uint64_t choose(uint64_t own, uint64_t of_host)
{
	return own == RETENTION_OF_HOST ? of_host : own;
}

struct retention retention_of(const struct archive *archive, const struct mam *mam)
{
	const struct retention *own = archive->own_retention, *host = &mam->retention;

	if (!own)
		return *host;
	return (struct retention){ choose(own->days, host->days),
		choose(own->messages, host->messages), choose(own->bytes, host->bytes) };
}

static struct retention retention_here(struct tern_entity *entity, const void *settings)
{
	return retention_of(archive_of(entity), settings);
}

void retention_count_anew(struct archive *archive)
{
	if (archive->is_counting) {
		archive->is_stale = true;
		return;
	}
	archive->is_counted = false;
	archive->count = archive->bytes = archive->counted_to = 0;
}

/* --- by age -------------------------------------------------------------------------------- */

static void expire_old(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	uint64_t now = cancelled ? 0 : tern_now_us(entity), age;

	if (cancelled || count == 0)
		return;
	age = retention_here(entity, context).days * DAY_US;
	if (now > age && entries[0].id < now - age &&
	    tern_log_expire(entity, mam_log, now - age) == 0)
		retention_count_anew(archive_of(entity));
}

static void look_for_old(struct tern_entity *entity, const struct mam *mam);

static void look_again(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	if (!cancelled)
		look_for_old(entity, context);
}

/* One timer an account. */
static void look_for_old(struct tern_entity *entity, const struct mam *mam)
{
	struct archive *archive = archive_of(entity);

	tern_timer_stop(entity, archive->looking);
	if (retention_here(entity, mam).days == 0)
		return;
	tern_log_page(entity, mam_log, &(struct tern_page){ .most = 1 }, expire_old, (void *)mam);
	archive->looking = tern_timer_start(entity, NULL, HOUR_MS, look_again, (void *)mam);
}

void begin_retention(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	look_for_old(entity, settings);
}

/* --- by number and bytes --------------------------------------------------------------------- */

static bool exceeds(uint64_t found, uint64_t limit, uint64_t slack)
{
	return limit && found > limit + slack;
}

static bool is_over(const struct archive *archive, const struct retention *retention)
{
	return exceeds(archive->count, retention->messages, retention->messages / SLACK) ||
		exceeds(archive->bytes, retention->bytes, retention->bytes / SLACK);
}

static void trim_if_many(struct tern_entity *entity, const struct mam *mam);

static void trim_on(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	if (!cancelled)
		trim_if_many(entity, context);
}

static void trim(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	struct archive *archive;
	struct retention retention;
	size_t cut = 0;

	if (cancelled)
		return;
	archive = archive_of(entity);
	retention = retention_here(entity, context);
	archive->is_trimming = false;
	for (; cut < count && (exceeds(archive->count, retention.messages, 0) ||
	     exceeds(archive->bytes, retention.bytes, 0)); cut++) {
		archive->count--;
		archive->bytes -= entries[cut].len;
	}
	if (cut == 0 || tern_log_expire(entity, mam_log, entries[cut - 1].id) < 0) {
		retention_count_anew(archive);
		return;
	}
	if (cut == count)
		tern_timer_start(entity, NULL, NEXT_SLICE_MS, trim_on, context);
}

static void trim_if_many(struct tern_entity *entity, const struct mam *mam)
{
	struct archive *archive = archive_of(entity);
	struct retention retention = retention_of(archive, mam);

	if (archive->is_trimming || !archive->is_counted || !is_over(archive, &retention))
		return;
	archive->is_trimming = true;
	tern_log_page(entity, mam_log, &(struct tern_page){ 0 }, trim, (void *)mam);
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
	for (size_t i = 0; i < count; i++)
		archive->bytes += entries[i].len;
	archive->count += count;
	if (count > 0)
		archive->counted_to = entries[count - 1].id;
	if (archive->is_stale)
		archive->count = archive->bytes = archive->counted_to = 0;
	if (!complete || archive->is_stale) {
		archive->is_stale = false;
		tern_timer_start(entity, NULL, NEXT_SLICE_MS, count_on, context);
		return;
	}
	archive->is_counting = false;
	archive->is_counted = true;
	trim_if_many(entity, context);
}

static void count_slice(struct tern_entity *entity, const struct mam *mam)
{
	tern_log_page(entity, mam_log,
		&(struct tern_page){ .after_id = archive_of(entity)->counted_to }, note_slice,
		(void *)mam);
}

/* What is there is counted first, where that has not been done. */
static void count_or_trim(struct tern_entity *entity, const struct mam *mam)
{
	struct archive *archive = archive_of(entity);

	if (archive->is_counted) {
		trim_if_many(entity, mam);
	} else if (!archive->is_counting) {
		archive->is_counting = true;
		count_slice(entity, mam);
	}
}

void retain_after_append(struct tern_entity *entity, const struct mam *mam, size_t len)
{
	struct archive *archive = archive_of(entity);
	struct retention retention = retention_of(archive, mam);

	if (!retention.messages && !retention.bytes)
		return;
	if (archive->is_counted) {
		archive->count++;
		archive->bytes += len;
	}
	count_or_trim(entity, mam);
}

void retain_all(struct tern_entity *entity, const void *settings)
{
	struct retention retention = retention_here(entity, settings);

	look_for_old(entity, settings);
	if (retention.messages || retention.bytes)
		count_or_trim(entity, settings);
}

bool retention_has_end(const void *settings)
{
	const struct retention *retention = &((const struct mam *)settings)->retention;

	return retention->days || retention->messages || retention->bytes;
}
