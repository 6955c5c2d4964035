/* sasl/claim.c - from a client's first message to the account that it wants
 * SPDX-License-Identifier: MIT */

#include "sasl/claim.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "jid.h"
#include "link.h"
#include "sasl/messages.h"
#include "shard.h"

typedef enum sasl_failure claim_reader(struct arena *arena, const struct sasl_attempt *attempt,
	struct sasl_claim *ret_claim);

/* NULL when nobody can have that name. */
static const struct jid *account_of(struct arena *arena, const struct tern_host *host,
	const char *name)
{
	if (!jid_prepare_local(arena, name, strlen(name)))
		return NULL;
	return jid_join(arena, name, host->domain, NULL);
}

/* RFC 6120 6.3.8: the authorization identity is a bare JID; only its own may be asked for. */
static bool is_own(struct arena *arena, const char *authzid, const struct jid *bare)
{
	const struct jid *wanted;

	if (!*authzid)
		return true;
	wanted = jid_new(arena, authzid);
	return wanted && jid_equal(wanted, bare);
}

static enum sasl_failure claim_name(struct arena *arena, const struct sasl_attempt *attempt,
	const char *name, const char *authzid, struct sasl_claim *ret_claim)
{
	ret_claim->bare = account_of(arena, attempt->host, name);
	if (!ret_claim->bare)
		return FAILURE_NOT_AUTHORIZED;
	return is_own(arena, authzid, ret_claim->bare) ? FAILURE_NONE : FAILURE_INVALID_AUTHZID;
}

static bool has_binding(const struct link *link, const char *type)
{
	const char *types[SASL_BINDINGS_MAX + 1];

	sasl_bindings(link, types);
	for (size_t i = 0; types[i]; i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return false;
}

/* RFC 5802 6, where Cyrus SASL is more lenient: a -PLUS name and the flag "p" go together,
 * and a client that missed our -PLUS names has read a list that somebody shortened. */
static enum sasl_failure check_binding(const struct sasl_attempt *attempt,
	const struct scram_first *first)
{
	bool is_plus = 1u << attempt->mechanism & SASL_PLUS_MECHANISMS;

	if (is_plus != (first->flag == BINDING_USED))
		return FAILURE_MALFORMED_REQUEST;
	if (first->flag == BINDING_MISSED && attempt->offered & SASL_PLUS_MECHANISMS)
		return FAILURE_UNFIT_BINDING;
	if (first->flag == BINDING_USED && !has_binding(attempt->link, first->binding))
		return FAILURE_UNFIT_BINDING;
	return FAILURE_NONE;
}

static enum sasl_failure claim_scram(struct arena *arena, const struct sasl_attempt *attempt,
	struct sasl_claim *ret_claim)
{
	struct scram_first first;
	enum sasl_failure failure, binding_failure;

	if (!scram_first_parse(arena, attempt->first, attempt->first_len, &first))
		return FAILURE_MALFORMED_REQUEST;
	failure = claim_name(arena, attempt, first.name, first.authzid, ret_claim);
	binding_failure = check_binding(attempt, &first);
	if (binding_failure)
		return binding_failure;
	ret_claim->binding = first.binding;
	return failure;
}

static enum sasl_failure claim_plain(struct arena *arena, const struct sasl_attempt *attempt,
	struct sasl_claim *ret_claim)
{
	struct plain_message message;

	if (!plain_parse(arena, attempt->first, attempt->first_len, &message))
		return FAILURE_MALFORMED_REQUEST;
	ret_claim->password = message.password;
	return claim_name(arena, attempt, message.name, message.authzid, ret_claim);
}

/* The account of the host that stands in the certificate at or behind *index. */
static const struct jid *certified(struct arena *arena, const struct link *link,
	const struct tern_host *host, size_t *index)
{
	const char *text;

	while ((text = link_certificate_jid(link, (*index)++))) {
		const struct jid *jid = jid_new(arena, text);

		if (jid && jid_is_bare(jid) && jid_local(jid) &&
		    strcmp(jid_domain(jid), host->domain) == 0)
			return jid;
	}
	return NULL;
}

/* Each host has authorities of its own: those of the host that was shown in the handshake have
 * vouched for the certificate, and they have no say over another one that the header names. */
bool sasl_certificate_speaks_for(const struct link *link, const struct tern_host *host)
{
	struct arena *arena;
	size_t index = 0;
	bool speaks;

	if (!(host->sasl.mechanisms & 1u << MECHANISM_EXTERNAL) || !link_is_secure(link) ||
	    link_shown_host(link) != host || !link_certificate_jid(link, 0))
		return false;
	arena = arena_create(ARENA_SMALL);
	speaks = certified(arena, link, host, &index) != NULL;
	arena_destroy(arena);
	return speaks;
}

/* XEP-0178 2: with several addresses in the certificate the client must say which; what it
 * says must stand there. */
static enum sasl_failure claim_external(struct arena *arena, const struct sasl_attempt *attempt,
	struct sasl_claim *ret_claim)
{
	const struct jid *wanted = NULL, *found, *each;
	size_t index = 0;

	if (attempt->first_len > 0) {
		wanted = jid_parse(arena, attempt->first, attempt->first_len);
		if (!wanted)
			return FAILURE_INVALID_AUTHZID;
	}
	found = certified(arena, attempt->link, attempt->host, &index);
	if (!found)
		return FAILURE_NOT_AUTHORIZED;
	ret_claim->bare = wanted ? wanted : found;
	for (each = found; wanted && each && !jid_equal(each, wanted);)
		each = certified(arena, attempt->link, attempt->host, &index);
	if (wanted)
		return each ? FAILURE_NONE : FAILURE_INVALID_AUTHZID;
	each = certified(arena, attempt->link, attempt->host, &index);
	return each ? FAILURE_INVALID_AUTHZID : FAILURE_NONE;
}

/* RFC 4505: what the client says is for the log, and nobody can vouch for it. */
static enum sasl_failure claim_anonymous(struct arena *arena,
	const struct sasl_attempt *attempt, struct sasl_claim *ret_claim)
{
	uint64_t random[2];

	shard_random(attempt->shard, random, sizeof random);
	ret_claim->bare = account_of(arena, attempt->host,
		arena_printf(arena, "anonymous-%016llx%016llx", (unsigned long long)random[0],
			(unsigned long long)random[1]));
	return ret_claim->bare ? FAILURE_NONE : FAILURE_TEMPORARY_AUTH_FAILURE;
}

static claim_reader *reader_of(enum sasl_mechanism mechanism)
{
	switch (mechanism) {
	case MECHANISM_PLAIN:
		return claim_plain;
	case MECHANISM_EXTERNAL:
		return claim_external;
	case MECHANISM_ANONYMOUS:
		return claim_anonymous;
	case MECHANISM_SCRAM_SHA_512_PLUS:
	case MECHANISM_SCRAM_SHA_256_PLUS:
	case MECHANISM_SCRAM_SHA_1_PLUS:
	case MECHANISM_SCRAM_SHA_512:
	case MECHANISM_SCRAM_SHA_256:
	case MECHANISM_SCRAM_SHA_1:
	case MECHANISM_COUNT:
		break;
	}
	return claim_scram;
}

enum sasl_failure sasl_claim_read(struct arena *arena, const struct sasl_attempt *attempt,
	struct sasl_claim *ret_claim)
{
	*ret_claim = (struct sasl_claim){ .bare = NULL };
	return reader_of(attempt->mechanism)(arena, attempt, ret_claim);
}
