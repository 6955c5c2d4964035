/* change.h - changes to accounts, made at their homes and told to the main thread
 * SPDX-License-Identifier: MIT
 *
 * A change's journey: the main thread posts it to the account's home; there a password is
 * hashed on the worker pool; the account is made, changed or deleted; and the result comes
 * back to the desk when it is on disk. */
#ifndef CHANGE_H
#define CHANGE_H

struct jid;
struct server;
struct tern_host;

enum change_what { CHANGE_ADD, CHANGE_PASSWORD, CHANGE_DISABLE, CHANGE_ENABLE, CHANGE_DELETE };

struct change {
	struct server *server;
	struct tern_host *host;
	enum change_what what;
	const struct jid *bare; /* borrowed until `changed` */
	const char *password;   /* the same; of ADD and PASSWORD */
	const char *credentials; /* in its place, as credentials.h has them; or NULL */
	/* On the main thread, once: 0, -EINVAL (no such password allowed), -EEXIST, -ENOENT,
	 * -ENOSPC, -errno. */
	void (*changed)(void *context, int result);
	void *context;
};

/* Main thread; the struct is copied. */
void change_start(const struct change *change);

#endif
