/* info.h - what a host says of itself in disco#info
 * SPDX-License-Identifier: MIT */
#ifndef INFO_H
#define INFO_H

#include <stdbool.h>

struct arena;
struct element;
struct tern_host;

#define NS_DISCO_INFO "http://jabber.org/protocol/disco#info"

/* A <query/> with identities, features and, of the host, forms. */
struct element *info_new(struct arena *arena, const struct tern_host *host, bool of_account);

#endif
