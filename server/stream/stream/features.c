/* stream/features.c - what a client may do next (RFC 6120 4.3.2)
 * SPDX-License-Identifier: MIT */

#include "stream/internal.h"

#include <string.h>

#include "acks.h"
#include "host.h"
#include "names.h"
#include "server.h"

#define NS_BINDINGS "urn:xmpp:sasl-cb:0"
#define NS_LIMITS "urn:xmpp:stream-limits:0"

static void write_starttls(struct buffer *out)
{
	buffer_add_text(out, "<starttls xmlns='" NS_TLS "'><required/></starttls>");
}

static void write_mechanisms(struct buffer *out, unsigned offer)
{
	buffer_add_text(out, "<mechanisms xmlns='" NS_SASL "'>");
	for (enum sasl_mechanism each = 0; each < MECHANISM_COUNT; each++)
		if (offer & 1u << each)
			buffer_printf(out, "<mechanism>%s</mechanism>", sasl_mechanism_name(each));
	buffer_add_text(out, "</mechanisms>");
}

/* XEP-0440: which channel bindings the -PLUS mechanisms can use here. */
static void write_bindings(struct buffer *out, const struct link *link, unsigned offer)
{
	const char *types[SASL_BINDINGS_MAX + 1];

	sasl_bindings(link, types);
	if (!types[0] || !(offer & SASL_PLUS_MECHANISMS))
		return;
	buffer_add_text(out, "<sasl-channel-binding xmlns='" NS_BINDINGS "'>");
	for (size_t i = 0; types[i]; i++)
		buffer_printf(out, "<channel-binding type='%s'/>", types[i]);
	buffer_add_text(out, "</sasl-channel-binding>");
}

/* XEP-0478 3.1: what is too large ends the stream, so a client had better know. */
static void write_limits(struct buffer *out, long max_bytes, int idle_s)
{
	buffer_printf(out, "<limits xmlns='" NS_LIMITS "'><max-bytes>%ld</max-bytes>", max_bytes);
	if (idle_s > 0)
		buffer_printf(out, "<idle-seconds>%d</idle-seconds>", idle_s);
	buffer_add_text(out, "</limits>");
}

static void write_after_login(struct buffer *out, const struct tern_host *host)
{
	buffer_add_text(out, "<bind xmlns='" NS_BIND "'/>"
		"<session xmlns='" NS_SESSION "'><optional/></session>"
		"<sm xmlns='" NS_ACKS "'/>");
	write_limits(out, host->server->limits.stanza_bytes,
		tern_host_question(host, TERN_ASK_IDLE_SECONDS, NULL));
	if (host->stream_features)
		buffer_add_text(out, host->stream_features);
}

void features_send(struct stream *stream)
{
	struct buffer out = { 0 };
	unsigned offer;

	buffer_add_text(&out, "<stream:features>");
	if (stream->state == STREAM_PLAINTEXT) {
		write_starttls(&out);
	} else if (stream->state == STREAM_UNAUTHENTICATED) {
		offer = sasl_offer(stream->host, stream->link);
		write_mechanisms(&out, offer);
		write_bindings(&out, stream->link, offer);
		write_limits(&out, stream->host->server->limits.stanza_bytes_before_login, 0);
		if (stream->host->stranger_features)
			buffer_add_text(&out, stream->host->stranger_features);
	} else {
		write_after_login(&out, stream->host);
	}
	buffer_add_text(&out, "</stream:features>");
	stream_send(stream, &out);
}
