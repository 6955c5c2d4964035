/* presence.c - broadcasts in cliques: everybody's presence reaches every other member */
/* SPDX-License-Identifier: MIT */
#include "scenario.h"

#include <stdlib.h>
#include <string.h>

struct member {
	uint64_t sent, complete;	/* broadcasts; those below `complete` reached everybody */
	unsigned *reached;		/* ring by number: how many it has reached */
	uint64_t *due_ns;
	uint64_t *next;			/* by sender's place in the clique: its next number here */
};

struct presence {
	struct member *members;
	unsigned clique, window;
	bool is_over;
};

static void broadcast(struct client *client, struct presence *presence, struct member *member)
{
	unsigned slot = (unsigned)(member->sent % presence->window);

	member->reached[slot] = 0;
	member->due_ns[slot] = meter_now_ns();
	client_send(client, "<presence><status>%llu</status></presence>",
			(unsigned long long)member->sent++);
	bench_of(client)->sent++;
}

/* The index of the client that sent a presence; UINT_MAX when it is none of ours. */
static unsigned sender_of(const struct bench *bench, const struct stanza *stanza)
{
	size_t size = 0, prefix = strlen(bench->options->users);
	const char *from = stanza_attribute(stanza, "from=", &size);
	unsigned long number;

	if (!from || size <= prefix || memcmp(from, bench->options->users, prefix) != 0)
		return (unsigned)-1;
	number = strtoul(from + prefix, NULL, 10) - (unsigned long)bench->options->first;
	return number < bench->count ? (unsigned)number : (unsigned)-1;
}

static void note_reached(struct bench *bench, unsigned sender, uint64_t number)
{
	struct presence *presence = bench->scenario;
	struct member *member = &presence->members[sender];
	unsigned slot = (unsigned)(number % presence->window);

	bench->operations++;
	bench_count_latency(bench, member->due_ns[slot], meter_now_ns());
	member->reached[slot]++;
	while (member->complete < member->sent &&
	       member->reached[member->complete % presence->window] == presence->clique - 1) {
		member->complete++;
		if (!presence->is_over)
			broadcast(&bench->clients[sender], presence, member);
	}
}

static void presence_take(struct client *client, const struct stanza *stanza)
{
	struct bench *bench = bench_of(client);
	struct presence *presence = bench->scenario;
	unsigned own = (unsigned)(client - bench->clients), sender = sender_of(bench, stanza);
	size_t size = 0;
	const char *status = stanza_between(stanza, "<status>", "<", &size);
	uint64_t number, *next;

	/* One's own broadcast comes back too (RFC 6121, 4.4.2): it does not count. */
	if (!status || !stanza_is(stanza, "presence") || sender == own)
		return;
	if (sender == (unsigned)-1 || sender / presence->clique != own / presence->clique) {
		bench->errors++;
		return;
	}
	number = strtoull(status, NULL, 10);
	next = &presence->members[own].next[sender % presence->clique];
	if (number != *next) {
		bench->misplaced += number < *next;
		bench->lost += number > *next ? number - *next : 0;
		return;
	}
	++*next;
	note_reached(bench, sender, number);
}

static bool all_complete(struct bench *bench)
{
	const struct presence *presence = bench->scenario;

	for (unsigned i = 0; i < bench->count; i++) {
		if (presence->members[i].complete < presence->members[i].sent)
			return false;
	}
	return true;
}

static int presence_drive(struct bench *bench, struct presence *presence)
{
	if (bench_login(bench, 0, bench->count) < 0 || bench_settle(bench) < 0)
		return -1;
	for (unsigned k = 0; k < presence->window; k++) {
		for (unsigned i = 0; i < bench->count; i++)
			broadcast(&bench->clients[i], presence, &presence->members[i]);
	}
	if (bench_run_for(bench, bench->options->warmup) < 0)
		return -1;
	bench_measure(bench);
	if (bench_run_for(bench, bench->options->seconds) < 0)
		return -1;
	bench_measured(bench, 0);
	presence->is_over = true;
	if (bench_wait(bench, all_complete) < 0)
		return -1;
	return bench_logout(bench);
}

static void member_init(struct member *member, const struct presence *presence)
{
	*member = (struct member){
		.reached = calloc(presence->window, sizeof *member->reached),
		.due_ns = calloc(presence->window, sizeof *member->due_ns),
		.next = calloc(presence->clique, sizeof *member->next),
	};
	if (!member->reached || !member->due_ns || !member->next)
		abort();
}

static void member_finish(struct member *member)
{
	free(member->reached);
	free(member->due_ns);
	free(member->next);
}

int run_presence(struct bench *bench)
{
	struct presence presence = { .clique = (unsigned)bench->options->contacts + 1,
		.window = (unsigned)bench->options->window };
	int status;

	presence.members = calloc(bench->count, sizeof *presence.members);
	if (!presence.members)
		abort();
	for (unsigned i = 0; i < bench->count; i++)
		member_init(&presence.members[i], &presence);
	bench->scenario = &presence;
	bench->announces = true;
	bench->hearing.stanza = presence_take;
	status = presence_drive(bench, &presence);
	for (unsigned i = 0; i < bench->count; i++)
		member_finish(&presence.members[i]);
	free(presence.members);
	return status;
}
