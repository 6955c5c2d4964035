/* stream/header.c - stream headers, theirs and ours (RFC 6120 4.7, 4.8)
 * SPDX-License-Identifier: MIT */

#include "stream/internal.h"

#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "element.h"
#include "heap.h"
#include "hex.h"
#include "host.h"
#include "jid.h"
#include "names.h"
#include "parser.h"
#include "server.h"
#include "writer.h"

#define ID_BYTES 16

/* RFC 6120 4.7.5: from 1.0 on; whoever speaks more also speaks 1.0. */
static bool version_is_known(const char *version)
{
	char *end;
	unsigned long major;

	if (!version || *version < '0' || *version > '9')
		return false;
	major = strtoul(version, &end, 10);
	return major >= 1 && *end == '.' && end[1] && !end[1 + strspn(end + 1, "0123456789")];
}

/* RFC 6120 4.8: the names and the content namespace. */
static enum stream_error check_names(const struct stream *stream, const struct element *header)
{
	const char *content = parser_default_ns(stream->parser);

	if (strcmp(element_ns(header), NS_STREAM) != 0)
		return STREAM_ERROR_INVALID_NAMESPACE;
	if (strcmp(element_name(header), "stream") != 0)
		return STREAM_ERROR_BAD_FORMAT;
	/* 4.9.3.2: the prefix is missing where it is needed. */
	if (strcmp(content, NS_STREAM) == 0)
		return STREAM_ERROR_BAD_NAMESPACE_PREFIX;
	return strcmp(content, NS_CLIENT) == 0 ? STREAM_ERROR_NONE : STREAM_ERROR_INVALID_NAMESPACE;
}

static struct tern_host *host_of(const struct stream *stream, struct arena *arena, const char *to)
{
	const char *domain = jid_prepare_domain(arena, to, strlen(to));

	return domain ? server_host(shard_server(stream->shard), domain) : NULL;
}

static const struct jid *authenticated_as(const struct stream *stream)
{
	if (stream->state != STREAM_AUTHENTICATED)
		return NULL;
	return login_jid(stream->negotiation->login);
}

static enum stream_error check_to(struct stream *stream, struct arena *arena, const char *to)
{
	struct tern_host *named;

	if (!to)
		return STREAM_ERROR_IMPROPER_ADDRESSING;
	named = host_of(stream, arena, to);
	if (!named || (authenticated_as(stream) && named != stream->host))
		return STREAM_ERROR_HOST_UNKNOWN;
	stream->host = named;
	return STREAM_ERROR_NONE;
}

static char *copy(const char *text)
{
	size_t bytes = strlen(text) + 1;

	return memcpy(heap_alloc(bytes), text, bytes);
}

/* RFC 6120 4.7.1: a client that names itself must be who it has proved to be. */
static enum stream_error check_from(struct stream *stream, struct arena *arena, const char *from)
{
	const struct jid *proved = authenticated_as(stream);
	const struct jid *jid;

	free(stream->negotiation->peer);
	stream->negotiation->peer = NULL;
	if (!from)
		return STREAM_ERROR_NONE;
	jid = jid_new(arena, from);
	if (!jid || !jid_local(jid) || (proved && !jid_bare_equal(jid, proved)))
		return STREAM_ERROR_INVALID_FROM;
	stream->negotiation->peer = copy(jid_bare_text(jid));
	return STREAM_ERROR_NONE;
}

static enum stream_error check(struct stream *stream, const struct element *header)
{
	struct arena *arena = element_arena(header);
	enum stream_error error = check_names(stream, header);

	if (!error)
		error = check_to(stream, arena, element_get(header, "to"));
	if (!error)
		error = check_from(stream, arena, element_get(header, "from"));
	if (!error && !version_is_known(element_get(header, "version")))
		error = STREAM_ERROR_UNSUPPORTED_VERSION;
	return error;
}

static void note_security(struct stream *stream)
{
	if (stream->state == STREAM_AUTHENTICATED)
		return;
	if (sasl_may_start(stream->link))
		stream->state = STREAM_UNAUTHENTICATED;
	else
		stream->state = STREAM_PLAINTEXT;
}

void header_receive(struct stream *stream, const struct element *header)
{
	enum stream_error error = check(stream, header);

	if (error) {
		stream_fail(stream, error, NULL);
		return;
	}
	lang_keep(stream, element_get(header, "xml:lang"));
	note_security(stream);
	header_send(stream);
	features_send(stream);
}

static const char *own_domain(const struct stream *stream)
{
	const struct server *server = shard_server(stream->shard);

	if (stream->host)
		return stream->host->domain;
	return server->host_count > 0 ? server->hosts[0]->domain : "localhost";
}

/* RFC 6120 4.7.3: unpredictable, never told twice. */
static void write_id(struct buffer *out, struct shard *shard)
{
	unsigned char bytes[ID_BYTES];
	char id[HEX_BYTES(ID_BYTES)];

	shard_random(shard, bytes, sizeof bytes);
	hex_encode(bytes, sizeof bytes, id);
	buffer_printf(out, " id='%s'", id);
}

void header_send(struct stream *stream)
{
	const struct negotiation *negotiation = stream->negotiation;
	struct buffer out = { 0 };

	buffer_add_text(&out, "<?xml version='1.0'?><stream:stream xmlns='" NS_CLIENT
		"' xmlns:stream='" NS_STREAM "'");
	write_id(&out, stream->shard);
	writer_attribute(&out, "from", own_domain(stream));
	if (negotiation && negotiation->peer)
		writer_attribute(&out, "to", negotiation->peer);
	buffer_add_text(&out, " version='1.0' xml:lang='en'>");
	stream_send(stream, &out);
	stream->has_opened = true;
}
