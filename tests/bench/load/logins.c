/* logins.c - scenarios of coming and staying: idle sessions, logins, a storm after a restart */
/* SPDX-License-Identifier: MIT */
#include "scenario.h"

/* Logins that pay for what a server makes once, before anything is measured. */
enum { FIRST_LOGINS = 10 };

#define REST_S 1.0

static int login_measured(struct bench *bench)
{
	unsigned count = bench->count - FIRST_LOGINS;

	if (bench->count <= FIRST_LOGINS) {
		bench_fail(bench, "needs more than %d sessions", FIRST_LOGINS);
		return -1;
	}
	if (bench_login(bench, 0, FIRST_LOGINS) < 0 || bench_settle(bench) < 0)
		return -1;
	bench->login_latency = (struct histogram){ 0 };
	bench_measure(bench);
	if (bench_login(bench, FIRST_LOGINS, count) < 0)
		return -1;
	bench->worked_until_ns = meter_now_ns();
	if (bench_settle(bench) < 0)
		return -1;
	bench_measured(bench, count);
	report_latency(&bench->report, &bench->login_latency);
	return 0;
}

int run_login(struct bench *bench)
{
	if (login_measured(bench) < 0)
		return -1;
	return bench_logout(bench);
}

int run_storm(struct bench *bench)
{
	bench->announces = true;
	return run_login(bench);
}

int run_idle(struct bench *bench)
{
	struct meter_reading before = { 0 }, after = { 0 };
	pid_t server = (pid_t)bench->options->server;
	unsigned first = bench->count / 10;

	bench->announces = true;
	if (bench_login(bench, 0, first) < 0 || bench_settle(bench) < 0 ||
	    bench_run_for(bench, REST_S) < 0)
		return -1;
	meter_read_memory(server, &before);
	if (bench_login(bench, first, bench->count - first) < 0 || bench_settle(bench) < 0 ||
	    bench_run_for(bench, REST_S) < 0)
		return -1;
	meter_read_memory(server, &after);
	bench_measure(bench);
	if (bench_run_for(bench, bench->options->seconds) < 0)
		return -1;
	bench_measured(bench, bench->count);
	report_number(&bench->report, "bytes_per_session",
			((double)after.anonymous_bytes - (double)before.anonymous_bytes) /
			(bench->count - first));
	report_number(&bench->report, "server_descriptors", after.descriptors);
	return bench_logout(bench);
}
