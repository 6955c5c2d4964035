/* scan.h - cuts a stream into its stanzas without building trees */
/* SPDX-License-Identifier: MIT */
/*
 * The generator must be cheaper than the servers that it measures, so it looks for the ends of
 * stanzas only. It trusts the server to send well-formed XML.
 */
#ifndef BENCH_SCAN_H
#define BENCH_SCAN_H

#include "buffer.h"

#include <stdbool.h>

/* A view of one top-level element of a stream; the stream's own opening tag counts as one. */
struct stanza {
	const char *text;
	size_t size;
};

struct scan {
	struct buffer held;	/* the beginning of a stanza that is not complete yet */
	size_t at;		/* how far held was read */
	int depth;
};

/* Called for each stanza; the view is gone when it returns. False ends the scan at once: the
 * stream was restarted or closed, and what follows belongs to it no longer. */
typedef bool scan_found(void *context, const struct stanza *stanza);

void scan_finish(struct scan *scan);
void scan_feed(struct scan *scan, const char *bytes, size_t size, scan_found *found,
		void *context);

bool stanza_is(const struct stanza *stanza, const char *name);
bool stanza_has(const struct stanza *stanza, const char *text);

/* What stands between two texts, the first of such places; NULL when there is none. */
const char *stanza_between(const struct stanza *stanza, const char *before, const char *after,
		size_t *ret_size);

/* An attribute of the stanza's own tag, by its name with the equals sign: "id=". */
const char *stanza_attribute(const struct stanza *stanza, const char *name, size_t *ret_size);

#endif
