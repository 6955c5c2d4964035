/* stream/bind.c - the resource, and what of RFC 3921 is left (RFC 6120 7)
 * SPDX-License-Identifier: MIT */

#include "stream/internal.h"

#include <errno.h>
#include <string.h>

#include "account.h"
#include "element.h"
#include "host.h"
#include "jid.h"
#include "names.h"
#include "session.h"
#include "stanza.h"
#include "writer.h"

static bool has_type(const struct element *iq, const char *type)
{
	const char *own = element_get(iq, "type");

	return own && strcmp(own, type) == 0;
}

/* A bound stream's iqs are counted with those that the session sees. */
static void send_answer(struct stream *stream, struct buffer *take_out)
{
	if (!stream->session) {
		stream_send(stream, take_out);
		return;
	}
	session_answered(stream->session, buffer_at(take_out), take_out->len);
	buffer_finish(take_out);
}

static void answer_error(struct stream *stream, const struct element *iq,
	enum tern_condition condition)
{
	struct buffer out = { 0 };
	const char *id = element_get(iq, "id");

	buffer_add_text(&out, "<iq type='error'");
	if (id)
		writer_attribute(&out, "id", id);
	buffer_printf(&out, "><error type='%s'><%s xmlns='" NS_STANZAS "'/></error></iq>",
		tern_condition_type(condition), tern_condition_name(condition));
	send_answer(stream, &out);
}

static void answer_bound(struct stream *stream, const char *id)
{
	const char *jid = jid_text(session_jid(stream->session));
	struct buffer out = { 0 };

	buffer_add_text(&out, "<iq type='result'");
	writer_attribute(&out, "id", id);
	buffer_add_text(&out, "><bind xmlns='" NS_BIND "'><jid>");
	writer_escape(&out, jid, strlen(jid));
	buffer_add_text(&out, "</jid></bind></iq>");
	stream_send(stream, &out);
}

/* From here on the stream is as small as it can be. */
void stream_become_bound(struct stream *stream, struct tern_session *session)
{
	stream->session = session;
	stream->state = STREAM_BOUND;
	negotiation_destroy(stream->negotiation);
	stream->negotiation = NULL;
	rate_take_over(stream);
}

static void bind_resource(struct stream *stream, const struct element *iq, const char *resource)
{
	struct tern_session *session;
	int result = login_bind(stream->negotiation->login, stream, resource, &session);

	switch (result) {
	case 0:
		stream_become_bound(stream, session);
		answer_bound(stream, element_get(iq, "id"));
		break;
	case -EEXIST:
		answer_error(stream, iq, TERN_CONFLICT);
		break;
	case -EUSERS:
		answer_error(stream, iq, TERN_RESOURCE_CONSTRAINT);
		break;
	case -EINVAL:
		answer_error(stream, iq, TERN_BAD_REQUEST);
		break;
	case -ENOENT:
		stream_end(stream, STREAM_ERROR_NOT_AUTHORIZED, "the account has been deleted");
		break;
	default:
		answer_error(stream, iq, TERN_INTERNAL_SERVER_ERROR);
	}
}

void bind_receive(struct stream *stream, const struct element *iq)
{
	const struct element *bind = element_first(iq);
	const char *resource;

	/* RFC 6120 7.1: before a resource is bound nothing else may be asked for. */
	if (!bind || !element_is(bind, NS_BIND, "bind")) {
		stream_end(stream, STREAM_ERROR_NOT_AUTHORIZED, NULL);
		return;
	}
	resource = element_find_text(bind, NULL, "resource");
	/* 7.7.2.1: a resource that is there must be one. */
	if (!has_type(iq, "set") || !element_get(iq, "id") || element_next(bind) ||
	    (resource && !*resource))
		answer_error(stream, iq, TERN_BAD_REQUEST);
	else
		bind_resource(stream, iq, resource);
}

static bool is_for_server(const struct stream *stream, const struct element *iq)
{
	const char *to = element_get(iq, "to");

	return !to || strcmp(to, stream->host->domain) == 0 ||
		strcmp(to, jid_bare_text(session_jid(stream->session))) == 0;
}

static void answer_session(struct stream *stream, const struct element *iq)
{
	struct buffer out = { 0 };

	buffer_add_text(&out, "<iq type='result'");
	writer_attribute(&out, "id", element_get(iq, "id"));
	buffer_add_text(&out, "/>");
	send_answer(stream, &out);
}

bool bind_answers(struct stream *stream, const struct element *element)
{
	const struct element *payload;
	bool is_bind;

	if (!element_is(element, NS_CLIENT, "iq") || !(payload = element_first(element)))
		return false;
	is_bind = element_is(payload, NS_BIND, "bind");
	if (!is_bind && !element_is(payload, NS_SESSION, "session"))
		return false;
	if (!has_type(element, "set") || !element_get(element, "id") ||
	    !is_for_server(stream, element))
		return false;
	if (is_bind)
		answer_error(stream, element, TERN_NOT_ALLOWED);
	else
		answer_session(stream, element);
	return true;
}
