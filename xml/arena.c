/* arena.c - memory in blocks that end together, for everything of one stanza
 * SPDX-License-Identifier: MIT */

#include "arena.h"

#include <assert.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"

#define ALIGNMENT alignof(max_align_t)
#define BLOCK_MAX (64 * 1024) /* blocks double up to here; larger ones only on demand */
#define CLASSES 4
#define CLASS_BYTES(class) ((size_t)256 << (class))

/* Under AddressSanitizer every arena is a fresh one, so that it sees what is used late. */
#if defined(__SANITIZE_ADDRESS__)
#define SPARES_MAX 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SPARES_MAX 0
#endif
#endif
#ifndef SPARES_MAX
#define SPARES_MAX 64 /* of each class and thread */
#endif

struct block {
	struct block *previous;
};

/* Stands at the head of its first block. */
struct arena {
	alignas(max_align_t) struct block first;
	struct block *newest;
	char *at;
	char *end;
	size_t bytes;      /* from the system */
	size_t next_bytes; /* of the next block */
	int class;         /* of the first block, or -1: not recycled */
};

/* What a thread keeps.  Counting here, not in one atomic, keeps shards from
 * pulling a cache line back and forth with every stanza. */
struct cache {
	struct arena *spares[CLASSES]; /* linked through arena->first.previous */
	unsigned counts[CLASSES];
	atomic_long alive; /* created minus destroyed here; written by its thread alone */
	bool listed;
	struct cache *next;
	struct cache **link;
};

static _Thread_local struct cache cache;

static pthread_mutex_t caches_lock = PTHREAD_MUTEX_INITIALIZER;
static struct cache *caches;
static long alive_of_ended_threads;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;

static void forget_thread(void *ending)
{
	struct cache *own = ending;

	for (int class = 0; class < CLASSES; class++) {
		struct arena *spare = own->spares[class];

		while (spare) {
			struct arena *next = (struct arena *)spare->first.previous;

			free(spare);
			spare = next;
		}
		own->spares[class] = NULL;
		own->counts[class] = 0;
	}
	pthread_mutex_lock(&caches_lock);
	alive_of_ended_threads += atomic_load_explicit(&own->alive, memory_order_relaxed);
	atomic_store_explicit(&own->alive, 0, memory_order_relaxed);
	*own->link = own->next;
	if (own->next)
		own->next->link = own->link;
	own->listed = false;
	pthread_mutex_unlock(&caches_lock);
}

static void make_key(void)
{
	if (pthread_key_create(&key, forget_thread) != 0)
		heap_exhausted();
}

static void list_thread(void)
{
	pthread_once(&key_once, make_key);
	pthread_setspecific(key, &cache);
	pthread_mutex_lock(&caches_lock);
	cache.next = caches;
	cache.link = &caches;
	if (caches)
		caches->link = &cache.next;
	caches = &cache;
	cache.listed = true;
	pthread_mutex_unlock(&caches_lock);
}

static inline void count(long change)
{
	if (!cache.listed)
		list_thread();
	atomic_store_explicit(&cache.alive,
		atomic_load_explicit(&cache.alive, memory_order_relaxed) + change,
		memory_order_relaxed);
}

size_t arena_count_alive(void)
{
	long sum;

	pthread_mutex_lock(&caches_lock);
	sum = alive_of_ended_threads;
	for (const struct cache *each = caches; each; each = each->next)
		sum += atomic_load_explicit(&each->alive, memory_order_relaxed);
	pthread_mutex_unlock(&caches_lock);
	return sum > 0 ? (size_t)sum : 0;
}

static inline char *align(char *at)
{
	return at + (-(uintptr_t)at & (ALIGNMENT - 1));
}

static int class_of(size_t bytes)
{
	for (int class = 0; class < CLASSES; class++)
		if (bytes <= CLASS_BYTES(class))
			return class;
	return -1;
}

static struct arena *create(size_t room, int class)
{
	struct arena *arena;

	static_assert(ARENA_SMALL == CLASS_BYTES(CLASSES - 1), "the largest class");
	static_assert(sizeof(struct arena) % ALIGNMENT == 0, "the first block starts aligned");
	if (class >= 0 && cache.spares[class]) {
		arena = cache.spares[class];
		cache.spares[class] = (struct arena *)arena->first.previous;
		cache.counts[class]--;
	} else {
		arena = heap_alloc(sizeof *arena + room);
	}
	arena->first.previous = NULL;
	arena->newest = &arena->first;
	arena->at = (char *)(arena + 1);
	arena->end = arena->at + room;
	arena->bytes = sizeof *arena + room;
	arena->next_bytes = room < BLOCK_MAX / 2 ? 2 * room : BLOCK_MAX;
	arena->class = class;
	count(1);
	return arena;
}

struct arena *arena_create(size_t first_bytes)
{
	int class = class_of(first_bytes);

	return create(class < 0 ? first_bytes : CLASS_BYTES(class), class);
}

struct arena *arena_create_exact(size_t bytes)
{
	return create(bytes, -1);
}

size_t arena_used(const struct arena *arena)
{
	if (arena->newest != &arena->first)
		return 0;
	return (size_t)(arena->at - (const char *)(arena + 1));
}

void arena_destroy(struct arena *arena)
{
	struct block *block;

	if (!arena)
		return;
	count(-1);
	block = arena->newest;
	while (block != &arena->first) {
		struct block *previous = block->previous;

		free(block);
		block = previous;
	}
	if (arena->class >= 0 && cache.counts[arena->class] + 1 <= SPARES_MAX) {
		arena->first.previous = (struct block *)cache.spares[arena->class];
		cache.spares[arena->class] = arena;
		cache.counts[arena->class]++;
	} else {
		free(arena);
	}
}

static void add_block(struct arena *arena, size_t need)
{
	size_t head = (sizeof(struct block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	size_t room = need > arena->next_bytes ? need : arena->next_bytes;
	struct block *block;

	if (room > SIZE_MAX / 2)
		heap_exhausted();
	block = heap_alloc(head + room);
	block->previous = arena->newest;
	arena->newest = block;
	arena->at = (char *)block + head;
	arena->end = arena->at + room;
	arena->bytes += head + room;
	if (arena->next_bytes < BLOCK_MAX)
		arena->next_bytes *= 2;
}

static inline void *take(struct arena *arena, size_t bytes)
{
	void *memory;

	if (bytes > (size_t)(arena->end - arena->at))
		add_block(arena, bytes);
	memory = arena->at;
	arena->at += bytes;
	return memory;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
	char *at = align(arena->at);

	if (at <= arena->end && bytes <= (size_t)(arena->end - at)) {
		arena->at = at + bytes;
		return at;
	}
	add_block(arena, bytes);
	return take(arena, bytes);
}

void *arena_zalloc(struct arena *arena, size_t bytes)
{
	return memset(arena_alloc(arena, bytes), 0, bytes);
}

char *arena_strndup(struct arena *arena, const char *bytes, size_t len)
{
	char *text = take(arena, len + 1);

	if (len > 0)
		memcpy(text, bytes, len);
	text[len] = '\0';
	return text;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	size_t room = (size_t)(arena->end - arena->at);
	va_list arguments;
	char *text;
	int len;

	va_start(arguments, format);
	len = vsnprintf(arena->at, room, format, arguments);
	va_end(arguments);
	assert(len >= 0);
	text = take(arena, (size_t)len + 1);
	if ((size_t)len >= room) {
		va_start(arguments, format);
		vsnprintf(text, (size_t)len + 1, format, arguments);
		va_end(arguments);
	}
	return text;
}

char *arena_number(struct arena *arena, uint64_t number)
{
	char digits[20], *at = digits + sizeof digits;

	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	return arena_strndup(arena, at, (size_t)(digits + sizeof digits - at));
}

void *arena_grow(struct arena *arena, void *old, size_t old_bytes, size_t new_bytes)
{
	char *old_end = old ? (char *)old + old_bytes : NULL;
	char *grown;

	assert(new_bytes >= old_bytes);
	if (old && old_end == arena->at &&
	    new_bytes - old_bytes <= (size_t)(arena->end - arena->at)) {
		arena->at += new_bytes - old_bytes;
		return old;
	}
	grown = align(arena->at);
	if (grown > arena->end || new_bytes > (size_t)(arena->end - grown)) {
		/* Twice the need, so that growing byte by byte copies each byte a few times
		 * and not once per byte. */
		add_block(arena, new_bytes < SIZE_MAX / 4 ? 2 * new_bytes : new_bytes);
		grown = arena->at;
	}
	arena->at = grown + new_bytes;
	if (old_bytes > 0)
		memcpy(grown, old, old_bytes);
	return grown;
}

size_t arena_bytes(const struct arena *arena)
{
	return arena->bytes;
}
