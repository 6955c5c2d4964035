/* fake_host.h - an engine for module tests: no sockets, no clock, no disk
 * SPDX-License-Identifier: MIT
 *
 * A fake host at example.org has accounts with sessions.  Stanzas go in as text and take the
 * way of the real engine through phases, iq dispatch and watches; what modules send to local
 * accounts arrives there, in order, after the stanza that caused it.  What a client hears and
 * what leaves for elsewhere comes out as text, attributes in alphabetical order.
 *
 * Records and logs outlive fake_reopen, as they would a restart. */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include "module.h"

struct fake;

/* An option of a module; without one it has its preset. */
struct fake_option { const char *name, *value; };

/* Both lists end with a zero entry; `options` may be NULL. */
struct fake *fake_create(const struct tern_module *const *modules,
	const struct fake_option *options);
void fake_destroy(struct fake *fake);

struct tern_entity *fake_account(struct fake *fake, const char *bare);

/* Closes the account, whose sessions must have ended, and opens it from its records. 0 or what
 * a reader of the records said. */
int fake_reopen(struct tern_entity *entity);

/* The engine's round comes to the account: whatever it has stored. */
void fake_go_round(struct tern_entity *entity);

/* Deletes the account, whose sessions must have ended: nothing of it is left. */
void fake_delete(struct tern_entity *entity);

/* The answer to an iq of somebody who is not logged in, or NULL. Borrowed until the next call. */
const char *fake_stranger_asks(struct fake *fake, const char *xml);

/* The account of that address, or NULL. */
struct tern_entity *fake_find(struct fake *fake, const char *bare);

/* The password that the account was given last, or NULL; whether a module has it deleted. Both
 * answer with `result` at once, as a home does later. */
const char *fake_password(const struct tern_entity *entity);
bool fake_is_deleted(const struct tern_entity *entity);
void fake_refuse_changes(struct fake *fake, int result);

/* A graceful restart: accounts are opened from their records, sessions are there again with what
 * modules saved of them, their presence and filters. */
void fake_restart(struct fake *fake);

/* A session, bound. */
struct tern_session *fake_session(struct tern_entity *entity, const char *resource);
void fake_end(struct tern_session *session);
/* The error with which a module ended the session of that id, or NULL. */
const char *fake_end_reason(const struct fake *fake);

/* The client sends; somebody elsewhere sends (with `from` and `to`). */
void fake_send(struct tern_session *session, const char *xml);
void fake_arrive(struct fake *fake, const char *xml);
/* The same as a broadcast that is a probe. */
void fake_arrive_probing(struct fake *fake, const char *xml);

/* The client sends what is no stanza; false where no module claims it, or it is no XML. */
bool fake_send_nonza(struct tern_session *session, const char *xml);

/* The next thing that the client heard / that left the host: NULL when there is none. In what
 * leaves, a broadcast that probes says probes='yes', one sent surely surely='yes'. Borrowed until
 * the next call. */
const char *fake_heard(struct tern_session *session);
const char *fake_left(struct fake *fake);
/* Forgets what has been heard and what left. */
void fake_forget(struct fake *fake);

/* From the `after`-th write on, all but deletions are refused with -ENOSPC; -1: none. */
void fake_fill_disk(struct fake *fake, int after);

/* Pages of logs are given only when they are let go, as behind a commit. */
void fake_hold_pages(struct fake *fake);
void fake_let_pages_go(struct fake *fake);
/* Logs cannot be read, or can be again. */
void fake_fail_pages(struct fake *fake, bool fails);

/* What is said to clients is not written, or acknowledged, before it is let go. */
void fake_hold_written(struct fake *fake);
void fake_let_written_go(struct fake *fake);

/* Archived messages are taken by devices only when they acknowledge. */
void fake_hold_acks(struct fake *fake);
void fake_acknowledge(struct fake *fake);

/* Those that were sent before by somebody who counts acks. */
void fake_arrive_acked(struct fake *fake, const char *xml);

/* A device that had an archived message under way has gone, and nobody else is there. */
void fake_miss(struct tern_entity *entity, uint64_t kept_id);

/* Time goes by, for timers and questions; silent clients stay silent. */
void fake_pass(struct fake *fake, uint64_t ms);
size_t fake_timers(const struct fake *fake);

/* Entries in the log / records in the store of that name. */
size_t fake_stored(struct tern_entity *entity, const char *store);

/* Text as an element of the arena. */
struct element *fake_read(struct arena *arena, const char *xml);

/* The same; NULL where the real engine would have found that it is no stanza, or none that
 * modules get to see. */
struct element *fake_read_sound(struct arena *arena, const char *xml);

/* What an administrator's command answers, at once: rows, cells parted by |, or "error: ...". For
 * free(). `entity` is NULL at a host; `arguments` stand behind the address, end with NULL, and
 * may be NULL. */
char *fake_command(struct tern_host *host, struct tern_entity *entity, const char *words,
	const char *const *arguments);

/* Commands that an administrator can order; ends with NULL words, borrowed. */
void fake_know_orders(struct fake *fake, const struct tern_command_claim *claims);

/* The oldest order that waits for its answer, "juliet@example.org/balcony: user list example.org",
 * or NULL; and its answer: rows as fake_command has them, or the kind of failure and a text. */
const char *fake_order(struct fake *fake);
void fake_answer_order(struct fake *fake, const char *rows);
void fake_refuse_order(struct fake *fake, int result, const char *error);

/* What the module exports of the account, an element a line. For free(). */
char *fake_export(struct tern_entity *entity, const char *module);

/* What a module says to that element of a file; -ENOENT: none claims it. */
int fake_import(struct tern_entity *entity, const char *xml);

/* A metric of a module; -1: nobody claims it. */
int64_t fake_metric(const struct fake *fake, const char *name);

/* A question to the host's modules, as the engine would put it. */
int fake_ask(struct tern_entity *entity, enum tern_question question, const char *about);

#endif
