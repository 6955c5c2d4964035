/* host.h - a virtual host: a domain with its certificate, modules and what they claim
 * SPDX-License-Identifier: MIT
 *
 * Hosts are built while no shard runs, and constant while shards run: the loader flattens
 * the claims of the host's modules into the tables below. */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "module.h"
#include "sasl_policy.h"

struct options;     /* options.h */
struct certificate; /* tls.h: chain and key, replaced as one when reloaded */
struct server;

struct hook {
	tern_handler *run;
	const void *settings;
	unsigned kinds;
	const char *module; /* for logs */
};

struct watch {
	void (*run)(struct tern_entity *, struct tern_session *, struct tern_event *, const void *);
	const void *settings;
};

struct iq_claim {
	tern_handler *run;
	const void *settings;
	const char *ns, *name; /* interned */
	enum tern_type type;
	unsigned at;
	enum tern_condition to_strangers;
};

struct nonza_claim {
	const char *ns, *name;
	void (*run)(struct tern_session *, const struct element *, const void *);
	const void *settings;
};

struct stranger_claim {
	enum tern_type type;
	const char *ns, *name;
	void (*run)(struct tern_stranger *, const struct element *, const void *);
	const void *settings;
};

/* A module in a host. */
struct loaded {
	const struct tern_module *module;
	void *settings;
	struct options *options; /* values that lists and strings of `settings` may point into */
};

struct tern_host {
	struct server *server;
	char *domain;          /* normalised */
	struct certificate *certificate;
	struct sasl_policy sasl;
	const char *resume_location; /* borrowed; "": none is told */

	struct loaded *loaded; /* in load order */
	size_t loaded_count;
	const struct loaded *loading; /* whose load() runs now, or NULL */
	struct loaded *retired;       /* settings that others took the place of */
	size_t retired_count;

	/* Flattened claims; lists end with a NULL run. */
	struct hook *phases[TERN_PHASE_COUNT];
	struct watch *watches[TERN_HAPPENING_COUNT];
	struct iq_claim *iqs;  /* a power of two, open addressing by host_find_iq */
	size_t iq_slots;
	struct { int (*run)(struct tern_entity *, const struct jid *, const void *); const void *settings; }
		answers[TERN_QUESTION_COUNT];
	tern_contacts_handler *contacts;
	const void *contacts_settings;
	struct nonza_claim *nonzas;
	tern_filter_handler *filter;
	const void *filter_settings;
	bool archives_marks; /* entries of a module's log carry tern_event.mark */
	tern_pending_handler *pending; /* or NULL */
	const void *pending_settings;
	tern_taken_handler *taken; /* or NULL */
	const void *taken_settings;
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

/* What the host's module answers to a question that needs no entity, or the preset. */
int host_ask(const struct tern_host *host, enum tern_question question);

/* Who takes that element of a stream, or NULL. */
const struct nonza_claim *host_find_nonza(const struct tern_host *host,
	const struct element *element);

/* Process-wide tables of state and store claims, filled at load; ids are indices. */
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

/* What the host has of that module, or NULL. */
const struct loaded *host_find_loaded(const struct tern_host *host,
	const struct tern_module *module);
bool host_has_module(const struct tern_host *host, const struct tern_module *module);

#endif
