/* stranger.h - a client that has not logged in yet, and asks for something all the same
 * SPDX-License-Identifier: MIT
 *
 * An iq that a module claims for strangers (module.h) comes with one of these, on the shard where
 * the connection stands, once its stream is as secure as logins have to be. The connection is not
 * read until the iq has been answered: each stranger is answered exactly once, within the handler
 * or later, and is gone then. All calls are made on its shard. */
#ifndef TERN_STRANGER_H
#define TERN_STRANGER_H

#include "stanza.h"

#pragma GCC visibility push(default) /* ternd exports it to modules */

struct arena;
struct element;
struct tern_host;
struct tern_stranger;

struct tern_host *tern_stranger_host(const struct tern_stranger *stranger);
struct arena *tern_stranger_arena(const struct tern_stranger *stranger); /* ends with it */

/* The answers; `payload` of the arena, may be NULL; `type` as in tern_reject_as, `text` may be
 * NULL. Where the connection has ended meanwhile, nobody hears them. */
void tern_stranger_answer(struct tern_stranger *stranger, struct element *payload);
void tern_stranger_refuse(struct tern_stranger *stranger, enum tern_condition condition,
	const char *type, const char *text);

/* Counts a try to get an account, for the peer's address: how many there were of late, this one
 * included. The count halves every half hour. */
unsigned tern_stranger_note_try(struct tern_stranger *stranger);

/* Makes the account of that name (jid_prepare_local) at the host. The password is hashed on the
 * worker pool; `done` is called once, when the account is on disk or cannot be. 0; -EEXIST;
 * -EINVAL: no such password is allowed; -EALREADY: this stream has made an account already;
 * -ENOSPC or another -errno. */
void tern_stranger_register(struct tern_stranger *stranger, const char *local,
	const char *password, void (*done)(struct tern_stranger *stranger, int result));

#pragma GCC visibility pop

#endif
