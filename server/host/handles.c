/* handles.c - process-wide tables of the states and stores that modules claim
 * SPDX-License-Identifier: MIT */

#include "handles.h"

#include <assert.h>
#include <errno.h>

#include "counters.h"
#include "heap.h"
#include "host.h"
#include "storage.h"

static struct { struct state_slot *slots; size_t count; } states[2];
static struct store_slot *stores;
static size_t store_count;
static const struct tern_metric_claim *metrics[METRICS_MAX];
static size_t metric_count;

size_t loader_state_count(enum tern_scope scope)
{
	return states[scope].count;
}

const struct state_slot *loader_state(enum tern_scope scope, size_t index)
{
	assert(index < states[scope].count);
	return &states[scope].slots[index];
}

size_t loader_store_count(void)
{
	return store_count;
}

const struct store_slot *loader_store(size_t index)
{
	assert(index < store_count);
	return &stores[index];
}

const struct store_slot *loader_store_of(tern_store handle)
{
	return handle && handle <= store_count ? &stores[handle - 1] : NULL;
}

static void enter_state(const struct tern_module *module, const struct tern_state_claim *claim)
{
	struct state_slot **slots = &states[claim->scope].slots;
	size_t *count = &states[claim->scope].count;

	for (size_t i = 0; i < *count; i++) {
		if ((*slots)[i].claim == claim)
			return;
	}
	*slots = heap_resize(*slots, (*count + 1) * sizeof **slots);
	(*slots)[*count] = (struct state_slot){ claim, module };
	*claim->handle = (tern_state)(++*count + state_base(claim->scope));
}

static struct store_slot *store_slot_of(const struct tern_module *module,
	const struct tern_store_claim *claim)
{
	for (size_t i = 0; i < store_count; i++) {
		if (stores[i].claim == claim)
			return &stores[i];
	}
	stores = heap_resize(stores, (store_count + 1) * sizeof *stores);
	stores[store_count] = (struct store_slot){ claim, module, 0 };
	*claim->handle = (tern_store)(store_count + 1);
	return &stores[store_count++];
}

/* Their numbers are places in each shard's counters. */
static int enter_metric(const struct tern_metric_claim *claim)
{
	for (size_t i = 0; i < metric_count; i++) {
		if (metrics[i] == claim)
			return 0;
	}
	if (metric_count == METRICS_MAX)
		return -EOVERFLOW;
	metrics[metric_count++] = claim;
	*claim->handle = (tern_metric)metric_count;
	return 0;
}

int handles_enter(const struct tern_module *module, struct storage *storage)
{
	for (const struct tern_state_claim *state = module->states; state && state->size; state++)
		enter_state(module, state);
	for (const struct tern_metric_claim *metric = module->metrics; metric && metric->name;
	     metric++) {
		int result = metric->handle ? enter_metric(metric) : 0;

		if (result < 0)
			return result;
	}
	for (const struct tern_store_claim *store = module->stores; store && store->name; store++) {
		struct store_slot *slot = store_slot_of(module, store);
		int result = storage ? storage_declare(storage, store->name, &slot->number) : 0;

		if (result < 0)
			return result;
	}
	return 0;
}
