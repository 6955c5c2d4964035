/* filter.h - which messages of an archive a query wants (XEP-0313 3.1)
 * SPDX-License-Identifier: MIT */
#ifndef FILTER_H
#define FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive_id.h"
#include "stanza.h"

struct arena;

/* As tern_page has it: bounds are exclusive, 0 is open.  All of the arena. */
struct filter {
	const struct jid *with;       /* NULL: anybody */
	uint64_t after, before;       /* what all bounds together leave */
	struct archive_id after_id, before_id; /* messages that must exist, where they were named */
	bool has_ids;
	struct archive_id *ids;       /* rising, each once */
	size_t id_count;
};

/* Reads the form in <query/>; none asks for everything.  Ids that no archive ever gave are not
 * found; fields that are not known are not implemented (3.1.5). */
enum tern_condition filter_read(struct arena *arena, const struct element *query,
	struct filter *ret_filter);

/* Ids that were named outside the form narrow it further. */
void filter_narrow(struct filter *filter, uint64_t after, uint64_t before);

/* The empty form, for those who ask. */
struct element *filter_form(struct arena *arena);

#endif
