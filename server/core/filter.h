/* filter.h - what a module holds back from a session
 * SPDX-License-Identifier: MIT
 *
 * Whoever writes a stanza to a session with is_filtered set asks here first. Most sessions have
 * no filter and their stanzas no tree of their own: for these nothing is made. */
#ifndef FILTER_H
#define FILTER_H

#include <stdbool.h>

struct element;
struct tern_event;
struct tern_session;

/* True when the module keeps it. */
bool filter_keeps(struct tern_session *session, const struct element *stanza);
bool filter_keeps_event(struct tern_session *session, struct tern_event *event);

#endif
