/* choice.h - what an inactive client need not hear at once
 * SPDX-License-Identifier: MIT */
#ifndef CHOICE_H
#define CHOICE_H

struct arena;
struct tern_stanza;

/* NULL: it is important and goes. Else it may wait, and what has waited under the same key
 * is superseded by it: one presence for a full JID, one chat state for a sender. */
const char *csi_key(struct arena *arena, const struct tern_stanza *stanza);

#endif
