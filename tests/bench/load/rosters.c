/* rosters.c - makes the rosters that other scenarios need, through the protocol */
/* SPDX-License-Identifier: MIT */
#include "scenario.h"

#include <stdlib.h>
#include <string.h>

/* A client and how far it is: befriends the members behind it, or adds its next item. */
struct maker {
	unsigned started, finished;
};

static struct maker *makers_create(struct bench *bench)
{
	struct maker *makers = calloc(bench->count, sizeof *makers);

	if (!makers)
		abort();
	for (unsigned i = 0; i < bench->count; i++)
		bench->clients[i].role = &makers[i];
	bench->scenario = makers;
	return makers;
}

/* A client's next befriending is with the member `started` places behind it in its clique. */
static void befriend_next(struct client *client)
{
	const struct bench *bench = bench_of(client);
	struct maker *maker = client->role;
	unsigned clique = (unsigned)bench->options->contacts + 1;
	unsigned place = (unsigned)(client - bench->clients) % clique;

	if (place + ++maker->started >= clique)
		return;
	client_send(client, "<presence type='subscribe' to='%s@%s'/>",
			(client + maker->started)->user, client->site->domain);
}

static void answer_subscribe(struct client *client, const struct stanza *stanza)
{
	const struct bench *bench = bench_of(client);
	size_t size = 0, prefix = strlen(bench->options->users);
	const char *from = stanza_attribute(stanza, "from=", &size);

	if (!from || size <= prefix)
		return;
	client_send(client, "<presence type='subscribed' to='%.*s'/>", (int)size, from);
	if (strtoul(from + prefix, NULL, 10) < client->number)
		client_send(client, "<presence type='subscribe' to='%.*s'/>", (int)size, from);
	else
		befriend_next(client);
}

static void befriend_take(struct client *client, const struct stanza *stanza)
{
	size_t size = 0;
	const char *type = stanza_attribute(stanza, "type=", &size);

	if (!type || !stanza_is(stanza, "presence"))
		return;
	if (size == strlen("subscribe") && memcmp(type, "subscribe", size) == 0)
		answer_subscribe(client, stanza);
	else if (size == strlen("subscribed") && memcmp(type, "subscribed", size) == 0)
		bench_of(client)->operations++;
}

static bool all_are_friends(struct bench *bench)
{
	return bench->operations >= (uint64_t)bench->count * (uint64_t)bench->options->contacts;
}

static int finish_making(struct bench *bench)
{
	bench->worked_until_ns = meter_now_ns();
	if (bench_settle(bench) < 0)
		return -1;
	bench_measured(bench, 0);
	return bench_logout(bench);
}

int run_befriend(struct bench *bench)
{
	struct maker *makers = makers_create(bench);
	int status = -1;

	bench->announces = true;
	bench->hearing.stanza = befriend_take;
	if (bench_login(bench, 0, bench->count) == 0 && bench_settle(bench) == 0) {
		bench_measure(bench);
		for (unsigned i = 0; i < bench->count; i++)
			befriend_next(&bench->clients[i]);
		if (bench_wait(bench, all_are_friends) == 0)
			status = finish_making(bench);
	}
	free(makers);
	return status;
}

static void add_item(struct client *client)
{
	struct maker *maker = client->role;

	if (maker->started >= bench_of(client)->options->contacts)
		return;
	client_send(client, "<iq type='set' id='item'><query xmlns='jabber:iq:roster'>"
			"<item jid='contact%u@%s' name='Contact %u'><group>Friends</group></item>"
			"</query></iq>", maker->started, client->site->domain, maker->started);
	maker->started++;
}

static void rosters_take(struct client *client, const struct stanza *stanza)
{
	size_t id_size = 0, type_size = 0;
	const char *id = stanza_attribute(stanza, "id=", &id_size);
	const char *type = stanza_attribute(stanza, "type=", &type_size);

	if (!stanza_is(stanza, "iq") || !id || id_size != 4 || memcmp(id, "item", 4) != 0)
		return;
	if (!type || memcmp(type, "result", type_size) != 0)
		bench_fail(bench_of(client), "%s: a roster item was refused", client->user);
	bench_of(client)->operations++;
	add_item(client);
}

int run_rosters(struct bench *bench)
{
	struct maker *makers = makers_create(bench);
	int status = -1;

	bench->hearing.stanza = rosters_take;
	if (bench_login(bench, 0, bench->count) == 0 && bench_settle(bench) == 0) {
		bench_measure(bench);
		for (unsigned i = 0; i < bench->count; i++) {
			for (unsigned k = 0; k < bench->options->window; k++)
				add_item(&bench->clients[i]);
		}
		if (bench_wait(bench, all_are_friends) == 0)
			status = finish_making(bench);
	}
	free(makers);
	return status;
}
