/* stream/stranger.c - iqs before login that a module answers (XEP-0077 3.1.1)
 * SPDX-License-Identifier: MIT */

#include "stream/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "arena.h"
#include "element.h"
#include "hashing.h"
#include "heap.h"
#include "host.h"
#include "jid.h"
#include "log.h"
#include "module.h"
#include "names.h"
#include "stanzas.h"
#include "writer.h"

struct tern_stranger {
	struct stream *stream; /* NULL: the connection has ended */
	struct shard *shard;
	struct tern_host *host;
	struct loaded *owner;   /* whose claim it is; in use until it is answered */
	struct arena *arena;
	struct tern_stanza iq; /* as an answer needs it: from nobody, to the host */
	const struct jid *bare; /* of the account that is being made */
	void (*done)(struct tern_stranger *stranger, int result);
};

/* --- the way in --------------------------------------------------------------------------- */

static const struct stranger_claim *find_claim(const struct tern_host *host,
	const struct element *iq)
{
	const struct stranger_claim *claim = host->strangers;
	const struct element *payload = element_first(iq);
	const char *type = element_get(iq, "type");

	for (; claim && claim->run && payload && type; claim++)
		if (strcmp(type, tern_type_name(claim->type)) == 0 &&
		    element_is(payload, claim->ns, claim->name))
			return claim;
	return NULL;
}

/* Nothing else is to be had by those who have not logged in. */
static bool is_for_host(const struct tern_host *host, const struct element *iq)
{
	const char *to = element_get(iq, "to");
	struct arena *arena = arena_create(ARENA_SMALL);
	const struct jid *jid = to ? jid_new(arena, to) : NULL;
	bool is_for_it = !to || (jid && strcmp(jid_text(jid), host->domain) == 0);

	arena_destroy(arena);
	return is_for_it;
}

void stranger_receive(struct stream *stream, const struct element *iq)
{
	const struct stranger_claim *claim = find_claim(stream->host, iq);
	struct tern_stranger *stranger;

	if (!claim || !element_get(iq, "id") || !is_for_host(stream->host, iq)) { /* RFC 6120 7.1 */
		stream_fail(stream, STREAM_ERROR_NOT_AUTHORIZED, NULL);
		return;
	}
	stranger = heap_zalloc(sizeof *stranger);
	stranger->stream = stream;
	stranger->shard = stream->shard;
	stranger->host = stream->host;
	stranger->owner = claim->owner;
	loaded_use(claim->owner);
	stranger->arena = arena_create(ARENA_SMALL);
	stranger->iq = (struct tern_stanza){ .kind = TERN_IQ,
		.id = arena_strdup(stranger->arena, element_get(iq, "id")),
		.to = jid_new(stranger->arena, stream->host->domain) };
	stream->negotiation->stranger = stranger;
	stream_hold(stream);
	claim->run(stranger, element_copy(stranger->arena, element_first(iq)), claim->settings);
}

void stranger_forget(struct negotiation *negotiation)
{
	if (negotiation->stranger)
		negotiation->stranger->stream = NULL;
	negotiation->stranger = NULL;
}

/* --- the way out -------------------------------------------------------------------------- */

static void say(struct tern_stranger *take_stranger, const struct element *iq)
{
	struct stream *stream = take_stranger->stream;
	struct buffer out = { 0 };

	if (stream) {
		stream_enter(stream);
		writer_element(&out, iq, NS_CLIENT);
		stream_send(stream, &out);
		stranger_forget(stream->negotiation);
		stream_release(stream);
		stream_leave(stream);
	}
	arena_destroy(take_stranger->arena);
	loaded_release(take_stranger->owner);
	free(take_stranger);
}

void tern_stranger_answer(struct tern_stranger *stranger, struct element *payload)
{
	say(stranger, stanza_result(stranger->arena, &stranger->iq, payload));
}

void tern_stranger_refuse(struct tern_stranger *stranger, enum tern_condition condition,
	const char *type, const char *text)
{
	say(stranger, stanza_error(stranger->arena, &stranger->iq,
		&(struct refusal){ condition, type, text, NULL }));
}

/* --- what it may ask for ------------------------------------------------------------------ */

struct tern_host *tern_stranger_host(const struct tern_stranger *stranger)
{
	return stranger->host;
}

struct arena *tern_stranger_arena(const struct tern_stranger *stranger)
{
	return stranger->arena;
}

unsigned tern_stranger_note_try(struct tern_stranger *stranger)
{
	return stranger->stream ? link_note_registration(stranger->stream->link) : 0;
}

static void created(void *context, int result)
{
	struct tern_stranger *stranger = context;
	struct stream *stream = stranger->stream;

	if (result == 0 && stream) {
		stream->negotiation->has_registered = true;
		log_info("account", jid_text(stranger->bare), "registered from %s",
			link_peer(stream->link));
	}
	stranger->done(stranger, result);
}

static void hashed(void *context, const char *credentials)
{
	struct tern_stranger *stranger = context;

	if (credentials)
		account_create(shard_server(stranger->shard), stranger->host, stranger->bare,
			credentials, created, stranger);
	else
		stranger->done(stranger, -EINVAL);
}

void tern_stranger_register(struct tern_stranger *stranger, const char *local,
	const char *password, void (*done)(struct tern_stranger *stranger, int result))
{
	struct stream *stream = stranger->stream;

	stranger->done = done;
	stranger->bare = jid_join(stranger->arena, local, stranger->host->domain, NULL);
	if (!stream || !stranger->bare)
		done(stranger, -EINVAL);
	else if (stream->negotiation->has_registered)
		done(stranger, -EALREADY);
	else
		hash_password(stranger->shard, password, stranger->host->sasl.iterations, hashed,
			stranger);
}
