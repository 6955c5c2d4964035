/* tables.c - flattens what a host's modules claim, so that a stanza meets plain arrays
 * SPDX-License-Identifier: MIT */

#include "tables.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "heap.h"
#include "host.h"
#include "options.h"
#include "shard.h"
#include "writer.h"

/* A hook with its rank, so that sorting keeps load order among equals. */
struct ranked {
	struct hook hook;
	size_t order;
};

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *left = a, *right = b;

	if (left->hook.priority != right->hook.priority)
		return left->hook.priority < right->hook.priority ? -1 : 1;
	return left->order < right->order ? -1 : 1;
}

static size_t collect_hooks(const struct tern_host *host, enum tern_phase phase, struct ranked *into)
{
	size_t count = 0;

	for (size_t i = 0; i < host->loaded_count; i++) {
		struct loaded *loaded = host->loaded[i];
		const struct tern_hook *claim = loaded->module->hooks;

		for (; claim && claim->run; claim++) {
			if (claim->phase != phase)
				continue;
			if (into)
				into[count] = (struct ranked){ { claim->run, loaded->settings,
					claim->kinds, claim->priority, loaded }, count };
			count++;
		}
	}
	return count;
}

static struct hook *make_phase(const struct tern_host *host, enum tern_phase phase)
{
	size_t count = collect_hooks(host, phase, NULL);
	struct ranked *ranked = heap_zalloc((count + 1) * sizeof *ranked);
	struct hook *hooks = heap_zalloc((count + 1) * sizeof *hooks);

	collect_hooks(host, phase, ranked);
	qsort(ranked, count, sizeof *ranked, compare_ranked);
	for (size_t i = 0; i < count; i++)
		hooks[i] = ranked[i].hook;
	free(ranked);
	return hooks;
}

static struct watch *make_watches(const struct tern_host *host, enum tern_happening what)
{
	struct watch *watches = heap_zalloc(sizeof *watches);
	size_t count = 0;

	for (size_t i = 0; i < host->loaded_count; i++) {
		struct loaded *loaded = host->loaded[i];
		const struct tern_watch *claim = loaded->module->watches;

		for (; claim && claim->run; claim++) {
			if (claim->what != what)
				continue;
			watches = heap_resize(watches, (count + 2) * sizeof *watches);
			watches[count++] = (struct watch){ claim->run, loaded->settings, loaded };
			watches[count] = (struct watch){ 0 };
		}
	}
	return watches;
}

static size_t count_iqs(const struct tern_host *host)
{
	size_t count = 0;

	for (size_t i = 0; i < host->loaded_count; i++) {
		const struct tern_iq *claim = host->loaded[i]->module->iqs;

		for (; claim && claim->ns; claim++)
			count++;
	}
	return count;
}

static void enter_iq(struct tern_host *host, struct loaded *loaded, const struct tern_iq *claim)
{
	const char *ns = name_intern(claim->ns), *name = name_intern(claim->name);
	size_t slot = host_iq_hash(claim->type, ns, name) & (host->iq_slots - 1);

	while (host->iqs[slot].run)
		slot = (slot + 1) & (host->iq_slots - 1);
	host->iqs[slot] = (struct iq_claim){ claim->run, loaded->settings, ns, name, claim->type,
		claim->at, claim->to_strangers, loaded };
}

static void make_iqs(struct tern_host *host)
{
	size_t need = 2 * count_iqs(host) + 1;

	host->iq_slots = 8;
	while (host->iq_slots < need)
		host->iq_slots *= 2;
	host->iqs = heap_zalloc(host->iq_slots * sizeof *host->iqs);
	for (size_t i = 0; i < host->loaded_count; i++) {
		const struct tern_iq *claim = host->loaded[i]->module->iqs;

		for (; claim && claim->ns; claim++)
			enter_iq(host, host->loaded[i], claim);
	}
}

static void make_answers(struct tern_host *host)
{
	memset(host->answers, 0, sizeof host->answers);
	for (size_t i = 0; i < host->loaded_count; i++) {
		struct loaded *loaded = host->loaded[i];
		const struct tern_answer_claim *claim = loaded->module->answers;

		for (; claim && claim->answer; claim++)
			host->answers[claim->question] = (struct answer_claim){ claim->answer,
				loaded->settings, loaded };
	}
}

static void note_owners(struct tern_host *host)
{
	host->contacts = host->filter = host->pending = host->taken = NULL;
	for (size_t i = 0; i < host->loaded_count; i++) {
		struct loaded *loaded = host->loaded[i];

		if (loaded->module->contacts)
			host->contacts = loaded;
		if (loaded->module->filter)
			host->filter = loaded;
		if (loaded->module->pending)
			host->pending = loaded;
		if (loaded->module->taken)
			host->taken = loaded;
	}
}

static void make_nonzas(struct tern_host *host)
{
	size_t count = 0;

	host->nonzas = heap_zalloc(sizeof *host->nonzas);
	for (size_t i = 0; i < host->loaded_count; i++) {
		struct loaded *loaded = host->loaded[i];
		const struct tern_nonza *claim = loaded->module->nonzas;

		for (; claim && claim->run; claim++) {
			host->nonzas = heap_resize(host->nonzas, (count + 2) * sizeof *host->nonzas);
			host->nonzas[count++] = (struct nonza_claim){ name_intern(claim->ns),
				name_intern(claim->name), claim->run, loaded->settings, loaded };
			host->nonzas[count] = (struct nonza_claim){ 0 };
		}
	}
}

static bool archives_marks(const struct tern_host *host)
{
	for (size_t i = 0; i < host->loaded_count; i++) {
		const struct tern_store_claim *store = host->loaded[i]->module->stores;

		for (; store && store->name; store++) {
			if (store->mark)
				return true;
		}
	}
	return false;
}

static void write_feature(struct buffer *out, const struct tern_host *host,
	const struct loaded *loaded, const struct tern_stream_feature *claim)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	struct element *feature = element_new(arena, claim->ns, claim->name);

	if (claim->fill) {
		const struct tern_module *before = shard_visit(loaded->module);

		claim->fill(host, feature, loaded->settings);
		shard_visit(before);
	}
	writer_element(out, feature, NS_CLIENT);
	arena_destroy(arena);
}

static bool is_listed(const char *feature, const char *const *list, size_t count)
{
	while (count > 0 && strcmp(list[count - 1], feature) != 0)
		count--;
	return count > 0;
}

/* Several modules may rest on one protocol; XEP-0115 5.4 has a reply that tells it twice thrown away. */
static const char **make_announced(const struct tern_host *host, bool of_account)
{
	const char **list = heap_zalloc(sizeof *list);
	size_t count = 0;

	for (size_t i = 0; i < host->loaded_count; i++) {
		const struct tern_module *module = host->loaded[i]->module;
		const char *const *feature = of_account ? module->account_features : module->features;

		for (; feature && *feature; feature++) {
			if (is_listed(*feature, list, count))
				continue;
			list = heap_resize(list, (count + 2) * sizeof *list);
			list[count++] = *feature;
			list[count] = NULL;
		}
	}
	return list;
}

static void make_strangers(struct tern_host *host)
{
	size_t count = 0;

	host->strangers = heap_zalloc(sizeof *host->strangers);
	for (size_t i = 0; i < host->loaded_count; i++) {
		struct loaded *loaded = host->loaded[i];
		const struct tern_stranger_iq *claim = loaded->module->stranger_iqs;

		for (; claim && claim->run; claim++) {
			host->strangers = heap_resize(host->strangers,
				(count + 2) * sizeof *host->strangers);
			host->strangers[count++] = (struct stranger_claim){ claim->type,
				name_intern(claim->ns), name_intern(claim->name), claim->run,
				loaded->settings, loaded };
			host->strangers[count] = (struct stranger_claim){ 0 };
		}
	}
}

static bool is_on(const struct loaded *loaded, const struct tern_stream_feature *feature)
{
	return !feature->option || options_bool(loaded->made->options, feature->option);
}

static char *make_features(const struct tern_host *host, bool of_strangers)
{
	struct buffer out = { 0 };

	for (size_t i = 0; i < host->loaded_count; i++) {
		const struct tern_module *module = host->loaded[i]->module;
		const struct tern_stream_feature *claim = of_strangers ?
			module->stranger_features : module->stream_features;

		for (; claim && claim->ns; claim++) {
			if (is_on(host->loaded[i], claim))
				write_feature(&out, host, host->loaded[i], claim);
		}
	}
	buffer_add(&out, "", 1);
	return out.bytes;
}

void tables_make(struct tern_host *host)
{
	tables_finish(host);
	for (size_t i = 0; i < TERN_PHASE_COUNT; i++)
		host->phases[i] = make_phase(host, (enum tern_phase)i);
	for (size_t i = 0; i < TERN_HAPPENING_COUNT; i++)
		host->watches[i] = make_watches(host, (enum tern_happening)i);
	make_iqs(host);
	make_answers(host);
	note_owners(host);
	make_nonzas(host);
	host->archives_marks = archives_marks(host);
	make_strangers(host);
	host->features[false] = make_announced(host, false);
	host->features[true] = make_announced(host, true);
	host->stream_features = make_features(host, false);
	host->stranger_features = make_features(host, true);
}

void tables_take_phases(struct tern_host *host, struct hook **ret_phases)
{
	memcpy(ret_phases, host->phases, sizeof host->phases);
	memset(host->phases, 0, sizeof host->phases);
}

void tables_finish(struct tern_host *host)
{
	for (size_t i = 0; i < TERN_PHASE_COUNT; i++) {
		free(host->phases[i]);
		host->phases[i] = NULL;
	}
	for (size_t i = 0; i < TERN_HAPPENING_COUNT; i++) {
		free(host->watches[i]);
		host->watches[i] = NULL;
	}
	free(host->iqs);
	host->iqs = NULL;
	host->iq_slots = 0;
	free(host->nonzas);
	host->nonzas = NULL;
	free(host->strangers);
	host->strangers = NULL;
	for (size_t i = 0; i < 2; i++) {
		free(host->features[i]);
		host->features[i] = NULL;
	}
	free(host->stream_features);
	host->stream_features = NULL;
	free(host->stranger_features);
	host->stranger_features = NULL;
}
