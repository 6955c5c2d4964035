/* entity.h - what a handler can do at an entity: its state, records, logs and sessions
 * SPDX-License-Identifier: MIT
 *
 * An entity (an account, a host) has one home shard; all calls are made there, in a handler
 * or callback of that entity.  Nothing here blocks.  What a handler writes is on disk before
 * anyone hears of it: everything that the entity says after a write waits for it. */
#ifndef TERN_ENTITY_H
#define TERN_ENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"

#pragma GCC visibility push(default) /* ternd exports it to modules */

struct arena;
struct element;
struct jid;
struct tern_entity;
struct tern_session;

/* Handles that the loader fills in before it calls `load` (module.h); 0 is none. */
typedef uint16_t tern_store;
typedef uint16_t tern_state;
typedef uint16_t tern_metric;

struct tern_host *tern_entity_host(struct tern_entity *entity);
const struct jid *tern_entity_jid(const struct tern_entity *entity); /* bare */

/* This module's memory for the entity / the session; zeroed when made.  NULL, and a line in the log, only
 * where the handle is not one of that scope, or the entity is of a host without the module. */
void *tern_entity_state(struct tern_entity *entity, tern_state state);
void *tern_session_state(struct tern_session *session, tern_state state);

/* Adds to a metric of the module (module.h); a counter only rises. Costs a few instructions. The
 * entity may be NULL, on any shard. */
void tern_count(struct tern_entity *entity, tern_metric metric, int64_t by);

/* --- the clock ------------------------------------------------------------------------ */
/* Since 1970, UTC. NULL where there is no entity: an iq to a host, `load`. */
uint64_t tern_now_us(const struct tern_entity *entity);
/* Unpredictable bytes; the same. */
void tern_random(struct tern_entity *entity, void *bytes, size_t len);
/* SHA-1 (RFC 3174), where a protocol names it. Any thread. */
void tern_sha1(const void *bytes, size_t len, unsigned char ret_digest[20]);
/* XEP-0082: "2026-11-21T12:00:00.123456Z"; of the arena. */
const char *tern_datetime(struct arena *arena, uint64_t us);
/* XEP-0203: <delay/> of a message that has waited with the host since then, alone or as the last child
 * of the message. Any thread. */
struct element *tern_delay_new(struct arena *arena, const struct tern_host *host, uint64_t since_us);
void tern_delay_add(struct element *message, const struct tern_host *host, uint64_t since_us);
/* Whether it is a <delay/> in the host's name. */
bool tern_is_delay_of(const struct element *element, const struct tern_host *host);

/* --- records ----------------------------------------------------------------------------
 * 0, or the write is refused and nothing has changed: -ENOSPC (the disk is full, or the account's
 * residents are more than it may keep in memory), -ENAMETOOLONG (a key of more than 400 bytes),
 * -EFBIG (a value of more than 16 MiB; of a resident store, where the sum does not allow it, that too
 * is -ENOSPC), -ENOENT (the account is being deleted), -EINVAL (an error of the module, which is
 * named in the log: no entity, or the handle of no such store).  Of an anonymous account nothing is
 * kept: the answer is 0 all the same, and -EPERM for an entry of a log.
 * So a handler writes first, changes its memory after, and says TERN_REJECT with
 * tern_condition_of(result) if it must.  All writes of one run are one batch: a crash keeps all of
 * them or none. Keys and values are any bytes, and are copied. */
int tern_put(struct tern_entity *entity, tern_store store, const void *key, size_t key_len,
	const void *value, size_t value_len);
int tern_delete(struct tern_entity *entity, tern_store store, const void *key, size_t key_len);
int tern_delete_all(struct tern_entity *entity, tern_store store);
/* -ENOSPC -> resource-constraint, -EDQUOT (a module's own limit) -> service-unavailable ... */
enum tern_condition tern_condition_of(int error);

/* A fetched record; `got` is called once, on this shard, within the call or later, with NULL
 * when there is none or (cancelled) when the entity is gone; sees this entity's own writes. */
void tern_get(struct tern_entity *entity, tern_store store, const void *key, size_t key_len,
	void (*got)(struct tern_entity *entity, void *context, const void *value, size_t len,
		bool cancelled),
	void *context);

/* --- logs --------------------------------------------------------------------------------
 * The id is the later of now (us) and the log's last id plus one; `ret_id` may be NULL.  `with`
 * (may be NULL) is whom the entry is about, for pages of that alone. 0 or as tern_put. */
int tern_append(struct tern_entity *entity, tern_store log, const char *with,
	const void *bytes, size_t len, uint64_t *ret_id);
/* The same for what was said at another time, and comes from a file: that takes the place of now. */
int tern_append_as_of(struct tern_entity *entity, tern_store log, uint64_t us, const char *with,
	const void *bytes, size_t len, uint64_t *ret_id);
int tern_log_delete(struct tern_entity *entity, tern_store log, uint64_t id);
int tern_log_expire(struct tern_entity *entity, tern_store log, uint64_t up_to_id);

struct tern_page {
	uint64_t after_id, before_id; /* exclusive; 0: open */
	const char *with;             /* NULL: all */
	bool backwards;               /* from the newest, or from before_id, to older ones */
	size_t most;                  /* entries at most; 0: the engine's limit of a slice (500
	                               * entries, or behind the one that exceeds 2 MiB) */
};
struct tern_entry { uint64_t id; const char *with; const void *bytes; size_t len; };

/* `got` is called once, on this shard, within the call or later, when the entity's newest
 * batch is on disk; entries borrowed, a NUL behind each one's bytes. `complete`: there are no
 * others in that direction. `cancelled`: the entity is gone, or storage failed. */
void tern_log_page(struct tern_entity *entity, tern_store log, const struct tern_page *page,
	void (*got)(struct tern_entity *entity, void *context, const struct tern_entry *entries,
		size_t count, bool complete, bool cancelled),
	void *context);

/* --- sessions ---------------------------------------------------------------------------- */
struct tern_session *tern_session_first(struct tern_entity *entity);
struct tern_session *tern_session_next(struct tern_session *session);
struct tern_session *tern_session_find(struct tern_entity *entity, const char *resource);
struct tern_entity *tern_session_entity(struct tern_session *session);
const struct jid *tern_session_jid(const struct tern_session *session); /* full */
uint64_t tern_session_id(const struct tern_session *session); /* never used again */
struct tern_session *tern_session_by_id(struct tern_entity *entity, uint64_t id); /* or NULL */

/* RFC 6121 4: available once it has sent initial presence and until unavailable. */
bool tern_session_is_available(const struct tern_session *session);
int tern_session_priority(const struct tern_session *session); /* -128..127; 0 until said */
/* Its last broadcast presence, or NULL when not available; borrowed. */
const struct element *tern_session_presence(const struct tern_session *session);

/* --- speaking ------------------------------------------------------------------------------
 * Stanzas are whole elements in NS_CLIENT with their `to` (and `type`, `id`) set; `from` is the
 * entity's bare JID unless it is set to an address of the entity.  The element is copied or
 * used up; its arena may end afterwards.  What comes back as an error is dropped.  What is no stanza, or
 * has no `to`, is not sent, and is an error of the module in the log. */
void tern_send(struct tern_entity *entity, struct element *stanza);

/* A send that survives a crash: recorded as an intent in the batch of this handler's writes,
 * posted again at the next start until the addressee has dealt with it.  So it may arrive
 * twice: for what can be repeated (subscriptions). 0 or as tern_put. */
int tern_send_surely(struct tern_entity *entity, struct element *stanza);

/* To one of the entity's own sessions, past all phases: pushes. `from` may be absent. */
void tern_session_send(struct tern_session *session, struct element *stanza);

/* From now on what goes to the session passes its module's filter first (module.h), or does so
 * no more. A session begins without; what a filter sends itself does not pass it again. */
void tern_session_filter(struct tern_session *session, bool on);

/* `run` is called once, within the call or later: when all that this entity has said to the
 * session up to now has left for its peer (is in the kernel's hands; with XEP-0198, has been
 * acknowledged), or with cancelled true
 * when the session or the entity has ended before, or is about to. */
void tern_session_when_written(struct tern_session *session,
	void (*run)(struct tern_entity *entity, struct tern_session *session, void *context,
		bool cancelled),
	void *context);

/* Gives a message of a pending log (module.h) to one of the entity's sessions: as tern_session_send
 * does.  When the device has it (as above), its entry is deleted, whether the module is there or
 * not; until then the entry is handed out.  Where the session ends before, what it had to
 * acknowledge is delivered to another or comes back as missed, with tern_event_pending_id; what it
 * had not to is no longer handed out. */
void tern_session_hand_out(struct tern_session *session, struct element *message, tern_store log,
	uint64_t id);

/* A message as tern_event_write or stored_write wrote it (bytes borrowed for the call), and what comes
 * behind its content. */
enum { TERN_WRITTEN_MORE = 2 };
struct tern_written {
	const char *xml;
	size_t len;
	const struct element *more[TERN_WRITTEN_MORE]; /* NULL where there are fewer */
};

/* The same as tern_session_hand_out, of a message that is only read where a filter wants to see it.
 * 0, or -EBADMSG: the bytes were seen to be no message, and nothing was given; -EINVAL: misuse. */
int tern_session_hand_out_written(struct tern_session *session, const struct tern_written *written,
	tern_store log, uint64_t id);

/* True while the entry of a pending log has been delivered or handed out to sessions of which none
 * has taken it over yet: who gives what waits in the log leaves it out. */
bool tern_is_handed_out(const struct tern_entity *entity, tern_store log, uint64_t id);

/* Gives an archived message to one of the entity's sessions: as tern_session_send does, and like
 * one that is delivered it is taken by the device (module.h), or comes back as missed. */
void tern_session_hand_over(struct tern_session *session, struct element *message,
	uint64_t kept_id);

/* The same as tern_session_hand_out_written is to tern_session_hand_out. */
int tern_session_hand_over_written(struct tern_session *session,
	const struct tern_written *written, uint64_t kept_id);

/* True while the archived message has been delivered to sessions, attached or waiting to be
 * resumed, of which none has taken it over yet. */
bool tern_is_under_way(const struct tern_entity *entity, uint64_t kept_id);

/* One payload for many: each recipient gets `stanza` with its own `to`. */
struct tern_broadcast {
	struct element *stanza;
	const struct jid *from;             /* an address of the entity; NULL: its bare JID */
	const struct jid *const *to;
	size_t count;
	bool probes;   /* also ask for their presence (an initial presence) */
	bool only_open;/* do not open a closed account for it */
};
void tern_send_many(struct tern_entity *entity, const struct tern_broadcast *broadcast);

/* Asks; `answered` is called once on this shard: with the result or error iq (borrowed), or
 * with NULL when time is up or the entity is gone (cancelled).  `iq`: type and `to` set, the id
 * is the engine's.  To a session's full JID: as the engine asks for a pong. */
void tern_ask(struct tern_entity *entity, struct element *iq, uint64_t timeout_ms,
	void (*answered)(struct tern_entity *entity, void *context, const struct tern_stanza *answer),
	void *context);

/* Ends a session with a stream error's name ("connection-timeout"); see RFC 6120 4.9.3. */
void tern_session_end(struct tern_session *session, const char *stream_error, const char *text);

/* Milliseconds since bytes last came from the session's peer. */
uint64_t tern_session_silence_ms(const struct tern_session *session);

/* --- the account as a whole -----------------------------------------------------------------
 * `done` is called once, later, on this shard; with NULL for the entity where that is gone
 * (-ECANCELED). What it says goes out when the change is on disk. To a module that leaves -ECANCELED
 * is said as well: the password stays then, and an account may be deleted all the same. */

/* Hashed on the worker pool. 0; -EINVAL: no such password is allowed (empty, control characters);
 * -ENOENT: the account has no password (anonymous), or is being deleted; or as tern_put. */
void tern_set_password(struct tern_entity *entity, const char *password,
	void (*done)(struct tern_entity *entity, void *context, int result), void *context);

/* Its name is free, its contacts are told and its records are lost; its sessions end behind what
 * `done` says. 0; -ENOENT as above; or -errno, and the account is as it was. */
void tern_delete_account(struct tern_entity *entity,
	void (*done)(struct tern_entity *entity, void *context, int result), void *context);

/* --- timers ---------------------------------------------------------------------------------
 * `run` is called once: with cancelled true when the entity (or session, if given) ended or
 * the module is leaving. A timer of an entity does not keep it open. `session` may be NULL.
 * Stopped, nobody is called, and `context` is still the module's. */
typedef uint64_t tern_timer;
tern_timer tern_timer_start(struct tern_entity *entity, struct tern_session *session,
	uint64_t delay_ms,
	void (*run)(struct tern_entity *entity, struct tern_session *session, void *context,
		bool cancelled),
	void *context);
void tern_timer_stop(struct tern_entity *entity, tern_timer timer); /* no call follows */

/* True while the module whose code runs here is being unloaded (module.h): what comes back to it was
 * cancelled for that, and what it begins now is cancelled at once, within the call. */
bool tern_is_leaving(const struct tern_entity *entity);

/* --- questions -------------------------------------------------------------------------------
 * What modules ask each other: answered by one module per host, at once, at the entity's home;
 * the preset where nobody answers. */
#define TERN_QUESTIONS(X) \
	/* Bits of enum tern_subscription: how the entity stands to that bare address. */ \
	X(SUBSCRIPTION, TERN_SUB_UNKNOWN) \
	/* 1 when that bare address is an item of the entity's roster, whatever its state. */ \
	X(IN_ROSTER, 0) \
	/* 1 when the entity wants nothing from that address (XEP-0191); of no address: 1 when there \
	 * are any of which it wants nothing. */ \
	X(BLOCKED, 0) \
	/* 1 when missed messages of the entity are kept for later. */ \
	X(STORES_MISSED, 0) \
	/* After how many seconds of silence a client is looked after; put without an entity. */ \
	X(IDLE_SECONDS, 0) \
	/* 1 when that bare address administers the host, whether there is such an account or not; put \
	 * without an entity. */ \
	X(ADMINISTRATOR, 0)

enum tern_question {
#define X(name, preset) TERN_ASK_##name,
	TERN_QUESTIONS(X)
#undef X
	TERN_QUESTION_COUNT
};

enum tern_subscription {
	TERN_SUB_TO = 1,      /* the entity gets the contact's presence */
	TERN_SUB_FROM = 2,    /* the contact gets the entity's presence */
	TERN_SUB_PENDING_OUT = 4, TERN_SUB_PENDING_IN = 8, TERN_SUB_APPROVED = 16,
	TERN_SUB_UNKNOWN = 32, /* there is no roster now: nobody can be called a stranger */
};
/* `about` may be NULL where the question needs no address. */
int tern_question(struct tern_entity *entity, enum tern_question question, const struct jid *about);
/* One that is put without an entity; any thread. */
int tern_host_question(const struct tern_host *host, enum tern_question question,
	const struct jid *about);

/* The contacts whose presence question has these bits (all of them), bare; of the arena.  A
 * question with a list for an answer. */
size_t tern_contacts(struct tern_entity *entity, unsigned bits, struct arena *arena,
	const struct jid *const **ret_contacts);

/* --- log lines: prefixed with the entity, or, where that is NULL, with the module ------------- */
enum tern_level { TERN_SAY_ERROR, TERN_SAY_WARNING, TERN_SAY_INFO, TERN_SAY_DEBUG };
void tern_log(struct tern_entity *entity, enum tern_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#pragma GCC visibility pop

#endif
