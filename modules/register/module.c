/* module.c - accounts in the hands of those who use them (XEP-0077 2.4)
 * SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "register.h"

tern_state register_changes;

bool is_too_short(const struct register_settings *settings, const char *password)
{
	size_t length = 0;

	for (; *password; password++)
		length += (*password & 0xc0) != 0x80;
	return length < (size_t)settings->password_least;
}

static size_t count_of(const char *const *names)
{
	size_t count = 0;

	while (names[count])
		count++;
	return count;
}

static void free_names(char *const *names)
{
	for (char *const *name = names; name && *name; name++)
		free(*name);
	free((void *)names);
}

/* As they would stand in an address; what could not is nobody's in any case. */
static char *const *prepare_names(const char *const *names)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	char **prepared = heap_zalloc((count_of(names) + 1) * sizeof *prepared), **next = prepared;

	for (; *names; names++) {
		const char *name = jid_prepare_local(arena, *names, strlen(*names));

		if (name)
			*next++ = strcpy(heap_alloc(strlen(name) + 1), name);
	}
	arena_destroy(arena);
	return prepared;
}

static int register_load(struct tern_host *host, void **ret_settings)
{
	struct register_settings *settings = heap_zalloc(sizeof *settings);

	settings->is_open = tern_option_bool(host, "open");
	settings->per_address = tern_option_number(host, "per-address");
	settings->password_least = tern_option_number(host, "password-length");
	settings->reserved = prepare_names(tern_option_list(host, "reserved"));
	*ret_settings = settings;
	return 0;
}

static void register_unload(struct tern_host *host, void *settings)
{
	free_names(((struct register_settings *)settings)->reserved);
	free(settings);
}

/* 3.2, 3.3: of the server, or of nobody in particular. */
#define OWN (TERN_AT_HOST | TERN_AT_OWN_ACCOUNT)

TERN_EXPORT const struct tern_module tern_module = {
	.abi = TERN_MODULE_ABI,
	.name = "register",
	.about = "new passwords, accounts removed and, if open, made by their users (XEP-0077)",
	.features = (const char *const[]){ NS_REGISTER, NULL },
	.iqs = (const struct tern_iq[]){
		{ TERN_GET, OWN, NS_REGISTER, "query", answer_own_get },
		{ TERN_SET, OWN, NS_REGISTER, "query", answer_own_set },
		{ 0 },
	},
	.stranger_features = (const struct tern_stream_feature[]){
		{ "http://jabber.org/features/iq-register", "register", .option = "open" },
		{ 0 },
	},
	.stranger_iqs = (const struct tern_stranger_iq[]){
		{ TERN_GET, NS_REGISTER, "query", answer_stranger_get },
		{ TERN_SET, NS_REGISTER, "query", answer_stranger_set },
		{ 0 },
	},
	.states = (const struct tern_state_claim[]){
		{ TERN_PER_ACCOUNT, sizeof(struct register_changes), &register_changes, NULL },
		{ 0 },
	},
	.options = (const struct tern_option[]){
		{ "open", TERN_BOOL, "no", 0, 0, "whether strangers may make accounts" },
		{ "per-address", TERN_NUMBER, "5", 1, 1000000,
			"accounts that one address may ask for; the count halves every half hour" },
		{ "reserved", TERN_LIST, "admin, administrator, root, postmaster, hostmaster, "
			"webmaster, abuse, security, support, xmpp", 0, 0, "names that nobody can take" },
		{ "password-length", TERN_NUMBER, "6", 1, 1000,
			"characters of a new password, at least" },
		{ 0 },
	},
	.load = register_load,
	.unload = register_unload,
};
