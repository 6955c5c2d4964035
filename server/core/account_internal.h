/* account_internal.h - logins, for the files of this floor
 * SPDX-License-Identifier: MIT */
#ifndef ACCOUNT_INTERNAL_H
#define ACCOUNT_INTERNAL_H

#include "account.h"

struct tern_entity;

/* The entity has been opened (or has failed to): the logins that waited hear of it. */
void login_opened(struct tern_entity *entity);

/* What account_set_credentials does at the account's home. 0, or -errno with nothing changed. */
int account_change_credentials(struct tern_entity *entity, const char *credentials);

/* Deletes the account of that entity in a later turn of its home. `decided` is called once there:
 * with 0 when it has been written, so that what is said now is heard when it is on disk, before
 * the sessions end; or with -errno and the account as it was, or with NULL when the process
 * ends. */
typedef void account_decided(struct tern_entity *entity, void *context, int result);
void account_delete_own(struct tern_entity *entity, account_decided *decided, void *context);

/* A module leaves (turnover.h): what it has asked for on this shard is cancelled.  Its passwords are
 * not changed; accounts that are being deleted are. */
struct loaded;
struct shard;
void changes_cancel_of(struct shard *shard, const struct loaded *owner);

/* The process ends: logins lose their entity. */
void login_cancel_all(struct tern_entity *entity);

#endif
