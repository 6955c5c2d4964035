/* misuse.c - tells authors of modules what they have called wrongly
 * SPDX-License-Identifier: MIT */

#include "misuse.h"

#include "host.h"
#include "log.h"
#include "shard.h"

static void blame(const char *call, const char *what)
{
	log_error("module", shard_guest_name(), "%s: %s", call, what);
}

bool misuse_of_nothing(const void *thing, const char *call)
{
	if (!thing)
		blame(call, "NULL is no entity, session or stanza (a host has none, nor has `load`)");
	return !thing;
}

bool misuse_of_handle(tern_store store, const char *call)
{
	if (loader_store_of(store))
		return false;
	blame(call, "this is no handle of a store: none that `stores` claims has it");
	return true;
}

bool misuse_of_store(tern_store store, bool wants_log, const char *call)
{
	const struct store_slot *slot = loader_store_of(store);

	if (!slot)
		return misuse_of_handle(store, call);
	if ((slot->claim->layout == TERN_LOG) == wants_log)
		return false;
	blame(call, wants_log ? "this store is claimed to have records, and is no TERN_LOG" :
		"this store is claimed to be a TERN_LOG, and has no records");
	return true;
}

void misuse_of_state(const char *call)
{
	blame(call, "there is no such state: `states` does not claim it, claims it for the other scope, "
		"or another host has the module");
}

bool misuse_of_number(uint64_t number, uint64_t count, const char *call)
{
	if (number >= count)
		blame(call, "this number means nothing");
	return number >= count;
}
