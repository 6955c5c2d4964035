/* addresses.c - a table of atomics: sets of eight places, an address has a place in one set */
/* SPDX-License-Identifier: MIT */

#include "addresses.h"

#include <netinet/in.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "heap.h"

#define WAYS 8
#define HALF_LIFE_S 30
#define ONE_FAILURE 16u /* failures are counted in sixteenths, so that halving fades them out */
#define FAILURES_MOST 0xffffu

/* All of a place but its key is one word, so that each change is one compare-and-swap:
 * connections, failures, and when these were last halved. */
struct tally {
	unsigned connections; /* 24 bits */
	unsigned failures;    /* 16 bits */
	uint32_t halved_at;   /* 24 bits: half-lives */
};
#define TALLY_BUSY UINT64_MAX /* somebody is giving the place to another address */

struct place {
	_Atomic uint64_t key; /* 0: never used */
	_Atomic uint64_t tally;
};

static struct {
	struct place *places;
	uint64_t set_mask;
	uint64_t seed; /* so that nobody can choose addresses that crowd one set */
} table;

static uint64_t pack(struct tally tally)
{
	return (uint64_t)(tally.connections & 0xffffff) << 40 | (uint64_t)tally.failures << 24 |
		(tally.halved_at & 0xffffff);
}

static struct tally unpack(uint64_t word)
{
	return (struct tally){
		.connections = word >> 40,
		.failures = word >> 24 & 0xffff,
		.halved_at = word & 0xffffff,
	};
}

static void fade(struct tally *tally, uint32_t now_s)
{
	uint32_t now = now_s / HALF_LIFE_S & 0xffffff;
	uint32_t times = (now - tally->halved_at) & 0xffffff;

	if (times > 0x7fffff) /* another thread's clock is a little ahead */
		return;
	tally->failures = times < 16 ? tally->failures >> times : 0;
	tally->halved_at = now;
}

static unsigned whole_failures(const struct tally *tally)
{
	return (tally->failures + ONE_FAILURE - 1) / ONE_FAILURE;
}

void addresses_setup(long expected)
{
	uint64_t sets = 64;

	while (sets * WAYS < (uint64_t)expected * 4)
		sets *= 2;
	addresses_finish();
	table.places = calloc(sets * WAYS, sizeof *table.places);
	if (!table.places)
		heap_exhausted();
	table.set_mask = sets - 1;
	if (getrandom(&table.seed, sizeof table.seed, GRND_NONBLOCK) < 0)
		table.seed = (uintptr_t)table.places;
}

void addresses_finish(void)
{
	free(table.places);
	table.places = NULL;
}

#define KEY_IPV4 0x0000ffff00000000ull /* 0:0:ffff::/64 and 0:0:0:1::/64 are nobody's networks */
#define KEY_ZERO 1ull

static uint64_t key_of_ipv6(const struct in6_addr *address)
{
	uint64_t key = 0;
	uint32_t ipv4;

	if (IN6_IS_ADDR_V4MAPPED(address)) {
		memcpy(&ipv4, address->s6_addr + 12, sizeof ipv4);
		return KEY_IPV4 | ntohl(ipv4);
	}
	for (int i = 0; i < 8; i++)
		key = key << 8 | address->s6_addr[i];
	return key ? key : KEY_ZERO;
}

uint64_t address_key(const struct sockaddr *address)
{
	switch (address->sa_family) {
	case AF_INET:
		return KEY_IPV4 | ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr);
	case AF_INET6:
		return key_of_ipv6(&((const struct sockaddr_in6 *)address)->sin6_addr);
	default:
		return 0;
	}
}

/* --- places ------------------------------------------------------------------------------ */

static struct place *set_of(uint64_t key)
{
	uint64_t hash = (key ^ table.seed) * 0x9e3779b97f4a7c15ull;

	hash ^= hash >> 32;
	hash *= 0xd6e8feb86659fd93ull;
	return table.places + (hash >> 20 & table.set_mask) * WAYS;
}

static uint64_t settled_tally(struct place *place)
{
	uint64_t word;

	while ((word = atomic_load_explicit(&place->tally, memory_order_acquire)) == TALLY_BUSY)
		sched_yield(); /* for the two stores that the other thread has left to do */
	return word;
}

static struct place *find(uint64_t key)
{
	struct place *set;

	if (!table.places || !key)
		return NULL;
	set = set_of(key);
	for (int i = 0; i < WAYS; i++) {
		settled_tally(&set[i]);
		if (atomic_load_explicit(&set[i].key, memory_order_acquire) == key)
			return &set[i];
	}
	return NULL;
}

/* Gives the key the place that is missed least: nobody's, or that of an address without
 * connections and with the fewest failures. */
static struct place *claim(uint64_t key)
{
	struct place *set = set_of(key), *best = NULL;
	uint64_t best_word = TALLY_BUSY;

	for (int i = 0; i < WAYS; i++) {
		uint64_t word = settled_tally(&set[i]);

		if (unpack(word).connections > 0)
			continue;
		if (!best || unpack(word).failures < unpack(best_word).failures) {
			best = &set[i];
			best_word = word;
		}
	}
	if (!best || !atomic_compare_exchange_strong(&best->tally, &best_word, TALLY_BUSY))
		return NULL;
	atomic_store_explicit(&best->key, key, memory_order_release);
	atomic_store_explicit(&best->tally, 0, memory_order_release);
	return best;
}

struct change {
	int connections;
	bool failure;
	uint32_t now_s;
};

static bool apply(struct tally *tally, const struct change *change)
{
	if (change->connections < 0 && tally->connections == 0)
		return false;
	tally->connections += change->connections;
	if (!change->failure)
		return true;
	fade(tally, change->now_s);
	tally->failures += ONE_FAILURE;
	if (tally->failures > FAILURES_MOST)
		tally->failures = FAILURES_MOST;
	return true;
}

/* Changes the tally of a key's place unless the place has another owner by now. */
static bool change_place(struct place *place, uint64_t key, const struct change *change,
	struct tally *ret_tally)
{
	for (;;) {
		uint64_t word = settled_tally(place);
		struct tally tally = unpack(word);

		if (atomic_load_explicit(&place->key, memory_order_acquire) != key)
			return false;
		if (!apply(&tally, change)) {
			*ret_tally = tally;
			return true;
		}
		if (!atomic_compare_exchange_strong(&place->tally, &word, pack(tally)))
			continue;
		*ret_tally = tally;
		/* Between the two looks the place may have changed hands with an equal tally. */
		if (atomic_load(&place->key) == key)
			return true;
		atomic_fetch_sub(&place->tally, (uint64_t)change->connections << 40);
		return false;
	}
}

static struct tally change_key(uint64_t key, const struct change *change)
{
	struct tally tally = { 0 };

	for (int tries = 0; key && table.places && tries < 8; tries++) {
		struct place *place = find(key);

		if (!place && change->connections < 0)
			break;
		if (!place)
			place = claim(key);
		if (place && change_place(place, key, change, &tally))
			break;
	}
	return tally;
}

unsigned addresses_enter(uint64_t key)
{
	return change_key(key, &(struct change){ .connections = 1 }).connections;
}

void addresses_leave(uint64_t key)
{
	change_key(key, &(struct change){ .connections = -1 });
}

unsigned addresses_connections(uint64_t key)
{
	struct place *place = find(key);

	return place ? unpack(settled_tally(place)).connections : 0;
}

unsigned addresses_note_failure(uint64_t key, uint32_t now_s)
{
	struct tally tally = change_key(key, &(struct change){ .failure = true, .now_s = now_s });

	return whole_failures(&tally);
}

unsigned addresses_failures(uint64_t key, uint32_t now_s)
{
	struct place *place = find(key);
	struct tally tally;

	if (!place)
		return 0;
	tally = unpack(settled_tally(place));
	fade(&tally, now_s);
	return whole_failures(&tally);
}

unsigned address_delay_ms(unsigned failures, unsigned most)
{
	if (failures == 0)
		return 0;
	if (failures >= most)
		return ADDRESS_DELAY_MOST_MS;
	return (unsigned)((uint64_t)ADDRESS_DELAY_MOST_MS * failures / most);
}
