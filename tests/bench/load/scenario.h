/* scenario.h - what the generator can play: one row each */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_SCENARIO_H
#define BENCH_SCENARIO_H

#include "bench.h"

struct scenario {
	const char *name, *help;
	const char *unit;		/* what one operation is */
	const char *const *presets;	/* words like those of the command line, then NULL */
	unsigned (*clients)(const struct options *options);
	int (*run)(struct bench *bench);
};

/* Ends with a row without a name. */
extern const struct scenario scenarios[];

unsigned sessions_and_idle(const struct options *options);
unsigned whole_cliques(const struct options *options);
unsigned only_one(const struct options *options);

int run_idle(struct bench *bench);
int run_login(struct bench *bench);
int run_storm(struct bench *bench);
int run_chat(struct bench *bench);
int run_flood(struct bench *bench);
int run_presence(struct bench *bench);
int run_befriend(struct bench *bench);
int run_rosters(struct bench *bench);
int run_offline_store(struct bench *bench);
int run_offline_flush(struct bench *bench);
int run_archive_fill(struct bench *bench);
int run_archive_page(struct bench *bench);
int run_archive_last(struct bench *bench);

#endif
