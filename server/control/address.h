/* address.h - whom a command is about
 * SPDX-License-Identifier: MIT */
#ifndef ADDRESS_H
#define ADDRESS_H

#include "module.h"

struct request;

/* The bare JID that the text is, of an account or of a host, and its host here.  NULL, or what is
 * wrong; all of the request's arena. */
const char *address_read(struct request *request, const char *text, enum tern_command_place at,
	const struct jid **ret_jid, struct tern_host **ret_host);

/* The same of the command's first argument; where that is none, the command has been answered. */
bool address_take(struct request *request, enum tern_command_place at,
	const struct jid **ret_jid, struct tern_host **ret_host);

#endif
