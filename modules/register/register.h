/* register.h - what the parts of the register module share
 * SPDX-License-Identifier: MIT */
#ifndef REGISTER_H
#define REGISTER_H

#include "module.h"

#define NS_REGISTER "jabber:iq:register"

/* Of a host. */
struct register_settings {
	bool is_open;           /* strangers may make accounts */
	long per_address;       /* tries of one address, of late, at most */
	long password_least;    /* characters */
	char *const *reserved;  /* names that nobody can take, prepared; ends with NULL */
};

/* Of an account: hashing is dear, so one change is made at a time, and not every moment. */
struct register_changes {
	uint64_t last_us; /* when one was asked for */
	bool is_under_way;
};
extern tern_state register_changes;

/* By the rule of password-length, counted as people count. */
bool is_too_short(const struct register_settings *settings, const char *password);

/* own.c: whoever is logged in (3.2, 3.3). */
tern_handler answer_own_get, answer_own_set;

/* stranger.c: whoever wants to be (3.1). */
void answer_stranger_get(struct tern_stranger *stranger, const struct element *query,
	const void *settings);
void answer_stranger_set(struct tern_stranger *stranger, const struct element *query,
	const void *settings);

#endif
