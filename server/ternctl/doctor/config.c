/* doctor/config.c - configurations that can be read and still contradict themselves
 * SPDX-License-Identifier: MIT */

#include "doctor/internal.h"

#include <string.h>

#include "module.h"

/* --- modules that want each other ------------------------------------------------------- */

static bool has_module(const struct host_config *host, const char *name)
{
	for (size_t i = 0; i < host->module_count; i++) {
		if (strcmp(host->modules[i].module->name, name) == 0)
			return true;
	}
	return false;
}

static void look_at_modules(struct doctor *doctor, const struct host_config *host)
{
	static const struct { const char *module, *wants, *why; } wishes[] = {
		{ "presence", "roster", "nobody has contacts who could see it" },
		{ "carbons", "message", "there are no messages to copy" },
		{ "csi", "presence", "there is no presence to hold back" },
		{ "offline", "message", "no message comes to be kept" },
		{ "mam", "message", "no message comes to be archived" },
		{ "message", "presence", "without presence no session gets messages to its account" },
	};
	const char *subject = arena_printf(doctor->arena, "host %s", host->domain);

	for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
		if (has_module(host, wishes[i].module) && !has_module(host, wishes[i].wants))
			DOUBT(doctor, subject, "Add it to the host's `modules`.",
				"it has the module `%s` and not `%s`: %s", wishes[i].module,
				wishes[i].wants, wishes[i].why);
	}
	if (!has_module(host, "message"))
		DOUBT(doctor, subject, "Add `message` to the host's `modules`.",
			"it has no module `message`: nobody can chat");
}

/* --- logins ------------------------------------------------------------------------------ */

static bool offers(const struct host_config *host, unsigned mechanisms)
{
	return host->sasl.mechanisms & mechanisms;
}

static void look_at_logins(struct doctor *doctor, const struct host_config *host)
{
	const unsigned external = 1u << MECHANISM_EXTERNAL, anonymous = 1u << MECHANISM_ANONYMOUS;
	const unsigned plus = 1u << MECHANISM_SCRAM_SHA_512_PLUS |
		1u << MECHANISM_SCRAM_SHA_256_PLUS | 1u << MECHANISM_SCRAM_SHA_1_PLUS;
	const char *subject = arena_printf(doctor->arena, "host %s", host->domain);

	if (!host->sasl.mechanisms)
		FAULT(doctor, subject, "Leave `sasl` out to have all of them.",
			"it offers no mechanism: nobody can log in");
	else if (!offers(host, ~external) && !*host->client_ca)
		FAULT(doctor, subject, "Name the authority in `client-ca`, or allow SCRAM in `sasl`.",
			"it offers EXTERNAL alone, and has no `client-ca`: nobody can log in");
	else if (!offers(host, ~(plus | external | anonymous)) && offers(host, plus))
		DOUBT(doctor, subject, "Allow SCRAM-SHA-256 as well.",
			"it offers SCRAM with channel binding alone, which many clients do not know");
	if (offers(host, anonymous) && host->sasl.mechanisms != anonymous)
		DOUBT(doctor, subject, "Give guests a host of their own.",
			"strangers may log in beside users (`anonymous = yes`)");
}

/* --- listeners --------------------------------------------------------------------------- */

static bool is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static bool is_public(const struct listen_config *listen)
{
	for (size_t i = 0; listen->addresses[i]; i++) {
		if (!is_loopback(listen->addresses[i]))
			return true;
	}
	return false;
}

static bool share_address(const struct listen_config *a, const struct listen_config *b)
{
	for (size_t i = 0; a->addresses[i]; i++) {
		for (size_t k = 0; b->addresses[k]; k++) {
			if (strcmp(a->addresses[i], b->addresses[k]) == 0 ||
			    strcmp(a->addresses[i], "*") == 0 || strcmp(b->addresses[k], "*") == 0)
				return true;
		}
	}
	return false;
}

static void look_at_listeners(struct doctor *doctor)
{
	const struct config *config = doctor->config;
	bool is_safe = false, is_reachable = false;

	for (size_t i = 0; i < config->listen_count; i++) {
		const struct listen_config *one = &config->listens[i];
		const char *subject = arena_printf(doctor->arena, "listen \"%s\"", one->name);

		is_safe |= one->tls != LISTEN_NONE;
		is_reachable |= is_public(one);
		if (one->tls == LISTEN_NONE && is_public(one))
			FAULT(doctor, subject, "Say `tls = \"starttls\"`, or give it `address = "
				"{\"127.0.0.1\"}`.",
				"anybody can connect without encryption, and passwords travel in the clear");
		for (size_t k = 0; k < i; k++) {
			const struct listen_config *two = &config->listens[k];

			if (one->port && one->port == two->port && share_address(one, two))
				FAULT(doctor, subject, "Give each a port of its own.",
					"it wants port %ld, as listen \"%s\" does", one->port, two->name);
		}
	}
	if (!is_safe)
		FAULT(doctor, "listen", "Add `listen \"client\" { port = 5222 tls = \"starttls\" }`.",
			"no port has encryption: clients of today refuse to connect");
	if (!is_reachable)
		DOUBT(doctor, "listen", "Leave `address` out to be reachable on all addresses.",
			"every port is open to this machine alone");
}

/* --- limits ------------------------------------------------------------------------------- */

/* More than modules give a session at once of what was missed, or of an archive. */
enum { GIVEN_STANZAS = 2000, GIVEN_BYTES = 4 * 1024 * 1024 };

static void look_at_numbers(struct doctor *doctor)
{
	const struct limits *limits = &doctor->config->limits;
	const struct { bool is_wrong; const char *text; } rules[] = {
		{ limits->stanza_bytes > limits->window_bytes * 16,
			"`stanza-bytes` is far above `window-bytes`: one stanza stops its sender for long" },
		{ limits->stanza_bytes > limits->unacked_bytes,
			"`stanza-bytes` is above `unacked-bytes`: one stanza ends its receiver's session" },
		{ limits->stanza_bytes > limits->unwritten_bytes,
			"`stanza-bytes` is above `unwritten-bytes`: one stanza ends its receiver's session" },
		{ limits->stanza_bytes_before_login > limits->stanza_bytes,
			"`stanza-bytes-before-login` is above `stanza-bytes`" },
		{ limits->handshake_s > limits->negotiation_s,
			"`handshake-timeout` is above `negotiation-timeout`, which ends first" },
		{ limits->detached_sessions > limits->resources,
			"`detached-sessions` is above `resources-per-account`" },
	};

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		if (rules[i].is_wrong)
			DOUBT(doctor, "limits", "Change one of the two.", "%s", rules[i].text);
	}
	if (limits->unacked_stanzas < GIVEN_STANZAS || limits->unacked_bytes < GIVEN_BYTES)
		DOUBT(doctor, "limits", "Leave both as they are preset.",
			"`unacked-stanzas` is below %d, or `unacked-bytes` below %d: who comes back to many "
			"messages may lose the session that is given them, each time", GIVEN_STANZAS,
			GIVEN_BYTES);
	if (doctor->config->durability == DURABILITY_RELAXED)
		DOUBT(doctor, "durability", "Say `durability = \"commit\"` unless this is a test.",
			"it is relaxed: messages that were acknowledged are lost in a power cut");
	if (doctor->config->log_level == LOG_LEVEL_DEBUG)
		DOUBT(doctor, "log", "Say `level = \"info\"`.",
			"its level is debug: it fills the disk and slows the server down");
}

void doctor_look_at_config(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->config->host_count; i++) {
		look_at_modules(doctor, &doctor->config->hosts[i]);
		look_at_logins(doctor, &doctor->config->hosts[i]);
	}
	look_at_listeners(doctor);
	look_at_numbers(doctor);
	GOOD(doctor, "configuration", "hosts, listeners and limits were compared");
}
