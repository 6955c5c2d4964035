/* api_account.c - what modules can do to an account as a whole */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>

#include "account_internal.h"
#include "entity_internal.h"
#include "hashing.h"
#include "heap.h"
#include "jid.h"
#include "log.h"
#include "shard_internal.h"

typedef void done_call(struct tern_entity *entity, void *context, int result);

/* What a module has asked for, until it hears of it. */
struct change {
	struct change *next;
	struct shard *shard;
	struct loaded *owner;
	uint64_t entity;
	owner_id account; /* when it was asked: not somebody who came after */
	done_call *done;  /* NULL: its module has left, and heard that it was cancelled */
	void *context;
};

static struct change *begin(struct tern_entity *entity, done_call *done, void *context)
{
	struct shard *shard = entity->shard;
	struct change *change = heap_alloc(sizeof *change);

	*change = (struct change){ .next = shard->changes, .shard = shard, .owner = shard->guest,
		.entity = entity->id, .account = entity->owner, .done = done, .context = context };
	shard->changes = change;
	return change;
}

static void tell(struct change *change, struct tern_entity *entity, int result)
{
	struct loaded *outer = shard_enter(change->shard, change->owner);
	done_call *done = change->done;

	change->done = NULL;
	if (done)
		done(entity, change->context, result);
	change->shard->guest = outer;
}

static void end(struct change *change)
{
	struct change **place = &change->shard->changes;

	while (*place != change)
		place = &(*place)->next;
	*place = change->next;
	free(change);
}

void changes_cancel_of(struct shard *shard, const struct loaded *owner)
{
	struct change *change = shard->changes;

	while (change) {
		if (!change->done || change->owner != owner) {
			change = change->next;
			continue;
		}
		tell(change, entities_by_id(shard, change->entity), -ECANCELED);
		change = shard->changes; /* the call may have changed the list */
	}
}

static int apply(struct tern_entity *entity, const struct change *change, const char *credentials)
{
	int result;

	if (!credentials)
		return -EINVAL;
	if (entity->owner != change->account)
		return -ENOENT;
	result = account_change_credentials(entity, credentials);
	if (result == 0)
		log_info("account", jid_text(entity->jid), "changed its password");
	return result;
}

static void made(void *context, const char *credentials)
{
	struct change *change = context;
	struct tern_entity *entity = change->shard->is_ended ? NULL :
		entities_by_id(change->shard, change->entity);

	if (!entity) {
		tell(change, NULL, -ECANCELED);
	} else if (change->done) {
		entity->pins++;
		entity_stir(entity);
		tell(change, entity, apply(entity, change, credentials));
		entity->pins--;
		entity_may_rest(entity);
	}
	end(change);
}

void tern_set_password(struct tern_entity *entity, const char *password, done_call *done,
		void *context)
{
	if (tern_is_leaving(entity))
		done(entity, context, -ECANCELED);
	else
		hash_password(entity->shard, password, entity->host->sasl.iterations, made,
			begin(entity, done, context));
}

static void decided(struct tern_entity *entity, void *context, int result)
{
	tell(context, entity, result);
	end(context);
}

void tern_delete_account(struct tern_entity *entity, done_call *done, void *context)
{
	if (tern_is_leaving(entity))
		done(entity, context, -ECANCELED);
	else
		account_delete_own(entity, decided, begin(entity, done, context));
}
