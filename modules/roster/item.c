/* item.c - contacts as memory, as records and as XML
 * SPDX-License-Identifier: MIT */

#include "item.h"

#include <endian.h>
#include <string.h>

#include "element.h"
#include "heap.h"
#include "subscription.h"

enum { FORMAT = 1 };

static struct item *item_alloc(size_t len)
{
	struct item *item = heap_alloc(sizeof *item + len);

	*item = (struct item){ .len = (uint16_t)len };
	return item;
}

static char *put_text(char *to, const char *text)
{
	return (char *)memcpy(to, text, strlen(text) + 1) + strlen(text) + 1;
}

struct item *item_create(const char *jid, const char *name, const struct item_groups *groups)
{
	size_t len = strlen(jid) + strlen(name) + 2;
	struct item *item;
	char *at;

	for (size_t i = 0; i < groups->count; i++)
		len += strlen(groups->names[i]) + 1;
	item = item_alloc(len);
	at = put_text(put_text(item->text, jid), name);
	for (size_t i = 0; i < groups->count; i++)
		at = put_text(at, groups->names[i]);
	return item;
}

struct item *item_copy(const struct item *item)
{
	struct item *copy = item_alloc(item->len);

	memcpy(copy, item, sizeof *item + item->len);
	return copy;
}

struct item *item_stump(const struct item *item)
{
	struct item *stump = item_create(item_jid(item), "", &(struct item_groups){ 0 });

	stump->number = item->number;
	stump->version = item->version;
	stump->state = item->state;
	return stump;
}

const char *item_name(const struct item *item)
{
	return item->text + strlen(item->text) + 1;
}

const char *item_group(const struct item *item, const char *before)
{
	const char *next = before ? before : item_name(item);

	next += strlen(next) + 1;
	return next < item->text + item->len ? next : NULL;
}

size_t item_encode(const struct item *item, uint8_t *bytes)
{
	uint32_t version = htole32(item->version);

	bytes[0] = FORMAT;
	bytes[1] = item->state;
	bytes[2] = item->listed;
	memcpy(bytes + 3, &version, sizeof version);
	memcpy(bytes + ITEM_HEAD, item->text, item->len);
	return ITEM_HEAD + (size_t)item->len;
}

/* Two texts at least, each ended. */
static bool is_whole(const uint8_t *text, size_t len)
{
	size_t ends = 0;

	for (size_t i = 0; i < len; i++)
		ends += text[i] == 0;
	return ends >= 2 && text[len - 1] == 0 && text[0] != 0;
}

struct item *item_decode(uint32_t number, const uint8_t *bytes, size_t len)
{
	uint32_t version;
	struct item *item;

	if (len < ITEM_HEAD || len > ITEM_HEAD + ITEM_TEXT_MAX || bytes[0] != FORMAT ||
	    !is_whole(bytes + ITEM_HEAD, len - ITEM_HEAD))
		return NULL;
	memcpy(&version, bytes + 3, sizeof version);
	item = item_alloc(len - ITEM_HEAD);
	item->number = number;
	item->version = le32toh(version);
	item->state = bytes[1];
	item->listed = bytes[2];
	memcpy(item->text, bytes + ITEM_HEAD, item->len);
	return item;
}

void item_add(struct element *query, const struct item *item)
{
	struct element *xml = element_add(query, NULL, "item");

	element_set(xml, "jid", item_jid(item));
	if (!item->listed) {
		element_set(xml, "subscription", "remove");
		return;
	}
	if (*item_name(item))
		element_set(xml, "name", item_name(item));
	element_set(xml, "subscription", subscription_name(item->state));
	if (item->state & TERN_SUB_PENDING_OUT)
		element_set(xml, "ask", "subscribe");
	if (item->state & TERN_SUB_APPROVED)
		element_set(xml, "approved", "true");
	for (const char *group = item_group(item, NULL); group; group = item_group(item, group))
		element_add_text(xml, "group", group);
}
