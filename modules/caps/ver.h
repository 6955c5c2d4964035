/* ver.h - the verification string of entity capabilities
 * SPDX-License-Identifier: MIT */
#ifndef VER_H
#define VER_H

struct arena;
struct element;

/* XEP-0115 5.1: of a <query/> of disco#info, with SHA-1; of the arena. */
const char *caps_ver(struct arena *arena, const struct element *query);

#endif
