/* acks_internal.h - a session's counters and queue, for acks.c and detached.c
 * SPDX-License-Identifier: MIT */
#ifndef ACKS_INTERNAL_H
#define ACKS_INTERNAL_H

#include "acks.h"
#include "shard.h"

#define ACKS_ID_BYTES 40

struct unacked {
	struct unacked *next;
	struct handover *handover;
	uint64_t since_us;
	size_t len;
	char bytes[];
};

struct acks {
	struct tern_session *session;

	/* in */
	struct counted *first_open, *last_open; /* under way, in order */
	uint64_t received, told;     /* told: the last h */
	uint64_t owed;               /* an <a/> follows when h has come so far; 0: none is owed */

	/* out */
	struct unacked *first, **last;
	uint64_t sent, acked;
	size_t bytes;
	struct chore asking;         /* this turn's <r/> */
	struct timer patience;       /* for an answer; while nobody is asked: until it is asked again */
	struct timer overdue;
	uint64_t asked_sent;         /* what had been sent when it was asked */
	unsigned pause_ms;           /* before it is asked for the same again */
	bool is_asked, is_overfull;

	/* detached.c */
	char id[ACKS_ID_BYTES];      /* "": not resumable */
	unsigned max_s;
	bool is_resuming;            /* <resumed/> waits for the last receipt; nothing is said before */
	struct timer expiry;
	uint64_t detached_ms;        /* while it is detached */
};

/* At <enable/>, or when a saved session is made again: nothing is counted yet. */
struct acks *acks_create(struct tern_session *session);

/* At the end of the queue; nobody is asked for it, and no limit is looked at. */
void acks_append(struct acks *acks, const struct unacked *draft, const char *bytes);

uint64_t acks_h(const struct acks *acks);
void acks_say_h(struct acks *acks);

/* The peer has so many. False when it cannot: then the session has been closed. */
bool acks_take(struct tern_session *session, uint32_t h);

/* Past everything: the elements of the namespace are not counted. */
void acks_say(struct tern_session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The peer shall be asked at this turn's end, if something waits. */
void acks_ask(struct acks *acks);

/* It is asked at once, whether something waits or not. */
void acks_ask_now(struct acks *acks);

#endif
