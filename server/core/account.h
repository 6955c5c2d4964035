/* account.h - accounts as logins and administrators see them
 * SPDX-License-Identifier: MIT
 *
 * An account is the entity of a local user's bare JID, its home shard found by the
 * address.  A login holds the entity open while somebody proves to be its owner. */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "stream_error.h"

struct tern_entity;
struct tern_host;
struct jid;
struct login;
struct server;
struct tern_session;
struct shard;
struct stream;

/* Where the account lives. */
struct shard *account_home(struct server *server, const struct jid *bare);

/* --- logins; on the account's home shard ---------------------------------------- */

/* Opens the account and calls `opened` once, within the call or in a later turn.  The
 * login exists also where the account does not (login_credentials is NULL then), so that
 * nobody can tell the difference. `failed`: storage could not read it. */
struct login *login_open(struct shard *shard, struct tern_host *host, const struct jid *bare,
	void (*opened)(void *context, struct login *login, bool failed), void *context);

/* A login without an account behind it, for ANONYMOUS: made-up name, session gone when the
 * link is. Opens at once. */
struct login *login_open_anonymous(struct shard *shard, struct tern_host *host, const struct jid *bare);

/* Ends it, also before `opened` (which is then not called).  Takes NULL. A session that
 * was bound stays. */
void login_close(struct login *login);

/* What credentials_make made (credentials.h), NUL-terminated, or NULL.  Borrowed while the
 * login lives. */
const char *login_credentials(const struct login *login);

/* The password was there to make hashes of that were missing (credentials_complete).  Kept, unless
 * there are others than `checked` by now, or they cannot be. */
void login_complete(struct login *login, const char *checked, const char *complete);

/* An administrator has disabled the account: who proves to be its owner is told. */
bool login_is_disabled(const struct login *login);

const struct jid *login_jid(const struct login *login);
struct tern_entity *login_entity(const struct login *login); /* open once `opened` was called */

/* Failed attempts on this account lately, decaying; and one more.  The delay that the
 * next answer should have, in ms. */
unsigned login_note_failure(struct login *login);
void login_note_success(struct login *login);
unsigned login_delay_ms(struct login *login);

/* Makes a session of that resource (NULL: the server chooses) and ties it to the stream.
 * 0 and the session; -EEXIST (conflict policy keeps the old one), -EUSERS (too many
 * resources), -EINVAL (bad resource), -ENOENT (the account was deleted or disabled meanwhile).
 * With the preset policy an old session of the same resource is closed with `conflict`. */
int login_bind(struct login *login, struct stream *stream, const char *resource,
	struct tern_session **ret_session);

/* The account's session that can be resumed under that id (detached.h), or NULL. */
struct tern_session *login_find_resumable(struct login *login, const char *id);

/* --- administration; any thread; `done` runs on the calling shard or, from another thread,
 * on the account's home ------------------------------------------------------------- */

/* 0, -EEXIST, -ENOENT, -ENOSPC, -errno.  `why` is a short text or NULL. */
typedef void account_done(void *context, int result);

/* `credentials` from credentials_make, copied. */
void account_create(struct server *server, struct tern_host *host, const struct jid *bare,
	const char *credentials, account_done *done, void *context);
void account_set_credentials(struct server *server, struct tern_host *host, const struct jid *bare,
	const char *credentials, account_done *done, void *context);
/* Nobody can log in to a disabled account; its sessions end.  What others send still arrives. */
void account_disable(struct server *server, struct tern_host *host, const struct jid *bare,
	bool disabled, account_done *done, void *context);
/* What is on disk of that: 1, 0 or -errno. Any thread. */
int account_read_disabled(const struct server *server, uint32_t owner);
void account_delete(struct server *server, struct tern_host *host, const struct jid *bare,
	account_done *done, void *context);

#endif
