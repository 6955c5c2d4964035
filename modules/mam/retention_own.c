/* retention_own.c - what an administrator wants for one account: read, told, changed, moved
 * SPDX-License-Identifier: MIT */

#include "retention.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "mam.h"

#define KEY "own"
#define AS_HOST "host" /* an argument, and what a row says */

/* The parts of a retention: options of the command, attributes, and columns of the record. */
static const struct { const char *option, *name; size_t offset; uint64_t most; } parts[] = {
	{ "--days", "days", offsetof(struct retention, days), RETENTION_DAYS_MOST },
	{ "--limit", "limit", offsetof(struct retention, messages), RETENTION_MESSAGES_MOST },
	{ "--bytes", "bytes", offsetof(struct retention, bytes), RETENTION_BYTES_MOST },
};
enum { PARTS = sizeof parts / sizeof *parts };

static uint64_t *part_of(struct retention *retention, size_t index)
{
	return (uint64_t *)((char *)retention + parts[index].offset);
}

/* Not in all parts as the host has it. */
static bool is_own(struct retention *retention)
{
	size_t i = 0;

	while (i < PARTS && *part_of(retention, i) == RETENTION_OF_HOST)
		i++;
	return i < PARTS;
}

/* --- the record: numbers of eight bytes ------------------------------------------------------- */

static void keep_in_memory(struct archive *archive, struct retention *own)
{
	free(archive->own_retention);
	archive->own_retention = NULL;
	if (!is_own(own))
		return;
	archive->own_retention = heap_alloc(sizeof *own);
	*archive->own_retention = *own;
}

int read_retention(struct tern_entity *entity, const void *key, size_t key_len, const void *value,
	size_t value_len)
{
	uint64_t numbers[PARTS];
	struct retention own;

	if (value_len != sizeof numbers)
		return 0;
	memcpy(numbers, value, sizeof numbers);
	for (size_t i = 0; i < PARTS; i++)
		*part_of(&own, i) = be64toh(numbers[i]);
	keep_in_memory(archive_of(entity), &own);
	return 0;
}

static int store(struct tern_entity *entity, struct retention *own)
{
	uint64_t numbers[PARTS];
	int result;

	for (size_t i = 0; i < PARTS; i++)
		numbers[i] = htobe64(*part_of(own, i));
	result = is_own(own)
		? tern_put(entity, mam_retention, KEY, sizeof KEY - 1, numbers, sizeof numbers)
		: tern_delete(entity, mam_retention, KEY, sizeof KEY - 1);
	if (result == 0)
		keep_in_memory(archive_of(entity), own);
	return result;
}

static struct retention own_of(const struct archive *archive)
{
	static const struct retention none = { RETENTION_OF_HOST, RETENTION_OF_HOST,
		RETENTION_OF_HOST };

	return archive->own_retention ? *archive->own_retention : none;
}

static bool read_number(const char *text, uint64_t most, uint64_t *ret_number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*ret_number = strtoull(text, &end, 10);
	return !*end && *ret_number <= most;
}

/* --- ternctl ---------------------------------------------------------------------------------- */

/* False for what makes no sense. */
static bool read_options(const struct tern_command *command, struct retention *own)
{
	for (size_t i = 0; i < PARTS; i++) {
		const char *text = tern_command_option(command, parts[i].option);

		if (!text)
			continue;
		if (strcmp(text, AS_HOST) == 0)
			*part_of(own, i) = RETENTION_OF_HOST;
		else if (!read_number(text, parts[i].most, part_of(own, i)))
			return false;
	}
	return true;
}

static bool has_options(const struct tern_command *command)
{
	bool found = false;

	for (size_t i = 0; i < PARTS; i++)
		found |= tern_command_option(command, parts[i].option) != NULL;
	return found;
}

static void tell(struct tern_command *command, struct archive *archive, const void *settings)
{
	struct retention own = own_of(archive), in_force = retention_of(archive, settings);

	for (size_t i = 0; i < PARTS; i++)
		tern_command_row(command, (const char *const[]){ parts[i].name,
			arena_printf(tern_command_arena(command), "%" PRIu64, *part_of(&in_force, i)),
			*part_of(&own, i) == RETENTION_OF_HOST ? AS_HOST : "account" });
	tern_command_end(command);
}

void change_retention(struct tern_command *command, struct tern_entity *entity,
	const void *settings)
{
	struct archive *archive = archive_of(entity);
	struct retention own = own_of(archive);
	bool changes = has_options(command);
	int result;

	if (!read_options(command, &own) || (tern_command_argument(command, 0) && !changes)) {
		tern_command_misused(command);
		return;
	}
	result = changes ? store(entity, &own) : 0;
	if (result < 0) {
		tern_command_fail(command, "it cannot be kept: %s", strerror(-result));
		return;
	}
	if (changes)
		retain_all(entity, settings);
	tell(command, archive, settings);
}

/* --- over to another server ---------------------------------------------------------------------- */

/* XEP-0227 4 leaves room for what it does not know. */
struct element *retention_xml(struct arena *arena, const struct retention *retention)
{
	struct element *xml = element_new(arena, NS_RETENTION, "retention");
	struct retention own = *retention;

	for (size_t i = 0; i < PARTS; i++) {
		if (*part_of(&own, i) != RETENTION_OF_HOST)
			element_set(xml, parts[i].name, arena_number(arena, *part_of(&own, i)));
	}
	return xml;
}

int import_retention(struct tern_entity *entity, const struct element *xml, const void *settings)
{
	struct retention own = own_of(archive_of(entity));

	for (size_t i = 0; i < PARTS; i++) {
		const char *text = element_get(xml, parts[i].name);

		if (text && !read_number(text, parts[i].most, part_of(&own, i)))
			return -EBADMSG;
	}
	return store(entity, &own);
}
