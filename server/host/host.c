/* host.c - a virtual host, and what modules may ask about theirs
 * SPDX-License-Identifier: MIT */

#include "host.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "heap.h"
#include "loader.h"
#include "log.h"
#include "options.h"
#include "server.h"
#include "shard.h"
#include "tables.h"

const char tern_product[] = "Tern";
const char tern_version[] = TERN_VERSION;

struct tern_host *host_create(struct server *server, const char *domain)
{
	struct tern_host *host = heap_zalloc(sizeof *host);

	host->server = server;
	host->domain = heap_strdup(domain);
	host->sasl = sasl_policy_preset();
	host->resume_location = "";
	tables_make(host);
	return host;
}

void host_destroy(struct tern_host *host)
{
	if (!host)
		return;
	loader_unload(host);
	tables_finish(host);
	free(host->left_nonzas);
	free(host->domain);
	free(host);
}

struct sasl_policy sasl_policy_preset(void)
{
	unsigned all = (1u << MECHANISM_COUNT) - 1;

	return (struct sasl_policy){ all & ~(1u << MECHANISM_ANONYMOUS), 4096 };
}

size_t host_iq_hash(enum tern_type type, const char *ns, const char *name)
{
	/* Interned: the pointers are the names. */
	uint64_t mix = ((uintptr_t)ns * 31 + (uintptr_t)name) * 31 + type;

	mix *= UINT64_C(0x9e3779b97f4a7c15);
	return mix >> 32;
}

static const char *interned(const char *name)
{
	return name_is_interned(name) ? name : name_find(name, strlen(name));
}

const struct iq_claim *host_find_iq(const struct tern_host *host, enum tern_type type, unsigned at,
	const char *ns, const char *name)
{
	size_t slot;

	ns = interned(ns);
	name = interned(name);
	if (!ns || !name)
		return NULL;
	slot = host_iq_hash(type, ns, name) & (host->iq_slots - 1);
	for (; host->iqs[slot].run; slot = (slot + 1) & (host->iq_slots - 1)) {
		const struct iq_claim *claim = &host->iqs[slot];

		if (claim->ns == ns && claim->name == name && claim->type == type && (claim->at & at))
			return claim;
	}
	return NULL;
}

const struct nonza_claim *host_find_nonza(const struct tern_host *host,
	const struct element *element)
{
	const struct nonza_claim *claim = host->nonzas;

	while (claim->run && !element_is(element, claim->ns, claim->name))
		claim++;
	return claim->run ? claim : NULL;
}

static bool is_in_table(const struct tern_nonza *nonza, const struct element *element)
{
	while (nonza->run && !element_is(element, nonza->ns, nonza->name))
		nonza++;
	return nonza->run;
}

bool host_knew_nonza(const struct tern_host *host, const struct element *element)
{
	for (size_t i = 0; i < host->left_nonza_count; i++) {
		if (is_in_table(host->left_nonzas[i], element))
			return true;
	}
	return false;
}

struct loaded *host_find_loaded(const struct tern_host *host, const struct tern_module *module)
{
	for (size_t i = 0; i < host->loaded_count; i++) {
		if (host->loaded[i]->module == module)
			return host->loaded[i];
	}
	return NULL;
}

bool host_has_module(const struct tern_host *host, const struct tern_module *module)
{
	return host_find_loaded(host, module);
}

const char *tern_host_domain(const struct tern_host *host)
{
	return host->domain;
}

uint64_t tern_host_uptime_s(const struct tern_host *host)
{
	int64_t seconds = (int64_t)(clock_source.now_us() / 1000000) - host->server->started_at;

	return seconds > 0 ? (uint64_t)seconds : 0; /* the clock may have been set back */
}

/* NULL outside of a module's load. */
static struct options *loading_options(const struct tern_host *host, const char *name)
{
	if (!host->loading)
		log_error("host", host->domain, "module `%s` asked for option `%s` outside of its "
			"`load`: it is told nothing", shard_guest_name(), name);
	return host->loading;
}

bool tern_option_bool(const struct tern_host *host, const char *name)
{
	struct options *options = loading_options(host, name);

	return options && options_bool(options, name);
}

long tern_option_number(const struct tern_host *host, const char *name)
{
	struct options *options = loading_options(host, name);

	return options ? options_number(options, name) : 0;
}

const char *tern_option_string(const struct tern_host *host, const char *name)
{
	struct options *options = loading_options(host, name);

	return options ? options_string(options, name) : "";
}

const char *const *tern_option_list(const struct tern_host *host, const char *name)
{
	static const char *const none[] = { NULL };
	struct options *options = loading_options(host, name);

	return options ? options_list(options, name) : none;
}

void tern_host_features(const struct tern_host *host, bool of_account,
	void (*each)(void *context, const char *feature), void *context)
{
	for (const char **feature = host->features[of_account]; *feature; feature++)
		each(context, *feature);
}

void tern_host_identities(const struct tern_host *host, bool of_account,
	void (*each)(void *context, const struct tern_identity *identity), void *context)
{
	for (size_t i = 0; i < host->loaded_count; i++) {
		const struct tern_module *module = host->loaded[i]->module;
		const struct tern_identity *identity =
			of_account ? module->account_identities : module->identities;

		for (; identity && identity->category; identity++)
			each(context, identity);
	}
}

void tern_host_forms(const struct tern_host *host, struct element *query)
{
	for (size_t i = 0; i < host->loaded_count; i++) {
		const struct loaded *loaded = host->loaded[i];

		if (loaded->module->forms)
			loaded->module->forms(query, loaded->settings);
	}
}

enum tern_verdict tern_event_node(struct tern_event *event, bool items, const char *node,
	struct element *query)
{
	const struct tern_host *host = event->host;

	for (size_t i = 0; i < host->loaded_count; i++) {
		const struct loaded *loaded = host->loaded[i];
		tern_node_handler *tell = items ? loaded->module->node_items :
			loaded->module->node_info;
		enum tern_verdict verdict = tell ? tell(event, node, query, loaded->settings)
			: TERN_PASS;

		if (verdict != TERN_PASS)
			return verdict;
	}
	return TERN_PASS;
}
