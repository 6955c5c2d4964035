/* lmdb/reader.c - a cached read transaction for each thread that reads
 * SPDX-License-Identifier: MIT
 *
 * Between calls it is reset, so it pins no pages; renewing it costs some 50 ns. */
#include <stdlib.h>

#include "heap.h"
#include "lmdb_internal.h"

struct reader {
	struct reader *next, **link;
	struct lmdb_engine *engine;
	MDB_txn *txn;
	unsigned depth;
};

static int create(struct lmdb_engine *engine, struct reader **ret_reader)
{
	MDB_txn *txn;
	int rc = mdb_txn_begin(engine->env, NULL, MDB_RDONLY, &txn);
	if (rc)
		return rc;
	mdb_txn_reset(txn);
	struct reader *reader = heap_zalloc(sizeof(*reader));
	reader->engine = engine;
	reader->txn = txn;
	pthread_mutex_lock(&engine->readers_lock);
	reader->link = &engine->readers;
	reader->next = engine->readers;
	if (reader->next)
		reader->next->link = &reader->next;
	engine->readers = reader;
	pthread_mutex_unlock(&engine->readers_lock);
	pthread_setspecific(engine->reader_key, reader);
	*ret_reader = reader;
	return 0;
}

int reader_begin(struct lmdb_engine *engine, struct act *ret_act)
{
	struct reader *reader = pthread_getspecific(engine->reader_key);
	int rc = reader ? 0 : create(engine, &reader);
	if (rc == 0 && reader->depth == 0)
		rc = mdb_txn_renew(reader->txn);
	if (rc)
		return rc;
	reader->depth++;
	*ret_act = (struct act){ .engine = engine, .txn = reader->txn };
	act_look_for_trash(ret_act);
	return 0;
}

void reader_end(struct act *act)
{
	struct reader *reader = pthread_getspecific(act->engine->reader_key);
	if (--reader->depth == 0)
		mdb_txn_reset(reader->txn);
}

void reader_thread_ends(void *argument)
{
	struct reader *reader = argument;
	struct lmdb_engine *engine = reader->engine;
	pthread_mutex_lock(&engine->readers_lock);
	*reader->link = reader->next;
	if (reader->next)
		reader->next->link = reader->link;
	pthread_mutex_unlock(&engine->readers_lock);
	mdb_txn_abort(reader->txn);
	free(reader);
}

void reader_close_all(struct lmdb_engine *engine)
{
	for (struct reader *reader = engine->readers, *next; reader; reader = next) {
		next = reader->next;
		mdb_txn_abort(reader->txn);
		free(reader);
	}
	engine->readers = NULL;
}
