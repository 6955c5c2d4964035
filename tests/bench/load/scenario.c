/* scenario.c - what the generator can play: one row each */
/* SPDX-License-Identifier: MIT */
#include "scenario.h"

#define PRESETS(...) (const char *const[]){ __VA_ARGS__, NULL }

unsigned sessions_and_idle(const struct options *options)
{
	return (unsigned)(options->sessions + options->idle);
}

unsigned whole_cliques(const struct options *options)
{
	unsigned clique = (unsigned)options->contacts + 1;
	unsigned cliques = (unsigned)options->sessions / clique;

	return clique * (cliques ? cliques : 1);
}

unsigned only_one(const struct options *options)
{
	(void)options;
	return 1;
}

const struct scenario scenarios[] = {
	{ "idle", "memory of sessions that sent presence and then nothing", "session",
	  PRESETS("--sessions", "1000"), sessions_and_idle, run_idle },
	{ "login", "TCP, TLS, SASL and bind, few at a time", "login",
	  PRESETS("--sessions", "500", "--logins", "4"), sessions_and_idle, run_login },
	{ "storm", "all connect at once and send presence, as after a restart", "login",
	  PRESETS("--sessions", "1500", "--logins", "1500"), sessions_and_idle, run_storm },
	{ "chat", "one-to-one messages between pairs, one in flight for each", "message",
	  PRESETS("--sessions", "100", "--window", "1"), sessions_and_idle, run_chat },
	{ "chat-50", "the same with 50 in flight", "message",
	  PRESETS("--sessions", "40", "--window", "50"), sessions_and_idle, run_chat },
	{ "flood", "senders that never wait, readers that may not read", "message",
	  PRESETS("--sessions", "20", "--messages", "100000"), sessions_and_idle, run_flood },
	{ "presence", "broadcasts to contacts that are online", "delivery",
	  PRESETS("--sessions", "420", "--users", "f", "--window", "5"), whole_cliques,
	  run_presence },
	{ "befriend", "makes the rosters of presence: everybody in a clique knows the others",
	  "subscription", PRESETS("--sessions", "420", "--users", "f"), whole_cliques,
	  run_befriend },
	{ "rosters", "fills rosters with contacts that do not exist", "item",
	  PRESETS("--window", "10"), sessions_and_idle, run_rosters },
	{ "offline-store", "messages to accounts that are away", "message",
	  PRESETS("--sessions", "100", "--window", "10"), sessions_and_idle, run_offline_store },
	{ "offline-flush", "their delivery when the accounts come back", "message",
	  PRESETS("--sessions", "100", "--window", "10"), sessions_and_idle, run_offline_flush },
	{ "archive-fill", "the first account's archive is filled by all others together", "message",
	  PRESETS("--sessions", "21", "--users", "a", "--window", "50", "--messages", "1000"),
	  sessions_and_idle, run_archive_fill },
	{ "archive-page", "that archive read from its beginning to its end", "message",
	  PRESETS("--sessions", "21", "--users", "a", "--messages", "1000", "--seconds", "1"),
	  only_one, run_archive_page },
	{ "archive-last", "its last page, again and again", "query",
	  PRESETS("--sessions", "21", "--users", "a", "--messages", "1000", "--seconds", "1"),
	  only_one, run_archive_last },
	{ 0 },
};
