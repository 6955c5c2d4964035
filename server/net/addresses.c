/* addresses.c - sets of eight places, each under a lock of its own */
/* SPDX-License-Identifier: MIT */

#include "addresses.h"

#include <netinet/in.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "heap.h"

#define WAYS 8
#define HALF_LIFE_S 30
#define ONE_FAILURE 16u /* failures are counted in sixteenths, so that halving fades them out */
#define FAILURES_MOST (1u << 20)

/* An address's place.  What belongs to a set is touched only by who holds its lock, which is
 * never for longer than a look at eight places. */
struct place {
	uint64_t key; /* 0: never used */
	uint32_t connections;
	uint32_t failures;
	uint32_t halved_at; /* half-lives of the clock */
};

struct set {
	atomic_flag lock;
	struct place places[WAYS];
};

static struct {
	struct set *sets;
	uint64_t mask;
	uint64_t seed; /* so that nobody can choose addresses that crowd one set */
} table;

static void fade(struct place *place, uint32_t now_s)
{
	uint32_t now = now_s / HALF_LIFE_S;
	uint32_t times = now - place->halved_at;

	if (times > UINT32_MAX / 2)
		return; /* another thread's clock is a little ahead */
	place->failures = times < 32 ? place->failures >> times : 0;
	place->halved_at = now;
}

static unsigned whole_failures(const struct place *place)
{
	return (place->failures + ONE_FAILURE - 1) / ONE_FAILURE;
}

void addresses_setup(long expected)
{
	uint64_t sets = 64;

	while (sets * WAYS < (uint64_t)expected * 4)
		sets *= 2;
	addresses_finish();
	table.sets = calloc(sets, sizeof *table.sets);
	if (!table.sets)
		heap_exhausted();
	table.mask = sets - 1;
	if (getrandom(&table.seed, sizeof table.seed, GRND_NONBLOCK) < 0)
		table.seed = (uintptr_t)table.sets;
}

void addresses_finish(void)
{
	free(table.sets);
	table.sets = NULL;
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

/* --- places ----------------------------------------------------------------------------- */

/* The key's set, locked; NULL where nothing is counted. */
static struct set *lock_set(uint64_t key)
{
	uint64_t hash = (key ^ table.seed) * 0x9e3779b97f4a7c15ull;
	struct set *set;

	if (!table.sets || !key)
		return NULL;
	hash ^= hash >> 32;
	hash *= 0xd6e8feb86659fd93ull;
	set = &table.sets[hash >> 20 & table.mask];
	while (atomic_flag_test_and_set_explicit(&set->lock, memory_order_acquire))
		sched_yield();
	return set;
}

static void unlock(struct set *set)
{
	if (set)
		atomic_flag_clear_explicit(&set->lock, memory_order_release);
}

static struct place *find(struct set *set, uint64_t key)
{
	for (int i = 0; set && i < WAYS; i++)
		if (set->places[i].key == key)
			return &set->places[i];
	return NULL;
}

/* The key's place, or the one that is missed least: nobody's, or that of an address without
 * connections and with the fewest failures. */
static struct place *find_or_claim(struct set *set, uint64_t key)
{
	struct place *best = find(set, key);

	if (best || !set)
		return best;
	for (int i = 0; i < WAYS; i++) {
		struct place *place = &set->places[i];

		if (place->connections == 0 && (!best || place->failures < best->failures))
			best = place;
	}
	if (best)
		*best = (struct place){ .key = key };
	return best;
}

unsigned addresses_enter(uint64_t key)
{
	struct set *set = lock_set(key);
	struct place *place = find_or_claim(set, key);
	unsigned connections = place ? ++place->connections : 0;

	unlock(set);
	return connections;
}

void addresses_leave(uint64_t key)
{
	struct set *set = lock_set(key);
	struct place *place = find(set, key);

	if (place && place->connections > 0)
		place->connections--;
	unlock(set);
}

unsigned addresses_connections(uint64_t key)
{
	struct set *set = lock_set(key);
	struct place *place = find(set, key);
	unsigned connections = place ? place->connections : 0;

	unlock(set);
	return connections;
}

unsigned addresses_note_failure(uint64_t key, uint32_t now_s)
{
	struct set *set = lock_set(key);
	struct place *place = find_or_claim(set, key);
	unsigned failures = 0;

	if (place) {
		fade(place, now_s);
		if (place->failures < FAILURES_MOST)
			place->failures += ONE_FAILURE;
		failures = whole_failures(place);
	}
	unlock(set);
	return failures;
}

unsigned addresses_failures(uint64_t key, uint32_t now_s)
{
	struct set *set = lock_set(key);
	struct place *place = find(set, key);
	unsigned failures = 0;

	if (place) {
		fade(place, now_s);
		failures = whole_failures(place);
	}
	unlock(set);
	return failures;
}

unsigned address_delay_ms(unsigned failures, unsigned most)
{
	if (failures == 0)
		return 0;
	if (failures >= most)
		return ADDRESS_DELAY_MOST_MS;
	return (unsigned)((uint64_t)ADDRESS_DELAY_MOST_MS * failures / most);
}
