/* histogram.h - counts latencies in buckets of about three per cent */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 64 * 32 };

struct histogram {
	uint64_t count, max;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t value);

/* The upper end of the bucket that holds the given share (0 to 1) of all values; 0 when empty. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);

#endif
