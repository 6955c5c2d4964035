/* commands.c - archives as administrators see them: how large, a piece of one, less of one
 * SPDX-License-Identifier: MIT */

#include "commands.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "datetime.h"
#include "entry.h"
#include "heap.h"

#define NEXT_SLICE_MS 1
#define PAGE 100
#define PAGE_MOST 1000

/* --- how large ------------------------------------------------------------------------------ */

struct census {
	struct tern_command *command;
	uint64_t messages, bytes, oldest, newest;
};

static void count_slice(struct tern_entity *entity, struct census *census);

static const char *number(struct census *census, uint64_t value)
{
	return arena_printf(tern_command_arena(census->command), "%" PRIu64, value);
}

static const char *date(struct census *census, uint64_t id)
{
	return id ? tern_datetime(tern_command_arena(census->command), id) : "";
}

static void end_census(struct census *census, bool cancelled)
{
	struct tern_command *command = census->command;

	if (cancelled) {
		tern_command_fail(command, "the archive cannot be read");
	} else {
		tern_command_row(command, (const char *const[]){ number(census, census->messages),
			number(census, census->bytes), date(census, census->oldest),
			date(census, census->newest) });
		tern_command_end(command);
	}
	free(census);
}

static void count_on(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	if (cancelled)
		end_census(context, true);
	else
		count_slice(entity, context);
}

static void note_slice(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	struct census *census = context;

	for (size_t i = 0; i < count; i++) {
		census->messages++;
		census->bytes += entries[i].len;
		census->newest = entries[i].id;
		if (census->messages == 1)
			census->oldest = entries[i].id;
	}
	if (complete || cancelled)
		end_census(census, cancelled);
	else
		tern_timer_start(entity, NULL, NEXT_SLICE_MS, count_on, census);
}

/* A slice at a time, so that nobody at this shard waits for a large archive. */
static void count_slice(struct tern_entity *entity, struct census *census)
{
	tern_log_page(entity, mam_log, &(struct tern_page){ .after_id = census->newest }, note_slice,
		census);
}

static void tell_stats(struct tern_command *command, struct tern_entity *entity,
	const void *settings)
{
	struct census *census = heap_zalloc(sizeof *census);

	census->command = command;
	count_slice(entity, census);
}

/* --- a piece --------------------------------------------------------------------------------- */

static void tell_entry(struct tern_command *command, const struct tern_entry *stored)
{
	struct arena *arena = tern_command_arena(command);
	struct entry entry;
	bool is_whole = entry_read(stored, &entry);

	tern_command_row(command, (const char *const[]){ archive_id_text(arena, entry.id),
		tern_datetime(arena, stored->id), stored->with ? stored->with : "",
		is_whole ? arena_strndup(arena, entry.xml, entry.xml_len) : "" });
}

static void note_page(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	struct tern_command *command = context;

	for (size_t i = 0; i < count; i++)
		tell_entry(command, &entries[i]);
	if (cancelled)
		tern_command_fail(command, "the archive cannot be read");
	else
		tern_command_end(command);
}

/* From behind which on. */
static bool read_after(const struct tern_command *command, uint64_t *ret_after)
{
	const char *text = tern_command_option(command, "--after");
	struct archive_id id = { 0 };
	bool is_read = !text || archive_id_read(text, &id);

	*ret_after = id.place;
	return is_read;
}

static bool read_most(const struct tern_command *command, size_t *ret_most)
{
	const char *text = tern_command_option(command, "--most");
	char *end = "";

	*ret_most = text ? strtoul(text, &end, 10) : PAGE;
	return !*end && (!text || (*text >= '1' && *text <= '9')) && *ret_most <= PAGE_MOST;
}

static void tell_page(struct tern_command *command, struct tern_entity *entity,
	const void *settings)
{
	struct tern_page page = { 0 };

	if (!read_after(command, &page.after_id) || !read_most(command, &page.most)) {
		tern_command_misused(command);
		return;
	}
	tern_log_page(entity, mam_log, &page, note_page, command);
}

/* --- less ------------------------------------------------------------------------------------ */

/* A day is its beginning, in UTC. */
static bool read_date(struct tern_command *command, const char *text, uint64_t *ret_us)
{
	if (strlen(text) == strlen("2026-11-30"))
		text = arena_printf(tern_command_arena(command), "%sT00:00:00Z", text);
	return datetime_read(text, ret_us);
}

/* 0: the arguments are wrong. */
static uint64_t read_end(struct tern_command *command)
{
	const char *first = tern_command_argument(command, 0);
	const char *before = tern_command_option(command, "--before");
	uint64_t us;

	if (before)
		return read_date(command, before, &us) && us > 0 ? us - 1 : 0;
	return first && strcmp(first, "--all") == 0 ? UINT64_MAX : 0;
}

static void purge(struct tern_command *command, struct tern_entity *entity, const void *settings)
{
	uint64_t up_to = read_end(command);
	int result;

	if (!up_to) {
		tern_command_misused(command);
		return;
	}
	result = tern_log_expire(entity, mam_log, up_to);
	if (result < 0) {
		tern_command_fail(command, "the messages cannot be deleted: %s", strerror(-result));
		return;
	}
	retention_count_anew(archive_of(entity));
	tern_command_row(command, (const char *const[]){ jid_text(tern_entity_jid(entity)) });
	tern_command_end(command);
}

#define COLUMNS(...) (const char *const[]){ __VA_ARGS__, NULL }

const struct tern_command_claim archive_commands[] = {
	{ "archive stats", "JID", "tells how large an account's archive is, and from when",
		TERN_COMMAND_AT_ACCOUNT,
		COLUMNS("messages", "bytes", "oldest", "newest"), tell_stats },
	{ "archive page", "JID [--after ID] [--most N]",
		"reads a piece of an archive, from its old end or from behind a message",
		TERN_COMMAND_AT_ACCOUNT,
		COLUMNS("id", "stamp", "with", "message"), tell_page,
		.is_local = true }, /* what people wrote is no business of a host's administrators */
	{ "archive purge", "JID --all | JID --before DATE",
		"deletes an archive's messages, or those from before a day (2026-11-30) or moment, UTC",
		TERN_COMMAND_AT_ACCOUNT, COLUMNS("jid"), purge, .is_final = true,
		.fields = (const struct tern_command_field[]){
			{ "--before", "Those before (2026-11-30)", TERN_FIELD_TEXT },
			{ "--all", "All", TERN_FIELD_FLAG },
			{ 0 },
		} },
	{ "archive retention", "JID [--days N|host] [--limit N|host] [--bytes N|host]",
		"tells or changes how long an account's archive keeps messages",
		TERN_COMMAND_AT_ACCOUNT, COLUMNS("what", "value", "of"), change_retention,
		.fields = (const struct tern_command_field[]){
			{ "--days", "Days, or host: as the host has it", TERN_FIELD_TEXT },
			{ "--limit", "Messages, or host", TERN_FIELD_TEXT },
			{ "--bytes", "Bytes, or host", TERN_FIELD_TEXT },
			{ 0 },
		} },
	{ 0 },
};
