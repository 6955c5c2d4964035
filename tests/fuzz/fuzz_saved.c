/* fuzz_saved.c - any bytes as a session that another process has saved
 * SPDX-License-Identifier: MIT
 *
 * Promised: no crash; what is accepted can be read to its end, and is the same when it is written
 * again. */

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "saved_form.h"

static void write_again(struct saved_reader *reader, struct buffer *out)
{
	struct saved_item item;
	enum saved_kind kind;

	saved_add_head(out, &reader->head);
	while ((kind = saved_next(reader, &item)) != SAVED_END) {
		if (kind == SAVED_PRESENCE)
			saved_add_presence(out, item.presence);
		else if (kind == SAVED_STANZA)
			saved_add_stanza(out, &item.stanza);
		else
			saved_add_state(out, item.name, item.state);
	}
	saved_add_end(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = malloc(size ? size : 1);
	struct saved_reader reader;
	struct buffer again = { 0 };

	memcpy(bytes, data, size);
	if (saved_open((struct saved_text){ bytes, size }, &reader) == 0) {
		write_again(&reader, &again);
		assert(again.len == size && memcmp(buffer_at(&again), bytes, size) == 0);
	}
	buffer_finish(&again);
	free(bytes);
	return 0;
}
