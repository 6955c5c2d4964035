/* reload.c - compares a fresh configuration with the one in force, and puts it in its place
 * SPDX-License-Identifier: MIT
 *
 * What needs a restart, or fails, is copied from the old one into the fresh one (copy.h): whether that
 * is put into force, or only looked at and thrown away. */

#include "reload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "certificate.h"
#include "config.h"
#include "copy.h"
#include "heap.h"
#include "host.h"
#include "keys.h"
#include "lineup.h"
#include "notify.h"
#include "options.h"
#include "registry.h"
#include "server.h"
#include "tls.h"

/* What is to be told of a host's modules, and done with them. */
struct difference { enum reload_outcome outcome; const char *what; };
struct differences {
	struct differences *next;
	struct lineup lineup;
	struct difference *list;
	size_t count;
};

struct reloading {
	const struct reload *reload;
	struct server *server;
	struct config *old, *fresh;
	struct arena *arena;
	struct certificate **certificates; /* of each host of the server; NULL: the old one stays */
	struct differences *differences;   /* of hosts whose modules change */
};

const char *reload_outcome_text(enum reload_outcome outcome)
{
	static const char *const texts[] = {
		[RELOAD_APPLIED] = "applied", [RELOAD_NEEDS_RESTART] = "needs a restart",
		[RELOAD_FAILED] = "failed", [RELOAD_LOADED] = "loaded", [RELOAD_UNLOADED] = "unloaded",
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

		if (key_equal(key, now->old, now->fresh))
			continue;
		tell(now, applies ? RELOAD_APPLIED : RELOAD_NEEDS_RESTART,
			is_root ? key->name : section->name, is_root ? NULL : key->name);
		if (!applies)
			key_copy(now->fresh->arena, key, now->fresh, now->old);
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
	const struct config *old = now->old, *fresh = now->fresh;

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
	config_copy_listens(now->fresh, old);
}

/* --- hosts ------------------------------------------------------------------------------------ */

static void fail(struct reloading *now, const char *what, const char *why)
{
	now->reload->tell(now->reload->context, what, RELOAD_FAILED, why);
}

/* --- their modules ---------------------------------------------------------------------------- */

static const struct wanted_module *find_wanted(const struct lineup *lineup,
	const struct tern_module *module)
{
	for (size_t i = 0; i < lineup->count; i++) {
		if (lineup->wanted[i].module == module)
			return &lineup->wanted[i];
	}
	return NULL;
}

/* Of those that stay, also where others come or go. */
static bool is_reordered(const struct lineup *lineup)
{
	const struct tern_host *host = lineup->host;
	size_t next = 0;

	for (size_t i = 0; i < host->loaded_count; i++) {
		const struct wanted_module *wanted = find_wanted(lineup, host->loaded[i]->module);

		if (!wanted)
			continue;
		if ((size_t)(wanted - lineup->wanted) < next)
			return true;
		next = (size_t)(wanted - lineup->wanted);
	}
	return false;
}

static void add_difference(struct reloading *now, struct differences *differences,
	enum reload_outcome outcome, const char *module)
{
	const char *domain = differences->lineup.host->domain;

	differences->list[differences->count++] = (struct difference){ outcome, module
		? arena_printf(now->arena, "host %s module %s", domain, module)
		: arena_printf(now->arena, "host %s modules", domain) };
}

/* Between what the host has, which may have been changed by hand, and what is written. */
static void compare_modules(struct reloading *now, struct differences *differences)
{
	const struct lineup *lineup = &differences->lineup;
	const struct tern_host *host = lineup->host;

	differences->list = arena_alloc(now->arena,
		(lineup->count + host->loaded_count + 1) * sizeof *differences->list);
	for (size_t i = 0; i < lineup->count; i++) {
		const struct wanted_module *wanted = &lineup->wanted[i];
		const struct loaded *loaded = host_find_loaded(host, wanted->module);

		if (!loaded)
			add_difference(now, differences, RELOAD_LOADED, wanted->module->name);
		else if (!options_equal(loaded->written, wanted->options))
			add_difference(now, differences, RELOAD_APPLIED, wanted->module->name);
	}
	for (size_t i = 0; i < host->loaded_count; i++) {
		const struct tern_module *module = host->loaded[i]->module;

		if (!find_wanted(lineup, module))
			add_difference(now, differences, RELOAD_UNLOADED, module->name);
	}
	if (is_reordered(lineup))
		add_difference(now, differences, RELOAD_APPLIED, NULL);
}

/* Of those that stay, or come back, the old code is what there is. */
static void tell_changed_files(struct reloading *now, const struct lineup *lineup)
{
	for (size_t i = 0; i < lineup->count; i++) {
		const struct tern_module *module = lineup->wanted[i].module;
		const char *why = registry_refuse_changed(now->arena, module);

		if (why)
			now->reload->tell(now->reload->context, arena_printf(now->arena,
				"host %s module %s", lineup->host->domain, module->name),
				RELOAD_NEEDS_RESTART, why);
	}
}

static void tell_differences(struct reloading *now, const struct differences *differences)
{
	const struct lineup *lineup = &differences->lineup;

	if (lineup->result < 0) {
		fail(now, arena_printf(now->arena, "host %s modules", lineup->host->domain),
			lineup->why);
		return;
	}
	for (size_t i = 0; i < differences->count; i++)
		tell(now, differences->list[i].outcome, differences->list[i].what, NULL);
}

/* All of it, or nothing. */
static void renew_modules(struct reloading *now, struct tern_host *host,
	const struct host_config *old, struct host_config *fresh)
{
	struct differences *differences = arena_zalloc(now->arena, sizeof *differences);

	differences->lineup = (struct lineup){ .host = host, .wanted = fresh->modules,
		.count = fresh->module_count };
	compare_modules(now, differences);
	if (differences->count && !now->reload->only_check) {
		lineup_change(&differences->lineup, now->arena);
		differences->next = now->differences;
		now->differences = differences;
	}
	tell_differences(now, differences);
	tell_changed_files(now, &differences->lineup);
	if (differences->lineup.result < 0)
		host_config_copy_modules(now->fresh->arena, fresh, old);
}

static bool is_other_certificate(const struct tern_host *host, const struct certificate *fresh)
{
	return !host->certificate || !certificate_equal(host->certificate, fresh);
}

/* A reload takes the files as they are now, be they others or not: a client CA may be. */
static void renew_certificate(struct reloading *now, size_t index, const char *name)
{
	struct tern_host *host = now->server->hosts[index];
	struct certificate *fresh = now->certificates[index];
	bool tells = fresh && (!now->reload->only_check || is_other_certificate(host, fresh));

	if (now->reload->only_check) {
		certificate_unref(fresh);
	} else if (fresh) {
		certificate_unref(host->certificate);
		host->certificate = fresh;
	}
	if (tells)
		tell(now, RELOAD_APPLIED, name, "certificate");
}

/* The files were read already, because that takes time. */
static void renew_host(struct reloading *now, size_t index, const struct host_config *old,
	struct host_config *fresh)
{
	struct tern_host *host = now->server->hosts[index];
	const char *name = arena_printf(now->arena, "host %s", host->domain);

	renew_certificate(now, index, name);
	if (old->sasl.mechanisms != fresh->sasl.mechanisms ||
	    old->sasl.iterations != fresh->sasl.iterations)
		tell(now, RELOAD_APPLIED, name, "sasl");
	if (strcmp(old->resume_location, fresh->resume_location) != 0)
		tell(now, RELOAD_APPLIED, name, "resume-location");
	renew_modules(now, host, old, fresh);
}

static void read_certificates(struct reloading *now)
{
	for (size_t i = 0; i < now->server->host_count; i++) {
		const struct tern_host *host = now->server->hosts[i];
		const struct host_config *fresh = config_find_host(now->fresh, host->domain);

		if (fresh)
			server_read_certificate(fresh, &now->certificates[i]);
	}
}

/* --- the whole -------------------------------------------------------------------------------- */

static void apply_tls_priority(struct reloading *now)
{
	const char *priority = now->fresh->tls_priority;
	char *why = NULL;

	if (strcmp(priority, now->old->tls_priority) != 0 && tls_setup(priority, &why) < 0)
		fail(now, "tls-priority", why);
	free(why);
}

/* In the order of the server's. */
static void compare_hosts(struct reloading *now)
{
	const struct server *server = now->server;
	struct arena *arena = now->fresh->arena;
	struct host_config *hosts = arena_zalloc(arena, (server->host_count + 1) * sizeof *hosts);

	for (size_t i = 0; i < server->host_count; i++) {
		const char *domain = server->hosts[i]->domain;
		const struct host_config *fresh = config_find_host(now->fresh, domain);

		if (fresh) {
			hosts[i] = *fresh;
			renew_host(now, i, &now->old->hosts[i], &hosts[i]);
		} else {
			host_config_copy(arena, &hosts[i], &now->old->hosts[i]);
			tell(now, RELOAD_NEEDS_RESTART, "host", domain);
		}
	}
	for (size_t i = 0; i < now->fresh->host_count; i++) {
		if (!config_find_host(now->old, now->fresh->hosts[i].domain))
			tell(now, RELOAD_NEEDS_RESTART, "host", now->fresh->hosts[i].domain);
	}
	now->fresh->hosts = hosts;
	now->fresh->host_count = server->host_count;
}

/* What a host has of a configuration is the fresh one's. */
static void point_into_fresh(struct reloading *now, struct tern_host *host,
	const struct host_config *config)
{
	host->sasl = config->sasl;
	host->resume_location = config->resume_location;
	for (size_t i = 0; i < host->loaded_count; i++)
		host->loaded[i]->written =
			settings_copy(now->fresh->arena, host->loaded[i]->written);
}

static void put_into_force(struct reloading *now)
{
	struct server *server = now->server;

	server->config = now->fresh;
	server->limits = now->fresh->limits;
	for (size_t i = 0; i < server->host_count; i++)
		point_into_fresh(now, server->hosts[i], &now->fresh->hosts[i]);
	apply_tls_priority(now);
	tls_forget_tickets();
	if (now->fresh->log_level != now->old->log_level) /* else what `ternctl log level` said stays */
		log_threshold = now->fresh->log_level;
}

/* While shards stand still; to look, they need not. */
static void take_over(void *context)
{
	struct reloading *now = context;

	compare_section(now, "root");
	compare_section(now, "limits");
	compare_section(now, "log");
	compare_listeners(now);
	compare_hosts(now);
	if (!now->reload->only_check)
		put_into_force(now);
}

static void settle(struct shard *shard, void *context)
{
	const struct reloading *now = context;

	for (struct differences *each = now->differences; each; each = each->next)
		lineup_settle(&each->lineup, shard);
}

static void finish(struct reloading *now)
{
	for (struct differences *each = now->differences; each; each = each->next)
		lineup_finish(&each->lineup);
}

int server_reload(struct server *server, const struct reload *reload, char **ret_why)
{
	struct reloading now = { reload, server, server->config,
		config_read(server->config->path, ret_why) };

	if (!now.fresh)
		return -EINVAL;
	if (!reload->only_check)
		notify_reloading();
	now.arena = arena_create(1024);
	now.certificates = heap_zalloc((server->host_count + 1) * sizeof *now.certificates);
	read_certificates(&now);
	if (reload->only_check)
		take_over(&now);
	else
		server_stand_still(server, take_over, settle, &now);
	finish(&now);
	config_destroy(reload->only_check ? now.fresh : now.old);
	if (!reload->only_check)
		notify_ready("clients can connect; the configuration was read again");
	free(now.certificates);
	arena_destroy(now.arena);
	return 0;
}
