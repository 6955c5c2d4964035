/* bench.c - one run: the clients, the loop, the clock that ends it, what was measured */
/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define TICK_S 0.01
#define TLS_PRIORITY "NORMAL:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:-VERS-ALL:+VERS-TLS1.3:" \
	"+VERS-TLS1.2"

void bench_fail(struct bench *bench, const char *format, ...)
{
	va_list arguments;

	if (bench->failure[0])
		return;
	va_start(arguments, format);
	vsnprintf(bench->failure, sizeof bench->failure, format, arguments);
	va_end(arguments);
}

static void handle_ready(struct client *client)
{
	struct bench *bench = bench_of(client);

	bench->ready++;
	histogram_add(&bench->login_latency, meter_now_ns() - client->began_ns);
	if (!bench->announces)
		return;
	client_send(client, "<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
	client_send(client, "<presence/>");
}

static void handle_gone(struct client *client, const char *why)
{
	struct bench *bench = bench_of(client);

	if (why)
		bench_fail(bench, "%s: %s", client->user, why);
	else
		bench->leaving--;
}

static void handle_stanza(struct client *client, const struct stanza *stanza)
{
	struct bench *bench = bench_of(client);

	if (bench->hearing.stanza)
		bench->hearing.stanza(client, stanza);
}

static void handle_drained(struct client *client)
{
	struct bench *bench = bench_of(client);

	if (bench->hearing.drained)
		bench->hearing.drained(client);
}

static void handle_tick(struct ev_loop *loop, struct ev_timer *watcher, int events)
{
	struct bench *bench = watcher->data;

	(void)loop, (void)events;
	if (meter_now_ns() > bench->ends_ns)
		bench_fail(bench, "not done after %g s", bench->options->limit);
}

static void print_sample(struct ev_loop *loop, struct ev_timer *watcher, int events)
{
	struct bench *bench = watcher->data;
	struct meter_reading now = meter_read((pid_t)bench->options->server);
	struct report report = { 0 };

	(void)loop, (void)events;
	meter_read_memory((pid_t)bench->options->server, &now);
	report_number(&report, "sample_s", (double)(now.at_ns - bench->before.at_ns) / 1e9);
	report_number(&report, "operations", (double)bench->interval.count);
	report_number(&report, "server_cpu_s", now.server_cpu_s);
	report_number(&report, "anonymous_bytes", (double)now.anonymous_bytes);
	report_number(&report, "descriptors", now.descriptors);
	report_latency(&report, &bench->interval);
	report_print(&report, stdout);
	bench->interval = (struct histogram){ 0 };
}

static bool read_tls(const char *word, enum client_tls *ret_tls)
{
	static const char *const words[] = {
		[CLIENT_TLS_STARTTLS] = "starttls", [CLIENT_TLS_DIRECT] = "direct",
		[CLIENT_TLS_NONE] = "none",
	};

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(word, words[i]) == 0) {
			*ret_tls = (enum client_tls)i;
			return true;
		}
	}
	return false;
}

static bool fill_site(struct bench *bench)
{
	const struct options *options = bench->options;
	struct client_site *site = &bench->site;

	*site = (struct client_site){
		.turn = &bench->turn, .domain = options->domain, .prefix = options->users,
		.password = options->password, .mechanism = options->mechanism,
		.acks = (unsigned)options->acks,
		.ready = handle_ready, .gone = handle_gone, .stanza = handle_stanza,
		.drained = handle_drained,
	};
	site->address = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((unsigned short)options->port) };
	return read_tls(options->tls, &site->tls) &&
		inet_pton(AF_INET, options->address, &site->address.sin_addr) == 1 &&
		gnutls_certificate_allocate_credentials(&site->credentials) == 0 &&
		gnutls_priority_init(&site->priority, TLS_PRIORITY, NULL) == 0;
}

static void start_timers(struct bench *bench)
{
	ev_timer_init(&bench->tick, handle_tick, TICK_S, TICK_S);
	ev_timer_init(&bench->sample, print_sample, bench->options->sample,
			bench->options->sample);
	bench->tick.data = bench->sample.data = bench;
	ev_timer_start(bench->turn.loop, &bench->tick);
}

int bench_open(struct bench *bench, const struct options *options, unsigned clients)
{
	*bench = (struct bench){ .options = options, .count = clients };
	turn_init(&bench->turn, ev_loop_new(EVFLAG_AUTO));
	bench->turn.quickack = options->quickack > 0;
	bench->ends_ns = meter_now_ns() + (uint64_t)(options->limit * 1e9);
	bench->clients = calloc(clients, sizeof *bench->clients);
	if (!bench->clients || !fill_site(bench)) {
		fputs("load: bad address, TLS mode or number of sessions\n", stderr);
		return -1;
	}
	for (unsigned i = 0; i < clients; i++) {
		client_init(&bench->clients[i], &bench->site, (unsigned)options->first + i);
		bench->clients[i].owner = bench;
	}
	if (options->keys)
		scram_keys_open(options->keys);
	start_timers(bench);
	return 0;
}

void bench_close(struct bench *bench)
{
	ev_timer_stop(bench->turn.loop, &bench->tick);
	ev_timer_stop(bench->turn.loop, &bench->sample);
	for (unsigned i = 0; bench->clients && i < bench->count; i++)
		client_finish(&bench->clients[i]);
	free(bench->clients);
	gnutls_certificate_free_credentials(bench->site.credentials);
	gnutls_priority_deinit(bench->site.priority);
	turn_finish(&bench->turn);
	ev_loop_destroy(bench->turn.loop);
	scram_keys_close();
}

static int turn_once(struct bench *bench)
{
	ev_run(bench->turn.loop, EVRUN_ONCE);
	return bench->failure[0] ? -1 : 0;
}

int bench_wait(struct bench *bench, bench_done *done)
{
	while (!done(bench)) {
		if (turn_once(bench) < 0)
			return -1;
	}
	return 0;
}

int bench_run_for(struct bench *bench, double seconds)
{
	uint64_t end_ns = meter_now_ns() + (uint64_t)(seconds * 1e9);

	while (meter_now_ns() < end_ns) {
		if (turn_once(bench) < 0)
			return -1;
	}
	return 0;
}

int bench_login(struct bench *bench, unsigned first, unsigned count)
{
	unsigned ready_before = bench->ready;
	unsigned started = 0;

	while (bench->ready - ready_before < count) {
		while (started < count &&
		       started - (bench->ready - ready_before) < bench->options->logins)
			client_enter(&bench->clients[first + started++]);
		if (turn_once(bench) < 0)
			return -1;
	}
	return 0;
}

static bool all_acked(struct bench *bench)
{
	for (unsigned i = 0; i < bench->count; i++) {
		const struct client *client = &bench->clients[i];

		if (client->state == CLIENT_READY && client->acked != client->sent)
			return false;
	}
	return true;
}

static int wait_for_acks(struct bench *bench)
{
	if (bench->site.acks == 0)
		return 0;
	for (unsigned i = 0; i < bench->count; i++) {
		if (bench->clients[i].state == CLIENT_READY)
			client_ask_ack(&bench->clients[i]);
	}
	return bench_wait(bench, all_acked);
}

static bool all_left(struct bench *bench)
{
	return bench->leaving == 0;
}

int bench_logout(struct bench *bench)
{
	if (wait_for_acks(bench) < 0)
		return -1;
	for (unsigned i = 0; i < bench->count; i++) {
		if (bench->clients[i].state != CLIENT_READY)
			continue;
		client_leave(&bench->clients[i]);
		bench->leaving++;
		bench->ready--;
	}
	return bench_wait(bench, all_left);
}

int bench_settle(struct bench *bench)
{
	double before;

	if (bench->options->beside)
		return 0;
	before = meter_read((pid_t)bench->options->server).server_cpu_s;
	for (unsigned quiet = 0, i = 0; quiet < 3 && i < 100; i++) {
		double now;

		if (bench_run_for(bench, 0.1) < 0)
			return -1;
		now = meter_read((pid_t)bench->options->server).server_cpu_s;
		quiet = now - before < 0.004 ? quiet + 1 : 0;
		before = now;
	}
	return 0;
}

void bench_measure(struct bench *bench)
{
	bench->latency = bench->interval = (struct histogram){ 0 };
	bench->operations_before = bench->operations;
	bench->before = meter_read((pid_t)bench->options->server);
	if (bench->options->sample > 0)
		ev_timer_again(bench->turn.loop, &bench->sample);
}

void bench_measured(struct bench *bench, uint64_t operations)
{
	struct meter_reading after = meter_read((pid_t)bench->options->server);
	uint64_t end_ns = bench->worked_until_ns ? bench->worked_until_ns : after.at_ns;
	double seconds = (double)(end_ns - bench->before.at_ns) / 1e9;
	double server_s = after.server_cpu_s - bench->before.server_cpu_s;
	double own_s = after.own_cpu_s - bench->before.own_cpu_s;
	struct report *report = &bench->report;

	ev_timer_stop(bench->turn.loop, &bench->sample);
	if (operations == 0)
		operations = bench->operations - bench->operations_before;
	report_number(report, "operations", (double)operations);
	report_number(report, "seconds", seconds);
	report_number(report, "rate", (double)operations / seconds);
	report_number(report, "cpu_us", operations ? server_s * 1e6 / (double)operations : 0);
	seconds = (double)(after.at_ns - bench->before.at_ns) / 1e9;
	report_number(report, "server_load", server_s / seconds);
	report_number(report, "own_cpu_us", operations ? own_s * 1e6 / (double)operations : 0);
	report_number(report, "own_load", own_s / seconds);
	report_latency(report, &bench->latency);
}

void bench_count_latency(struct bench *bench, uint64_t due_ns, uint64_t now_ns)
{
	uint64_t latency = now_ns > due_ns ? now_ns - due_ns : 0;

	histogram_add(&bench->latency, latency);
	if (bench->options->sample > 0)
		histogram_add(&bench->interval, latency);
}
