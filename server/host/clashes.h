/* clashes.h - what two modules of one host may not both claim
 * SPDX-License-Identifier: MIT */
#ifndef CLASHES_H
#define CLASHES_H

#include <stddef.h>

struct arena;
struct wanted_module;

/* NULL when these modules, whose own tables make sense (claims.h), can live in one host; else the
 * first two that cannot, and why, of the arena: *ret_at is the later one's place. */
const char *clashes_refuse(struct arena *arena, const struct wanted_module *wanted, size_t count,
	size_t *ret_at);

#endif
