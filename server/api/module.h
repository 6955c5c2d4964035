/* module.h - all that a module knows of the server
 * SPDX-License-Identifier: MIT
 *
 * A module is one shared object that exports one constant, `tern_module`.  Its tables are
 * claims: the server enters them when a host loads the module and withdraws them when it
 * leaves, so that it can refuse a wrong option, answer disco#info and find two modules that
 * claim one iq before any code of the module runs.
 *
 * A stanza's journey through the phases (a handler has a place in one, by priority):
 *
 *   sender's home     OUT_CHECK    may it leave?
 *                     OUT_RECORD   keep a copy
 *                     route
 *   recipient's home  IN_CHECK     may it come in?
 *                     IN_RECORD    keep a copy
 *                     IN_DELIVER   who gets it?  (RFC 6121 8.5)
 *                     IN_MISSED    nobody did (what reached a session ends before)
 *
 * Iqs are dispatched by (type, place, namespace, name) after OUT_RECORD (own account, host) or
 * IN_CHECK (another's account).  Handlers run on the entity's home shard, alone with its state;
 * settings are shared by all shards and constant.
 *
 * Modules come and go while the server runs.  One that is loaded late finds sessions and accounts
 * that are open: each has its memory, zeroed; resident records are read before any handler runs;
 * then TERN_ON_ENTITY_OPENED is run for each open account, and TERN_ON_SESSION_FOUND for each of its
 * sessions.  What happened before (bound, available, directed presence, what a client enabled) is
 * not told again: the session says what it is (tern_session_is_available), and a module that keeps
 * more begins anew.  Streams that are open keep the features that they were offered; an element
 * that only a module took that has left is ignored.
 *
 * One that is unloaded is in no table any more when TERN_ON_MODULE_LEAVING gives it its last word at
 * each open account.  Then what it has under way is cancelled, and each callback called once, with
 * its memory and settings still there: timers, asks, reads, waits for output, changes of accounts.
 * What it holds goes on with the verdict that it named; iqs that it has not answered by then are
 * refused.  It begins nothing new (tern_is_leaving).  `finish` ends its memory, `unload` its
 * settings.  Its code stays mapped until the process ends, and so may its constants.  What it has
 * stored stays, for the next time.  tern-module(3) has the whole of it. */
#ifndef TERN_MODULE_H
#define TERN_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command.h"
#include "element.h"
#include "entity.h"
#include "event.h"
#include "jid.h"
#include "names.h"
#include "order.h"
#include "stanza.h"
#include "stranger.h"

#pragma GCC visibility push(default) /* ternd exports it to modules */

/* Counts up, once a version of Tern has been released, with every change in these headers that
 * makes a module wrong which was built before: of a struct, of a list of phases, happenings,
 * questions, types or conditions, of what a call takes or promises.  New calls alone do not count:
 * a module that needs one which the server has not is refused with its name. */
#define TERN_MODULE_ABI 1
#define TERN_EXPORT __attribute__((visibility("default")))

#define TERN_PHASES(X) \
	X(OUT_CHECK) X(OUT_RECORD) X(IN_CHECK) X(IN_RECORD) X(IN_DELIVER) X(IN_MISSED)
enum tern_phase {
#define X(name) TERN_##name,
	TERN_PHASES(X)
#undef X
	TERN_PHASE_COUNT
};

/* Which stanzas a hook wants: a mask, so that others cost it nothing. */
enum { TERN_MESSAGES = 1, TERN_PRESENCES = 2, TERN_IQS = 4 };

struct tern_hook {
	enum tern_phase phase;
	unsigned kinds;   /* TERN_MESSAGES | ... */
	int priority;     /* smaller ones first; 0 is ordinary; equal ones in load order */
	tern_handler *run;
};

/* Where an iq must be addressed: to the host's domain; to a bare JID of the host by its owner
 * (or without `to`); to a bare JID by somebody else; to a full JID, connected or not: what is
 * passed (TERN_PASS) there goes on to the client. */
enum tern_place {
	TERN_AT_HOST = 1, TERN_AT_OWN_ACCOUNT = 2, TERN_AT_OTHER_ACCOUNT = 4,
	TERN_AT_RESOURCE = 8,
};

/* The payload is the stanza's first and only child, and has that name. */
struct tern_iq {
	enum tern_type type; /* TERN_GET or TERN_SET */
	unsigned at;         /* places */
	const char *ns, *name;
	tern_handler *run;
	/* With what a stranger is refused, if not with service-unavailable: so an account that does
	 * not exist refuses it too, and cannot be told from one that does. */
	enum tern_condition to_strangers;
};

/* An element of a session's stream that is no stanza: <active xmlns='urn:xmpp:csi:0'/>. Borrowed;
 * nothing is answered but what the handler says. One module per host may claim each. */
struct tern_nonza {
	const char *ns, *name;
	void (*run)(struct tern_session *session, const struct element *element,
		const void *settings);
};

/* Asked of whatever is about to go to a session, once tern_session_filter was called for it: true
 * when it must not go now. Then the module has what it needs of it (borrowed for the call), and
 * may send it later. Before it answers it may send what has to go first. One module per host. */
typedef bool tern_filter_handler(struct tern_session *session, const struct tern_stanza *stanza,
	const void *settings);

/* The pending log: asked before a message is delivered whose sender will be told that it is safe.
 * Writes it where it is found again if nobody takes it over, and fills in both: the engine deletes
 * the entry as soon as a device has it.  No id: this message need not be kept. 0, or as
 * tern_append, or -EDQUOT (the account's store is full): then the message is refused. One module
 * per host. */
typedef int tern_pending_handler(struct tern_event *event, tern_store *ret_log, uint64_t *ret_id,
	const void *settings);

/* An archived message has been taken over by the first of its account's devices: acknowledged by
 * it (XEP-0198), or written to a stream without acks.  `kept_id` as in tern_event.  Called where
 * the sender or the device has acks. One module per host. */
typedef void tern_taken_handler(struct tern_entity *entity, uint64_t kept_id,
	const void *settings);

/* What happens to sessions and accounts; `event` is NULL unless a stanza caused it. */
#define TERN_HAPPENINGS(X) \
	X(SESSION_BOUND)     /* resource bound */ \
	X(AVAILABLE)         /* initial presence: the session became available */ \
	X(PRESENCE_CHANGED)  /* a later broadcast presence of an available session */ \
	X(UNAVAILABLE)       /* sent unavailable, or ended while available (event NULL) */ \
	X(SESSION_GONE)      /* after UNAVAILABLE; the session's state is still there */ \
	X(ACCOUNT_CREATED) \
	X(ACCOUNT_DELETED)   /* its sessions are still there, and nothing can be written */ \
	X(ENTITY_OPENED)     /* records are read */ \
	X(SESSION_DETACHED)  /* its stream is gone, but may come back (XEP-0198 5) */ \
	X(SESSION_RESUMED)   /* it has come back */ \
	X(SESSION_RESTORED)  /* one of the process before is there again, detached; in place of BOUND */ \
	X(BLOCKLIST_CHANGED) /* the module that answers BLOCKED says so (tern_happen) */ \
	X(SESSION_FOUND)     /* the module has been loaded while the session was there, attached or \
	                      * not; in place of BOUND and AVAILABLE */ \
	X(MODULE_LEAVING)    /* this module is being unloaded; once for each open account, while all \
	                      * that it has is there: what it keeps back for sessions goes now */
enum tern_happening {
#define X(name) TERN_ON_##name,
	TERN_HAPPENINGS(X)
#undef X
	TERN_HAPPENING_COUNT
};

struct tern_watch {
	enum tern_happening what;
	void (*run)(struct tern_entity *entity, struct tern_session *session,
		struct tern_event *event, const void *settings);
};

/* For a module that makes something happen: runs what the others watch for. `event` may be NULL. */
void tern_happen(struct tern_entity *entity, enum tern_happening what, struct tern_event *event);

/* Memory per entity or session: `size` zeroed bytes, *handle filled in before `load`; `finish` (may
 * be NULL) runs before they are freed, at home, and frees what they point to.
 *
 * A session's state that has a name (the module's, "csi" or "csi/kept") outlives a graceful
 * restart with its session.  A plain one is saved as it lies in memory, and comes back where it
 * still has that size.  For any other `save` adds bytes to `out`, or none, and `restore` gets them
 * when the session is whole again (its presence, its queue), before TERN_ON_SESSION_RESTORED; they
 * may come from an older version of the module: what it cannot read it leaves.  No stanza is sent
 * in either. */
struct buffer;
enum tern_scope { TERN_PER_ACCOUNT, TERN_PER_SESSION };
struct tern_state_claim {
	enum tern_scope scope;
	size_t size;
	tern_state *handle;
	void (*finish)(void *state);
	const char *name;
	bool is_plain;
	void (*save)(struct tern_session *session, struct buffer *out);
	void (*restore)(struct tern_session *session, const char *bytes, size_t len);
};

/* A store of records or a log, per account.  A resident store is read when the entity opens:
 * `read` gets each record (in order of keys; borrowed) before any handler runs.  A negative return
 * says that the account cannot be used: it opens for nobody, logins fail (temporary-auth-failure),
 * and where the module is loaded while it is open, its sessions end (internal-server-error); the log
 * names module and store.  What it can do without it skips, logs and answers with 0.  Its name is the
 * module's, "roster" or "roster/version". */
enum tern_layout { TERN_RESIDENT, TERN_FETCHED, TERN_LOG };
struct tern_store_claim {
	const char *name;
	enum tern_layout layout;
	tern_store *handle;
	int (*read)(struct tern_entity *entity, const void *key, size_t key_len,
		const void *value, size_t value_len);
	/* Of a log that is an archive: the tern_event.mark that the entry was written with, or 0.
	 * By it the engine knows a message that is sent once more. May be NULL. */
	uint64_t (*mark)(const void *bytes, size_t len);
};

/* Options of a module in a host's section: `module "roster" { limit = 1000 }`. */
enum tern_value { TERN_BOOL, TERN_NUMBER, TERN_STRING, TERN_LIST };
struct tern_option {
	const char *name;
	enum tern_value type;
	const char *preset;   /* "yes", "1000", "text", "a, b"; NULL: an empty text or list */
	long least, most;     /* of a number; both 0: any */
	const char *about;    /* one line for the manual */
	/* NULL, or judges each value of a text or list: NULL, or what is wrong, of the arena. */
	const char *(*refuse)(struct arena *arena, const char *value);
};

/* XEP-0030: "component", "archive", and a name for people. */
struct tern_identity { const char *category, *type, *name; };

/* Adds to the disco#info of the host what no table can say: forms (XEP-0128). */
typedef void tern_forms_handler(struct element *query, const void *settings);

/* Disco#info or disco#items of a node (XEP-0030 3.2, 4.2) of the host, or, with an entity in the
 * event, of an account: DONE when it has filled the <query/> in, PASS when the node is not this
 * module's, or REJECT (tern_reject: not for whoever asks). */
typedef enum tern_verdict tern_node_handler(struct tern_event *event, const char *node, struct element *query,
	const void *settings);

/* Stream features (<ver xmlns='urn:xmpp:features:rosterver'/>).  `fill` (may be NULL) says more in
 * the element; it runs on the main thread, and again when the host's modules change.  `option`:
 * the module's own, of type TERN_BOOL, that has to be on; NULL: always. */
struct tern_stream_feature {
	const char *ns, *name;
	void (*fill)(const struct tern_host *host, struct element *feature, const void *settings);
	const char *option;
};

/* An iq of somebody who has not logged in yet (stranger.h). One module per host may claim each. */
struct tern_stranger_iq {
	enum tern_type type; /* TERN_GET or TERN_SET */
	const char *ns, *name;
	void (*run)(struct tern_stranger *stranger, const struct element *payload,
		const void *settings);
};

/* An answer to a question (entity.h); one module per host may claim each. */
struct tern_answer_claim {
	enum tern_question question;
	int (*answer)(struct tern_entity *entity, const struct jid *about, const void *settings);
};
typedef size_t tern_contacts_handler(struct tern_entity *entity, unsigned bits,
	struct arena *arena, const struct jid *const **ret_contacts, const void *settings);

/* What a module does for accounts that may stay closed for long: a while after the start, and then
 * once a day, the engine goes round those that have something in `store`, slowly and one after the
 * other, opens each, and calls `run` on its home.  Where is_needed (NULL: yes) says no, nobody is
 * visited; it runs on any shard. */
struct tern_round {
	const tern_store *store;
	void (*run)(struct tern_entity *entity, const void *settings);
	bool (*is_needed)(const void *settings);
};

/* What stands behind a command's address, where it is asked for in a form (XEP-0050). `--before`
 * has its value behind it, unless it is a flag; a name without dashes is the argument itself. */
enum tern_field_kind { TERN_FIELD_TEXT, TERN_FIELD_SECRET, TERN_FIELD_FLAG };
struct tern_command_field {
	const char *name;           /* as `arguments` has it: "--before", "ID" */
	const char *about;          /* its label */
	enum tern_field_kind kind;  /* secrets stand in no log */
	bool is_required;
};

/* A command of ternctl: `words`, an address, and what else `arguments` says (command.h). A host's
 * administrators may run it from their clients, too (order.h). */
enum tern_command_place { TERN_COMMAND_AT_HOST, TERN_COMMAND_AT_ACCOUNT };
struct tern_command_claim {
	const char *words;          /* "archive stats": not those of another command, and not
	                             * beginning as the server's own do */
	/* "JID [--since DATE]", what `ternctl help` tells: an option has a value where a word stands behind
	 * it, `|` parts alternatives.  What it does not name is refused before `run`. */
	const char *arguments;
	const char *about;
	enum tern_command_place at;
	const char *const *columns; /* of the answer; ends with NULL */
	/* `entity` is NULL at a host. */
	void (*run)(struct tern_command *command, struct tern_entity *entity,
		const void *settings);
	const struct tern_command_field *fields; /* ends with a NULL name; NULL: none */
	bool is_local; /* for ternctl alone */
	bool is_final; /* nothing brings back what it takes away: a form asks for it twice */
};

/* All that the module has of an account, for `ternctl user export`: elements as XEP-0227 has them
 * (tern_command_element), and the end of the command, at once or later. */
typedef void tern_exporter(struct tern_command *command, struct tern_entity *entity,
	const void *settings);

/* What comes in such a file for an account that has just been made: `run` gets each element of that
 * name under <user/>, borrowed.  0; or, with nothing changed that a second call would do twice,
 * -EBADMSG (it makes no sense), -EFBIG (it is more than the account may have: a module's own limit),
 * -EPERM (the host forbids it), or as tern_put.  Of a list each child stands for itself: where the
 * whole is refused, `run` is called for each child alone, with an element of that name that has this
 * one child. */
struct tern_importer {
	const char *ns, *name;
	int (*run)(struct tern_entity *entity, const struct element *element,
		const void *settings);
	bool is_list;
};

/* A number that `ternctl stats` tells; its name begins with the module's and `_`: "offline_kept" (a-z,
 * 0-9 and `_`; a `-` of the module's name is `_` here).  Either it has a handle, filled in at load, and
 * tern_count (entity.h) changes it: from 0 on, at each start of the server, for nobody knows what
 * closed accounts have on disk.  Or it is read on the main thread, beside the shards: for each host that
 * has the module. */
enum tern_metric_kind { TERN_COUNTER, TERN_GAUGE };
struct tern_metric_claim {
	const char *name;
	enum tern_metric_kind kind;
	const char *about;
	tern_metric *handle;
	int64_t (*read)(const void *settings);
};

/* Every table ends with an entry that is all zero, { 0 }, and every list of texts with NULL; absent ones
 * are NULL. */
struct tern_module {
	uint32_t abi;
	const char *name;
	const char *about;                   /* one line for the manual */
	const char *const *features;         /* disco#info of the host, and of accounts: */
	const char *const *account_features;
	const struct tern_identity *identities;         /* of the host */
	const struct tern_identity *account_identities;
	const struct tern_iq *iqs;
	const struct tern_hook *hooks;
	const struct tern_watch *watches;
	const struct tern_state_claim *states;
	const struct tern_store_claim *stores;
	const struct tern_option *options;
	const struct tern_stream_feature *stream_features;   /* after login */
	const struct tern_stream_feature *stranger_features; /* before it */
	const struct tern_stranger_iq *stranger_iqs;
	const struct tern_answer_claim *answers;
	tern_contacts_handler *contacts;
	const struct tern_nonza *nonzas;
	tern_filter_handler *filter;
	tern_pending_handler *pending;
	tern_taken_handler *taken;
	tern_forms_handler *forms;
	tern_node_handler *node_info, *node_items;
	const struct tern_round *rounds;
	const struct tern_command_claim *commands;
	const struct tern_metric_claim *metrics;
	tern_exporter *exporter;
	const struct tern_importer *importers;
	/* Makes the settings from the host's options, for each host and at each reload that changes
	 * them; `unload` frees them when no handler can see them any more. Both run on the main
	 * thread, while no shard does or all stand still: they do not wait. 0 or -errno. */
	int (*load)(struct tern_host *host, void **ret_settings);
	void (*unload)(struct tern_host *host, void *settings);
};

extern const char tern_product[], tern_version[];

/* A host, as `load` and handlers see it. */
const char *tern_host_domain(const struct tern_host *host);
uint64_t tern_host_uptime_s(const struct tern_host *host); /* since the server started */
/* Options of the module that is being loaded; only within `load`, and with the claimed type. Lists
 * end with NULL; they and texts are never NULL, and live as long as what `load` returns.  Of what the
 * module does not claim so the value is empty, and the module is not loaded, whatever `load` returns. */
bool tern_option_bool(const struct tern_host *host, const char *name);
long tern_option_number(const struct tern_host *host, const char *name);
const char *tern_option_string(const struct tern_host *host, const char *name);
const char *const *tern_option_list(const struct tern_host *host, const char *name);

/* What all loaded modules of the host announce, for disco: called with each, in load order. */
void tern_host_features(const struct tern_host *host, bool of_account,
	void (*each)(void *context, const char *feature), void *context);
void tern_host_identities(const struct tern_host *host, bool of_account,
	void (*each)(void *context, const struct tern_identity *identity), void *context);
void tern_host_forms(const struct tern_host *host, struct element *query);
/* Asks them for a node of the event's addressee; PASS: nobody's. */
enum tern_verdict tern_event_node(struct tern_event *event, bool items, const char *node,
	struct element *query);
/* Services of the host for disco#items (none until modules make some). */

/* With what headers a module was built: the sizes of their structs, and their lists.  The server looks at
 * that, beside the ABI number, before it looks at anything else, so that nobody has to count up for
 * headers to be known as others. */
#define TERN_STRUCTS(X) \
	X(tern_module, 3) X(tern_hook, 5) X(tern_iq, 7) X(tern_nonza, 11) X(tern_watch, 13) \
	X(tern_state_claim, 17) X(tern_store_claim, 19) X(tern_option, 23) X(tern_identity, 29) \
	X(tern_stream_feature, 31) X(tern_stranger_iq, 37) X(tern_answer_claim, 41) \
	X(tern_round, 43) X(tern_command_field, 47) X(tern_command_claim, 53) \
	X(tern_importer, 59) X(tern_metric_claim, 61) X(tern_event, 67) X(tern_stanza, 71) \
	X(tern_page, 73) X(tern_entry, 79) X(tern_broadcast, 83) X(tern_outcome, 89)
#define TERN_SHAPE_OF_STRUCT(name, weight) + (weight) * sizeof(struct name)
#define TERN_SHAPE_OF_NAME(name, ...) + (TERN_##name + 1) * sizeof #name
#define TERN_SHAPE_OF_PHASE(name) + (TERN_##name + 1) * sizeof #name
#define TERN_SHAPE_OF_HAPPENING(name) + (TERN_ON_##name + 1) * sizeof #name
#define TERN_SHAPE_OF_QUESTION(name, preset) + (TERN_ASK_##name + 1) * sizeof #name

extern const uint64_t tern_module_shape;
__attribute__((weak)) const uint64_t tern_module_shape = 0 TERN_STRUCTS(TERN_SHAPE_OF_STRUCT)
	TERN_PHASES(TERN_SHAPE_OF_PHASE) TERN_HAPPENINGS(TERN_SHAPE_OF_HAPPENING)
	TERN_QUESTIONS(TERN_SHAPE_OF_QUESTION) TERN_TYPES(TERN_SHAPE_OF_NAME)
	TERN_CONDITIONS(TERN_SHAPE_OF_NAME);

#pragma GCC visibility pop

#endif
