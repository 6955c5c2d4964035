/* stanza.h - kinds, types and error conditions of stanzas
 * SPDX-License-Identifier: MIT */
#ifndef TERN_STANZA_H
#define TERN_STANZA_H

#include <stdbool.h>

#pragma GCC visibility push(default) /* ternd exports it to modules */

struct element;
struct jid;

enum tern_kind { TERN_MESSAGE, TERN_PRESENCE, TERN_IQ };

/* RFC 6121 5.2.2 and 4.7.1, RFC 6120 8.2.3.  The type of a stanza as it is understood: a
 * message of unknown type is `normal`; a presence or iq of unknown type is refused where
 * it enters. */
#define TERN_TYPES(X) \
	X(AVAILABLE, "") X(UNAVAILABLE, "unavailable") X(SUBSCRIBE, "subscribe") \
	X(SUBSCRIBED, "subscribed") X(UNSUBSCRIBE, "unsubscribe") \
	X(UNSUBSCRIBED, "unsubscribed") X(PROBE, "probe") \
	X(NORMAL, "normal") X(CHAT, "chat") X(GROUPCHAT, "groupchat") X(HEADLINE, "headline") \
	X(GET, "get") X(SET, "set") X(RESULT, "result") X(ERROR, "error")

enum tern_type {
#define X(name, text) TERN_##name,
	TERN_TYPES(X)
#undef X
};

/* RFC 6120 8.3.3, with the error type that goes with each. */
#define TERN_CONDITIONS(X) \
	X(BAD_REQUEST, "bad-request", "modify") \
	X(CONFLICT, "conflict", "cancel") \
	X(FEATURE_NOT_IMPLEMENTED, "feature-not-implemented", "cancel") \
	X(FORBIDDEN, "forbidden", "auth") \
	X(GONE, "gone", "cancel") \
	X(INTERNAL_SERVER_ERROR, "internal-server-error", "wait") \
	X(ITEM_NOT_FOUND, "item-not-found", "cancel") \
	X(JID_MALFORMED, "jid-malformed", "modify") \
	X(NOT_ACCEPTABLE, "not-acceptable", "modify") \
	X(NOT_ALLOWED, "not-allowed", "cancel") \
	X(NOT_AUTHORIZED, "not-authorized", "auth") \
	X(POLICY_VIOLATION, "policy-violation", "modify") \
	X(RECIPIENT_UNAVAILABLE, "recipient-unavailable", "wait") \
	X(REDIRECT, "redirect", "modify") \
	X(REGISTRATION_REQUIRED, "registration-required", "auth") \
	X(REMOTE_SERVER_NOT_FOUND, "remote-server-not-found", "cancel") \
	X(REMOTE_SERVER_TIMEOUT, "remote-server-timeout", "wait") \
	X(RESOURCE_CONSTRAINT, "resource-constraint", "wait") \
	X(SERVICE_UNAVAILABLE, "service-unavailable", "cancel") \
	X(SUBSCRIPTION_REQUIRED, "subscription-required", "auth") \
	X(UNDEFINED_CONDITION, "undefined-condition", "cancel") \
	X(UNEXPECTED_REQUEST, "unexpected-request", "modify")

enum tern_condition {
	TERN_NO_CONDITION,
#define X(name, text, type) TERN_##name,
	/* TERN_CONFLICT and its kin share the enumerators' prefix with the types above; no name
	 * stands in both lists. */
	TERN_CONDITIONS(X)
#undef X
};

/* A stanza that has been read.  What `element` says of `to`, `from`, `id` and `type` is
 * superseded by the fields; the tree is not changed once the stanza has left its sender. */
struct tern_stanza {
	enum tern_kind kind;
	enum tern_type type;
	const char *id;          /* or NULL */
	const struct jid *from;  /* never NULL once it is under way */
	const struct jid *to;    /* NULL: the stanza of a session that named nobody */
	struct element *element;
};

/* What an ack promises to keep (chat and normal messages that say something, XEP-0334 4.3): true
 * when it has to survive the process.  Any thread. */
bool tern_is_kept(const struct tern_stanza *stanza);

const char *tern_type_name(enum tern_type type);                /* "" for AVAILABLE */
const char *tern_condition_name(enum tern_condition condition); /* "bad-request" */
const char *tern_condition_type(enum tern_condition condition); /* "modify" */

#pragma GCC visibility pop

#endif
