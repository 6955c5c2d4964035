/* bench_login.c - what a login costs the server, TLS and sockets aside
 * SPDX-License-Identifier: MIT
 *
 * Counts the CPU time of the server's side alone, from the header to the bound resource. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scram_client.h"
#include "stream/internal.h"
#include "stream_world.h"

#define LOGINS 2000

static uint64_t spent_ns;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static const char *say(struct link *link, const char *text)
{
	uint64_t start = now_ns();

	fake_link_feed(link, text, strlen(text));
	world_settle();
	spent_ns += now_ns() - start;
	return fake_link_take(link);
}

static void log_in(bool with_proof)
{
	struct scram_client client = { .scheme = "SCRAM-SHA-256", .gs2 = "n,,", .user = "romeo",
		.password = "pencil" };
	struct link *link = world_connect(LISTEN_DIRECT);
	char text[4096];
	const char *said;

	say(link, HEADER);
	if (with_proof) {
		said = say(link, auth_text("SCRAM-SHA-256", scram_client_first(&client)));
		snprintf(text, sizeof text, "<response " SASL_NS ">%s</response>",
			scram_client_final(&client, content_of(said, "challenge")));
	} else {
		snprintf(text, sizeof text, "%s", auth_text("ANONYMOUS", "="));
	}
	if (!has(say(link, text), "<success"))
		abort();
	say(link, HEADER);
	if (!has(say(link, BIND("")), "<jid>"))
		abort();
	say(link, "</stream:stream>");
	fake_links_finish();
}

static double cost_us(bool with_proof)
{
	for (int i = 0; i < LOGINS / 10; i++)
		log_in(with_proof);
	spent_ns = 0;
	for (int i = 0; i < LOGINS; i++)
		log_in(with_proof);
	return (double)spent_ns / LOGINS / 1000;
}

int main(void)
{
	world_open();
	printf("SCRAM-SHA-256 login, header to bind and end: %.1f us\n", cost_us(true));
	printf("the same with ANONYMOUS: %.1f us\n", cost_us(false));
	printf("a bound stream: %zu bytes, while negotiating %zu more\n", sizeof(struct stream),
		sizeof(struct negotiation));
	world_close();
}
