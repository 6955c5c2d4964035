/* kept.c - a short list, searched by key
 * SPDX-License-Identifier: MIT */

#include "kept.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "heap.h"

static uint32_t hash_of(const char *key, size_t len)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)key[i]) * 16777619u;
	return hash;
}

static struct kept_entry *make(const char *key, const char *stanza, size_t len)
{
	size_t key_len = strlen(key);
	struct kept_entry *entry = heap_alloc(sizeof *entry + key_len + len);

	*entry = (struct kept_entry){ .hash = hash_of(key, key_len), .key_len = key_len, .len = len };
	memcpy(entry->bytes, key, key_len);
	memcpy(entry->bytes + key_len, stanza, len);
	return entry;
}

static bool supersedes(const struct kept_entry *entry, const struct kept_entry *older)
{
	return entry->hash == older->hash && entry->key_len == older->key_len &&
		memcmp(entry->bytes, older->bytes, entry->key_len) == 0;
}

static void take_out(struct kept *kept, struct kept_entry **place, struct kept_entry *before)
{
	struct kept_entry *entry = *place;

	*place = entry->next;
	if (kept->last == entry)
		kept->last = before;
	kept->count--;
	kept->bytes -= entry->key_len + entry->len;
}

static void forget_older(struct kept *kept, const struct kept_entry *entry)
{
	struct kept_entry **place = &kept->first, *before = NULL;

	while (*place && !supersedes(entry, *place)) {
		before = *place;
		place = &before->next;
	}
	if (*place) {
		struct kept_entry *older = *place;

		take_out(kept, place, before);
		free(older);
	}
}

void kept_put(struct kept *kept, const char *key, const char *stanza, size_t len)
{
	struct kept_entry *entry = make(key, stanza, len);

	forget_older(kept, entry);
	if (kept->last)
		kept->last->next = entry;
	else
		kept->first = entry;
	kept->last = entry;
	kept->count++;
	kept->bytes += entry->key_len + len;
}

struct kept_entry *kept_take(struct kept *kept)
{
	struct kept_entry *entry = kept->first;

	if (entry)
		take_out(kept, &kept->first, NULL);
	return entry;
}

const char *kept_stanza(const struct kept_entry *entry)
{
	return entry->bytes + entry->key_len;
}

/* --- over a restart: keys and stanzas in turn, each with a NUL behind it --------------------- */

void kept_save(const struct kept *kept, struct buffer *out)
{
	for (const struct kept_entry *entry = kept->first; entry; entry = entry->next) {
		buffer_add(out, entry->bytes, entry->key_len);
		buffer_add(out, "", 1);
		buffer_add(out, kept_stanza(entry), entry->len);
		buffer_add(out, "", 1);
	}
}

void kept_restore(struct kept *kept, const char *bytes, size_t len)
{
	const char *end = bytes + len;

	while (bytes < end) {
		const char *key_end = memchr(bytes, '\0', (size_t)(end - bytes));
		const char *stanza = key_end ? key_end + 1 : end;
		const char *stanza_end = memchr(stanza, '\0', (size_t)(end - stanza));

		if (!stanza_end)
			return;
		kept_put(kept, bytes, stanza, (size_t)(stanza_end - stanza));
		bytes = stanza_end + 1;
	}
}

void kept_finish(void *state)
{
	struct kept_entry *entry;

	while ((entry = kept_take(state)))
		free(entry);
}
