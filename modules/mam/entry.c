/* entry.c - messages to archived bytes and back
 * SPDX-License-Identifier: MIT */

#include "entry.h"

#include <string.h>

#include "jid.h"
#include "names.h"
#include "stanza.h"
#include "writer.h"

#define FORMAT 1

/* Addresses as they were understood, not as the tree has them. */
static void write_stanza(struct buffer *out, const struct tern_stanza *stanza)
{
	writer_start(out, stanza->element, NS_CLIENT);
	writer_attribute(out, "from", jid_text(stanza->from));
	writer_attribute(out, "to", jid_text(stanza->to));
	buffer_add(out, ">", 1);
	writer_content(out, stanza->element, NS_CLIENT);
}

void entry_write(struct buffer *out, const struct tern_stanza *stanza, const struct jid *peer,
	unsigned flags)
{
	const char *resource = jid_resource(peer) ? jid_resource(peer) : "";
	const char head[] = { FORMAT, (char)flags };

	buffer_add(out, head, sizeof head);
	buffer_add(out, resource, strlen(resource) + 1);
	write_stanza(out, stanza);
}

bool entry_read(const struct tern_entry *stored, struct entry *ret_entry)
{
	const char *bytes = stored->bytes, *end = bytes + stored->len, *nul;

	if (stored->len < 3 || bytes[0] != FORMAT)
		return false;
	nul = memchr(bytes + 2, '\0', stored->len - 2);
	if (!nul)
		return false;
	*ret_entry = (struct entry){
		.flags = (unsigned char)bytes[1], .resource = bytes + 2,
		.xml = nul + 1, .xml_len = (size_t)(end - nul - 1),
	};
	return true;
}
