/* storable.c - which missed messages are kept
 * SPDX-License-Identifier: MIT */

#include "storable.h"

#include "module.h"

#define NS_HINTS "urn:xmpp:hints"

enum offline_choice offline_choice(const struct tern_stanza *message)
{
	if (tern_is_kept(message))
		return OFFLINE_KEEP;
	if (message->type != TERN_CHAT || element_find(message->element, NS_HINTS, "no-store"))
		return OFFLINE_REFUSE;
	return OFFLINE_DROP;
}
