/* names.h - the element names, attribute names and namespaces that code knows
 * SPDX-License-Identifier: MIT
 *
 * Known names are interned once, when the program starts and when a module is
 * loaded, while no shard runs or all stand still; afterwards the table is read-only and the same
 * for all threads, so two known names are equal exactly when their pointers are.
 * Any other name is bytes in its stanza's arena. */
#ifndef NAMES_H
#define NAMES_H

#include <stdbool.h>
#include <stddef.h>

#define NS_STREAM "http://etherx.jabber.org/streams"
#define NS_STREAMS_ERROR "urn:ietf:params:xml:ns:xmpp-streams"
#define NS_STANZAS "urn:ietf:params:xml:ns:xmpp-stanzas"
#define NS_CLIENT "jabber:client"
#define NS_SERVER "jabber:server"
#define NS_TLS "urn:ietf:params:xml:ns:xmpp-tls"
#define NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"
#define NS_BIND "urn:ietf:params:xml:ns:xmpp-bind"
#define NS_SESSION "urn:ietf:params:xml:ns:xmpp-session"
#define NS_XML "http://www.w3.org/XML/1998/namespace"
#define NS_DELAY "urn:xmpp:delay"
#define NS_SID "urn:xmpp:sid:0"

/* Interns the name; the result lives as long as the process.  Call only while
 * no other thread looks (start, module load, tests). */
const char *name_intern(const char *text);

/* The interned name of these bytes, or NULL when nobody interned them.  Any
 * thread, at any time. */
const char *name_find(const char *bytes, size_t len);

/* Whether this very pointer is certainly an interned name's: a range check, cheaper
 * than name_find.  False is no proof. */
bool name_is_interned(const char *text);

#endif
