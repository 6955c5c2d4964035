/* test_listener_addresses.c - what is counted per peer address
 * SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>

#include "addresses.h"

static void begin(void) { addresses_setup(100); }

TestSuite(addresses, .init = begin, .fini = addresses_finish, .timeout = 60);

static uint64_t key(const char *text)
{
	struct sockaddr_in ipv4 = { .sin_family = AF_INET };
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &ipv4.sin_addr) == 1)
		return address_key((struct sockaddr *)&ipv4);
	cr_assert_eq(inet_pton(AF_INET6, text, &ipv6.sin6_addr), 1);
	return address_key((struct sockaddr *)&ipv6);
}

Test(addresses, ipv4_stands_alone_and_ipv6_by_its_64)
{
	cr_assert_neq(key("192.0.2.1"), key("192.0.2.2"));
	cr_assert_eq(key("2001:db8::1"), key("2001:db8::ffff:1:2:3"));
	cr_assert_neq(key("2001:db8::1"), key("2001:db8:0:1::1"));
	cr_assert_eq(key("::ffff:192.0.2.1"), key("192.0.2.1"));
	cr_assert_neq(key("::1"), 0);
}

Test(addresses, counts_connections)
{
	uint64_t romeo = key("192.0.2.1"), juliet = key("2001:db8::1");

	cr_assert_eq(addresses_enter(romeo), 1);
	cr_assert_eq(addresses_enter(romeo), 2);
	cr_assert_eq(addresses_enter(juliet), 1);
	addresses_leave(romeo);
	cr_assert_eq(addresses_connections(romeo), 1);
	cr_assert_eq(addresses_connections(juliet), 1);
	addresses_leave(romeo);
	addresses_leave(romeo);
	cr_assert_eq(addresses_connections(romeo), 0);
}

Test(addresses, never_counts_what_is_no_address)
{
	cr_assert_eq(addresses_enter(0), 0);
	addresses_leave(0);
}

Test(addresses, failures_fade)
{
	uint64_t romeo = key("192.0.2.1");

	for (unsigned i = 1; i <= 8; i++)
		cr_assert_eq(addresses_note_failure(romeo, 3000), i);
	cr_assert_eq(addresses_failures(romeo, 3029), 8);
	cr_assert_eq(addresses_failures(romeo, 3030), 4);
	cr_assert_eq(addresses_failures(romeo, 3060), 2);
	cr_assert_eq(addresses_failures(romeo, 4000), 0);
	cr_assert_eq(addresses_note_failure(romeo, 4000), 1);
	cr_assert_eq(addresses_failures(key("192.0.2.2"), 4000), 0);
}

Test(addresses, registrations_fade_slowly)
{
	uint64_t romeo = key("192.0.2.1");

	for (unsigned i = 1; i <= 4; i++)
		cr_assert_eq(addresses_note_registration(romeo, 3600), i);
	cr_assert_eq(addresses_failures(romeo, 3600), 0);
	cr_assert_eq(addresses_note_registration(romeo, 5399), 5);
	cr_assert_eq(addresses_note_registration(romeo, 5400), 4); /* two and a half, and one */
}

Test(addresses, connections_survive_any_number_of_others)
{
	uint64_t romeo = key("192.0.2.1");

	addresses_enter(romeo);
	for (uint64_t i = 1; i < 100000; i++)
		addresses_note_failure(i << 16, 0);
	cr_assert_eq(addresses_connections(romeo), 1);
}

Test(addresses, fresh_places_replace_forgotten_ones)
{
	for (uint64_t i = 1; i < 100000; i++) {
		cr_assert_eq(addresses_enter(i << 16), 1);
		addresses_leave(i << 16);
	}
}

Test(addresses, answers_are_slowed_down_by_failures)
{
	cr_assert_eq(address_delay_ms(0, 20), 0);
	cr_assert_eq(address_delay_ms(1, 20), 500);
	cr_assert_eq(address_delay_ms(20, 20), ADDRESS_DELAY_MOST_MS);
	cr_assert_eq(address_delay_ms(2000000, 20), ADDRESS_DELAY_MOST_MS);
}
