/* reload.c - compares a fresh configuration with the one in force, and takes over what it can
 * SPDX-License-Identifier: MIT */

#include "reload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "certificate.h"
#include "config.h"
#include "heap.h"
#include "keys.h"
#include "loader.h"
#include "notify.h"
#include "options.h"
#include "server.h"
#include "tls.h"

struct reloading {
	const struct reload *reload;
	struct server *server;
	struct config *fresh;
	struct arena *arena;
	const char *old_priority;
	struct certificate **certificates; /* of each host of the server; NULL: the old one stays */
};

const char *reload_outcome_text(enum reload_outcome outcome)
{
	static const char *const texts[] = {
		[RELOAD_APPLIED] = "applied", [RELOAD_NEEDS_RESTART] = "needs a restart",
		[RELOAD_FAILED] = "failed",
	};

	return texts[outcome];
}

static void tell(struct reloading *now, enum reload_outcome outcome, const char *first,
	const char *second)
{
	now->reload->tell(now->reload->context, second
		? arena_printf(now->arena, "%s %s", first, second) : first, outcome, NULL);
}

/* --- what stands outside of hosts ------------------------------------------------------------ */

static bool is_applied(const struct section *section, const struct key *key)
{
	return strcmp(section->name, "limits") == 0 || strcmp(key->name, "tls-priority") == 0 ||
		(strcmp(section->name, "log") == 0 && strcmp(key->name, "level") == 0);
}

static void compare_section(struct reloading *now, const char *name)
{
	const struct section *section = section_find(name);
	bool is_root = strcmp(name, "root") == 0;

	for (const struct key *key = section->keys; key->name; key++) {
		bool applies = is_applied(section, key);

		if (key_equal(key, now->server->config, now->fresh))
			continue;
		tell(now, applies ? RELOAD_APPLIED : RELOAD_NEEDS_RESTART,
			is_root ? key->name : section->name, is_root ? NULL : key->name);
		if (applies && !now->reload->only_check)
			key_copy(key, now->server->config, now->fresh);
	}
}

static const struct listen_config *find_listen(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->listen_count; i++) {
		if (strcmp(config->listens[i].name, name) == 0)
			return &config->listens[i];
	}
	return NULL;
}

static void compare_listeners(struct reloading *now)
{
	const struct config *old = now->server->config, *fresh = now->fresh;

	for (size_t i = 0; i < old->listen_count; i++) {
		if (!find_listen(fresh, old->listens[i].name))
			tell(now, RELOAD_NEEDS_RESTART, "listen", old->listens[i].name);
	}
	for (size_t i = 0; i < fresh->listen_count; i++) {
		const struct listen_config *listen = &fresh->listens[i];
		const struct listen_config *before = find_listen(old, listen->name);
		bool is_equal = before != NULL;

		for (const struct key *key = section_find("listen")->keys; key->name; key++)
			is_equal = is_equal && key_equal(key, before, listen);
		if (!is_equal)
			tell(now, RELOAD_NEEDS_RESTART, "listen", listen->name);
	}
}

/* --- hosts ------------------------------------------------------------------------------------ */

static struct host_config *find_host(const struct config *config, const char *domain)
{
	for (size_t i = 0; i < config->host_count; i++) {
		if (strcmp(config->hosts[i].domain, domain) == 0)
			return &config->hosts[i];
	}
	return NULL;
}

static bool texts_equal(const char *const *a, size_t count_a, const char *const *b, size_t count_b)
{
	if (count_a != count_b)
		return false;
	for (size_t i = 0; i < count_a; i++) {
		if (strcmp(a[i], b[i]) != 0)
			return false;
	}
	return true;
}

static const struct option_setting no_options = { 0 };

static bool options_equal(const struct option_setting *a, const struct option_setting *b)
{
	a = a ? a : &no_options;
	b = b ? b : &no_options;
	for (; a->name && b->name; a++, b++) {
		if (strcmp(a->name, b->name) != 0 ||
		    !texts_equal(a->values, a->count, b->values, b->count))
			return false;
	}
	return !a->name && !b->name;
}

static bool modules_equal(const struct host_config *a, const struct host_config *b)
{
	if (a->module_count != b->module_count)
		return false;
	for (size_t i = 0; i < a->module_count; i++) {
		if (a->modules[i].module != b->modules[i].module)
			return false;
	}
	return true;
}

static void fail(struct reloading *now, const char *what, const char *why)
{
	now->reload->tell(now->reload->context, what, RELOAD_FAILED, why);
}

static void renew_module(struct reloading *now, struct tern_host *host, struct module_config *old,
	const struct module_config *fresh)
{
	const char *what = arena_printf(now->arena, "host %s module %s", host->domain,
		fresh->module->name);
	const char *why = NULL;

	if (options_equal(old->options, fresh->options))
		return;
	if (now->reload->only_check) {
		tell(now, RELOAD_APPLIED, what, NULL);
		return;
	}
	if (loader_renew(now->arena, host, fresh->module, fresh->options, &why) < 0) {
		fail(now, what, why);
		return;
	}
	old->options = fresh->options;
	tell(now, RELOAD_APPLIED, what, NULL);
}

static void renew_modules(struct reloading *now, struct tern_host *host, struct host_config *old,
	const struct host_config *fresh)
{
	const char *name = arena_printf(now->arena, "host %s", host->domain);

	if (!modules_equal(old, fresh)) {
		tell(now, RELOAD_NEEDS_RESTART, name, "modules");
		return;
	}
	for (size_t i = 0; i < old->module_count; i++)
		renew_module(now, host, (struct module_config *)&old->modules[i],
			&fresh->modules[i]);
}

/* The files were read already, because that takes time. */
static void renew_host(struct reloading *now, size_t index, struct host_config *old,
	const struct host_config *fresh)
{
	struct tern_host *host = now->server->hosts[index];
	const char *name = arena_printf(now->arena, "host %s", host->domain);

	if (now->certificates[index]) {
		certificate_unref(host->certificate);
		host->certificate = now->certificates[index];
		old->certificate = fresh->certificate;
		old->key = fresh->key;
		old->client_ca = fresh->client_ca;
		tell(now, RELOAD_APPLIED, name, "certificate");
	}
	if (old->sasl.mechanisms != fresh->sasl.mechanisms ||
	    old->sasl.iterations != fresh->sasl.iterations) {
		tell(now, RELOAD_APPLIED, name, "sasl");
		if (!now->reload->only_check)
			host->sasl = old->sasl = fresh->sasl;
	}
	if (strcmp(old->resume_location, fresh->resume_location) != 0) {
		tell(now, RELOAD_APPLIED, name, "resume-location");
		if (!now->reload->only_check)
			host->resume_location = old->resume_location = fresh->resume_location;
	}
	renew_modules(now, host, old, fresh);
}

static void read_certificates(struct reloading *now)
{
	for (size_t i = 0; i < now->server->host_count; i++) {
		const struct tern_host *host = now->server->hosts[i];
		const struct host_config *fresh = find_host(now->fresh, host->domain);

		if (fresh)
			server_read_certificate(fresh, &now->certificates[i]);
	}
}

/* --- the whole -------------------------------------------------------------------------------- */

static void apply_tls_priority(struct reloading *now)
{
	const char *priority = now->server->config->tls_priority;
	char *why = NULL;

	if (strcmp(priority, now->old_priority) != 0 && tls_setup(priority, &why) < 0)
		fail(now, "tls-priority", why);
	free(why);
}

static void compare_hosts(struct reloading *now)
{
	struct server *server = now->server;
	struct config *config = server->config;

	for (size_t i = 0; i < server->host_count; i++) {
		const struct host_config *fresh = find_host(now->fresh, server->hosts[i]->domain);

		if (fresh)
			renew_host(now, i, &config->hosts[i], fresh);
		else
			tell(now, RELOAD_NEEDS_RESTART, "host", server->hosts[i]->domain);
	}
	for (size_t i = 0; i < now->fresh->host_count; i++) {
		if (!find_host(config, now->fresh->hosts[i].domain))
			tell(now, RELOAD_NEEDS_RESTART, "host", now->fresh->hosts[i].domain);
	}
}

/* While shards stand still. */
static void take_over(void *context)
{
	struct reloading *now = context;
	struct config *config = now->server->config;
	enum log_level level = config->log_level;

	compare_section(now, "root");
	compare_section(now, "limits");
	compare_section(now, "log");
	compare_listeners(now);
	compare_hosts(now);
	if (now->reload->only_check)
		return;
	now->server->limits = config->limits;
	apply_tls_priority(now);
	tls_forget_tickets();
	if (config->log_level != level) /* else what `ternctl log level` said stays */
		log_threshold = config->log_level;
}

int server_reload(struct server *server, const struct reload *reload, char **ret_why)
{
	struct reloading now = { reload, server, config_read(server->config->path, ret_why) };

	if (!now.fresh)
		return -EINVAL;
	if (!reload->only_check)
		notify_reloading();
	now.arena = arena_create(1024);
	now.old_priority = server->config->tls_priority;
	now.certificates = heap_zalloc((server->host_count + 1) * sizeof *now.certificates);
	if (!reload->only_check) /* config_read has tried them */
		read_certificates(&now);
	server_stand_still(server, take_over, &now);
	if (reload->only_check) {
		config_destroy(now.fresh);
	} else {
		config_keep(server->config, now.fresh);
		notify_ready("clients can connect; the configuration was read again");
	}
	free(now.certificates);
	arena_destroy(now.arena);
	return 0;
}
