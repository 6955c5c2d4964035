/* host.h - a virtual host: a domain with its certificate, modules and what they claim
 * SPDX-License-Identifier: MIT
 *
 * Hosts are constant while shards run: the loader flattens the claims of the host's modules into
 * the tables below, before shards start or while they stand still (turnover.h). */
#ifndef HOST_H
#define HOST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "module.h"
#include "sasl_policy.h"

struct option_setting; /* options.h */
struct options;
struct certificate; /* tls.h: chain and key, replaced as one when reloaded */
struct server;

/* Each claim tells whose it is: what a module begins while its code runs is its own. */
struct hook {
	tern_handler *run;
	const void *settings;
	unsigned kinds;
	int priority;
	struct loaded *owner;
};

struct watch {
	void (*run)(struct tern_entity *, struct tern_session *, struct tern_event *, const void *);
	const void *settings;
	struct loaded *owner;
};

struct iq_claim {
	tern_handler *run;
	const void *settings;
	const char *ns, *name; /* interned */
	enum tern_type type;
	unsigned at;
	enum tern_condition to_strangers;
	struct loaded *owner;
};

struct nonza_claim {
	const char *ns, *name;
	void (*run)(struct tern_session *, const struct element *, const void *);
	const void *settings;
	struct loaded *owner;
};

struct stranger_claim {
	enum tern_type type;
	const char *ns, *name;
	void (*run)(struct tern_stranger *, const struct element *, const void *);
	const void *settings;
	struct loaded *owner;
};

struct answer_claim {
	int (*run)(struct tern_entity *, const struct jid *, const void *);
	const void *settings;
	struct loaded *owner;
};

/* What `load` made of a module's options. */
struct made {
	struct made *earlier; /* others took its place, but something under way may know it */
	void *settings;
	struct options *options; /* values that lists and strings of `settings` may point into */
};

/* A module in a host, from its load to its unload. */
struct loaded {
	const struct tern_module *module;
	const struct option_setting *written; /* of the configuration in force; or NULL */
	void *settings;          /* those of the newest `made` */
	struct made *made;
	bool is_leaving;         /* it is in no table any more: what it begins now is cancelled at once */
	atomic_uint uses;        /* by what may come back after it has left: loaded_use */
};

struct tern_host {
	struct server *server;
	char *domain;          /* normalised */
	struct certificate *certificate;
	struct sasl_policy sasl;
	const char *resume_location; /* borrowed; "": none is told */

	struct loaded **loaded; /* in load order */
	size_t loaded_count;
	struct options *loading;       /* of the module whose load() runs now, or NULL */
	struct loaded **left;          /* unloaded, but in use */
	size_t left_count;

	/* Flattened claims; lists end with a NULL run. */
	const char **features[2]; /* of the host, of its accounts; each once; ends with NULL */
	struct hook *phases[TERN_PHASE_COUNT];
	struct watch *watches[TERN_HAPPENING_COUNT];
	struct iq_claim *iqs;  /* a power of two, open addressing by host_find_iq */
	size_t iq_slots;
	struct answer_claim answers[TERN_QUESTION_COUNT];
	struct loaded *contacts, *filter, *pending, *taken; /* whose module has that; or NULL */
	struct nonza_claim *nonzas;
	bool archives_marks; /* entries of a module's log carry tern_event.mark */
	const struct tern_nonza **left_nonzas; /* tables of modules that were unloaded */
	size_t left_nonza_count;
	bool taken_has_left; /* a module that heard of it was unloaded, and may come back */
	/* "<ver xmlns='...'/>" of all modules, ready to be written into stream features after login. */
	char *stream_features;
	struct stranger_claim *strangers; /* ends with a NULL run */
	char *stranger_features;          /* the same before login */
};

/* A host without modules (loader.h adds them).  Destroying it unloads them. */
struct tern_host *host_create(struct server *server, const char *domain);
void host_destroy(struct tern_host *host); /* takes NULL */

/* All mechanisms but ANONYMOUS, 4,096 iterations. */
struct sasl_policy sasl_policy_preset(void);

/* Where a claim's search in `iqs` begins, before it is cut to the slots; names interned. */
size_t host_iq_hash(enum tern_type type, const char *ns, const char *name);

/* The iq handler for these, or NULL.  ns and name as element_ns/element_name give them. */
const struct iq_claim *host_find_iq(const struct tern_host *host, enum tern_type type, unsigned at,
	const char *ns, const char *name);

/* Who takes that element of a stream, or NULL. */
const struct nonza_claim *host_find_nonza(const struct tern_host *host,
	const struct element *element);

/* A module that has been unloaded took it: who was offered that cannot know better. */
bool host_knew_nonza(const struct tern_host *host, const struct element *element);

/* Process-wide tables of state and store claims, filled at load.  Handles are 1 more than the index,
 * for one that nobody has filled in is 0; those of sessions' states stand behind those of accounts,
 * for one must not be taken for the other. */
#define SESSION_STATES 0x8000
static inline unsigned state_base(enum tern_scope scope)
{
	return scope == TERN_PER_SESSION ? SESSION_STATES : 0;
}

struct state_slot {
	const struct tern_state_claim *claim;
	const struct tern_module *module;
};
struct store_slot {
	const struct tern_store_claim *claim;
	const struct tern_module *module;
	uint16_t number; /* storage's */
};
size_t loader_state_count(enum tern_scope scope);
const struct state_slot *loader_state(enum tern_scope scope, size_t index);
size_t loader_store_count(void);
const struct store_slot *loader_store(size_t index);
const struct store_slot *loader_store_of(tern_store handle); /* NULL: it is none */

/* What the host has of that module, or NULL. */
struct loaded *host_find_loaded(const struct tern_host *host, const struct tern_module *module);
bool host_has_module(const struct tern_host *host, const struct tern_module *module);

/* True while the module says its last word, and behind it; NULL is nobody's. */
static inline bool loaded_is_leaving(const struct loaded *loaded)
{
	return loaded && loaded->is_leaving;
}

/* While it is in use a module's settings stay, though it may have been unloaded.  Any thread; NULL
 * is nobody's. */
static inline void loaded_use(struct loaded *loaded)
{
	if (loaded)
		atomic_fetch_add_explicit(&loaded->uses, 1, memory_order_relaxed);
}

static inline void loaded_release(struct loaded *loaded)
{
	if (loaded)
		atomic_fetch_sub_explicit(&loaded->uses, 1, memory_order_release);
}

#endif
