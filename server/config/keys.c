/* keys.c - every key that tern.conf knows, and how values are judged
 * SPDX-License-Identifier: MIT */

#include "keys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "arena.h"
#include "config.h"
#include "jid.h"
#include "nearest.h"
#include "options.h"
#include "source.h"
#include "tls.h"

static const char *const durabilities[] = { "commit", "relaxed", NULL };
static const char *const levels[] = { "error", "warning", "info", "debug", NULL };
static const char *const log_words[] = { "stderr", "syslog", "journald", NULL };
static const char *const formats[] = { "text", "json", NULL };
static const char *const tls_names[] = { "starttls", "direct", "none", NULL };
#define X(name, text) text,
static const char *const mechanisms[] = { SASL_MECHANISMS(X) NULL };
#undef X

const char *config_tls_name(enum listen_tls tls)
{
	return tls_names[tls];
}

static const char *refuse_empty(struct arena *arena, const char *value)
{
	return *value ? NULL : arena_strdup(arena, "it is empty");
}

static const char *refuse_file(struct arena *arena, const char *path)
{
	if (access(path, R_OK) == 0)
		return NULL;
	return arena_printf(arena, "%s: %s", path, strerror(errno));
}

static const char *refuse_ca(struct arena *arena, const char *path)
{
	return *path ? refuse_file(arena, path) : NULL;
}

static const char *refuse_socket(struct arena *arena, const char *path)
{
	struct sockaddr_un address;

	if (strlen(path) < sizeof address.sun_path)
		return refuse_empty(arena, path);
	return arena_printf(arena, "a socket's path has at most %zu bytes",
		sizeof address.sun_path - 1);
}

static const char *refuse_priority(struct arena *arena, const char *text)
{
	char *why = NULL;
	const char *kept = tls_try(text, &why) < 0 ? arena_strdup(arena, why) : NULL;

	free(why);
	return kept;
}

static const char *refuse_address(struct arena *arena, const char *text)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	if (strcmp(text, "*") == 0 || inet_pton(AF_INET, text, bytes) == 1 ||
	    inet_pton(AF_INET6, text, bytes) == 1)
		return NULL;
	return arena_printf(arena, "`%s` is no IP address (nor `*` for all)", text);
}

static const char *refuse_anonymous(struct arena *arena, const char *mechanism)
{
	if (strcmp(mechanism, mechanisms[MECHANISM_ANONYMOUS]) != 0)
		return NULL;
	return arena_strdup(arena, "say `anonymous = yes` for ANONYMOUS");
}

/* RFC 6120 4.9.3.19: a domain or an IP address (of version 6 in brackets), and perhaps a port. */
static const char *refuse_location(struct arena *arena, const char *text)
{
	const char *behind = strrchr(text, ']'), *colon = strrchr(behind ? behind : text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	long port = 1;

	if (!*text)
		return NULL;
	if (!jid_prepare_domain(arena, text, len))
		return arena_printf(arena, "`%.*s` is neither a domain nor an IP address%s", (int)len,
			text, strchr(text, ':') != colon && !behind ? " (one of IPv6 has brackets)" : "");
	if (colon && (!options_read_number(colon + 1, &port) || port < 1 || port > 65535))
		return arena_printf(arena, "`%s` is not a port", colon + 1);
	return NULL;
}

#define AT(field) offsetof(struct config, field)
static const struct key root_keys[] = {
	{ "data", KEY_TEXT, AT(data), "/var/lib/tern", .refuse = refuse_empty, .is_path = true,
		.about = "the folder of accounts, rosters and messages" },
	{ "control", KEY_TEXT, AT(control), "/run/tern/control", .refuse = refuse_socket,
		.is_path = true,
		.about = "the socket of ternctl(8)" },
	{ "modules-path", KEY_LIST, AT(modules_path), "{\"\"}", .is_path = true,
		.about = "folders in which modules are looked for, one after the other; an empty one is "
			"that of the server's own: where they were installed, or the build's when ternd "
			"runs from a build directory. `modules-path += {\"/srv/tern/modules\"}` adds one "
			"for modules of others" },
	{ "user", KEY_TEXT, AT(user), "tern",
		.about = "whom to become when started as root; an empty one stays root" },
	{ "shards", KEY_NUMBER, AT(shards), "0", 0, 256,
		.about = "threads that serve clients; 0 means one per core" },
	{ "durability", KEY_CHOICE, AT(durability), "commit", .choices = durabilities,
		.about = "what an acknowledgement means. With commit, what it acknowledges is on disk; "
			"with relaxed it is written soon, and power loss may take the last seconds" },
	{ "tls-priority", KEY_TEXT, AT(tls_priority), "", .refuse = refuse_priority,
		.about = "a priority string of GnuTLS, instead of the built-in one (TLS 1.2 and 1.3)" },
	{ 0 },
};

static const struct key log_keys[] = {
	{ "level", KEY_CHOICE, AT(log_level), "info", .choices = levels,
		.about = "lines of this level and of those before it are written" },
	{ "format", KEY_CHOICE, AT(log_format), "text", .choices = formats,
		.about = "what lines on stderr and in files look like: text for people, or one JSON "
			"object each" },
	{ "target", KEY_TEXT, AT(log_target), "stderr", .refuse = refuse_empty, .is_path = true,
		.words = log_words,
		.about = "where lines go: stderr, syslog, journald, or the path of a file. Lines to syslog and journald "
			"have their severity (and, for journald, the fields TERN_KIND and TERN_NAME), and "
			"are lost rather than waited for when the daemon does not keep up; syslog:/PATH "
			"and journald:/PATH name another socket than the usual one" },
	{ 0 },
};

#define TEXT_OF(number) #number
static const struct key limit_keys[] = {
#define X(field, key, preset, least, most, text) \
	{ key, KEY_NUMBER, AT(limits.field), TEXT_OF(preset), least, most, .about = text },
	LIMITS(X)
#undef X
	{ 0 },
};
#undef AT

#define AT(field) offsetof(struct listen_config, field)
static const struct key listen_keys[] = {
	{ "address", KEY_LIST, AT(addresses), "{\"*\"}", .refuse = refuse_address,
		.about = "IP addresses; * is all" },
	{ "port", KEY_NUMBER, AT(port), "5222", 0, 65535, .about = "0 takes a free one" },
	{ "tls", KEY_CHOICE, AT(tls), "starttls", .choices = tls_names,
		.about = "when TLS begins: starttls asks for it before a login, direct begins with it "
			"(XEP-0368, usually port 5223), and none has no TLS and is for tests on one "
			"machine" },
	{ 0 },
};
#undef AT

#define AT(field) offsetof(struct host_draft, field)
static const struct key host_keys[] = {
	{ "certificate", KEY_TEXT, AT(certificate), .refuse = refuse_file, .is_path = true,
		.about = "a PEM file, with the chain; required. SIGHUP reads it again" },
	{ "key", KEY_TEXT, AT(key), .refuse = refuse_file, .is_path = true,
		.about = "the certificate's key, a PEM file; required, and read again likewise" },
	{ "client-ca", KEY_TEXT, AT(client_ca), "", .refuse = refuse_ca, .is_path = true,
		.about = "a PEM file; clients with a certificate of these authorities can log in with "
			"EXTERNAL" },
	{ "modules", KEY_LIST, AT(modules),
		"{roster, presence, message, blocking, carbons, csi, mam, offline, disco, ping, "
		"about, vcard, private, last, caps, register, commands}", .names_modules = true,
		.about = "what the host does; a reload loads and unloads what has changed" },
	{ "sasl", KEY_LIST, AT(sasl),
		"{SCRAM-SHA-512-PLUS, SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-512, "
		"SCRAM-SHA-256, SCRAM-SHA-1, PLAIN, EXTERNAL}",
		.choices = mechanisms, .refuse = refuse_anonymous,
		.about = "mechanisms to offer; EXTERNAL needs `client-ca`" },
	{ "anonymous", KEY_BOOL, AT(anonymous), "no",
		.about = "whether strangers may log in under a made-up name" },
	{ "iterations", KEY_NUMBER, AT(iterations), "4096", 4096, 10000000,
		.about = "SCRAM iterations of new passwords" },
	{ "resume-location", KEY_TEXT, AT(resume_location), "", .refuse = refuse_location,
		.about = "where a client that has lost its connection shall come back (XEP-0198), where "
			"that is not where the domain's DNS records lead: a domain or an IP address, and "
			"perhaps a port, as in xmpp2.example.org:5222 or [2001:db8::1]:5222. Clients that "
			"cannot connect there use DNS; with an empty one they are told nothing" },
	{ 0 },
};
#undef AT

const struct section sections[] = {
	{ "root", false, root_keys }, { "limits", false, limit_keys }, { "log", false, log_keys },
	{ "listen", true, listen_keys }, { "host", true, host_keys }, { 0 },
};

const struct section *section_find(const char *name)
{
	for (const struct section *section = sections; section->name; section++) {
		if (strcmp(section->name, name) == 0)
			return section;
	}
	return NULL;
}

const struct key *section_key(const struct section *section, const char *name)
{
	for (const struct key *key = section->keys; key->name; key++) {
		if (strcmp(key->name, name) == 0)
			return key;
	}
	return NULL;
}

static size_t choice_index(const struct key *key, const char *value)
{
	size_t i = 0;

	while (key->choices[i] && strcmp(key->choices[i], value) != 0)
		i++;
	return i;
}

static const char *refuse_choice(struct arena *arena, const struct key *key, const char *value)
{
	size_t count = 0;
	const char *all = "";

	if (key->choices[choice_index(key, value)])
		return NULL;
	for (; key->choices[count]; count++)
		all = arena_printf(arena, "%s%s%s", all, count ? ", " : "", key->choices[count]);
	return arena_printf(arena, "`%s` is one of %s, not `%s`%s", key->name, all, value,
		nearest_hint(arena, value, key->choices, count));
}

static const char *refuse_number(struct arena *arena, const struct key *key, const char *value)
{
	long number;

	if (!options_read_number(value, &number))
		return arena_printf(arena, "`%s` is a number, not `%s`", key->name, value);
	if (number < key->least || number > key->most)
		return arena_printf(arena, "`%s` is from %ld to %ld, not %ld", key->name, key->least,
			key->most, number);
	return NULL;
}

static bool is_word(const struct key *key, const char *value)
{
	for (const char *const *word = key->words; word && *word; word++) {
		size_t len = strlen(*word);

		if (strncmp(value, *word, len) == 0 && (!value[len] || value[len] == ':'))
			return true;
	}
	return false;
}

const char *key_value(struct arena *arena, const struct key *key, const char *value,
	const char *config_path)
{
	return key->is_path && *value && !is_word(key, value) ?
		source_beside(arena, config_path, value) : value;
}

const char *key_refuse(struct arena *arena, const struct key *key, const char *value)
{
	const char *why = NULL;
	bool yes;

	if (key->refuse && (why = key->refuse(arena, value)))
		return arena_printf(arena, "`%s`: %s", key->name, why);
	switch (key->type) {
	case KEY_TEXT:
		return NULL;
	case KEY_NUMBER:
		return refuse_number(arena, key, value);
	case KEY_BOOL:
		return options_read_bool(value, &yes) ? NULL
			: arena_printf(arena, "`%s` is yes or no, not `%s`", key->name, value);
	case KEY_CHOICE:
		return refuse_choice(arena, key, value);
	case KEY_LIST:
		return key->choices ? refuse_choice(arena, key, value) : NULL;
	}
	return NULL;
}

const char *const *texts_copy(struct arena *arena, const char *const *texts, size_t count)
{
	const char **list = arena_alloc(arena, (count + 1) * sizeof *list);

	for (size_t i = 0; i < count; i++)
		list[i] = arena_strdup(arena, texts[i]);
	list[count] = NULL;
	return list;
}

void key_fill(struct arena *arena, const struct key *key, const char *const *values,
	size_t count, void *into)
{
	void *place = (char *)into + key->offset;
	const char *value = count ? values[0] : NULL;

	switch (key->type) {
	case KEY_TEXT:
		*(const char **)place = arena_strdup(arena, value);
		break;
	case KEY_NUMBER:
		options_read_number(value, place);
		break;
	case KEY_BOOL:
		options_read_bool(value, place);
		break;
	case KEY_CHOICE:
		*(unsigned *)place = choice_index(key, value);
		break;
	case KEY_LIST:
		*(const char *const **)place = texts_copy(arena, values, count);
		break;
	}
}

static bool lists_equal(const char *const *a, const char *const *b)
{
	while (*a && *b && strcmp(*a, *b) == 0)
		a++, b++;
	return !*a && !*b;
}

bool key_equal(const struct key *key, const void *a, const void *b)
{
	const void *left = (const char *)a + key->offset, *right = (const char *)b + key->offset;

	switch (key->type) {
	case KEY_TEXT:
		return strcmp(*(const char *const *)left, *(const char *const *)right) == 0;
	case KEY_NUMBER:
		return *(const long *)left == *(const long *)right;
	case KEY_BOOL:
		return *(const bool *)left == *(const bool *)right;
	case KEY_CHOICE:
		return *(const unsigned *)left == *(const unsigned *)right;
	case KEY_LIST:
		return lists_equal(*(const char *const *const *)left,
			*(const char *const *const *)right);
	}
	return false;
}

void key_copy(struct arena *arena, const struct key *key, void *to, const void *from)
{
	void *left = (char *)to + key->offset;
	const void *right = (const char *)from + key->offset;
	const char *const *list;
	size_t count = 0;

	switch (key->type) {
	case KEY_TEXT:
		*(const char **)left = arena_strdup(arena, *(const char *const *)right);
		break;
	case KEY_NUMBER:
		*(long *)left = *(const long *)right;
		break;
	case KEY_BOOL:
		*(bool *)left = *(const bool *)right;
		break;
	case KEY_CHOICE:
		*(unsigned *)left = *(const unsigned *)right;
		break;
	case KEY_LIST:
		list = *(const char *const *const *)right;
		while (list[count])
			count++;
		*(const char *const **)left = texts_copy(arena, list, count);
		break;
	}
}
