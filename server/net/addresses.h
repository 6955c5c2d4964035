/* addresses.h - what the server counts per peer address
 * SPDX-License-Identifier: MIT
 *
 * Open connections; failed logins, which fade: a count halves every half minute; and tries to
 * get an account, whose count halves every half hour.  IPv4
 * addresses are counted singly, IPv6 by their /64, which is what one customer gets.  One
 * table for the whole process that grows with them; any thread.  An address has a place while
 * it has connections or fresh failures; when the table is as large as it may become and full of
 * such, a further address goes uncounted rather than refused. */
#ifndef ADDRESSES_H
#define ADDRESSES_H

#include <stdint.h>
#include <sys/socket.h>

/* Room for twice that many addresses at most; main calls it before listeners open.  Without
 * it nothing is counted. */
void addresses_setup(long expected);
void addresses_finish(void);

/* Under which key an address is counted; 0 (never counted) for anything but IP. */
uint64_t address_key(const struct sockaddr *address);

/* A connection came; how many the address has now.  Each needs its leave. */
unsigned addresses_enter(uint64_t key);
void addresses_leave(uint64_t key);
unsigned addresses_connections(uint64_t key);

/* A login failed; both tell how many did lately (rounded up).  `now_s` is any clock in
 * seconds that only rises, the same for all calls. */
unsigned addresses_note_failure(uint64_t key, uint32_t now_s);
unsigned addresses_failures(uint64_t key, uint32_t now_s);

/* Somebody tried to get an account; how many did lately (rounded up). The clock as above. */
unsigned addresses_note_registration(uint64_t key, uint32_t now_s);

/* How long the next answer to a login should wait after so many failures: nothing after
 * none, then more with each, until `most` brings the longest. */
#define ADDRESS_DELAY_MOST_MS 10000
unsigned address_delay_ms(unsigned failures, unsigned most);

#endif
