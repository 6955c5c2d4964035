/* sasl/scram.c - a SCRAM exchange, led by Cyrus SASL
 * SPDX-License-Identifier: MIT */

#include "sasl.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "heap.h"
#include "host.h"
#include "jid.h"
#include "link.h"
#include "sasl/hashes.h"
#include "sasl/library.h"
#include "sasl/messages.h"

struct scram {
	sasl_conn_t *conn;
	sasl_callback_t callbacks[LIBRARY_CALLBACKS];
	struct library_account account;
	sasl_channel_binding_t binding;
	unsigned char binding_bytes[CHANNEL_BINDING_MAX];
	struct arena *arena;
	enum sasl_mechanism mechanism;
	bool has_started;
};

/* The record's line of that hash; where a record has none, a made-up one, which fits no
 * password, keeps that to ourselves. */
static const char *credential_for(struct arena *arena, const struct sasl_attempt *attempt,
	const struct sasl_claim *claim, const char *credentials)
{
	const struct scram_hash *hash = scram_hash_of(attempt->mechanism);
	/* Made also where it is not needed, so that time tells nothing. */
	const char *decoy = sasl_decoy(arena, attempt->host, claim->bare, hash);
	const char *line = NULL;
	size_t len;

	if (credentials)
		line = credentials_find_line(credentials, hash, &len);
	if (!line)
		line = credentials_find_line(decoy, hash, &len);
	return arena_strndup(arena, line, len);
}

static bool bind_channel(struct scram *scram, const struct link *link, const char *type)
{
	size_t len;

	if (link_channel_binding(link, type, scram->binding_bytes, &len) < 0)
		return false;
	scram->binding = (sasl_channel_binding_t){ .name = arena_strdup(scram->arena, type),
		.data = scram->binding_bytes, .len = len };
	return sasl_setprop(scram->conn, SASL_CHANNEL_BINDING, &scram->binding) == SASL_OK;
}

struct scram *scram_create(const struct sasl_attempt *attempt, const struct sasl_claim *claim,
	const char *credentials)
{
	struct scram *scram = heap_zalloc(sizeof *scram);

	scram->arena = arena_create(ARENA_SMALL);
	scram->mechanism = attempt->mechanism;
	scram->account.name = arena_strdup(scram->arena, jid_local(claim->bare));
	scram->account.credential = credential_for(scram->arena, attempt, claim, credentials);
	library_callbacks(&scram->account, scram->callbacks);
	/* Without a server's name the library would ask the resolver; a realm it would append. */
	if (sasl_server_new("xmpp", attempt->host->domain, NULL, NULL, NULL, scram->callbacks,
			SASL_SUCCESS_DATA, &scram->conn) != SASL_OK ||
	    (claim->binding && !bind_channel(scram, attempt->link, claim->binding))) {
		scram_destroy(scram);
		return NULL;
	}
	return scram;
}

void scram_destroy(struct scram *scram)
{
	if (!scram)
		return;
	sasl_dispose(&scram->conn);
	arena_destroy(scram->arena);
	free(scram);
}

static int advance(struct scram *scram, const char *in, size_t len, const char **ret_out,
	unsigned *ret_len)
{
	if (scram->has_started)
		return sasl_server_step(scram->conn, in, (unsigned)len, ret_out, ret_len);
	scram->has_started = true;
	return sasl_server_start(scram->conn, sasl_mechanism_name(scram->mechanism), in,
		(unsigned)len, ret_out, ret_len);
}

/* The first message was judged with the claim; of the last, the form is judged here, and so
 * whatever the library refuses is a proof that fails. */
static enum sasl_failure failure_of(int result)
{
	switch (result) {
	case SASL_NOMEM:
	case SASL_UNAVAIL:
	case SASL_NOTINIT:
	case SASL_NOMECH:
		return FAILURE_TEMPORARY_AUTH_FAILURE;
	default:
		return FAILURE_NOT_AUTHORIZED;
	}
}

enum sasl_failure scram_step(struct scram *scram, const char *in, size_t len, bool *ret_done,
	const char **ret_out, size_t *ret_len)
{
	const char *out = NULL;
	unsigned out_len = 0;
	int result;

	if (scram->has_started && !scram_final_is_well_formed(in, len))
		return FAILURE_MALFORMED_REQUEST;
	result = advance(scram, in, len, &out, &out_len);
	if (result != SASL_OK && result != SASL_CONTINUE)
		return failure_of(result);
	*ret_done = result == SASL_OK;
	*ret_out = out;
	*ret_len = out ? out_len : 0;
	return FAILURE_NONE;
}
