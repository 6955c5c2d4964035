/* intents.c - records what must be said, says it, and says it again after a crash */
/* SPDX-License-Identifier: MIT */

#include "intents.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "element.h"
#include "entity_internal.h"
#include "event_internal.h"
#include "heap.h"
#include "jid.h"
#include "log.h"
#include "pack.h"
#include "parser.h"
#include "reread.h"
#include "route.h"
#include "shard_internal.h"
#include "stanzas.h"
#include "writer.h"

struct intent {
	struct receipt receipt;
	uint64_t key;
};

static void erase(struct shard *shard, struct receipt *receipt)
{
	struct intent *intent = (struct intent *)receipt;

	if (!shard->is_ended) /* else the next start has to see to it */
		batch_delete(gate_batch(shard), OWNER_SERVER, shard->server->intents_store,
			&intent->key, sizeof intent->key);
	free(intent);
}

static struct receipt *expect(struct shard *shard, uint64_t key)
{
	struct intent *intent = heap_alloc(sizeof *intent);

	receipt_init(&intent->receipt, shard, erase);
	intent->key = key;
	return &intent->receipt;
}

/* A stanza to a host or elsewhere is dealt with by being answered at once. */
int intent_send(struct tern_entity *entity, struct element *stanza)
{
	struct shard *shard = entity->shard;
	struct parcel *parcel = pack_stanza(entity, stanza);
	struct buffer *out = shard->scratch;
	uint64_t key;
	int result;

	if (!parcel || !parcel->stanza.to) {
		parcel_release(parcel);
		return -EINVAL;
	}
	shard_random(shard, &key, sizeof key);
	element_set(parcel->stanza.element, "from", jid_text(parcel->stanza.from));
	writer_element(out, parcel->stanza.element, NULL);
	result = gate_wrote(entity, batch_put(gate_batch(shard), OWNER_SERVER,
		shard->server->intents_store, &key, sizeof key, buffer_at(out), out->len));
	buffer_consume(out, out->len);
	if (result < 0) {
		parcel_release(parcel);
		return result;
	}
	route_event(shard, entity, event_new(parcel, expect(shard, key)));
	return 0;
}

/* --- intents of the last run ---------------------------------------------------------------- */

struct resumed {
	struct post post;
	uint64_t key;
	struct parcel *parcel;
};

static void resume(struct shard *shard, struct post *post)
{
	struct resumed *resumed = (struct resumed *)post;

	if (shard->is_ended)
		parcel_release(resumed->parcel);
	else
		route_event(shard, NULL, event_new(resumed->parcel, expect(shard, resumed->key)));
	free(resumed);
}

static struct parcel *parse(const char *bytes, size_t len)
{
	struct parser_pool *pool = parser_pool_create(0);
	struct reread intent = reread(pool, bytes, len);
	struct tern_stanza stanza;

	parser_pool_destroy(pool);
	if (stanza_of(intent.arena, intent.element, &stanza) && stanza.to && stanza.from)
		return parcel_new(intent.arena, &stanza);
	arena_destroy(intent.arena);
	return NULL;
}

static bool resume_one(void *context, const void *key, size_t key_len,
		const void *value, size_t value_len)
{
	struct server *server = context;
	struct parcel *parcel = parse(value, value_len);
	struct resumed *resumed;

	if (key_len != sizeof resumed->key || !parcel) {
		log_error("server", NULL, "an intent of the last run cannot be read; it is left alone");
		parcel_release(parcel);
		return true;
	}
	resumed = heap_zalloc(sizeof *resumed);
	memcpy(&resumed->key, key, sizeof resumed->key);
	resumed->parcel = parcel;
	resumed->post.run = resume;
	shard_post(server_home(server, jid_hash(parcel->stanza.to)), &resumed->post);
	return true;
}

int intents_resume(struct server *server)
{
	return storage_each(server->storage, OWNER_SERVER, server->intents_store, resume_one, server);
}
