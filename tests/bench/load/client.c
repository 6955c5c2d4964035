/* client.c - one XMPP session of the generator: connect, TLS, SASL, bind, then stanzas */
/* SPDX-License-Identifier: MIT */
#include "client.h"

#include "meter.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"
#define NS_TLS "urn:ietf:params:xml:ns:xmpp-tls"
#define NS_BIND "urn:ietf:params:xml:ns:xmpp-bind"
#define NS_SM "urn:xmpp:sm:3"

void client_ask_ack(struct client *client)
{
	buffer_append_text(link_output(&client->link), "<r xmlns='" NS_SM "'/>");
}

void client_count_stanza(struct client *client)
{
	if (++client->sent % client->site->acks == 0)
		client_ask_ack(client);
}

static bool counts_stanzas(const struct client *client)
{
	return client->site->acks > 0 && client->state == CLIENT_READY;
}

void client_send(struct client *client, const char *format, ...)
{
	char text[2048];
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (size < 0 || (size_t)size >= sizeof text || !link_is_open(&client->link))
		return;
	buffer_append(link_output(&client->link), text, (size_t)size);
	if (counts_stanzas(client) && (text[1] == 'i' || text[1] == 'm' || text[1] == 'p'))
		client_count_stanza(client);
}

static void client_fail(struct client *client, const char *why)
{
	link_close(&client->link);
	scan_finish(&client->scan);
	client->state = CLIENT_CLOSED;
	client->site->gone(client, why);
}

static void open_stream(struct client *client)
{
	scan_finish(&client->scan);
	client->state = CLIENT_WAITS_FEATURES;
	client_send(client, "<?xml version='1.0'?><stream:stream to='%s' version='1.0' "
			"xml:lang='en' xmlns='jabber:client' "
			"xmlns:stream='http://etherx.jabber.org/streams'>", client->site->domain);
}

static void start_tls(struct client *client)
{
	client->state = CLIENT_WAITS_HANDSHAKE;
	if (link_secure(&client->link, GNUTLS_CLIENT, client->site->credentials,
			client->site->priority) < 0)
		client_fail(client, "cannot start TLS");
}

static void send_plain_auth(struct client *client)
{
	unsigned char message[256];
	gnutls_datum_t in = { message, 0 }, out;
	size_t user_size = strlen(client->user), password_size = strlen(client->site->password);

	if (user_size + password_size + 2 > sizeof message) {
		client_fail(client, "the password is too long");
		return;
	}
	message[0] = '\0';
	memcpy(message + 1, client->user, user_size + 1);
	memcpy(message + user_size + 2, client->site->password, password_size);
	in.size = (unsigned)(user_size + password_size + 2);
	if (gnutls_base64_encode2(&in, &out) < 0)
		return;
	client_send(client, "<auth xmlns='" NS_SASL "' mechanism='PLAIN'>%.*s</auth>",
			(int)out.size, (char *)out.data);
	gnutls_free(out.data);
}

static void send_scram_auth(struct client *client, enum scram_hash hash, const char *name)
{
	char message[512];

	client->scram = (struct scram){ .hash = hash, .user = client->user,
		.password = client->site->password };
	scram_start(&client->scram, message, sizeof message);
	client_send(client, "<auth xmlns='" NS_SASL "' mechanism='%s'>%s</auth>", name, message);
}

static const struct mechanism {
	const char *name, *offer;
	enum scram_hash hash;
	bool is_scram;
} mechanisms[] = {	/* the best first */
	{ "SCRAM-SHA-256", ">SCRAM-SHA-256<", SCRAM_SHA_256, true },
	{ "SCRAM-SHA-1", ">SCRAM-SHA-1<", SCRAM_SHA_1, true },
	{ "PLAIN", ">PLAIN<", 0, false },
};

static const struct mechanism *choose_mechanism(const struct client *client,
		const struct stanza *features)
{
	const char *forced = client->site->mechanism;

	for (size_t i = 0; i < sizeof mechanisms / sizeof *mechanisms; i++) {
		if ((!forced || strcmp(forced, mechanisms[i].name) == 0) &&
		    stanza_has(features, mechanisms[i].offer))
			return &mechanisms[i];
	}
	return NULL;
}

static void start_sasl(struct client *client, const struct stanza *features)
{
	const struct mechanism *mechanism = choose_mechanism(client, features);

	if (!mechanism) {
		client_fail(client, "no common SASL mechanism");
		return;
	}
	client->state = CLIENT_WAITS_SASL;
	client->sasl_has_signature = mechanism->is_scram;
	if (mechanism->is_scram)
		send_scram_auth(client, mechanism->hash, mechanism->name);
	else
		send_plain_auth(client);
}

static void take_features(struct client *client, const struct stanza *stanza)
{
	if (stanza_is(stanza, "stream:stream"))
		return;
	if (!stanza_is(stanza, "stream:features")) {
		client_fail(client, "expected stream features");
	} else if (client->is_authenticated) {
		client->offers_acks = stanza_has(stanza, NS_SM);
		client->state = CLIENT_WAITS_BIND;
		client_send(client, "<iq type='set' id='bind'><bind xmlns='" NS_BIND "'>"
				"<resource>" CLIENT_RESOURCE "</resource></bind></iq>");
	} else if (client->site->tls == CLIENT_TLS_STARTTLS && !client->link.tls) {
		client->state = CLIENT_WAITS_PROCEED;
		client_send(client, "<starttls xmlns='" NS_TLS "'/>");
	} else {
		start_sasl(client, stanza);
	}
}

static void take_proceed(struct client *client, const struct stanza *stanza)
{
	if (stanza_is(stanza, "proceed"))
		start_tls(client);
	else
		client_fail(client, "STARTTLS was refused");
}

static void take_challenge(struct client *client, const struct stanza *stanza)
{
	char message[1024];
	size_t size = 0;
	const char *challenge = stanza_between(stanza, ">", "<", &size);

	if (!challenge || scram_answer(&client->scram, challenge, size, message, sizeof message) < 0)
		client_fail(client, "the SCRAM challenge is wrong");
	else
		client_send(client, "<response xmlns='" NS_SASL "'>%s</response>", message);
}

static void take_sasl(struct client *client, const struct stanza *stanza)
{
	size_t size = 0;
	const char *data;

	if (stanza_is(stanza, "challenge")) {
		take_challenge(client, stanza);
		return;
	}
	if (!stanza_is(stanza, "success")) {
		client_fail(client, "SASL failed");
		return;
	}
	data = stanza_between(stanza, ">", "<", &size);
	if (client->sasl_has_signature && !(data && scram_accepts(&client->scram, data, size))) {
		client_fail(client, "the server's SCRAM signature is wrong");
		return;
	}
	client->is_authenticated = true;
	open_stream(client);
}

static void become_ready(struct client *client)
{
	client->state = CLIENT_READY;
	client->site->ready(client);
}

static void take_bind(struct client *client, const struct stanza *stanza)
{
	if (!stanza_is(stanza, "iq") || !stanza_has(stanza, "<jid>")) {
		client_fail(client, "the resource was not bound");
	} else if (client->site->acks == 0) {
		become_ready(client);
	} else if (!client->offers_acks) {
		client_fail(client, "not offered: " NS_SM);
	} else {
		client->state = CLIENT_WAITS_ENABLED;
		client->sent = client->acked = client->handled = 0;
		client_send(client, "<enable xmlns='" NS_SM "'/>");
	}
}

static void take_enabled(struct client *client, const struct stanza *stanza)
{
	if (stanza_is(stanza, "enabled"))
		become_ready(client);
	else if (stanza_is(stanza, "failed"))
		client_fail(client, "acks were refused");
}

/* Takes what XEP-0198 says; returns false when it is a stanza. */
static bool take_acks(struct client *client, const struct stanza *stanza)
{
	size_t size = 0;
	const char *h;

	if (stanza_is(stanza, "r")) {
		client_send(client, "<a xmlns='" NS_SM "' h='%u'/>", client->handled);
		return true;
	}
	if (!stanza_is(stanza, "a")) {
		client->handled++;
		return false;
	}
	h = stanza_attribute(stanza, "h=", &size);
	client->acked = h ? (uint32_t)strtoul(h, NULL, 10) : 0;
	if (client->sent - client->acked > UINT32_MAX / 2)
		client_fail(client, "the server acknowledged what was not sent");
	return true;
}

static void refuse_iq(struct client *client, const struct stanza *stanza)
{
	size_t id_size = 0, from_size = 0;
	const char *id = stanza_attribute(stanza, "id=", &id_size);
	const char *from = stanza_attribute(stanza, "from=", &from_size);

	if (!id)
		return;
	client_send(client, "<iq type='error' id='%.*s'%s%.*s%s><error type='cancel'>"
			"<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
			(int)id_size, id, from ? " to='" : "", (int)from_size, from ? from : "",
			from ? "'" : "");
}

static void take_stanza(struct client *client, const struct stanza *stanza)
{
	size_t size = 0;
	const char *type;

	if (client->site->acks > 0 && take_acks(client, stanza))
		return;
	type = stanza_attribute(stanza, "type=", &size);
	if (stanza_is(stanza, "iq") && type && size == 3)	/* get or set */
		refuse_iq(client, stanza);
	else
		client->site->stanza(client, stanza);
}

static void (*const steps[])(struct client *client, const struct stanza *stanza) = {
	[CLIENT_WAITS_FEATURES] = take_features,
	[CLIENT_WAITS_PROCEED] = take_proceed,
	[CLIENT_WAITS_SASL] = take_sasl,
	[CLIENT_WAITS_BIND] = take_bind,
	[CLIENT_WAITS_ENABLED] = take_enabled,
	[CLIENT_READY] = take_stanza,
	[CLIENT_LEAVES] = take_stanza,
};

static bool take_any(void *context, const struct stanza *stanza)
{
	struct client *client = context;
	enum client_state before = client->state;

	if (stanza_is(stanza, "stream:error")) {
		static char why[256];

		snprintf(why, sizeof why, "%.*s", (int)stanza->size, stanza->text);
		client_fail(client, why);
		return false;
	}
	if (stanza->size > 1 && stanza->text[1] == '/') {
		client_fail(client, before == CLIENT_LEAVES ? NULL : "the server ended the stream");
		return false;
	}
	steps[client->state](client, stanza);
	if (!link_is_open(&client->link) || client->state == CLIENT_WAITS_HANDSHAKE)
		return false;
	return client->state != CLIENT_WAITS_FEATURES || before == CLIENT_WAITS_FEATURES;
}

static void handle_connected(struct link *link)
{
	struct client *client = (struct client *)link;

	if (client->site->tls == CLIENT_TLS_DIRECT)
		start_tls(client);
	else
		open_stream(client);
}

static void handle_secured(struct link *link)
{
	open_stream((struct client *)link);
}

static void handle_received(struct link *link, const char *bytes, size_t size)
{
	struct client *client = (struct client *)link;

	scan_feed(&client->scan, bytes, size, take_any, client);
}

static void handle_drained(struct link *link)
{
	struct client *client = (struct client *)link;

	if (client->state == CLIENT_READY && client->site->drained)
		client->site->drained(client);
}

static void handle_closed(struct link *link, const char *why)
{
	struct client *client = (struct client *)link;

	client_fail(client, client->state == CLIENT_LEAVES ? NULL : why);
}

static const struct link_calls calls = {
	.connected = handle_connected, .secured = handle_secured, .received = handle_received,
	.drained = handle_drained, .closed = handle_closed,
};

void client_init(struct client *client, const struct client_site *site, unsigned number)
{
	*client = (struct client){ .site = site, .number = number };
	snprintf(client->user, sizeof client->user, "%s%u", site->prefix, number);
	link_init(&client->link, site->turn, &calls);
}

void client_finish(struct client *client)
{
	link_close(&client->link);
	scan_finish(&client->scan);
	buffer_finish(&client->link.output);
}

void client_enter(struct client *client)
{
	int error;

	client->state = CLIENT_CONNECTING;
	client->is_authenticated = false;
	client->began_ns = meter_now_ns();
	error = link_connect(&client->link, &client->site->address);
	if (error < 0)
		client_fail(client, strerror(-error));
}

void client_leave(struct client *client)
{
	client_send(client, "</stream:stream>");
	client->state = CLIENT_LEAVES;
}
