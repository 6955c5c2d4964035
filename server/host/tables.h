/* tables.h - the flattened claims of a host's modules
 * SPDX-License-Identifier: MIT */
#ifndef TABLES_H
#define TABLES_H

struct tern_host;

/* Makes phases, watches, iqs, answers and stream features (host.h) from the loaded
 * modules; what was there before is freed. */
void tables_make(struct tern_host *host);
void tables_finish(struct tern_host *host);

/* The phases, for somebody who frees them: the host has none until the tables are made. */
struct hook;
void tables_take_phases(struct tern_host *host, struct hook **ret_phases);

#endif
