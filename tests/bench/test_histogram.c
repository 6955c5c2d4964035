/* test_histogram.c - quantiles are right within a bucket, promised to whoever reads latencies */
/* SPDX-License-Identifier: MIT */
#include "histogram.h"

#include <criterion/criterion.h>

Test(histogram, finds_quantiles_within_four_per_cent)
{
	static struct histogram histogram;
	const struct { double share; double value; } cases[] = {
		{ 0.5, 500000 }, { 0.9, 900000 }, { 0.99, 990000 }, { 0.001, 1000 },
	};

	for (uint64_t i = 1; i <= 1000000; i++)
		histogram_add(&histogram, i);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_assert_float_eq((double)histogram_quantile(&histogram, cases[i].share),
				cases[i].value, cases[i].value * 0.04);
	cr_assert_eq(histogram.max, 1000000);
	cr_assert_eq(histogram_quantile(&histogram, 1.0), 1000000);
}

Test(histogram, holds_the_extremes)
{
	static struct histogram histogram;

	histogram_add(&histogram, 0);
	histogram_add(&histogram, UINT64_MAX);
	cr_assert_eq(histogram_quantile(&histogram, 0.0), 0);
	cr_assert_eq(histogram_quantile(&histogram, 1.0), UINT64_MAX);
}
