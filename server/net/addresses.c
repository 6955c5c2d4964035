/* addresses.c - one hash table that grows with the addresses in it, under one short lock */
/* SPDX-License-Identifier: MIT */

#include "addresses.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "hash.h"
#include "heap.h"

#define FIRST_PLACES 256
#define ONE 16u /* deeds are counted in sixteenths, so that halving fades them out */
#define COUNT_MOST (1u << 20)

enum deed { FAILED_LOGIN, REGISTRATION, DEED_COUNT };
static const uint32_t half_lives_s[] = { [FAILED_LOGIN] = 30, [REGISTRATION] = 1800 };

struct fading {
	uint32_t count;
	uint32_t halved_at; /* half-lives of the clock */
};

struct place {
	uint64_t key; /* 0: free */
	uint32_t connections;
	struct fading deeds[DEED_COUNT];
};

/* Touched some ten times in a connection's life, for a few nanoseconds each. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	struct place *places; /* a power of two, at most half of them in use */
	size_t capacity, count, most;
	uint64_t seed;  /* so that nobody can choose addresses that crowd one corner */
	uint32_t now_s; /* the latest clock seen */
	bool is_crowded; /* nothing could be forgotten when room was last looked for */
} table;

/* How many there were of late. */
static unsigned fade(struct place *place, enum deed deed)
{
	struct fading *fading = &place->deeds[deed];
	uint32_t now = table.now_s / half_lives_s[deed];
	uint32_t times = now - fading->halved_at;

	fading->count = times < 32 ? fading->count >> times : 0;
	fading->halved_at = now;
	return (fading->count + ONE - 1) / ONE;
}

void addresses_setup(long expected)
{
	addresses_finish();
	table.most = FIRST_PLACES;
	while (table.most < (size_t)expected * 4)
		table.most *= 2;
	table.capacity = FIRST_PLACES;
	table.places = heap_zalloc(table.capacity * sizeof *table.places);
	if (getrandom(&table.seed, sizeof table.seed, GRND_NONBLOCK) < 0)
		table.seed = (uintptr_t)table.places;
}

void addresses_finish(void)
{
	free(table.places);
	memset(&table, 0, sizeof table);
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

static size_t home_of(uint64_t key)
{
	return hash_mix(hash_mix(key ^ table.seed)) & (table.capacity - 1);
}

/* The key's place, or the free one where it belongs. */
static struct place *seek(uint64_t key)
{
	size_t at = home_of(key);

	while (table.places[at].key && table.places[at].key != key)
		at = (at + 1) & (table.capacity - 1);
	return &table.places[at];
}

static bool is_forgotten(struct place *place)
{
	return place->connections == 0 && fade(place, FAILED_LOGIN) == 0 &&
		fade(place, REGISTRATION) == 0;
}

/* Leaves the forgotten ones behind. */
static void move_to(size_t capacity)
{
	struct place *old = table.places;
	size_t old_capacity = table.capacity;

	table.places = heap_zalloc(capacity * sizeof *table.places);
	table.capacity = capacity;
	table.count = 0;
	for (size_t i = 0; i < old_capacity; i++) {
		if (!old[i].key || is_forgotten(&old[i]))
			continue;
		*seek(old[i].key) = old[i];
		table.count++;
	}
	free(old);
}

static bool make_room(void)
{
	if (table.count * 2 < table.capacity)
		return true;
	if (table.is_crowded)
		return false;
	move_to(table.capacity);
	if (table.count * 4 >= table.capacity && table.capacity < table.most)
		move_to(table.capacity * 2);
	table.is_crowded = table.count * 2 >= table.capacity;
	return !table.is_crowded;
}

/* Behind the lock: NULL where nothing is counted, or the key has no place. */
static struct place *find(uint64_t key)
{
	struct place *place = table.places && key ? seek(key) : NULL;

	return place && place->key ? place : NULL;
}

static struct place *find_or_claim(uint64_t key)
{
	struct place *place = find(key);

	if (place || !table.places || !key || !make_room())
		return place;
	place = seek(key);
	*place = (struct place){ .key = key };
	table.count++;
	return place;
}

static void note_time(uint32_t now_s)
{
	if ((int32_t)(now_s - table.now_s) <= 0)
		return;
	table.now_s = now_s;
	table.is_crowded = false;
}

unsigned addresses_enter(uint64_t key)
{
	struct place *place;
	unsigned connections;

	pthread_mutex_lock(&lock);
	place = find_or_claim(key);
	connections = place ? ++place->connections : 0;
	pthread_mutex_unlock(&lock);
	return connections;
}

void addresses_leave(uint64_t key)
{
	struct place *place;

	pthread_mutex_lock(&lock);
	place = find(key);
	if (place && place->connections > 0)
		table.is_crowded &= --place->connections > 0;
	pthread_mutex_unlock(&lock);
}

unsigned addresses_connections(uint64_t key)
{
	struct place *place;
	unsigned connections;

	pthread_mutex_lock(&lock);
	place = find(key);
	connections = place ? place->connections : 0;
	pthread_mutex_unlock(&lock);
	return connections;
}

static unsigned note(uint64_t key, uint32_t now_s, enum deed deed)
{
	struct place *place;
	unsigned count = 0;

	pthread_mutex_lock(&lock);
	note_time(now_s);
	place = find_or_claim(key);
	if (place) {
		fade(place, deed);
		if (place->deeds[deed].count < COUNT_MOST)
			place->deeds[deed].count += ONE;
		count = fade(place, deed);
	}
	pthread_mutex_unlock(&lock);
	return count;
}

unsigned addresses_note_failure(uint64_t key, uint32_t now_s)
{
	return note(key, now_s, FAILED_LOGIN);
}

unsigned addresses_note_registration(uint64_t key, uint32_t now_s)
{
	return note(key, now_s, REGISTRATION);
}

unsigned addresses_failures(uint64_t key, uint32_t now_s)
{
	struct place *place;
	unsigned failures = 0;

	pthread_mutex_lock(&lock);
	note_time(now_s);
	place = find(key);
	if (place)
		failures = fade(place, FAILED_LOGIN);
	pthread_mutex_unlock(&lock);
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
