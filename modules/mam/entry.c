/* entry.c - messages to archived bytes and back
 * SPDX-License-Identifier: MIT */

#include "entry.h"

#include <endian.h>
#include <string.h>

#include "jid.h"
#include "names.h"
#include "stanza.h"
#include "writer.h"

#define FORMAT 1

static void add_number(struct buffer *out, uint64_t number)
{
	uint64_t little = htole64(number);

	if (number)
		buffer_add(out, (const char *)&little, sizeof little);
}

void entry_start(struct buffer *out, const struct entry_head *head)
{
	const char *resource = jid_resource(head->peer) ? jid_resource(head->peer) : "";
	const char start[] = { FORMAT, (char)(head->flags | (head->mark ? ENTRY_MARKED : 0) |
		(head->drawn ? ENTRY_DRAWN : 0)) };

	buffer_add(out, start, sizeof start);
	add_number(out, head->mark);
	add_number(out, head->drawn);
	buffer_add(out, resource, strlen(resource) + 1);
}

/* Addresses as they were understood, not as the tree has them. */
void entry_add_stanza(struct buffer *out, const struct tern_stanza *stanza)
{
	writer_start(out, stanza->element, NS_CLIENT);
	writer_attribute(out, "from", jid_text(stanza->from));
	writer_attribute(out, "to", jid_text(stanza->to));
	buffer_add(out, ">", 1);
	writer_content(out, stanza->element, NS_CLIENT);
}

/* The number that a flag announces, and the end of it. */
static const char *take_number(const char *at, const char *end, bool is_there, uint64_t *ret_number)
{
	*ret_number = 0;
	if (!is_there || (size_t)(end - at) < sizeof *ret_number)
		return is_there ? end : at;
	memcpy(ret_number, at, sizeof *ret_number);
	*ret_number = le64toh(*ret_number);
	return at + sizeof *ret_number;
}

/* Where the resource begins; NULL for what is no entry. */
static const char *take_head(const char *bytes, size_t len, struct entry_head *ret_head)
{
	const char *at = bytes + 2, *end = bytes + len;

	*ret_head = (struct entry_head){ 0 };
	if (len < 2 || bytes[0] != FORMAT)
		return NULL;
	ret_head->flags = (unsigned char)bytes[1];
	at = take_number(at, end, ret_head->flags & ENTRY_MARKED, &ret_head->mark);
	return take_number(at, end, ret_head->flags & ENTRY_DRAWN, &ret_head->drawn);
}

uint64_t entry_mark(const void *bytes, size_t len)
{
	struct entry_head head;

	take_head(bytes, len, &head);
	return head.mark;
}

bool entry_read(const struct tern_entry *stored, struct entry *ret_entry)
{
	const char *end = (const char *)stored->bytes + stored->len, *resource, *nul;
	struct entry_head head;

	resource = take_head(stored->bytes, stored->len, &head);
	*ret_entry = (struct entry){ .flags = head.flags, .id = { stored->id, head.drawn },
		.resource = "", .xml = "" };
	nul = resource ? memchr(resource, '\0', (size_t)(end - resource)) : NULL;
	if (!nul)
		return false;
	ret_entry->resource = resource;
	ret_entry->xml = nul + 1;
	ret_entry->xml_len = (size_t)(end - nul - 1);
	return true;
}

struct archive_id entry_id(const struct tern_entry *stored)
{
	struct entry_head head;

	take_head(stored->bytes, stored->len, &head);
	return (struct archive_id){ stored->id, head.drawn };
}

bool entry_is(const struct tern_entry *stored, struct archive_id id)
{
	return archive_id_compare(entry_id(stored), id) == 0;
}
