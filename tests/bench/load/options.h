/* options.h - the generator's command line */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

struct options {
	const char *address, *domain, *users, *password, *mechanism, *tls, *keys;
	double port, server, first, sessions, idle, logins, window, rate, seconds, warmup, contacts,
		messages, paused, body, sample, acks, limit, beside, quickack;
};

/* The presets that hold where neither a scenario nor the command line says otherwise. */
extern const struct options options_preset;

/* Reads "--name value" pairs. Returns false after a line on stderr. */
bool options_read(struct options *options, int count, char **words);
void options_help(FILE *file);

#endif
