/* options.c - the generator's command line */
/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const struct options options_preset = {
	.address = "127.0.0.1", .domain = "bench.test", .users = "u", .password = "secret",
	.tls = "starttls", .port = 5222, .sessions = 100, .logins = 64, .window = 1, .seconds = 5,
	.warmup = 1, .contacts = 20, .messages = 50, .body = 64, .limit = 120, .quickack = 1,
};

static const struct option_row {
	const char *name;
	size_t at;
	bool is_text;
	const char *help;
} rows[] = {
#define TEXT(name, help) { #name, offsetof(struct options, name), true, help }
#define NUMBER(name, help) { #name, offsetof(struct options, name), false, help }
	TEXT(address, "IPv4 address of the server"),
	NUMBER(port, "port of the server"),
	TEXT(domain, "host that the accounts are on"),
	TEXT(users, "prefix of the accounts: u is u0, u1, u2 ..."),
	NUMBER(first, "number of the first account"),
	TEXT(password, "password of all accounts"),
	TEXT(mechanism, "SASL mechanism; else the best that is offered"),
	TEXT(tls, "starttls, direct or none"),
	TEXT(keys, "file that keeps salted passwords between runs"),
	NUMBER(server, "pid of the server: its CPU and memory are read"),
	NUMBER(sessions, "sessions that take part"),
	NUMBER(idle, "further sessions that do nothing"),
	NUMBER(logins, "logins under way at once"),
	NUMBER(window, "messages in flight for each pair (closed loop)"),
	NUMBER(rate, "messages a second of all pairs (open loop); 0: closed loop"),
	NUMBER(seconds, "length of the measured phase"),
	NUMBER(warmup, "seconds before it"),
	NUMBER(contacts, "contacts of each account: cliques of this many and one"),
	NUMBER(messages, "for each absent account, or in an archive; of each pair in a flood, at most"),
	NUMBER(paused, "share of a flood's readers that read nothing until it is over"),
	NUMBER(body, "bytes of a message's body"),
	NUMBER(sample, "print a line of JSON each so many seconds; 0: never"),
	NUMBER(limit, "seconds after which the run has failed"),
	NUMBER(acks, "XEP-0198 on all sessions, an ack asked for after so many stanzas; 0: without"),
	NUMBER(beside, "1: beside another load: the server's quiet is not waited for"),
	NUMBER(quickack, "1: acknowledge segments at once"),
};

enum { ROWS = sizeof rows / sizeof *rows };

static bool set_row(struct options *options, const struct option_row *row, char *value)
{
	void *field = (char *)options + row->at;
	char *end;

	if (row->is_text) {
		*(const char **)field = value;
		return true;
	}
	*(double *)field = strtod(value, &end);
	return end != value && *end == '\0';
}

static const struct option_row *find_row(const char *word)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (strncmp(word, "--", 2) == 0 && strcmp(word + 2, rows[i].name) == 0)
			return &rows[i];
	}
	return NULL;
}

bool options_read(struct options *options, int count, char **words)
{
	for (int i = 0; i < count; i += 2) {
		const struct option_row *row = find_row(words[i]);

		if (!row || i + 1 == count || !set_row(options, row, words[i + 1])) {
			fprintf(stderr, "load: unknown option or bad value: %s\n", words[i]);
			return false;
		}
	}
	return true;
}

void options_help(FILE *file)
{
	for (size_t i = 0; i < ROWS; i++)
		fprintf(file, "  --%-10s %s\n", rows[i].name, rows[i].help);
}
