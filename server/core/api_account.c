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

struct change {
	struct shard *shard;
	uint64_t entity;
	owner_id owner; /* when it was asked: not somebody who came after */
	done_call *done;
	void *context;
};

static int apply(struct tern_entity *entity, const struct change *change, const char *credentials)
{
	int result;

	if (!credentials)
		return -EINVAL;
	if (entity->owner != change->owner)
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
		change->done(NULL, change->context, -ECANCELED);
	} else {
		entity->pins++;
		entity_stir(entity);
		change->done(entity, change->context, apply(entity, change, credentials));
		entity->pins--;
		entity_may_rest(entity);
	}
	free(change);
}

void tern_set_password(struct tern_entity *entity, const char *password, done_call *done,
		void *context)
{
	struct change *change = heap_zalloc(sizeof *change);

	*change = (struct change){ .shard = entity->shard, .entity = entity->id,
		.owner = entity->owner, .done = done, .context = context };
	hash_password(entity->shard, password, entity->host->sasl.iterations, made, change);
}

void tern_delete_account(struct tern_entity *entity, done_call *done, void *context)
{
	account_delete_own(entity, done, context);
}
