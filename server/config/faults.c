/* faults.c - collects what is wrong with a configuration, and tells it in order
 * SPDX-License-Identifier: MIT */

#include "faults.h"


#include "arena.h"
#include "source.h"

#define KEPT_MOST 1000
#define TOLD_MOST 20

void faults_add(struct faults *faults, struct arena *arena, unsigned line, const char *text)
{
	if (faults->count == KEPT_MOST)
		return;
	faults->list = arena_grow(arena, faults->list, faults->count * sizeof *faults->list,
		(faults->count + 1) * sizeof *faults->list);
	faults->list[faults->count++] = (struct fault){ line, text };
}

/* An insertion sort keeps the order in which faults of one line were found. */
static void sort(struct faults *faults)
{
	for (size_t i = 1; i < faults->count; i++) {
		struct fault fault = faults->list[i];
		size_t k = i;

		for (; k > 0 && faults->list[k - 1].line > fault.line; k--)
			faults->list[k] = faults->list[k - 1];
		faults->list[k] = fault;
	}
}

/* One line, whatever the file has had in its strings. */
static char *as_line(char *text)
{
	for (char *at = text; *at; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	}
	return text;
}

static const char *tell_one(struct arena *arena, const struct source *source,
	const struct fault *fault)
{
	struct place place = source_place(source, fault->line);

	return as_line(fault->line ?
		arena_printf(arena, "%s:%u: %s", place.file, place.line, fault->text) :
		arena_strdup(arena, fault->text));
}

const char *faults_tell(struct faults *faults, struct arena *arena, const struct source *source)
{
	const char *all = "";

	sort(faults);
	for (size_t i = 0; i < faults->count && i < TOLD_MOST; i++)
		all = arena_printf(arena, "%s%s%s", all, i ? "\n" : "",
			tell_one(arena, source, &faults->list[i]));
	if (faults->count > TOLD_MOST)
		all = arena_printf(arena, "%s\n... and more", all);
	return all;
}
