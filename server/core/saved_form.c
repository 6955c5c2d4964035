/* saved_form.c - writes and reads the bytes of a saved session */
/* SPDX-License-Identifier: MIT */

#include "saved_form.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "buffer.h"

enum { FLAG_FILTERED = 1 };                  /* of a head */
enum { FLAG_TAKEN = 1, FLAG_OVERDUE = 2 };   /* of a stanza */

/* --- writing ----------------------------------------------------------------------------- */

static void add_u8(struct buffer *out, uint8_t value)
{
	buffer_add(out, (const char *)&value, sizeof value);
}

static void add_u16(struct buffer *out, uint16_t value)
{
	value = htobe16(value);
	buffer_add(out, (const char *)&value, sizeof value);
}

static void add_u32(struct buffer *out, uint32_t value)
{
	value = htobe32(value);
	buffer_add(out, (const char *)&value, sizeof value);
}

static void add_u64(struct buffer *out, uint64_t value)
{
	value = htobe64(value);
	buffer_add(out, (const char *)&value, sizeof value);
}

static void add_text(struct buffer *out, struct saved_text text)
{
	add_u32(out, (uint32_t)text.len);
	buffer_add(out, text.at, text.len);
}

void saved_add_head(struct buffer *out, const struct saved_head *head)
{
	add_u8(out, SAVED_VERSION);
	add_text(out, head->jid);
	add_text(out, head->id);
	add_u32(out, head->max_s);
	add_u64(out, head->until_us);
	add_u64(out, head->handled);
	add_u64(out, head->acked);
	add_u8(out, head->is_filtered ? FLAG_FILTERED : 0);
}

void saved_add_presence(struct buffer *out, struct saved_text xml)
{
	add_u8(out, SAVED_PRESENCE);
	add_text(out, xml);
}

void saved_add_stanza(struct buffer *out, const struct saved_stanza *stanza)
{
	const struct saved_handover *handover = &stanza->handover;

	add_u8(out, SAVED_STANZA);
	add_u64(out, stanza->since_us);
	add_u64(out, handover->number);
	add_u8(out, (handover->is_taken ? FLAG_TAKEN : 0) |
		(handover->is_overdue ? FLAG_OVERDUE : 0));
	add_u16(out, handover->log);
	add_u64(out, handover->pending_id);
	add_u64(out, handover->kept_id);
	add_text(out, stanza->xml);
}

void saved_add_state(struct buffer *out, struct saved_text name, struct saved_text state)
{
	add_u8(out, SAVED_STATE);
	add_text(out, name);
	add_text(out, state);
}

void saved_add_end(struct buffer *out)
{
	add_u8(out, SAVED_END);
}

/* --- reading: each takes from the front, or answers false and takes nothing ----------------- */

static bool take(struct saved_text *from, size_t len, struct saved_text *ret)
{
	if (from->len < len)
		return false;
	*ret = (struct saved_text){ from->at, len };
	from->at += len;
	from->len -= len;
	return true;
}

static bool take_number(struct saved_text *from, size_t len, uint64_t *ret)
{
	struct saved_text bytes;
	uint64_t value = 0;

	if (!take(from, len, &bytes))
		return false;
	for (size_t i = 0; i < len; i++)
		value = value << 8 | (unsigned char)bytes.at[i];
	*ret = value;
	return true;
}

static bool take_u32(struct saved_text *from, uint32_t *ret)
{
	uint64_t value;

	if (!take_number(from, sizeof *ret, &value))
		return false;
	*ret = (uint32_t)value;
	return true;
}

static bool take_u64(struct saved_text *from, uint64_t *ret)
{
	return take_number(from, sizeof *ret, ret);
}

static bool take_flags(struct saved_text *from, uint64_t known, uint64_t *ret)
{
	return take_number(from, 1, ret) && !(*ret & ~known);
}

/* Never an empty one: nothing that is saved with its length may be. */
static bool take_text(struct saved_text *from, struct saved_text *ret)
{
	uint32_t len;

	return take_u32(from, &len) && len > 0 && take(from, len, ret);
}

static bool take_bytes(struct saved_text *from, struct saved_text *ret)
{
	uint32_t len;

	return take_u32(from, &len) && take(from, len, ret);
}

static bool take_head(struct saved_text *from, struct saved_head *head)
{
	uint64_t flags;

	if (!take_text(from, &head->jid) || !take_text(from, &head->id) ||
	    !take_u32(from, &head->max_s) || !take_u64(from, &head->until_us) ||
	    !take_u64(from, &head->handled) || !take_u64(from, &head->acked) ||
	    !take_flags(from, FLAG_FILTERED, &flags))
		return false;
	head->is_filtered = flags & FLAG_FILTERED;
	return true;
}

static bool take_stanza(struct saved_text *from, struct saved_stanza *stanza)
{
	struct saved_handover *handover = &stanza->handover;
	uint64_t flags, log;

	if (!take_u64(from, &stanza->since_us) || !take_u64(from, &handover->number) ||
	    !take_flags(from, FLAG_TAKEN | FLAG_OVERDUE, &flags) ||
	    !take_number(from, sizeof handover->log, &log) ||
	    !take_u64(from, &handover->pending_id) || !take_u64(from, &handover->kept_id) ||
	    !take_text(from, &stanza->xml))
		return false;
	handover->is_taken = flags & FLAG_TAKEN;
	handover->is_overdue = flags & FLAG_OVERDUE;
	handover->log = (uint16_t)log;
	return true;
}

static bool take_item(struct saved_text *from, enum saved_kind *ret_kind, struct saved_item *item)
{
	uint64_t kind;

	if (!take_number(from, 1, &kind))
		return false;
	*ret_kind = (enum saved_kind)kind;
	switch (kind) {
	case SAVED_END:
		return from->len == 0;
	case SAVED_PRESENCE:
		return take_text(from, &item->presence);
	case SAVED_STANZA:
		return take_stanza(from, &item->stanza);
	case SAVED_STATE:
		return take_text(from, &item->name) && take_bytes(from, &item->state);
	}
	return false;
}

int saved_open(struct saved_text bytes, struct saved_reader *ret_reader)
{
	struct saved_reader reader;
	struct saved_text rest = bytes;
	enum saved_kind kind = SAVED_PRESENCE;
	uint64_t version;

	if (!take_number(&rest, 1, &version))
		return -EPROTO;
	if (version != SAVED_VERSION)
		return -ENOTSUP;
	if (!take_head(&rest, &reader.head))
		return -EPROTO;
	reader.rest = rest;
	while (kind != SAVED_END) {
		struct saved_item item;

		if (!take_item(&rest, &kind, &item))
			return -EPROTO;
	}
	*ret_reader = reader;
	return 0;
}

enum saved_kind saved_next(struct saved_reader *reader, struct saved_item *ret_item)
{
	struct saved_text rest = reader->rest;
	enum saved_kind kind;

	if (!take_item(&rest, &kind, ret_item) || kind == SAVED_END)
		return SAVED_END;
	reader->rest = rest;
	return kind;
}
