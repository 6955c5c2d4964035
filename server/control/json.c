/* json.c - writes JSON strings and arrays of them
 * SPDX-License-Identifier: MIT */

#include "json.h"

#include <string.h>
#include <unistr.h>

#include "buffer.h"

static void add_escape(struct buffer *out, unsigned char byte)
{
	if (byte == '"' || byte == '\\')
		buffer_printf(out, "\\%c", byte);
	else if (byte == '\n')
		buffer_add_text(out, "\\n");
	else
		buffer_printf(out, "\\u%04x", byte);
}

void json_put_text(struct buffer *out, const char *text)
{
	const uint8_t *at = (const uint8_t *)text;
	size_t left = strlen(text);

	buffer_add_text(out, "\"");
	while (left) {
		int len = u8_mblen(at, left);

		if (len <= 0) {
			buffer_add_text(out, "\xef\xbf\xbd");
			len = 1;
		} else if (*at < 0x20 || *at == '"' || *at == '\\' || *at == 0x7f) {
			add_escape(out, *at);
		} else {
			buffer_add(out, (const char *)at, len);
		}
		at += len;
		left -= len;
	}
	buffer_add_text(out, "\"");
}

void json_put_array(struct buffer *out, const char *const *texts, size_t count)
{
	buffer_add_text(out, "[");
	for (size_t i = 0; i < count; i++) {
		if (i)
			buffer_add_text(out, ",");
		json_put_text(out, texts[i]);
	}
	buffer_add_text(out, "]");
}
