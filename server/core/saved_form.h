/* saved_form.h - a session that waits for the next process, as bytes
 * SPDX-License-Identifier: MIT
 *
 * One byte names the version of the form.  Then comes the head, and behind it items in any
 * number: the session's presence, the stanzas of its queue in order, the states of modules; an
 * item of its own is the end, so that what has been cut off is noticed.  Numbers are big-endian.
 * Whatever is read has been checked as a whole before, and may have come from anywhere. */
#ifndef SAVED_FORM_H
#define SAVED_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;

#define SAVED_VERSION 1

/* Borrowed bytes, without a NUL. */
struct saved_text { const char *at; size_t len; };

struct saved_head {
	struct saved_text jid;    /* full */
	struct saved_text id;     /* under which it can be resumed (XEP-0198 5) */
	uint32_t max_s;
	uint64_t until_us;        /* since 1970: then its time is up */
	uint64_t handled, acked;  /* stanzas that came, and those that the client has acknowledged */
	bool is_filtered;         /* tern_session_filter */
};

/* What several sessions may share: handover.h. */
struct saved_handover {
	uint64_t number;          /* the same for all sessions that share it; 0: there is none */
	bool is_taken, is_overdue;
	uint16_t log;             /* the storage's number of its pending log */
	uint64_t pending_id, kept_id;
};

struct saved_stanza {
	struct saved_text xml;
	uint64_t since_us;
	struct saved_handover handover;
};

enum saved_kind { SAVED_END, SAVED_PRESENCE, SAVED_STANZA, SAVED_STATE };

struct saved_item {
	struct saved_stanza stanza;
	struct saved_text presence;    /* XML */
	struct saved_text name, state; /* of a module */
};

/* --- writing: head, items, end ----------------------------------------------------------- */

void saved_add_head(struct buffer *out, const struct saved_head *head);
void saved_add_presence(struct buffer *out, struct saved_text xml);
void saved_add_stanza(struct buffer *out, const struct saved_stanza *stanza);
void saved_add_state(struct buffer *out, struct saved_text name, struct saved_text state);
void saved_add_end(struct buffer *out);

/* --- reading ------------------------------------------------------------------------------ */

struct saved_reader {
	struct saved_head head;
	struct saved_text rest; /* items that have not been read */
};

/* 0, and all of it can be read while the bytes live; -ENOTSUP: of another version;
 * -EPROTO: damaged. */
int saved_open(struct saved_text bytes, struct saved_reader *ret_reader);

/* The next item, of which the fields of its kind are filled in; at last SAVED_END, again and
 * again. */
enum saved_kind saved_next(struct saved_reader *reader, struct saved_item *ret_item);

#endif
