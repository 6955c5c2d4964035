/* meter.h - reads what a server process and its children cost, from /proc */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_METER_H
#define BENCH_METER_H

#include <stdint.h>
#include <sys/types.h>

struct meter_reading {
	uint64_t at_ns;			/* monotonic */
	double server_cpu_s;		/* user + system of all threads, living and ended children */
	double own_cpu_s;
	uint64_t anonymous_bytes;	/* of the server and its living children */
	unsigned descriptors;
};

uint64_t meter_now_ns(void);

/* A pid of 0 stands for no server: its figures are 0. Memory and descriptors take longer to read
 * (a walk through the server's page tables), so they are read on their own. */
struct meter_reading meter_read(pid_t server);
void meter_read_memory(pid_t server, struct meter_reading *reading);

#endif
