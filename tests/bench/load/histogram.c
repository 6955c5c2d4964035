/* histogram.c - counts latencies in buckets of about three per cent */
/* SPDX-License-Identifier: MIT */
#include "histogram.h"

/* 32 buckets for each power of two; values below 32 have one each. */
static unsigned bucket_of(uint64_t value)
{
	unsigned shift;

	if (value < 32)
		return (unsigned)value;
	shift = 58 - (unsigned)__builtin_clzll(value);
	return (shift + 1) * 32 + (unsigned)(value >> shift) % 32;
}

static uint64_t bucket_top(unsigned bucket)
{
	if (bucket < 32)
		return bucket;
	return ((uint64_t)(bucket % 32 + 33) << (bucket / 32 - 1)) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
	histogram->count++;
	if (value > histogram->max)
		histogram->max = value;
	histogram->buckets[bucket_of(value)]++;
}

uint64_t histogram_quantile(const struct histogram *histogram, double share)
{
	uint64_t wanted = (uint64_t)(share * (double)histogram->count);
	uint64_t seen = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->buckets[i];
		if (seen > wanted)
			return bucket_top(i) < histogram->max ? bucket_top(i) : histogram->max;
	}
	return histogram->max;
}
