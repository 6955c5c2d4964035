/* Modules in a host: what they claim stands in its tables, and who quarrels stays out. */
/* SPDX-License-Identifier: MIT */

#include "loader.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "host.h"
#include "options.h"
#include "registry.h"

static struct arena *arena;
static struct tern_host *host;
static const char *why;
static char calls[256];

static void set_up(void)
{
	arena = arena_create(1024);
	host = host_create(NULL, "example.org");
	why = NULL;
	calls[0] = '\0';
}

static void tear_down(void)
{
	host_destroy(host);
	arena_destroy(arena);
}

TestSuite(loader, .init = set_up, .fini = tear_down);

static enum tern_verdict one(struct tern_event *event, const void *settings) { return TERN_PASS; }
static enum tern_verdict two(struct tern_event *event, const void *settings) { return TERN_PASS; }

static int load_noted(struct tern_host *of, void **ret_settings)
{
	strcat(calls, "+");
	*ret_settings = calls;
	return 0;
}
static void unload_noted(struct tern_host *of, void *settings) { strcat(settings, "-"); }

static int load_failing(struct tern_host *of, void **ret_settings) { return -ENOMEM; }

static const struct tern_iq ping_iqs[] = {
	{ TERN_GET, TERN_AT_HOST | TERN_AT_OWN_ACCOUNT, "urn:xmpp:ping", "ping", one }, { 0 },
};
static const struct tern_module ping = { .abi = TERN_MODULE_ABI, .name = "ping", .iqs = ping_iqs,
	.features = (const char *const[]){ "urn:xmpp:ping", NULL },
	.identities = (const struct tern_identity[]){ { "server", "im", "Tern" }, { 0 } },
	.load = load_noted, .unload = unload_noted };
static const struct tern_module pong = { .abi = TERN_MODULE_ABI, .name = "pong", .iqs = ping_iqs };

static int add(const struct tern_module *module)
{
	return loader_add(arena, host, module, NULL, &why);
}

/* As a host whose shards stand still, and nobody is logged in. */
static int change(const struct wanted_module *wanted, size_t count)
{
	struct turnover turnover;
	int result = loader_change(arena, host, wanted, count, &turnover, &why);

	if (result == 0)
		loader_finish(&turnover);
	return result;
}

/* --- iqs ------------------------------------------------------------------------------ */

Test(loader, finds_the_handler_of_an_iq)
{
	const struct iq_claim *claim;

	cr_assert_eq(add(&ping), 0);
	claim = host_find_iq(host, TERN_GET, TERN_AT_HOST, "urn:xmpp:ping", "ping");
	cr_assert_not_null(claim);
	cr_assert(claim->run == one);
	cr_assert(claim->settings == calls);
}

Test(loader, finds_no_handler_for_another_place_type_or_name)
{
	cr_assert_eq(add(&ping), 0);
	cr_assert_null(host_find_iq(host, TERN_SET, TERN_AT_HOST, "urn:xmpp:ping", "ping"));
	cr_assert_null(host_find_iq(host, TERN_GET, TERN_AT_OTHER_ACCOUNT, "urn:xmpp:ping", "ping"));
	cr_assert_null(host_find_iq(host, TERN_GET, TERN_AT_HOST, "urn:xmpp:ping", "pang"));
	cr_assert_null(host_find_iq(host, TERN_GET, TERN_AT_HOST, "urn:nobody:knows", "ping"));
}

static const struct tern_module other = { .abi = TERN_MODULE_ABI, .name = "other",
	.iqs = (const struct tern_iq[]){
		{ TERN_GET, TERN_AT_OTHER_ACCOUNT, "urn:xmpp:ping", "ping", two }, { 0 } } };

Test(loader, lets_two_modules_share_an_iq_at_different_places)
{
	cr_assert_eq(add(&ping), 0);
	cr_assert_eq(add(&other), 0);
	cr_assert(host_find_iq(host, TERN_GET, TERN_AT_HOST, "urn:xmpp:ping", "ping")->run == one);
	cr_assert(host_find_iq(host, TERN_GET, TERN_AT_OTHER_ACCOUNT, "urn:xmpp:ping",
		"ping")->run == two);
}

Test(loader, names_both_modules_that_claim_one_iq)
{
	cr_assert_eq(add(&ping), 0);
	cr_assert_eq(add(&pong), -EINVAL);
	cr_assert_str_eq(why, "modules `ping` and `pong` both claim the iq get {urn:xmpp:ping}ping");
	cr_assert_eq(host->loaded_count, 1);
}

Test(loader, finds_all_of_many_iqs)
{
	static struct tern_iq iqs[101];
	static const struct tern_module many = { .abi = TERN_MODULE_ABI, .name = "many", .iqs = iqs };
	static char names[100][8];

	for (int i = 0; i < 100; i++) {
		snprintf(names[i], sizeof names[i], "q%d", i);
		iqs[i] = (struct tern_iq){ TERN_SET, TERN_AT_HOST, "urn:many", names[i], two };
	}
	cr_assert_eq(add(&many), 0);
	for (int i = 0; i < 100; i++)
		cr_assert_not_null(host_find_iq(host, TERN_SET, TERN_AT_HOST, "urn:many", names[i]));
}

/* --- phases, watches, answers ------------------------------------------------------------- */

static const struct tern_module late_then_early = { .abi = TERN_MODULE_ABI, .name = "a",
	.hooks = (const struct tern_hook[]){ { TERN_IN_CHECK, TERN_MESSAGES, 10, one },
		{ TERN_IN_CHECK, TERN_MESSAGES, 0, one }, { 0 } } };
static const struct tern_module middle = { .abi = TERN_MODULE_ABI, .name = "b",
	.hooks = (const struct tern_hook[]){ { TERN_IN_CHECK, TERN_MESSAGES, 0, two },
		{ TERN_IN_CHECK, TERN_PRESENCES, -5, two }, { 0 } } };

Test(loader, orders_a_phase_by_priority_and_then_by_load)
{
	const struct hook *hooks;

	cr_assert_eq(add(&late_then_early), 0);
	cr_assert_eq(add(&middle), 0);
	hooks = host->phases[TERN_IN_CHECK];
	cr_assert(hooks[0].run == two && hooks[0].kinds == TERN_PRESENCES);
	cr_assert(hooks[1].run == one);
	cr_assert(hooks[2].run == two);
	cr_assert(hooks[3].run == one);
	cr_assert_null(hooks[4].run);
	cr_assert_str_eq(hooks[2].owner->module->name, "b");
}

Test(loader, leaves_an_empty_list_where_nobody_claims)
{
	cr_assert_null(host->phases[TERN_IN_MISSED][0].run);
	cr_assert_null(host->watches[TERN_ON_AVAILABLE][0].run);
	cr_assert_str_eq(host->stream_features, "");
}

static int answer(struct tern_entity *entity, const struct jid *about, const void *settings)
{
	return 1;
}
static const struct tern_answer_claim blocked[] = { { TERN_ASK_BLOCKED, answer }, { 0 } };

Test(loader, lets_one_module_answer_a_question)
{
	static const struct tern_module first = { .abi = TERN_MODULE_ABI, .name = "first",
		.answers = blocked };
	static const struct tern_module second = { .abi = TERN_MODULE_ABI, .name = "second",
		.answers = blocked };

	cr_assert_eq(add(&first), 0);
	cr_assert(host->answers[TERN_ASK_BLOCKED].run == answer);
	cr_assert_eq(add(&second), -EINVAL);
	cr_assert_str_eq(why, "modules `first` and `second` both answer the question BLOCKED");
}

static const struct tern_module feature = { .abi = TERN_MODULE_ABI, .name = "feature",
	.stream_features = (const struct tern_stream_feature[]){
		{ "urn:xmpp:features:rosterver", "ver" }, { "a'b", "x" }, { 0 } } };

Test(loader, writes_stream_features_ready_for_the_wire)
{
	cr_assert_eq(add(&feature), 0);
	cr_assert_str_eq(host->stream_features,
		"<ver xmlns='urn:xmpp:features:rosterver'/><x xmlns='a&apos;b'/>");
}

static void fill(const struct tern_host *of, struct element *element, const void *settings)
{
	element_set(element, "of", tern_host_domain(of));
	element_add_text(element, "said", settings);
}

static const struct tern_module filled = { .abi = TERN_MODULE_ABI, .name = "filled",
	.load = load_noted,
	.stream_features = (const struct tern_stream_feature[]){ { "urn:f", "f", fill }, { 0 } } };

Test(loader, lets_a_module_say_more_in_its_stream_feature)
{
	cr_assert_eq(add(&filled), 0);
	cr_assert_str_eq(host->stream_features,
		"<f xmlns='urn:f' of='example.org'><said>+</said></f>");
}

/* --- handles ------------------------------------------------------------------------------- */

static tern_state state_a, state_b;
static tern_store store_a;
static int read_nothing(struct tern_entity *entity, const void *key, size_t key_len,
	const void *value, size_t value_len)
{
	return 0;
}
static const struct tern_module stateful = { .abi = TERN_MODULE_ABI, .name = "stateful",
	.states = (const struct tern_state_claim[]){ { TERN_PER_SESSION, 8, &state_a, NULL },
		{ TERN_PER_SESSION, 16, &state_b, NULL }, { 0 } },
	.stores = (const struct tern_store_claim[]){
		{ "stateful/x", TERN_RESIDENT, &store_a, read_nothing }, { 0 } } };

Test(loader, gives_states_and_stores_their_numbers)
{
	cr_assert_eq(add(&stateful), 0);
	cr_assert_neq(state_a, state_b);
	cr_assert_eq(loader_state(TERN_PER_SESSION, state_b - SESSION_STATES - 1u)->claim->size, 16);
	cr_assert(loader_store_of(store_a)->module == &stateful);
}

Test(loader, gives_a_module_the_same_numbers_in_every_host)
{
	struct tern_host *second = host_create(NULL, "example.net");
	tern_state before;

	cr_assert_eq(add(&stateful), 0);
	before = state_b;
	cr_assert_eq(loader_add(arena, second, &stateful, NULL, &why), 0);
	cr_assert_eq(state_b, before);
	cr_assert_eq(loader_state_count(TERN_PER_SESSION), 2);
	host_destroy(second);
}

/* --- loading and unloading ------------------------------------------------------------------ */

Test(loader, unloads_the_last_one_first)
{
	static const struct tern_module once = { .abi = TERN_MODULE_ABI, .name = "once",
		.load = load_noted, .unload = unload_noted };

	cr_assert_eq(add(&ping), 0);
	cr_assert_eq(add(&once), 0);
	loader_unload(host);
	cr_assert_str_eq(calls, "++--");
	cr_assert_null(host_find_iq(host, TERN_GET, TERN_AT_HOST, "urn:xmpp:ping", "ping"));
}

Test(loader, keeps_out_what_does_not_load)
{
	static const struct tern_module broken = { .abi = TERN_MODULE_ABI, .name = "broken",
		.load = load_failing };

	cr_assert_eq(add(&broken), -ENOMEM);
	cr_assert_str_eq(why, "module `broken` does not load: Cannot allocate memory");
	cr_assert_eq(host->loaded_count, 0);
}

Test(loader, keeps_out_the_same_module_twice)
{
	cr_assert_eq(add(&ping), 0);
	cr_assert_eq(add(&ping), -EINVAL);
	cr_assert_str_eq(why, "module `ping` is listed twice");
}

/* --- elements that are no stanzas, and filters ------------------------------------------------ */

static void take(struct tern_session *session, const struct element *element,
	const void *settings) { }
static void take_too(struct tern_session *session, const struct element *element,
	const void *settings) { }
static bool keep(struct tern_session *session, const struct tern_stanza *stanza,
	const void *settings) { return true; }

static const struct tern_nonza csi_nonzas[] = {
	{ "urn:xmpp:csi:0", "active", take }, { "urn:xmpp:csi:0", "inactive", take_too }, { 0 },
};
static const struct tern_module csi = { .abi = TERN_MODULE_ABI, .name = "csi",
	.nonzas = csi_nonzas, .filter = keep, .load = load_noted, .unload = unload_noted };
static const struct tern_module isc = { .abi = TERN_MODULE_ABI, .name = "isc",
	.nonzas = csi_nonzas };
static const struct tern_module sieve = { .abi = TERN_MODULE_ABI, .name = "sieve",
	.filter = keep };

static const struct nonza_claim *find_nonza(const char *ns, const char *name)
{
	return host_find_nonza(host, element_new(arena, ns, name));
}

Test(loader, finds_who_takes_an_element_of_the_stream)
{
	cr_assert_null(find_nonza("urn:xmpp:csi:0", "active"));
	cr_assert_eq(add(&csi), 0);
	cr_assert(find_nonza("urn:xmpp:csi:0", "active")->run == take);
	cr_assert(find_nonza("urn:xmpp:csi:0", "inactive")->run == take_too);
	cr_assert(find_nonza("urn:xmpp:csi:0", "inactive")->settings == calls);
	cr_assert_null(find_nonza("urn:xmpp:csi:0", "asleep"));
	cr_assert_null(find_nonza("urn:xmpp:csi:1", "active"));
}

Test(loader, names_both_modules_that_claim_one_element_of_the_stream)
{
	cr_assert_eq(add(&csi), 0);
	cr_assert_eq(add(&isc), -EINVAL);
	cr_assert_str_eq(why, "modules `csi` and `isc` both claim the element {urn:xmpp:csi:0}active");
}

Test(loader, lets_one_module_filter_what_goes_to_sessions)
{
	cr_assert_null(host->filter);
	cr_assert_eq(add(&csi), 0);
	cr_assert(host->filter->module == &csi);
	cr_assert(host->filter->settings == calls);
	cr_assert_eq(add(&sieve), -EINVAL);
	cr_assert_str_eq(why, "modules `csi` and `sieve` both filter what goes to sessions");
	loader_unload(host);
	cr_assert_null(host->filter);
}

static void run_nothing(struct tern_command *call, struct tern_entity *entity,
	const void *settings) { }
static int64_t read_zero(const void *settings) { return 0; }
static int import_nothing(struct tern_entity *entity, const struct element *element,
	const void *settings)
{
	return 0;
}
static const char *const one_column[] = { "x", NULL };

static const struct tern_module greeter = { .abi = TERN_MODULE_ABI, .name = "greeter",
	.commands = (const struct tern_command_claim[]){
		{ "greet", "", "", TERN_COMMAND_AT_HOST, one_column, run_nothing }, { 0 } },
	.metrics = (const struct tern_metric_claim[]){
		{ "greeter_of_x", TERN_GAUGE, "x", NULL, read_zero }, { 0 } },
	.identities = (const struct tern_identity[]){ { "a", "b", NULL }, { 0 } },
	.account_identities = (const struct tern_identity[]){ { "c", "d", NULL }, { 0 } },
	.stream_features = (const struct tern_stream_feature[]){ { "urn:x", "x" }, { 0 } },
	.stranger_features = (const struct tern_stream_feature[]){ { "urn:y", "y" }, { 0 } },
	.importers = (const struct tern_importer[]){ { "urn:x", "x", import_nothing }, { 0 } } };

Test(loader, names_both_modules_that_claim_what_is_found_by_name)
{
	static struct tern_module quarrelsome = { .abi = TERN_MODULE_ABI, .name = "greeter_of" };
#define CLAIMS(table, what) \
	quarrelsome.table = greeter.table; \
	cr_expect_eq(add(&quarrelsome), -EINVAL); \
	cr_expect_str_eq(why, "modules `greeter` and `greeter_of` both claim the " what); \
	quarrelsome.table = NULL;

	cr_assert_eq(add(&greeter), 0);
	CLAIMS(commands, "command `greet`")
	CLAIMS(metrics, "metric `greeter_of_x`")
	CLAIMS(identities, "identity a/b")
	CLAIMS(account_identities, "identity c/d of accounts")
	CLAIMS(stream_features, "stream feature {urn:x}x")
	CLAIMS(stranger_features, "stream feature {urn:y}y before the login")
	CLAIMS(importers, "import of {urn:x}x")
#undef CLAIMS
	cr_assert_eq(add(&quarrelsome), 0);
}

static void note_feature(void *context, const char *name) { strcat(context, name); }
static void note_identity(void *context, const struct tern_identity *identity)
{
	strcat(context, identity->category);
}

Test(loader, tells_disco_what_modules_announce)
{
	char all[128] = "";

	cr_assert_eq(add(&ping), 0);
	tern_host_features(host, false, note_feature, all);
	tern_host_identities(host, false, note_identity, all);
	tern_host_features(host, true, note_feature, all);
	cr_assert_str_eq(all, "urn:xmpp:pingserver");
}

Test(loader, tells_disco_once_what_several_modules_announce)
{
	static const char *const features[] = { "urn:xmpp:ping", "urn:too", NULL };
	static const struct tern_module too = { .abi = TERN_MODULE_ABI, .name = "too",
		.features = features };
	char all[128] = "";

	cr_assert_eq(add(&ping), 0);
	cr_assert_eq(add(&too), 0);
	tern_host_features(host, false, note_feature, all);
	cr_assert_str_eq(all, "urn:xmpp:pingurn:too");
}

static void add_form(struct element *query, const void *settings)
{
	element_add(query, "urn:form", settings);
}

static enum tern_verdict tell_node(struct tern_event *event, const char *node, struct element *query,
	const void *settings)
{
	if (strcmp(node, "known") != 0)
		return TERN_PASS;
	element_add(query, "urn:told", node);
	return TERN_DONE;
}

static const struct tern_module telling = { .abi = TERN_MODULE_ABI, .name = "telling",
	.load = load_noted, .forms = add_form, .node_items = tell_node };

Test(loader, lets_modules_add_forms_to_disco)
{
	struct element *query = element_new(arena, "urn:q", "query");

	cr_assert_eq(add(&ping), 0);
	cr_assert_eq(add(&telling), 0);
	tern_host_forms(host, query);
	cr_assert_not_null(element_find(query, "urn:form", "++"));
	cr_assert_eq(element_count(query), 1);
}

Test(loader, asks_modules_for_nodes)
{
	struct element *query = element_new(arena, "urn:q", "query");
	struct tern_event event = { .host = host, .arena = arena };

	cr_assert_eq(add(&telling), 0);
	cr_assert_eq(tern_event_node(&event, true, "known", query), TERN_DONE);
	cr_assert_not_null(element_find(query, "urn:told", "known"));
	cr_assert_eq(tern_event_node(&event, true, "unknown", query), TERN_PASS);
	cr_assert_eq(tern_event_node(&event, false, "known", query), TERN_PASS);
}

/* --- options ----------------------------------------------------------------------------------- */

static long limit;
static bool is_on;
static const char *text, *const *list;

static int read_options(struct tern_host *of, void **ret_settings)
{
	limit = tern_option_number(of, "limit");
	is_on = tern_option_bool(of, "on");
	text = tern_option_string(of, "text");
	list = tern_option_list(of, "list");
	return 0;
}
static const char *refuse_bad(struct arena *of, const char *value)
{
	return strcmp(value, "bad") == 0 ? arena_printf(of, "it is %s", value) : NULL;
}

static const struct tern_module optional = { .abi = TERN_MODULE_ABI, .name = "optional",
	.load = read_options,
	.options = (const struct tern_option[]){ { "limit", TERN_NUMBER, "100", 1, 1000, "most" },
		{ "on", TERN_BOOL, "yes" },
		{ "text", TERN_STRING, "hello", 0, 0, "any", refuse_bad },
		{ "list", TERN_LIST, "a, b", 0, 0, "any", refuse_bad }, { 0 } } };

Test(loader, gives_a_module_its_presets)
{
	cr_assert_eq(add(&optional), 0);
	cr_assert_eq(limit, 100);
	cr_assert(is_on);
	cr_assert_str_eq(text, "hello");
	cr_assert_str_eq(list[0], "a");
	cr_assert_str_eq(list[1], "b");
	cr_assert_null(list[2]);
}

Test(loader, gives_a_module_what_was_written)
{
	const struct option_setting written[] = { { "limit", (const char *[]){ "7" }, 1 },
		{ "on", (const char *[]){ "no" }, 1 }, { "list", NULL, 0 }, { 0 } };

	cr_assert_eq(loader_add(arena, host, &optional, written, &why), 0);
	cr_assert_eq(limit, 7);
	cr_assert(!is_on);
	cr_assert_null(list[0]);
}

Test(loader, gives_a_loaded_module_other_options)
{
	const struct option_setting written[] = { { "limit", (const char *[]){ "7" }, 1 }, { 0 } };

	cr_assert_eq(add(&optional), 0);
	cr_assert_eq(change(&(struct wanted_module){ &optional, written }, 1), 0);
	cr_assert_eq(limit, 7);
	cr_assert_eq(host->loaded_count, 1);
}

static const struct tern_module renewed = { .abi = TERN_MODULE_ABI, .name = "renewed",
	.iqs = ping_iqs, .options = (const struct tern_option[]){ { "x", TERN_STRING, "" }, { 0 } },
	.load = load_noted, .unload = unload_noted };

Test(loader, keeps_old_settings_until_the_module_goes)
{
	const struct option_setting written[] = { { "x", (const char *[]){ "y" }, 1 }, { 0 } };

	cr_assert_eq(add(&renewed), 0);
	cr_assert_eq(change(&(struct wanted_module){ &renewed, written }, 1), 0);
	cr_assert_str_eq(calls, "++");
	cr_assert_not_null(host_find_iq(host, TERN_GET, TERN_AT_HOST, "urn:xmpp:ping", "ping"));
	cr_assert_eq(change(NULL, 0), 0);
	cr_assert_str_eq(calls, "++--");
}

static int misspell(struct tern_host *of, void **ret_settings)
{
	*ret_settings = calls;
	limit = tern_option_number(of, "limti");
	is_on = tern_option_bool(of, "x");
	return 0;
}

static int mistake(struct tern_host *of, void **ret_settings)
{
	*ret_settings = calls;
	text = tern_option_string(of, "list");
	list = tern_option_list(of, "text");
	return tern_option_number(of, "on") == 0 && !tern_option_bool(of, "limit") ? 0 : -EIO;
}

static int misspell_and_fail(struct tern_host *of, void **ret_settings)
{
	limit = tern_option_number(of, "limti");
	return -EINVAL;
}

static int answer_a_count(struct tern_host *of, void **ret_settings) { return 3; }

Test(loader, refuses_a_module_that_misjudges_itself_while_it_loads)
{
	static const struct { int (*load)(struct tern_host *, void **); const char *why, *calls; }
	cases[] = {
		{ misspell, "module `optional` asked for option `limti`, which it does not claim (did "
			"you mean `limit`?)", "-" },
		{ misspell_and_fail, "module `optional` asked for option `limti`, which it does not "
			"claim (did you mean `limit`?)", "" },
		{ mistake, "module `optional` asked for option `list` as `text`, and claims it as "
			"`list`", "-" },
		{ answer_a_count, "module `optional` does not load: its `load` answers 3, which is "
			"neither 0 nor -errno", "" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		static struct tern_module module;

		module = optional;
		module.load = cases[i].load;
		module.unload = unload_noted;
		calls[0] = '\0';
		cr_assert_eq(add(&module), -EINVAL);
		cr_assert_str_eq(why, cases[i].why);
		cr_assert_str_eq(calls, cases[i].calls);
		cr_assert_eq(host->loaded_count, 0);
	}
}

Test(loader, gives_empty_values_where_it_has_none)
{
	static struct tern_module module;

	module = optional;
	module.load = mistake;
	cr_assert_eq(add(&module), -EINVAL);
	cr_assert_str_eq(text, "");
	cr_assert_null(list[0]);
	cr_assert_eq(tern_option_number(host, "limit"), 0); /* nobody is loading */
	cr_assert_eq(tern_option_bool(host, "on"), false);
	cr_assert_str_eq(tern_option_string(host, "text"), "");
	cr_assert_null(tern_option_list(host, "list")[0]);
}

/* --- another line-up ------------------------------------------------------------------------- */

Test(loader, takes_modules_in_and_out_and_in_another_order)
{
	const struct wanted_module wanted[] = { { &middle, NULL }, { &late_then_early, NULL } };

	cr_assert_eq(add(&late_then_early), 0);
	cr_assert_eq(add(&ping), 0);
	cr_assert_eq(add(&middle), 0);
	cr_assert_eq(change(wanted, 2), 0);
	cr_assert_eq(host->loaded_count, 2);
	cr_assert(host->phases[TERN_IN_CHECK][1].run == two);
	cr_assert_null(host_find_iq(host, TERN_GET, TERN_AT_HOST, "urn:xmpp:ping", "ping"));
	cr_assert_str_eq(calls, "+-");
}

Test(loader, tells_who_came_and_who_left)
{
	struct turnover turnover;

	cr_assert_eq(add(&ping), 0);
	cr_assert_eq(loader_change(arena, host, &(struct wanted_module){ &middle, NULL }, 1,
		&turnover, &why), 0);
	cr_assert_eq(turnover.leaving_count, 1);
	cr_assert_eq(turnover.leaving[0]->module, &ping);
	cr_assert(turnover.leaving[0]->is_leaving);
	cr_assert_eq(turnover.joining_count, 1);
	cr_assert_eq(turnover.joining[0], host_find_loaded(host, &middle));
	cr_assert_str_eq(calls, "+");
	loader_finish(&turnover);
	cr_assert_str_eq(calls, "+-");
}

Test(loader, leaves_a_host_as_it_was_when_one_of_several_does_not_load)
{
	static const struct tern_module broken = { .abi = TERN_MODULE_ABI, .name = "broken",
		.load = load_failing };
	const struct option_setting written[] = { { "x", (const char *[]){ "y" }, 1 }, { 0 } };
	const struct wanted_module wanted[] = { { &csi, NULL }, { &renewed, written },
		{ &broken, NULL } };
	struct loaded *before;

	cr_assert_eq(add(&renewed), 0);
	before = host_find_loaded(host, &renewed);
	cr_assert_eq(change(wanted, 3), -ENOMEM);
	cr_assert_str_eq(why, "module `broken` does not load: Cannot allocate memory");
	cr_assert_eq(host->loaded_count, 1);
	cr_assert_eq(host_find_loaded(host, &renewed), before);
	cr_assert_null(before->made->earlier);
	cr_assert_str_eq(calls, "+++--");
}

Test(loader, leaves_a_host_as_it_was_when_two_quarrel)
{
	const struct wanted_module wanted[] = { { &ping, NULL }, { &pong, NULL } };

	cr_assert_eq(add(&ping), 0);
	cr_assert_eq(change(wanted, 2), -EINVAL);
	cr_assert_str_eq(why, "modules `ping` and `pong` both claim the iq get {urn:xmpp:ping}ping");
	cr_assert_str_eq(calls, "+");
	cr_assert_not_null(host_find_iq(host, TERN_GET, TERN_AT_HOST, "urn:xmpp:ping", "ping"));
}

Test(loader, unloads_what_is_in_use_when_it_is_not_any_more)
{
	struct loaded *loaded;

	cr_assert_eq(add(&ping), 0);
	loaded = host_find_loaded(host, &ping);
	loaded_use(loaded);
	cr_assert_eq(change(NULL, 0), 0);
	cr_assert_str_eq(calls, "+");
	loaded_release(loaded);
	cr_assert_eq(change(NULL, 0), 0);
	cr_assert_str_eq(calls, "+-");
}

Test(loader, refuses_options_that_the_claims_do_not_allow)
{
	static const struct { const char *name, *value, *why; } cases[] = {
		{ "limti", "7", "module `optional` has no option `limti` (did you mean `limit`?)" },
		{ "xyz", "7", "module `optional` has no option `xyz`" },
		{ "limit", "many", "`limit` is a number, not `many`" },
		{ "limit", "1001", "`limit` is from 1 to 1000, not 1001" },
		{ "limit", "7x", "`limit` is a number, not `7x`" },
		{ "on", "maybe", "`on` is yes or no, not `maybe`" },
		{ "list", "bad", "`list`: it is bad" },
		{ "text", "bad", "`text`: it is bad" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct option_setting written[] = {
			{ cases[i].name, (const char *[]){ cases[i].value }, 1 }, { 0 } };

		cr_assert_eq(loader_add(arena, host, &optional, written, &why), -EINVAL);
		cr_assert_str_eq(why, cases[i].why);
	}
}

/* --- modules that are none ------------------------------------------------------------------- */

static tern_store handle, other_handle;
static tern_metric metric, other_metric;

static void look_round(struct tern_entity *entity, const void *settings)
{
}

static const struct { struct tern_module module; const char *why; } senseless[] = {
	{ { .abi = TERN_MODULE_ABI + 1, .name = "x" },
		"it was built for module ABI 2, this server has 1" },
	{ { .abi = TERN_MODULE_ABI, .name = "../x" },
		"its name is not one (a-z, 0-9, `-` and `_`)" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .stores = (const struct tern_store_claim[]){
		{ "roster", TERN_FETCHED, &handle }, { 0 } } },
		"store `roster` does not begin with the module's name" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .stores = (const struct tern_store_claim[]){
		{ "x", TERN_RESIDENT, &handle }, { 0 } } },
		"store `x` lacks its handle or `read`" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .states = (const struct tern_state_claim[]){
		{ TERN_PER_SESSION, 8, &handle, NULL, "roster", true }, { 0 } } },
		"state `roster` does not begin with the module's name" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .states = (const struct tern_state_claim[]){
		{ TERN_PER_SESSION, 8, &handle, NULL, "x" }, { 0 } } },
		"state `x` does not say how it is saved: either `is_plain`, or `save` and `restore`" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .states = (const struct tern_state_claim[]){
		{ TERN_PER_ACCOUNT, 8, &handle, NULL, "x", true }, { 0 } } },
		"state `x` has a name, and only those of sessions are saved" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .states = (const struct tern_state_claim[]){
		{ TERN_PER_SESSION, 8, &handle, NULL, NULL, true }, { 0 } } },
		"a state that is to be saved has no name" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .states = (const struct tern_state_claim[]){
		{ TERN_PER_SESSION, 0, &handle }, { 0 } } },
		"entry 1 of `states` has no `size`" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .rounds = (const struct tern_round[]){
		{ &handle, look_round }, { 0 } } },
		"a round goes by a store that `stores` does not claim" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .hooks = (const struct tern_hook[]){
		{ TERN_IN_CHECK, TERN_MESSAGES, 0, one }, { TERN_IN_CHECK, TERN_MESSAGES, 1 }, { 0 } } },
		"entry 2 of `hooks` has no `run`" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .options = (const struct tern_option[]){
		{ "n", TERN_NUMBER, "much" }, { 0 } } },
		"the preset of an option is wrong: `n` is a number, not `much`" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .iqs = (const struct tern_iq[]){
		{ TERN_RESULT, TERN_AT_HOST, "urn:x", "x", one }, { 0 } } },
		"the claim of iq {urn:x}x is incomplete" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .metrics = (const struct tern_metric_claim[]){
		{ "y_done", TERN_COUNTER, "done", &metric }, { 0 } } },
		"metric `y_done` does not begin with the module's name and `_`, or has other bytes than "
		"a-z, 0-9 and `_`" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .metrics = (const struct tern_metric_claim[]){
		{ "x_done", TERN_COUNTER, "done" }, { 0 } } },
		"metric `x_done` wants either a handle or `read`" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .commands = (const struct tern_command_claim[]){
		{ "x do", "JID", "does it" }, { 0 } } },
		"the claim of command `x do` is incomplete" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .commands = (const struct tern_command_claim[]){
		{ "x do", "JID [--after ID]", "", TERN_COMMAND_AT_ACCOUNT,
			(const char *const[]){ NULL }, run_nothing,
			(const struct tern_command_field[]){ { "--before", "Before" }, { 0 } } },
		{ 0 } } },
		"command `x do`: the field `--before` is not among its arguments, or has no label" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .commands = (const struct tern_command_claim[]){
		{ "x do", "", "", TERN_COMMAND_AT_HOST, (const char *const[]){ NULL }, run_nothing },
		{ "x do", "", "", TERN_COMMAND_AT_HOST, (const char *const[]){ NULL }, run_nothing },
		{ 0 } } }, "it claims the command `x do` twice" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .metrics = (const struct tern_metric_claim[]){
		{ "x_Done", TERN_COUNTER, "done", &metric }, { 0 } } },
		"metric `x_Done` does not begin with the module's name and `_`, or has other bytes than "
		"a-z, 0-9 and `_`" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .metrics = (const struct tern_metric_claim[]){
		{ "x_done", TERN_COUNTER, NULL, &metric }, { 0 } } },
		"metric `x_done` lacks its line of explanation" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .metrics = (const struct tern_metric_claim[]){
		{ "x_a", TERN_COUNTER, "a", &metric }, { "x_a", TERN_COUNTER, "b", &other_metric },
		{ 0 } } },
		"it claims the metric `x_a` twice" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .metrics = (const struct tern_metric_claim[]){
		{ "x_a", TERN_COUNTER, "a", &metric }, { "x_b", TERN_COUNTER, "b", &metric }, { 0 } } },
		"entries 1 and 2 of `metrics` have one handle" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .options = (const struct tern_option[]){
		{ "a", TERN_STRING, "" }, { "b", TERN_STRING, "" }, { "a", TERN_BOOL, "no" }, { 0 } } },
		"it claims the option `a` twice" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .options = (const struct tern_option[]){
		{ "a b", TERN_STRING, "" }, { 0 } } },
		"the name of option `a b` is not one (a-z, 0-9, `-` and `_`)" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .stores = (const struct tern_store_claim[]){
		{ "x", TERN_FETCHED, &handle }, { "x", TERN_LOG, &other_handle }, { 0 } } },
		"it claims the store `x` twice" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .stores = (const struct tern_store_claim[]){
		{ "x", TERN_FETCHED, &handle }, { "x/y", TERN_LOG, &handle }, { 0 } } },
		"entries 1 and 2 of `stores` have one handle" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .states = (const struct tern_state_claim[]){
		{ TERN_PER_SESSION, 8, &handle }, { TERN_PER_ACCOUNT, 8, &handle }, { 0 } } },
		"entries 1 and 2 of `states` have one handle" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .features = (const char *const[]){
		"urn:a", "urn:b", "urn:a", NULL } },
		"it claims the feature `urn:a` twice" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .account_features = (const char *const[]){
		"urn:a", "urn:a", NULL } },
		"it claims the feature of accounts `urn:a` twice" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .identities = (const struct tern_identity[]){
		{ "server" }, { 0 } } },
		"entry 1 of `identities` has no `type`" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .identities = (const struct tern_identity[]){
		{ "server", "im", "A" }, { "server", "im", "B" }, { 0 } } },
		"modules `x` and `x` both claim the identity server/im" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .importers = (const struct tern_importer[]){
		{ NULL, "x", import_nothing }, { 0 } } },
		"entry 1 of `importers` has no `ns`" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .importers = (const struct tern_importer[]){
		{ "urn:x", "x", import_nothing }, { "urn:x", "x", import_nothing }, { 0 } } },
		"modules `x` and `x` both claim the import of {urn:x}x" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .nonzas = (const struct tern_nonza[]){
		{ "urn:x", NULL, take }, { 0 } } },
		"entry 1 of `nonzas` has no `name`" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .stream_features = (const struct tern_stream_feature[]){
		{ "urn:x" }, { 0 } } },
		"entry 1 of `stream_features` has no `name`" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .stream_features = (const struct tern_stream_feature[]){
		{ "urn:x", "x", NULL, "on" }, { 0 } } },
		"stream feature {urn:x}x: `on` is no option of the module that is yes or no" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .stranger_features = (const struct tern_stream_feature[]){
		{ "urn:x", "x" }, { "urn:x", "x" }, { 0 } } },
		"modules `x` and `x` both claim the stream feature {urn:x}x before the login" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .commands = (const struct tern_command_claim[]){
		{ "user motto", "", "", TERN_COMMAND_AT_HOST, (const char *const[]){ NULL }, run_nothing },
		{ 0 } } },
		"command `user motto`: those that begin with `user` are the server's own" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .commands = (const struct tern_command_claim[]){
		{ "x  do", "", "", TERN_COMMAND_AT_HOST, (const char *const[]){ NULL }, run_nothing },
		{ 0 } } },
		"command `x  do`: it is not words (a-z, 0-9, `-` and `_`) with a blank between them" },
	{ { .abi = TERN_MODULE_ABI, .name = "x", .commands = (const struct tern_command_claim[]){
		{ "x do", "[--a]", "", TERN_COMMAND_AT_HOST, (const char *const[]){ NULL }, run_nothing,
			(const struct tern_command_field[]){ { "--a", "A" }, { "--a", "B" }, { 0 } } },
		{ 0 } } },
		"command `x do`: there are two fields `--a`" },
	{ { .abi = TERN_MODULE_ABI, .name = "seen", .stores = (const struct tern_store_claim[]){
		{ "seen", TERN_FETCHED, &handle }, { 0 } } },
		"store `seen` is the server's own" },
};

Test(loader, refuses_tables_that_make_no_sense)
{
	for (size_t i = 0; i < sizeof senseless / sizeof *senseless; i++) {
		cr_assert_eq(loader_add(arena, host, &senseless[i].module, NULL, &why), -EINVAL);
		cr_assert_str_eq(why, senseless[i].why);
	}
}

Test(loader, names_the_folder_when_there_is_no_such_module)
{
	static const char *const nowhere[] = { "/nowhere", NULL };
	const struct tern_module *module;

	cr_assert_eq(registry_open(arena, nowhere, "rooster", &module, &why), -ENOENT);
	cr_assert_str_eq(why, "there is no module `rooster` in /nowhere");
	cr_assert_eq(registry_open(arena, nowhere, "../../etc/x", &module, &why), -ENOENT);
}
