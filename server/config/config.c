/* config.c - reads tern.conf into a struct config, or says what is wrong with it
 * SPDX-License-Identifier: MIT
 *
 * Passes over one text (source.h): keys that are none are taken out (unknown.h); the survey finds
 * the folders of modules and the modules with options, whose keys are looked at next; at last
 * libconfuse reads all values. */

#include "config.h"

#include <confuse.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "certificate.h"
#include "clashes.h"
#include "faults.h"
#include "jid.h"
#include "keys.h"
#include "loader.h"
#include "module.h"
#include "nearest.h"
#include "options.h"
#include "registry.h"
#include "source.h"
#include "unknown.h"

/* Where a host's list names a module.  Opened is what the list has at its end: it begins with the
 * preset. */
struct mention {
	struct mention *next;
	const char *module;
	unsigned line;
};

/* One reading.  libconfuse's callbacks carry no context, and configurations are read on
 * the main thread alone. */
static struct reading {
	struct arena *arena;
	const char *path;
	struct source source;
	bool is_survey;   /* faults are left to the second pass */
	const char *const *modules_path;
	struct faults faults;
	const cfg_opt_t *faulty_list; /* whose newest value is the newest fault */
	struct mention *mentions; /* of the host that is read */
	struct host_config *hosts;
	size_t host_count;
} *now;

/* --- complaints ------------------------------------------------------------------- */

static unsigned line_of(const cfg_t *cfg)
{
	return cfg->line > 0 ? (unsigned)cfg->line : 1;
}

static void complain(const cfg_t *cfg, const char *why)
{
	faults_add(&now->faults, now->arena, line_of(cfg), why);
	now->faulty_list = NULL;
}

/* libconfuse's own words, some of them made clearer. */
static void on_error(cfg_t *cfg, const char *format, va_list args)
{
	char text[512];

	if (now->is_survey || strcmp(format, "no such option '%s'") == 0) /* it has been said */
		return;
	if (strcmp(format, "found duplicate title '%s'") == 0) {
		complain(cfg, arena_printf(now->arena, "there are two sections of the name `%s`",
			va_arg(args, const char *)));
		return;
	}
	vsnprintf(text, sizeof text, format, args);
	complain(cfg, arena_strdup(now->arena, text));
}

/* --- values ------------------------------------------------------------------------- */

static const char *const *values_of(cfg_opt_t *opt, size_t *ret_count)
{
	size_t count = cfg_opt_size(opt);
	const char **values = arena_alloc(now->arena, (count + 1) * sizeof *values);

	*ret_count = 0;
	for (size_t i = 0; i < count; i++) {
		if ((values[i] = cfg_opt_getnstr(opt, i)))
			++*ret_count;
	}
	return values;
}

static const char *const *values_of_key(cfg_opt_t *opt, const struct key *key, size_t *ret_count)
{
	const char *const *written = values_of(opt, ret_count);
	const char **values = arena_alloc(now->arena, (*ret_count + 1) * sizeof *values);

	for (size_t i = 0; i < *ret_count; i++)
		values[i] = key_value(now->arena, key, written[i], now->path);
	return values;
}

/* Called at each value, and once more at a list's end: the reading goes on behind a fault, so that
 * all are told. */
static int judge(const cfg_t *cfg, const cfg_opt_t *opt, const char *why)
{
	if (!why || (now->faulty_list == opt &&
	    strcmp(now->faults.list[now->faults.count - 1].text, why) == 0))
		return 0;
	complain(cfg, why);
	now->faulty_list = opt->flags & CFGF_LIST ? opt : NULL;
	return 0;
}

static struct mention *find_mention(const char *module)
{
	struct mention *mention = now->mentions;

	while (mention && strcmp(mention->module, module) != 0)
		mention = mention->next;
	return mention;
}

/* The last place counts: the first may be the preset's. */
static void mention(const cfg_t *cfg, const char *module)
{
	struct mention *mention = find_mention(module);

	if (!mention) {
		mention = arena_zalloc(now->arena, sizeof *mention);
		*mention = (struct mention){ now->mentions, arena_strdup(now->arena, module), 0 };
		now->mentions = mention;
	}
	mention->line = line_of(cfg);
}

/* Where the module was named. */
static void complain_of(const char *module, const char *why)
{
	const struct mention *mention = find_mention(module);

	faults_add(&now->faults, now->arena, mention ? mention->line : 0, why);
}

/* NULL, and the fault has been told. */
static const struct tern_module *open_module(const char *name)
{
	const struct tern_module *module;
	const char *why;

	if (registry_open(now->arena, now->modules_path, name, &module, &why) == 0)
		return module;
	complain_of(name, why);
	return NULL;
}

static int check_value(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct key *key = section_key(section_find(cfg->name), opt->name);
	unsigned count = cfg_opt_size(opt);
	const char *written = count ? cfg_opt_getnstr(opt, count - 1) : NULL, *newest;
	const char *why;

	if (now->is_survey || !written)
		return 0;
	newest = key_value(now->arena, key, written, now->path);
	why = key_refuse(now->arena, key, newest);
	if (!why && key->names_modules)
		mention(cfg, newest);
	return judge(cfg, opt, why);
}

static int check_option(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct tern_module *module = registry_find(cfg->title);
	struct option_setting setting = { .name = opt->name };

	if (!module || !options_claim(module, opt->name)) /* that has been said elsewhere */
		return 0;
	setting.values = values_of(opt, &setting.count);
	return judge(cfg, opt, options_refuse(now->arena, module, &setting));
}

static void fill(cfg_t *cfg, const struct section *section, void *into)
{
	for (const struct key *key = section->keys; key->name; key++) {
		size_t count;
		const char *const *values = values_of_key(cfg_getopt(cfg, key->name), key, &count);

		key_fill(now->arena, key, values, count, into);
	}
}

/* --- hosts ------------------------------------------------------------------------------ */

static const struct option_setting *read_options(cfg_t *section)
{
	size_t count = cfg_num(section), used = 0;
	struct option_setting *settings =
		arena_zalloc(now->arena, (count + 1) * sizeof *settings);

	for (size_t i = 0; i < count; i++) {
		cfg_opt_t *opt = cfg_getnopt(section, i);

		if (!(opt->flags & CFGF_MODIFIED))
			continue;
		settings[used].name = arena_strdup(now->arena, opt->name);
		settings[used].values = values_of(opt, &settings[used].count);
		for (size_t k = 0; k < settings[used].count; k++)
			((const char **)settings[used].values)[k] =
				arena_strdup(now->arena, settings[used].values[k]);
		used++;
	}
	return settings;
}

static void check_strays(cfg_t *section, const struct host_draft *draft)
{
	size_t listed = 0;

	while (draft->modules[listed])
		listed++;
	for (unsigned i = 0; i < cfg_size(section, "module"); i++) {
		cfg_t *options = cfg_getnsec(section, "module", i);
		const char *name = cfg_title(options);
		size_t k = 0;

		while (k < listed && strcmp(draft->modules[k], name) != 0)
			k++;
		if (k == listed)
			complain(options, arena_printf(now->arena, "there are options for module `%s`, "
				"which is not in the `modules` of host `%s`%s", name, cfg_title(section),
				nearest_hint(now->arena, name, draft->modules, listed)));
	}
}

static void read_modules(cfg_t *section, const struct host_draft *draft,
	struct host_config *host)
{
	struct wanted_module *modules;
	size_t listed = 0, at;
	const char *why;

	check_strays(section, draft);
	while (draft->modules[listed])
		listed++;
	modules = arena_zalloc(now->arena, (listed + 1) * sizeof *modules);
	for (size_t i = 0; i < listed; i++) {
		cfg_t *options = cfg_gettsec(section, "module", draft->modules[i]);
		const struct tern_module *module = open_module(draft->modules[i]);

		if (module)
			modules[host->module_count++] = (struct wanted_module){ module,
				options ? read_options(options) : NULL };
	}
	host->modules = modules;
	why = clashes_refuse(now->arena, modules, host->module_count, &at);
	if (why)
		complain_of(modules[at].module->name, why);
}

static unsigned read_mechanisms(const struct host_draft *draft)
{
#define X(name, text) { text, 1u << MECHANISM_##name },
	static const struct { const char *name; unsigned bit; } known[] = { SASL_MECHANISMS(X) };
#undef X
	unsigned bits = draft->anonymous ? 1u << MECHANISM_ANONYMOUS : 0;

	for (size_t i = 0; draft->sasl[i]; i++) {
		for (size_t k = 0; k < MECHANISM_COUNT; k++) {
			if (strcmp(draft->sasl[i], known[k].name) == 0)
				bits |= known[k].bit;
		}
	}
	return bits;
}

/* Of files that cannot be read, check_value has spoken. */
static const char *refuse_certificate(const struct host_config *host)
{
	const struct certificate_files files = { host->certificate, host->key, host->client_ca,
		host->domain };
	struct certificate *certificate;
	const char *kept = NULL;
	char *why = NULL;

	if (!host->certificate || !host->key)
		return arena_printf(now->arena, "host `%s` has no `%s`", host->domain,
			host->certificate ? "key" : "certificate");
	if (access(host->certificate, R_OK) < 0 || access(host->key, R_OK) < 0)
		return NULL;
	if (certificate_load(&files, &certificate, &why) < 0)
		kept = arena_strdup(now->arena, why ? why : "the certificate cannot be used");
	else
		certificate_unref(certificate);
	free(why);
	return kept;
}

static const char *read_domain(const char *title, const char **ret_domain)
{
	const char *domain = jid_prepare_domain(now->arena, title, strlen(title));

	if (!domain)
		return arena_printf(now->arena, "`%s` is not a domain", title);
	for (size_t i = 0; i < now->host_count; i++) {
		if (strcmp(now->hosts[i].domain, domain) == 0)
			return arena_printf(now->arena, "there are two hosts `%s`", domain);
	}
	*ret_domain = domain;
	return NULL;
}

/* Called when a host's section is complete. */
static int check_host(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	struct host_config host = { 0 };
	struct host_draft draft = { 0 };
	const char *why;

	if (now->is_survey)
		return 0;
	why = read_domain(cfg_title(section), &host.domain);
	if (why)
		complain(section, why);
	fill(section, section_find("host"), &draft);
	host.certificate = draft.certificate;
	host.key = draft.key;
	host.client_ca = draft.client_ca;
	host.resume_location = draft.resume_location;
	host.sasl = (struct sasl_policy){ read_mechanisms(&draft), draft.iterations };
	if (!host.domain)
		host.domain = cfg_title(section);
	why = refuse_certificate(&host);
	if (why)
		complain(section, why);
	read_modules(section, &draft, &host);
	now->mentions = NULL;
	now->hosts = arena_grow(now->arena, now->hosts, now->host_count * sizeof host,
		(now->host_count + 1) * sizeof host);
	now->hosts[now->host_count++] = host;
	return 0;
}

/* --- libconfuse's tables ------------------------------------------------------------------- */

static cfg_opt_t make_opt(const struct key *key)
{
	cfg_opt_t one = CFG_STR(key->name, key->preset, key->preset ? 0 : CFGF_NODEFAULT);
	cfg_opt_t list = CFG_STR_LIST(key->name, (char *)key->preset, 0);

	one.validcb = list.validcb = check_value;
	return key->type == KEY_LIST ? list : one;
}

/* With room for `more` opts before the end. */
static cfg_opt_t *make_opts(const struct section *section, size_t more, size_t *ret_count)
{
	cfg_opt_t end = CFG_END(), *opts;
	size_t count = 0;

	while (section->keys[count].name)
		count++;
	opts = arena_alloc(now->arena, (count + more + 1) * sizeof *opts);
	for (size_t i = 0; i < count; i++)
		opts[i] = make_opt(&section->keys[i]);
	for (size_t i = count; i <= count + more; i++)
		opts[i] = end;
	*ret_count = count;
	return opts;
}

static bool has_opt(const cfg_opt_t *opts, size_t count, const char *name)
{
	while (count--) {
		if (strcmp(opts[count].name, name) == 0)
			return true;
	}
	return false;
}

/* The options of all modules that have a section: a section's title does not choose
 * among libconfuse's tables, so check_option does. */
static cfg_opt_t *make_module_opts(const struct tern_module *const *modules, size_t module_count)
{
	cfg_opt_t end = CFG_END(), *opts = NULL;
	size_t count = 0;

	opts = arena_alloc(now->arena, sizeof *opts);
	for (size_t i = 0; i < module_count; i++) {
		const struct tern_option *claim = modules[i]->options;

		for (; claim && claim->name; claim++) {
			cfg_opt_t opt = CFG_STR_LIST(claim->name, 0, CFGF_NODEFAULT);

			if (has_opt(opts, count, claim->name))
				continue;
			opt.validcb = check_option;
			opts = arena_grow(now->arena, opts, (count + 1) * sizeof *opts,
				(count + 2) * sizeof *opts);
			opts[count++] = opt;
		}
	}
	opts[count] = end;
	return opts;
}

static cfg_opt_t *make_root(cfg_opt_t *module_opts)
{
	size_t count, root_count;
	cfg_opt_t *root = make_opts(&sections[0], 8, &root_count);

	for (const struct section *section = &sections[1]; section->name; section++) {
		cfg_opt_t *opts = make_opts(section, 1, &count);
		cfg_opt_t opt = CFG_SEC(section->name, opts, section->is_titled
			? CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES : 0);

		if (strcmp(section->name, "host") == 0) {
			cfg_opt_t module = CFG_SEC("module", module_opts,
				CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);

			opts[count] = module;
			opt.validcb = check_host;
		}
		root[root_count++] = opt;
	}
	return root;
}

/* --- the survey ---------------------------------------------------------------------------- */

/* Where the server's own modules are: beside the daemon in a build tree, else where they are
 * installed. */
static const char *own_modules_path(void)
{
	char exe[4096];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof exe - 1);
	char *slash;
	const char *path;

	if (len < 0)
		return TERN_MODULES_DIR;
	exe[len] = '\0';
	for (int up = 0; up < 2; up++) {
		slash = strrchr(exe, '/');
		if (!slash)
			return TERN_MODULES_DIR;
		*slash = '\0';
	}
	path = arena_printf(now->arena, "%s/modules", exe);
	return access(path, X_OK) == 0 && access(arena_printf(now->arena, "%s/meson-info", exe),
		F_OK) == 0 ? path : TERN_MODULES_DIR;
}

static const char *const *read_modules_path(cfg_t *root)
{
	size_t count;
	const char *const *values = values_of_key(cfg_getopt(root, "modules-path"),
		section_key(section_find("root"), "modules-path"), &count);
	const char **folders = arena_alloc(now->arena, (count + 1) * sizeof *folders);

	for (size_t i = 0; i < count; i++)
		folders[i] = *values[i] ? arena_strdup(now->arena, values[i]) : own_modules_path();
	folders[count] = NULL;
	return folders;
}

static size_t open_modules(cfg_t *root, const struct tern_module **modules, size_t most)
{
	size_t count = 0;

	for (unsigned h = 0; h < cfg_size(root, "host"); h++) {
		cfg_t *host = cfg_getnsec(root, "host", h);

		for (unsigned m = 0; m < cfg_size(host, "module") && count < most; m++) {
			const char *why;

			if (registry_open(now->arena, now->modules_path,
					cfg_title(cfg_getnsec(host, "module", m)), &modules[count], &why) == 0)
				count++;
		}
	}
	return count;
}

/* Knows every section, and ignores what stands in a module's. */
static size_t survey(const struct tern_module **modules, size_t most)
{
	cfg_opt_t module_opts[] = { CFG_END() };
	cfg_t *root = cfg_init(make_root(module_opts), CFGF_IGNORE_UNKNOWN);
	size_t count;

	now->is_survey = true;
	cfg_set_error_function(root, on_error);
	cfg_parse_buf(root, now->source.text.bytes);
	now->modules_path = read_modules_path(root);
	count = open_modules(root, modules, most);
	now->is_survey = false;
	cfg_free(root);
	return count;
}

/* --- the whole ------------------------------------------------------------------------------ */

static void preset_listeners(struct config *config)
{
	static const char *const everywhere[] = { "*", NULL };
	static const struct listen_config presets[] = {
		{ "client", everywhere, 5222, LISTEN_STARTTLS },
		{ "clients", everywhere, 5223, LISTEN_DIRECT },
	};

	config->listen_count = sizeof presets / sizeof *presets;
	config->listens = arena_alloc(now->arena, sizeof presets);
	memcpy(config->listens, presets, sizeof presets);
}

static void read_listeners(cfg_t *root, struct config *config)
{
	config->listen_count = cfg_size(root, "listen");
	config->listens = arena_zalloc(now->arena,
		(config->listen_count + 1) * sizeof *config->listens);
	for (size_t i = 0; i < config->listen_count; i++) {
		cfg_t *section = cfg_getnsec(root, "listen", i);

		fill(section, section_find("listen"), &config->listens[i]);
		config->listens[i].name = arena_strdup(now->arena, cfg_title(section));
	}
	if (config->listen_count == 0)
		preset_listeners(config);
}

static struct config *take(cfg_t *root, const char *path)
{
	struct config *config = arena_zalloc(now->arena, sizeof *config);

	fill(root, section_find("root"), config);
	fill(cfg_getsec(root, "limits"), section_find("limits"), config);
	fill(cfg_getsec(root, "log"), section_find("log"), config);
	read_listeners(root, config);
	config->arena = now->arena;
	config->path = arena_strdup(now->arena, path);
	config->modules_path = now->modules_path;
	config->hosts = now->hosts;
	config->host_count = now->host_count;
	return config;
}

/* The survey opens modules, whose options are keys. */
static cfg_t *parse(const char *path)
{
	const struct tern_module *modules[256];
	char *text = now->source.text.bytes;
	size_t module_count;
	cfg_t *root;
	int result;

	unknown_keys(&now->faults, now->arena, text);
	module_count = survey(modules, 256);
	unknown_options(&now->faults, now->arena, text);
	root = cfg_init(make_root(make_module_opts(modules, module_count)), 0);
	cfg_set_error_function(root, on_error);
	result = cfg_parse_buf(root, text);
	if (result != CFG_SUCCESS && !now->faults.count)
		faults_add(&now->faults, now->arena, 0,
			arena_printf(now->arena, "%s: it cannot be understood", path));
	if (!now->host_count && !now->faults.count)
		faults_add(&now->faults, now->arena, 0,
			arena_printf(now->arena, "%s: it has no host", path));
	return root;
}

struct config *config_read(const char *path, char **ret_why)
{
	struct reading reading = { .arena = arena_create(4096), .path = path };
	const char *unread = source_read(&reading.source, reading.arena, path);
	struct config *config = NULL;
	cfg_t *root = NULL;

	now = &reading;
	if (unread)
		faults_add(&reading.faults, reading.arena, 0, unread);
	else
		root = parse(path);
	if (!reading.faults.count)
		config = take(root, path);
	else
		*ret_why = strdup(faults_tell(&reading.faults, reading.arena, &reading.source));
	if (root)
		cfg_free(root);
	source_finish(&reading.source);
	if (!config)
		arena_destroy(reading.arena);
	now = NULL;
	return config;
}

struct host_config *config_find_host(const struct config *config, const char *domain)
{
	for (size_t i = 0; i < config->host_count; i++) {
		if (strcmp(config->hosts[i].domain, domain) == 0)
			return &config->hosts[i];
	}
	return NULL;
}

void config_destroy(struct config *config)
{
	if (config)
		arena_destroy(config->arena);
}
