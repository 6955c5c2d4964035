/* storage.h - what the server remembers: records and logs
 * SPDX-License-Identifier: MIT
 *
 * An owner is an account, a room, a host, the server itself: it has a name (a bare
 * JID or domain, normalised by the caller) and a numeric id that is never used
 * again.  Owners have records, (owner, store, key) -> bytes, and logs, (owner, log)
 * -> entries in order, each with a 64-bit id that the caller chose.
 *
 * The journey of a write: a handler adds it to its shard's batch (batch.h); at the
 * turn's end the batch is submitted; the committer (one thread) merges what all
 * shards submitted into one transaction of the engine, syncs, and calls each
 * submission's `done`.  Whoever speaks of a write before that speaks of something
 * that can still be lost.
 *
 * Reads see what is committed, never a batch under way.  They may be made on any
 * thread that may block, and on a shard only where the engine reads in place (LMDB and
 * memory do): what an entity needs when it opens is read by one call of the server's,
 * which completes at once or later.  No read holds a transaction beyond its call.
 *
 * Engines: LMDB (lmdb/), and one in memory that forgets what was not committed
 * (memory/), for simulations.  engine.h is what another one implements. */
#ifndef STORAGE_H
#define STORAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct storage;
struct storage_batch;
struct storage_engine;

typedef uint32_t owner_id; /* 0 is nobody */
#define OWNER_SERVER 1u    /* the server's own secrets and settings */

#define STORAGE_KEY_MAX 400     /* bytes of a record's key */
#define STORAGE_NAME_MAX 2047   /* bytes of an owner's name: a bare JID */
#define STORAGE_VALUE_MAX (16u * 1024 * 1024)

struct storage_options {
	const char *directory;   /* made (mode 0700) when it does not exist */
	bool relaxed;            /* durability = relaxed: no sync per commit */
	uint64_t reserve_bytes;  /* disk space below which writes but deletions are refused; 0: preset */
	uint64_t map_bytes;      /* LMDB's sparse map; 0: preset (1 TiB) */
	/* Called once, on the committer's thread, when the disk fails (EIO): the process
	 * must end; nothing that rested on the lost batch has been said.  Preset: one line
	 * on stderr and abort.  */
	void (*failed)(void *context, const char *what, int error);
	/* Called on the committer's thread when space runs out and when it is back (and by
	 * the opening call, when there is none at the start). */
	void (*full)(void *context, bool is_full);
	void *context;
};

/* Opens the directory under an exclusive lock and starts the committer.  0, or
 * -EBUSY (another daemon has it), -EPROTO (written by a newer Tern), -errno.  On
 * failure *ret_why is a line for the administrator, the caller's to free. */
int storage_open(const struct storage_options *options, struct storage **ret_storage,
	char **ret_why);

/* The same over another engine (taken, also on failure) and without a thread: each
 * storage_step commits the oldest submissions.  For simulations. */
int storage_open_stepped(const struct storage_options *options, struct storage_engine *take_engine,
	struct storage **ret_storage);

/* Commits what was submitted, ends the committer, closes.  Takes NULL. */
void storage_close(struct storage *storage);

/* Closes and forgets what was not committed, as a kill would; stepped storage only. */
void storage_abandon(struct storage *storage);

/* Stepped storage: commits up to `most` submissions in one transaction (0: all) and
 * calls their `done`; how many there were. */
size_t storage_step(struct storage *storage, size_t most);

/* Waits until all that was submitted up to now is on disk; stepped storage commits it. 0, or
 * -ETIMEDOUT: it is not. Not on the committer's thread. */
int storage_flush(struct storage *storage, unsigned most_ms);

/* The number of a store or log of that name, for records and logs alike; given out
 * at first use and kept in the data.  Only while no shard runs, or all stand still. 0 or -errno. */
int storage_declare(struct storage *storage, const char *name, uint16_t *ret_store);

/* True while writes but deletions are refused with -ENOSPC as they are made. */
bool storage_is_full(const struct storage *storage);

struct storage_stats { uint64_t commits, writes, bytes_on_disk, bytes_free, owners; };
void storage_stats(const struct storage *storage, struct storage_stats *ret_stats);

/* --- batches: one thread at a time ------------------------------------------- */

struct storage_batch *storage_batch_create(struct storage *storage);
void storage_batch_destroy(struct storage_batch *batch); /* not submitted; takes NULL */
bool storage_batch_is_empty(const struct storage_batch *batch);
size_t storage_batch_bytes(const struct storage_batch *batch);

/* Each of these is 0, or refuses the write and leaves the batch as it was: -ENOSPC
 * (the reserve is touched), -ENAMETOOLONG, -EFBIG.  A submitted batch cannot be
 * refused any more.  Within a batch later writes win; keys may hold any byte. */
int batch_put(struct storage_batch *batch, owner_id owner, uint16_t store,
	const void *key, size_t key_len, const void *value, size_t value_len);
int batch_delete(struct storage_batch *batch, owner_id owner, uint16_t store,
	const void *key, size_t key_len);

/* Everything of that owner in that store or log.  In the transaction where it is small;
 * what is more than a slice is done by storage_clean. */
int batch_delete_store(struct storage_batch *batch, owner_id owner, uint16_t store);

/* A new owner's id at once; its name belongs to it from the commit on.  The caller
 * makes sure that the name is free and is not being made twice. */
int batch_owner_create(struct storage_batch *batch, const char *name, owner_id *ret_owner);

/* Takes the name away and marks the id's records and logs for storage_clean, which
 * goes on after a restart. */
int batch_owner_delete(struct storage_batch *batch, const char *name, owner_id owner);

/* `with` (a bare JID, may be NULL) and `id` are what pages can be asked for; ids rise
 * within a log. */
struct log_entry {
	uint64_t id;
	const char *with;
	const void *bytes;
	size_t len;
};
int batch_append(struct storage_batch *batch, owner_id owner, uint16_t log,
	const struct log_entry *entry);
/* The same, with room for more bytes behind these, and where the entry is: for batch_append_more,
 * as long as this batch has not been submitted. */
int batch_append_roomy(struct storage_batch *batch, owner_id owner, uint16_t log,
	const struct log_entry *entry, size_t room, size_t *ret_place);
/* Bytes behind those of that entry. 0, or -ENOSPC, or -ENOBUFS where its room is used up. */
int batch_append_more(struct storage_batch *batch, size_t place, const void *bytes, size_t len);
int batch_log_delete(struct storage_batch *batch, owner_id owner, uint16_t log, uint64_t id);
int batch_log_expire(struct storage_batch *batch, owner_id owner, uint16_t log, uint64_t up_to_id);

/* Hands the batch over.  `done` is called on the committer's thread (or from
 * storage_step) when it is on disk, in the order of submission; it must be quick. */
void storage_submit(struct storage *storage, struct storage_batch *take_batch,
	void (*done)(void *context, uint64_t tag), void *context, uint64_t tag);

/* --- reads: any thread --------------------------------------------------------- */

/* 0 and the id, -ENOENT, or -errno. */
int storage_owner_find(struct storage *storage, const char *name, owner_id *ret_owner);

/* 0 and a copy (malloc, the caller's; one NUL behind it, not counted), -ENOENT, -errno. */
int storage_get(struct storage *storage, owner_id owner, uint16_t store,
	const void *key, size_t key_len, void **ret_value, size_t *ret_len);

/* Every record of the owner in the store, in order of keys, until `each` says false.
 * Key and value are borrowed for the call, during which no other storage call may be made. */
int storage_each(struct storage *storage, owner_id owner, uint16_t store,
	bool (*each)(void *context, const void *key, size_t key_len,
		const void *value, size_t value_len),
	void *context);

/* Names behind `after` ("" or NULL: from the start), in order, of owners whose name is
 * `domain` or ends in "@domain"; until `each` says false.  `store` not 0: only those
 * that have something there. */
int storage_owners(struct storage *storage, const char *domain, uint16_t store,
	const char *after, bool (*each)(void *context, const char *name, owner_id owner),
	void *context);

/* The newest id in the log: 0 and the id (0 when it is empty), or -errno. */
int storage_log_last(struct storage *storage, owner_id owner, uint16_t log, uint64_t *ret_id);

struct log_page {
	uint64_t after_id, before_id; /* exclusive bounds; 0: open */
	const char *with;             /* NULL: all */
	bool backwards;               /* from the newest */
	size_t most;                  /* entries; 0: no limit */
};
/* Calls `each` (entry borrowed) until the page is full or it says false.
 * *ret_complete: nothing more lies behind the last one in that direction. */
int storage_log_read(struct storage *storage, owner_id owner, uint16_t log,
	const struct log_page *page,
	bool (*each)(void *context, const struct log_entry *entry), void *context,
	bool *ret_complete);

/* Entries and bytes of a log where they are known without a scan; -ENOTSUP if not. */
int storage_log_count(struct storage *storage, owner_id owner, uint16_t log, uint64_t *ret_count);

/* Removes a slice of what deleted owners and stores left; true while there is more.
 * Called by the committer's thread between commits, and by tests. */
bool storage_clean(struct storage *storage);

/* --- copies and their verification: any thread that may block for long --------- */

/* How a long reading goes easy on others. */
struct storage_pace {
	uint64_t bytes_per_s;    /* 0: as fast as it goes */
	const atomic_bool *stop; /* or NULL; once it is true the call ends with -ECANCELED */
};

/* A consistent copy of what is committed now, as a data directory, into an empty directory
 * (made when it is not there) while the storage runs; on disk when the call returns.  0, or
 * -ENOTEMPTY, -ECANCELED, -errno: then no `data.mdb` is left there. */
int storage_backup(struct storage *storage, const char *directory,
	const struct storage_pace *pace);

struct storage_findings {
	uint64_t owners, records, entries; /* looked at */
	uint64_t faults;
};

/* Reads all that a data directory has and calls `fault` with a line for whatever does not
 * fit: an index without its entry, an entry without its index, ids out of order, an owner or
 * store that nobody knows.  The directory may be in use by another process (in this one LMDB
 * must not open it twice), and is not changed.  0 when all was read, faults or not; -EPROTO
 * (of a newer schema), -ESTALE (of an older one, which storage_open brings up: nothing was
 * looked at), -EBADMSG (not a data directory), -errno.  A file with damaged pages may end the
 * process: whoever must outlive that forks. */
int storage_verify(const char *directory, void (*fault)(void *context, const char *line),
	void *context, struct storage_findings *ret_findings);

#endif
