/* report.h - what a run found: one line for people, one of JSON */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "histogram.h"

#include <stdio.h>

enum { REPORT_FIELDS = 48 };

struct report_field {
	const char *name;	/* borrowed, as are all texts */
	const char *text;	/* NULL: a number */
	double number;
};

struct report {
	struct report_field fields[REPORT_FIELDS];
	unsigned count;
};

void report_text(struct report *report, const char *name, const char *text);
void report_number(struct report *report, const char *name, double number);

/* Adds p50_us, p90_us, p99_us, p999_us and max_us from nanoseconds; nothing when empty. */
void report_latency(struct report *report, const struct histogram *histogram);

/* A field's number; 0 when it was not reported. */
double report_find(const struct report *report, const char *name);

void report_print(const struct report *report, FILE *file);

#endif
