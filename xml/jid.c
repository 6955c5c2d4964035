/* jid.c - addresses by RFC 7622
 * SPDX-License-Identifier: MIT */

#include "jid.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "heap.h"
#include "jid/domain.h"
#include "jid/precis.h"

/* One piece of memory: the full text, then the bare text where it is another, then the
 * local part; each NUL-terminated. */
struct jid {
	uint32_t hash;
	uint16_t len;
	uint16_t bare_len;
	uint16_t local_len; /* 0: none */
	char text[];
};

/* A part on its way in: where its normal form lies. */
struct part {
	const char *text;
	size_t len;
};

enum { LOCAL = 1, DOMAIN = 2, RESOURCE = 4, UPPER = 8 };

/* Where an ASCII character is allowed as it is, and which need lower case first. */
static const uint8_t allowed[256] = {
	[' '] = RESOURCE, ['!'] = LOCAL | RESOURCE, ['"'] = RESOURCE,
	['#' ... '%'] = LOCAL | RESOURCE, ['&'] = RESOURCE, ['\''] = RESOURCE,
	['(' ... ','] = LOCAL | RESOURCE, ['-' ... '.'] = LOCAL | DOMAIN | RESOURCE,
	['/'] = RESOURCE, ['0' ... '9'] = LOCAL | DOMAIN | RESOURCE, [':'] = RESOURCE,
	[';'] = LOCAL | RESOURCE, ['<'] = RESOURCE, ['='] = LOCAL | RESOURCE, ['>'] = RESOURCE,
	['?'] = LOCAL | RESOURCE, ['@'] = RESOURCE, ['A' ... 'Z'] = UPPER | RESOURCE,
	['[' ... '`'] = LOCAL | RESOURCE, ['a' ... 'z'] = LOCAL | DOMAIN | RESOURCE,
	['{' ... '~'] = LOCAL | RESOURCE,
};

/* All characters stand as they are: the part is its own normal form. */
static inline bool is_plain(const char *text, size_t len, uint8_t where)
{
	uint8_t all = where;

	for (size_t i = 0; i < len; i++)
		all &= allowed[(unsigned char)text[i]];
	return all != 0 && len > 0 && len <= JID_PART_MAX;
}

/* RFC 7622 3.3.1, after the mappings, which may make such characters. */
static bool has_excluded(const char *local, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (strchr("\"&'/:<>@", local[i]))
			return true;
	return false;
}

/* Each of these leaves the part where it is, or normalises it into `room`. */
static bool prepare_local(struct part *part, char *room)
{
	struct precis_text text;

	if (is_plain(part->text, part->len, LOCAL))
		return true;
	if (part->len > PRECIS_MAX || !precis_decode(&text, part->text, part->len) ||
	    !precis_username(&text))
		return false;
	part->len = precis_encode(&text, room, JID_PART_MAX + 1);
	part->text = room;
	return part->len > 0 && !has_excluded(room, part->len);
}

/* A plain name whose labels have no trap: the fast path. */
static bool is_plain_domain(const char *text, size_t len)
{
	char previous = '.';
	size_t label_start = 0;

	if (len > 253 || !is_plain(text, len, DOMAIN))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '-' && (previous == '.' || previous == '-'))
			return false;
		if (text[i] == '.') {
			if (previous == '.' || previous == '-' || i - label_start > 63)
				return false;
			label_start = i + 1;
		}
		previous = text[i];
	}
	return previous != '.' && previous != '-' && len - label_start <= 63;
}

static bool prepare_domain(struct part *part, char *room)
{
	if (is_plain_domain(part->text, part->len))
		return true;
	part->len = domain_prepare(part->text, part->len, room);
	part->text = room;
	return part->len > 0;
}

static bool prepare_resource(struct part *part, char *room)
{
	struct precis_text text;

	if (is_plain(part->text, part->len, RESOURCE))
		return true;
	if (part->len > PRECIS_MAX || !precis_decode(&text, part->text, part->len) ||
	    !precis_opaque(&text))
		return false;
	part->len = precis_encode(&text, room, JID_PART_MAX + 1);
	part->text = room;
	return part->len > 0;
}

static size_t size_of(size_t local_len, size_t bare_len, size_t len)
{
	return offsetof(struct jid, text) + len + 1 + (len > bare_len ? bare_len + 1 : 0) +
	       (local_len > 0 ? local_len + 1 : 0);
}

static size_t jid_size(const struct jid *jid)
{
	return size_of(jid->local_len, jid->bare_len, jid->len);
}

static char *copy_terminated(char *to, const char *from, size_t len)
{
	memcpy(to, from, len);
	to[len] = '\0';
	return to + len + 1;
}

/* Writes the address into memory of size_of(...) bytes; absent parts have the length 0. */
static struct jid *compose(void *memory, const struct part *local, const struct part *domain,
	const struct part *resource)
{
	struct jid *jid = memory;
	size_t at_len = local->len > 0 ? local->len + 1 : 0;
	char *at = jid->text;

	jid->local_len = (uint16_t)local->len;
	jid->bare_len = (uint16_t)(at_len + domain->len);
	jid->len = (uint16_t)(jid->bare_len + (resource->len > 0 ? resource->len + 1 : 0));
	if (local->len > 0) {
		memcpy(at, local->text, local->len);
		at[local->len] = '@';
	}
	at = copy_terminated(at + at_len, domain->text, domain->len);
	if (resource->len > 0) {
		at[-1] = '/';
		at = copy_terminated(at, resource->text, resource->len);
		at = copy_terminated(at, jid->text, jid->bare_len);
	}
	if (local->len > 0)
		copy_terminated(at, local->text, local->len);
	jid->hash = (uint32_t)hash_bytes(jid->text, jid->bare_len);
	return jid;
}

static struct jid *compose_in_arena(struct arena *arena, const struct part *local,
	const struct part *domain, const struct part *resource)
{
	size_t bare_len = (local->len > 0 ? local->len + 1 : 0) + domain->len;
	size_t len = bare_len + (resource->len > 0 ? resource->len + 1 : 0);

	return compose(arena_alloc(arena, size_of(local->len, bare_len, len)), local, domain,
		resource);
}

/* Kept apart from the fast path, whose stack stays small. */
static __attribute__((noinline)) const struct jid *prepare_and_compose(struct arena *arena,
	struct part *local, struct part *domain, struct part *resource)
{
	char rooms[3][JID_PART_MAX + 1];

	if ((local->text && !prepare_local(local, rooms[0])) ||
	    !prepare_domain(domain, rooms[1]) ||
	    (resource->text && !prepare_resource(resource, rooms[2])))
		return NULL;
	return compose_in_arena(arena, local, domain, resource);
}

static const struct jid *join(struct arena *arena, struct part *local, struct part *domain,
	struct part *resource)
{
	if (is_plain_domain(domain->text, domain->len) &&
	    (!local->text || is_plain(local->text, local->len, LOCAL)) &&
	    (!resource->text || is_plain(resource->text, resource->len, RESOURCE)))
		return compose_in_arena(arena, local, domain, resource);
	return prepare_and_compose(arena, local, domain, resource);
}

/* RFC 7622 3.1: first the resource goes off at the first slash, then the local part at
 * the first at sign. */
const struct jid *jid_parse(struct arena *arena, const char *text, size_t len)
{
	const char *slash = len > 0 ? memchr(text, '/', len) : NULL;
	size_t bare_len = slash ? (size_t)(slash - text) : len;
	const char *at = bare_len > 0 ? memchr(text, '@', bare_len) : NULL;
	struct part local = { at ? text : NULL, at ? (size_t)(at - text) : 0 };
	struct part domain = { at ? at + 1 : text, at ? bare_len - local.len - 1 : bare_len };
	struct part resource = { slash ? slash + 1 : NULL, slash ? len - bare_len - 1 : 0 };

	return join(arena, &local, &domain, &resource);
}

const struct jid *jid_new(struct arena *arena, const char *text)
{
	return jid_parse(arena, text, strlen(text));
}

static struct part part_of(const char *text)
{
	return (struct part){ text, text ? strlen(text) : 0 };
}

const struct jid *jid_join(struct arena *arena, const char *local, const char *domain,
	const char *resource)
{
	struct part local_part = part_of(local);
	struct part domain_part = part_of(domain);
	struct part resource_part = part_of(resource);

	return join(arena, &local_part, &domain_part, &resource_part);
}

static struct part own_local(const struct jid *jid)
{
	return (struct part){ jid->text, jid->local_len };
}

static struct part own_domain(const struct jid *jid)
{
	size_t start = jid->local_len > 0 ? jid->local_len + 1 : 0;

	return (struct part){ jid->text + start, jid->bare_len - start };
}

const struct jid *jid_bare(struct arena *arena, const struct jid *jid)
{
	struct part local = own_local(jid);
	struct part domain = own_domain(jid);

	if (jid_is_bare(jid))
		return jid;
	return compose_in_arena(arena, &local, &domain, &(struct part){ 0 });
}

const struct jid *jid_full(struct arena *arena, const struct jid *bare, const char *resource)
{
	struct part local = own_local(bare);
	struct part domain = own_domain(bare);
	struct part part = part_of(resource);
	char room[JID_PART_MAX + 1];

	if (!resource || !prepare_resource(&part, room))
		return NULL;
	return compose_in_arena(arena, &local, &domain, &part);
}

const struct jid *jid_copy(struct arena *arena, const struct jid *jid)
{
	return memcpy(arena_alloc(arena, jid_size(jid)), jid, jid_size(jid));
}

struct jid *jid_create(const struct jid *jid)
{
	return memcpy(heap_alloc(jid_size(jid)), jid, jid_size(jid));
}

struct jid *jid_create_bare(const struct jid *jid)
{
	struct part local = own_local(jid);
	struct part domain = own_domain(jid);

	return compose(heap_alloc(size_of(jid->local_len, jid->bare_len, jid->bare_len)), &local,
		&domain, &(struct part){ 0 });
}

void jid_destroy(struct jid *jid)
{
	free(jid);
}

const char *jid_text(const struct jid *jid)
{
	return jid->text;
}

const char *jid_bare_text(const struct jid *jid)
{
	return jid_is_bare(jid) ? jid->text : jid->text + jid->len + 1;
}

const char *jid_local(const struct jid *jid)
{
	return jid->local_len > 0 ? jid_bare_text(jid) + jid->bare_len + 1 : NULL;
}

const char *jid_domain(const struct jid *jid)
{
	return jid_bare_text(jid) + (jid->local_len > 0 ? jid->local_len + 1 : 0);
}

const char *jid_resource(const struct jid *jid)
{
	return jid_is_bare(jid) ? NULL : jid->text + jid->bare_len + 1;
}

size_t jid_len(const struct jid *jid)
{
	return jid->len;
}

size_t jid_bare_len(const struct jid *jid)
{
	return jid->bare_len;
}

bool jid_equal(const struct jid *a, const struct jid *b)
{
	return a == b || (a->hash == b->hash && a->len == b->len &&
				 memcmp(a->text, b->text, a->len) == 0);
}

bool jid_bare_equal(const struct jid *a, const struct jid *b)
{
	return a == b || (a->hash == b->hash && a->bare_len == b->bare_len &&
				 memcmp(a->text, b->text, a->bare_len) == 0);
}

bool jid_is_bare(const struct jid *jid)
{
	return jid->len == jid->bare_len;
}

bool jid_is_domain(const struct jid *jid)
{
	return jid_is_bare(jid) && jid->local_len == 0;
}

uint32_t jid_hash(const struct jid *jid)
{
	return jid->hash;
}

static const char *prepare_alone(struct arena *arena, const char *text, size_t len,
	bool (*prepare)(struct part *part, char *room))
{
	struct part part = { text, len };
	char room[JID_PART_MAX + 1];

	return prepare(&part, room) ? arena_strndup(arena, part.text, part.len) : NULL;
}

const char *jid_prepare_local(struct arena *arena, const char *text, size_t len)
{
	return prepare_alone(arena, text, len, prepare_local);
}

const char *jid_prepare_domain(struct arena *arena, const char *text, size_t len)
{
	return prepare_alone(arena, text, len, prepare_domain);
}

const char *jid_prepare_resource(struct arena *arena, const char *text, size_t len)
{
	return prepare_alone(arena, text, len, prepare_resource);
}
