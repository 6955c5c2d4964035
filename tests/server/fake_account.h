/* fake_account.h - accounts and sessions that remember what streams ask of them
 * SPDX-License-Identifier: MIT
 *
 * Implements core/account.h and core/session.h as far as streams use them. */
#ifndef FAKE_ACCOUNT_H
#define FAKE_ACCOUNT_H

#include <stdbool.h>

#include "session.h"

struct server;
struct stream;
struct tern_session;

/* `credentials` are kept by pointer. */
void fake_account_add(const char *bare, const char *credentials);

/* How accounts behave from now on. */
struct fake_accounts {
	bool open_later;        /* login_open calls back when the shard runs */
	bool fail;              /* storage cannot read */
	bool are_disabled;      /* by an administrator */
	unsigned delay_ms;      /* login_note_failure says */
	int bind_result;        /* what login_bind says instead of 0 */
	/* What happened. */
	unsigned logins_open, failures, successes;
	unsigned sessions, sessions_ended, sessions_ended_orderly;
	struct rate_debt debt;  /* of whoever sent too much */
	char received[8192];    /* stanzas, as text, one behind the other */
	bool pauses_after_stanza; /* back-pressure: the stream is paused with each stanza */
	struct stream *stream;  /* of the newest session */
	struct tern_session *session;
};
extern struct fake_accounts fake_accounts;

#endif
