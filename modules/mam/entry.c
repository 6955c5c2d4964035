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

void entry_start(struct buffer *out, uint64_t mark, const struct jid *peer, unsigned flags)
{
	const char *resource = jid_resource(peer) ? jid_resource(peer) : "";
	const char head[] = { FORMAT, (char)(flags | (mark ? ENTRY_MARKED : 0)) };
	uint64_t little = htole64(mark);

	buffer_add(out, head, sizeof head);
	if (mark)
		buffer_add(out, (const char *)&little, sizeof little);
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

uint64_t entry_mark(const void *bytes, size_t len)
{
	const char *head = bytes;
	uint64_t mark;

	if (len < 2 + sizeof mark || head[0] != FORMAT || !(head[1] & ENTRY_MARKED))
		return 0;
	memcpy(&mark, head + 2, sizeof mark);
	return le64toh(mark);
}

bool entry_read(const struct tern_entry *stored, struct entry *ret_entry)
{
	const char *bytes = stored->bytes, *end = bytes + stored->len, *nul, *resource;

	if (stored->len < 3 || bytes[0] != FORMAT)
		return false;
	resource = bytes + 2 + (bytes[1] & ENTRY_MARKED ? sizeof(uint64_t) : 0);
	if (resource >= end)
		return false;
	nul = memchr(resource, '\0', (size_t)(end - resource));
	if (!nul)
		return false;
	*ret_entry = (struct entry){
		.flags = (unsigned char)bytes[1], .resource = resource,
		.xml = nul + 1, .xml_len = (size_t)(end - nul - 1),
	};
	return true;
}
