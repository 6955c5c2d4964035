/* sasl/decoy.c - credentials of accounts that do not exist
 * SPDX-License-Identifier: MIT
 *
 * Whoever asks for an unknown name gets salt and iterations like anyone else, the same each
 * time, and a proof that fits no password. */

#include "sasl.h"

#include <string.h>

#include <gnutls/crypto.h>

#include "arena.h"
#include "buffer.h"
#include "host.h"
#include "jid.h"
#include "sasl/hashes.h"
#include "server.h"

#define DECOY_SALT_BYTES 16

static void make_up(const struct server *server, const char *text,
	unsigned char ret_bytes[static SCRAM_HASH_MAX])
{
	gnutls_hmac_fast(GNUTLS_MAC_SHA512, server->secret, sizeof server->secret, text,
		strlen(text), ret_bytes);
}

const char *sasl_decoy(struct arena *arena, const struct tern_host *host, const struct jid *bare,
	const struct scram_hash *hash)
{
	unsigned char salt[SCRAM_HASH_MAX], stored[SCRAM_HASH_MAX], signing[SCRAM_HASH_MAX];
	const char *name = jid_text(bare);
	struct buffer out = { 0 };
	const char *record;

	make_up(host->server, arena_printf(arena, "salt %s %s", hash->scheme, name), salt);
	make_up(host->server, arena_printf(arena, "stored %s %s", hash->scheme, name), stored);
	make_up(host->server, arena_printf(arena, "server %s %s", hash->scheme, name), signing);
	credentials_add_line(&out, hash, &(struct credentials_line){
		.salt = salt, .salt_len = DECOY_SALT_BYTES, .iterations = host->sasl.iterations,
		.stored_key = stored, .server_key = signing });
	record = arena_strndup(arena, buffer_at(&out), out.len);
	buffer_finish(&out);
	return record;
}
