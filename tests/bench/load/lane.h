/* lane.h - numbered messages from one client to another, each verified on arrival */
/* SPDX-License-Identifier: MIT */
/*
 * The number of a message is its id and the beginning of its body. A message that is not the next
 * one is counted as lost or misplaced (come twice, or out of order), and so is one whose sender or
 * body is wrong.
 */
#ifndef BENCH_LANE_H
#define BENCH_LANE_H

#include "bench.h"

struct lane {
	struct client *from, *to;
	struct buffer head, tail;	/* what stands around the two numbers */
	char sender[96];		/* full JID of `from` */
	uint64_t sent, received;
	uint64_t *due_ns;		/* ring of those in flight, by number */
	unsigned ring;			/* its size, a power of two */
};

/* Room for `window` messages in flight. With to_bare the bare JID is addressed. */
void lane_init(struct lane *lane, struct client *from, struct client *to, unsigned window,
		bool to_bare);
void lane_finish(struct lane *lane);

static inline bool lane_is_full(const struct lane *lane)
{
	return lane->sent - lane->received >= lane->ring;
}

/* Sends the next message, which was due at due_ns. The lane must not be full. */
void lane_send(struct lane *lane, uint64_t due_ns);

/* Makes everything in flight count from due_ns on: an absent reader comes now. */
void lane_all_due(struct lane *lane, uint64_t due_ns);

/* Takes what `to` received. Returns true if it was the next message of this lane. */
bool lane_receive(struct lane *lane, const struct stanza *stanza);

#endif
