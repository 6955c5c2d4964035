/* sasl.c - names of SASL, and what a host offers on a link
 * SPDX-License-Identifier: MIT */

#include "sasl.h"

#include <string.h>

#include "config.h"
#include "host.h"
#include "link.h"
#include "listener.h"
#include "sasl/claim.h"

static const char *const mechanism_names[] = {
#define X(name, text) [MECHANISM_##name] = text,
	SASL_MECHANISMS(X)
#undef X
};

static const char *const failure_names[] = {
	[FAILURE_NONE] = NULL,
#define X(name, text) [FAILURE_##name] = text,
	SASL_FAILURES(X)
#undef X
};

const char *sasl_mechanism_name(enum sasl_mechanism mechanism)
{
	return mechanism_names[mechanism];
}

enum sasl_mechanism sasl_mechanism_find(const char *name)
{
	enum sasl_mechanism mechanism = 0;

	while (mechanism < MECHANISM_COUNT && strcmp(mechanism_names[mechanism], name) != 0)
		mechanism++;
	return mechanism;
}

const char *sasl_failure_name(enum sasl_failure failure)
{
	return failure_names[failure];
}

void sasl_bindings(const struct link *link, const char *ret_types[static SASL_BINDINGS_MAX + 1])
{
	static const char *const known[SASL_BINDINGS_MAX] = {
		"tls-exporter", "tls-server-end-point",
	};
	unsigned char bytes[CHANNEL_BINDING_MAX];
	size_t count = 0, len;

	for (size_t i = 0; i < SASL_BINDINGS_MAX && link_is_secure(link); i++)
		if (link_channel_binding(link, known[i], bytes, &len) == 0)
			ret_types[count++] = known[i];
	ret_types[count] = NULL;
}

bool sasl_may_start(const struct link *link)
{
	return link_is_secure(link) || listener_tls(link_listener(link)) == LISTEN_NONE;
}

unsigned sasl_offer(const struct tern_host *host, const struct link *link)
{
	const char *bindings[SASL_BINDINGS_MAX + 1];
	unsigned offer = host->sasl.mechanisms;

	sasl_bindings(link, bindings);
	if (!bindings[0])
		offer &= ~SASL_PLUS_MECHANISMS;
	if (!sasl_may_start(link))
		offer = 0;
	if (!sasl_certificate_speaks_for(link, host))
		offer &= ~(1u << MECHANISM_EXTERNAL);
	return offer;
}
