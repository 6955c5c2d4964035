/* parcel.c - one payload, counted, and written for each recipient */
/* SPDX-License-Identifier: MIT */

#include "parcel.h"

#include "arena.h"
#include "buffer.h"
#include "jid.h"
#include "names.h"
#include "writer.h"

struct parcel *parcel_new(struct arena *arena, const struct tern_stanza *stanza)
{
	struct parcel *parcel = arena_zalloc(arena, sizeof *parcel);

	atomic_init(&parcel->shares, 1);
	parcel->arena = arena;
	parcel->stanza = *stanza;
	return parcel;
}

struct parcel *parcel_share(struct parcel *parcel)
{
	atomic_fetch_add_explicit(&parcel->shares, 1, memory_order_relaxed);
	return parcel;
}

void parcel_release(struct parcel *parcel)
{
	if (parcel && atomic_fetch_sub_explicit(&parcel->shares, 1, memory_order_acq_rel) == 1)
		arena_destroy(parcel->arena);
}

void parcel_serialise(struct parcel *parcel)
{
	struct buffer buffer = { 0 };

	if (parcel->start)
		return;
	writer_start(&buffer, parcel->stanza.element, NS_CLIENT);
	parcel->start_len = buffer.len;
	parcel->start = arena_strndup(parcel->arena, buffer_at(&buffer), buffer.len);
	buffer_consume(&buffer, buffer.len);
	writer_content(&buffer, parcel->stanza.element, NS_CLIENT);
	parcel->content_len = buffer.len;
	parcel->content = arena_strndup(parcel->arena, buffer_at(&buffer), buffer.len);
	buffer_finish(&buffer);
}

void parcel_serialise_own(struct parcel *parcel)
{
	if (atomic_load_explicit(&parcel->shares, memory_order_acquire) == 1)
		parcel_serialise(parcel);
}

static void write_extras(struct buffer *out, const struct extra *extras)
{
	for (; extras; extras = extras->next)
		writer_element(out, extras->element, NS_CLIENT);
}

/* Extras stand first, so that the content with its end tag stays one run of bytes. */
void parcel_write(const struct parcel *parcel, struct buffer *out, const struct jid *to,
	const struct jid *from, const struct extra *extras)
{
	const struct element *element = parcel->stanza.element;

	if (parcel->start)
		buffer_add(out, parcel->start, parcel->start_len);
	else
		writer_start(out, element, NS_CLIENT);
	if (from)
		writer_attribute(out, "from", jid_text(from));
	if (to)
		writer_attribute(out, "to", jid_text(to));
	buffer_add(out, ">", 1);
	write_extras(out, extras);
	if (parcel->content)
		buffer_add(out, parcel->content, parcel->content_len);
	else
		writer_content(out, element, NS_CLIENT);
}
