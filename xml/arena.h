/* arena.h - memory that ends all at once
 * SPDX-License-Identifier: MIT
 *
 * Nearly everything that belongs to one stanza, one turn or one opening of an
 * entity is allocated from an arena and dies with it.  An allocation from an
 * arena never fails (the process ends with a clear line when memory is out; the
 * bytes that a peer can make us allocate are bounded where they enter) and is
 * never freed alone.  An arena belongs to one thread at a time. */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena;

#define ARENA_SMALL 2048

/* An arena whose first block holds `first_bytes`; further blocks grow with need.
 * Small first blocks (up to ARENA_SMALL bytes) are recycled per thread, so that a
 * stanza costs no malloc. */
struct arena *arena_create(size_t first_bytes);

/* For what lives long: a first block of just that many bytes, never recycled. */
struct arena *arena_create_exact(size_t bytes);

/* The bytes handed out of the first block: what an arena of its own would need.  0 when they
 * did not fit there. */
size_t arena_used(const struct arena *arena);

/* Ends everything in it; takes NULL.  May run on another thread than create. */
void arena_destroy(struct arena *arena);

/* Memory aligned for any type; arena_zalloc fills it with zeroes. */
void *arena_alloc(struct arena *arena, size_t bytes);
void *arena_zalloc(struct arena *arena, size_t bytes);

/* NUL-terminated copies.  arena_strdup of NULL is NULL. */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *bytes, size_t len);
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
char *arena_number(struct arena *arena, uint64_t number); /* in decimal; ten times as fast */

/* Grows the allocation `old` of `old_bytes` to `new_bytes`: in place when it is
 * the newest one and the block has room, a copy otherwise. */
void *arena_grow(struct arena *arena, void *old, size_t old_bytes, size_t new_bytes);

/* What the arena holds from the system, for limits and statistics. */
size_t arena_bytes(const struct arena *arena);

/* How many arenas of the whole process are alive: leak checks in tests. */
size_t arena_count_alive(void);

#endif
