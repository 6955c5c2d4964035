/* names.c - one table of the names that code knows
 * SPDX-License-Identifier: MIT */

#include "names.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "heap.h"

/* Names lie side by side here, so that one range check tells an interned pointer.  What
 * does not fit goes to the heap and is found by its bytes only. */
#define POOL_BYTES (256 * 1024)

struct slot {
	const char *text; /* NULL: free */
	uint32_t len;
	uint32_t hash;
};

static char pool[POOL_BYTES];
static size_t pool_used;
static struct slot *slots;
static size_t slot_count; /* a power of two, at least twice the names */
static size_t name_count;

/* What RFC 6120 and 6121 put on the wire, known before anyone asks. */
static const char *const core_names[] = {
	NS_STREAM, NS_STREAMS_ERROR, NS_STANZAS, NS_CLIENT, NS_SERVER, NS_TLS, NS_SASL, NS_BIND,
	NS_SESSION, NS_XML, "", "stream", "features", "error", "message", "presence", "iq", "to",
	"from", "id", "type", "version", "xml:lang", "lang", "xmlns", "body", "subject", "thread",
	"parent", "show", "status", "priority", "bind", "resource", "jid", "session", "starttls",
	"proceed", "failure", "required", "optional", "mechanisms", "mechanism", "auth",
	"challenge", "response", "success", "abort", "text", "code", "by", "query", "item", "name",
	"subscription", "ask", "group", "ver", "x", "node", "var", "value", "stamp", "xml",
};

static struct slot *slot_of(const char *bytes, size_t len)
{
	uint32_t hash = (uint32_t)hash_bytes(bytes, len);
	size_t at = hash & (slot_count - 1);

	while (slots[at].text) {
		if (slots[at].hash == hash && slots[at].len == len &&
		    memcmp(slots[at].text, bytes, len) == 0)
			break;
		at = (at + 1) & (slot_count - 1);
	}
	return &slots[at];
}

static void enlarge(void)
{
	struct slot *old = slots;
	size_t old_count = slot_count;

	slot_count = old_count ? 2 * old_count : 1024;
	slots = heap_zalloc(slot_count * sizeof *slots);
	for (size_t i = 0; i < old_count; i++)
		if (old[i].text)
			*slot_of(old[i].text, old[i].len) = old[i];
	free(old);
}

static const char *store(const char *text, size_t len)
{
	char *copy = pool + pool_used;

	if (len >= POOL_BYTES - pool_used)
		copy = heap_alloc(len + 1);
	else
		pool_used += len + 1;
	memcpy(copy, text, len + 1);
	return copy;
}

const char *name_intern(const char *text)
{
	size_t len = strlen(text);
	struct slot *slot;

	if (2 * (name_count + 1) > slot_count)
		enlarge();
	slot = slot_of(text, len);
	if (!slot->text) {
		*slot = (struct slot){ store(text, len), (uint32_t)len,
			(uint32_t)hash_bytes(text, len) };
		name_count++;
	}
	return slot->text;
}

const char *name_find(const char *bytes, size_t len)
{
	return slot_of(bytes, len)->text;
}

bool name_is_interned(const char *text)
{
	return (uintptr_t)text - (uintptr_t)pool < POOL_BYTES;
}

__attribute__((constructor)) static void intern_core_names(void)
{
	for (size_t i = 0; i < sizeof core_names / sizeof *core_names; i++)
		name_intern(core_names[i]);
}
