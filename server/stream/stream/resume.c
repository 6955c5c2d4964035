/* stream/resume.c - stream management before a resource is bound (XEP-0198 3, 5)
 * SPDX-License-Identifier: MIT */

#include "stream/internal.h"

#include <stdio.h>

#include "account.h"
#include "acks.h"
#include "detached.h"
#include "element.h"
#include "names.h"

static void fail(struct stream *stream, const char *condition, const char *attribute)
{
	struct buffer out = { 0 };

	buffer_printf(&out, "<failed xmlns='" NS_ACKS "'%s><%s xmlns='" NS_STANZAS "'/></failed>",
		attribute, condition);
	stream_send(stream, &out);
}

/* 3: there is nothing yet whose stanzas could be counted. */
void acks_refuse(struct stream *stream, const struct element *element)
{
	fail(stream, "unexpected-request", "");
}

/* 5: a resource can be bound instead. */
static void fail_unknown(struct stream *stream, const char *id)
{
	char attribute[32] = "";
	uint32_t h;

	if (detached_recall(stream->shard, id, &h))
		snprintf(attribute, sizeof attribute, " h='%u'", (unsigned)h);
	fail(stream, "item-not-found", attribute);
}

void resume_receive(struct stream *stream, const struct element *element)
{
	const char *id = element_get(element, "previd");
	struct tern_session *session;
	uint32_t h;

	if (!id || !acks_read_number(element_get(element, "h"), &h)) {
		fail(stream, "bad-request", "");
		return;
	}
	session = login_find_resumable(stream->negotiation->login, id);
	if (!session) {
		fail_unknown(stream, id);
		return;
	}
	stream_become_bound(stream, session);
	session_resume(session, stream, h);
}
