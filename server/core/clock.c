/* clock.c - the system's time and randomness, behind one seam */
/* SPDX-License-Identifier: MIT */

#include "clock.h"

#include <assert.h>
#include <gnutls/crypto.h>
#include <time.h>

static uint64_t system_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t system_ticks_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void system_random(void *bytes, size_t len)
{
	int result = gnutls_rnd(GNUTLS_RND_NONCE, bytes, len);

	assert(result == 0);
	(void)result;
}

struct clock_source clock_source = {
	.now_us = system_now_us,
	.ticks_ms = system_ticks_ms,
	.random = system_random,
};
