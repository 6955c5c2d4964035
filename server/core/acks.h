/* acks.h - stream management of one session (XEP-0198 1.6.3): what was handled, in both directions
 * SPDX-License-Identifier: MIT
 *
 * In: every stanza of the peer has a receipt; `h` is the longest run of them that has finished, so
 * that what is acknowledged rests on the disk where it has to.  Out: every stanza's bytes wait
 * until the peer acknowledges them, bounded by limits.unacked_stanzas and unacked_bytes, beyond
 * which the session ends.  The peer is asked (<r/>) whenever something waits, one question at a
 * time; when it has nothing new to say, and nothing has been sent since, only after a pause that
 * grows: there are clients that count less than they get.  A peer that says nothing at all for
 * limits.ack_s is gone.
 *
 * Resumption stands in detached.h; both have one struct, which a session has from <enable/> on. */
#ifndef ACKS_H
#define ACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct element;
struct handover;
struct tern_session;

#define NS_ACKS "urn:xmpp:sm:3"

/* Embedded in what a session's stanza has under way; number 0: came before <enable/>. */
struct counted {
	struct counted *next, *previous;
	uint64_t number;
};

/* A stanza has come, and has been dealt with; in any order. */
void acks_count(struct tern_session *session, struct counted *counted);
void acks_note_finished(struct tern_session *session, struct counted *counted);

/* A whole stanza that is about to be written. */
void acks_queue(struct tern_session *session, const char *bytes, size_t len,
	struct handover *take_handover);

/* The peer has been told that all arrived that it sent since <enable/>. */
bool acks_told_all(const struct tern_session *session);

/* What is written has to wait until the session has been resumed. */
bool acks_are_silent(const struct tern_session *session);

/* The peer has so much unacknowledged that those who send to it should wait. */
bool acks_are_heavy(const struct tern_session *session);

/* An element of the namespace in a bound stream; false when it is none. */
bool acks_receive(struct tern_session *session, const struct element *element);

/* The session has ended: nothing more is asked, what waits is routed again. */
void acks_end(struct tern_session *session);
void acks_destroy(struct tern_session *session);

/* How many stanzas have been written, and acknowledged, since <enable/>; 0 without acks. */
uint64_t acks_sent(const struct tern_session *session);
uint64_t acks_acked(const struct tern_session *session);

/* Reads an unsignedInt, digits alone; false when it is none. Takes NULL. */
static inline bool acks_read_number(const char *text, uint32_t *ret_number)
{
	uint64_t number = 0;

	if (!text || !*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		number = number * 10 + (uint64_t)(*text - '0');
		if (number > UINT32_MAX)
			return false;
	}
	*ret_number = (uint32_t)number;
	return true;
}

#endif
