/* account_internal.h - logins, for the files of this floor
 * SPDX-License-Identifier: MIT */
#ifndef ACCOUNT_INTERNAL_H
#define ACCOUNT_INTERNAL_H

#include "account.h"

struct tern_entity;

/* The entity has been opened (or has failed to): the logins that waited hear of it. */
void login_opened(struct tern_entity *entity);

/* The process ends: logins lose their entity. */
void login_cancel_all(struct tern_entity *entity);

#endif
