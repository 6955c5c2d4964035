/* relay.c - the least that can pass messages on: what every server's cost is measured against */
/* SPDX-License-Identifier: MIT */
/*
 * It speaks just enough XMPP for the load generator: STARTTLS, PLAIN with any password, bind,
 * messages to full JIDs, and presence to the members of a clique of 21 accounts. Each stanza is
 * parsed, made a tree, given its `from` and written out; nothing is stored, checked or counted.
 */
#include "link.h"
#include "stream.h"

#include <errno.h>
#include <getopt.h>
#include <gnutls/x509.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define DOMAIN "bench.test"

enum { ACCOUNTS_MAX = 1 << 16, BACKLOG = 4096, CLIQUE = 21 };

struct peer {
	struct link link;
	struct stream stream;
	char user[32], jid[96];
	bool is_authenticated, is_leaving;
	struct peer *next_dead;
};

static struct turn turn;
static gnutls_certificate_credentials_t credentials;
static gnutls_priority_t priority;
static struct peer *dead;

/* The peer of an account by its name; with_room makes an entry when there is none. */
static struct peer **find_peer(const char *user, bool with_room)
{
	ENTRY *found = hsearch((ENTRY){ .key = (char *)user }, FIND);

	if (!found && with_room)
		found = hsearch((ENTRY){ .key = strdup(user) }, ENTER);
	return found ? (struct peer **)&found->data : NULL;
}

static struct peer *find_recipient(const char *jid)
{
	char user[32];
	size_t size = strcspn(jid, "@");
	struct peer **found;

	if (size >= sizeof user)
		return NULL;
	memcpy(user, jid, size);
	user[size] = '\0';
	found = find_peer(user, false);
	return found ? *found : NULL;
}

static void relay_message(struct peer *peer, struct tree *tree, struct node *stanza)
{
	const char *to = node_attribute(stanza, "to");
	struct peer *recipient = to ? find_recipient(to) : NULL;

	if (!recipient)
		return;
	node_set_attribute(tree, stanza, "from", peer->jid);
	node_write(stanza, link_output(&recipient->link));
}

static void broadcast_presence(struct peer *peer, struct tree *tree, struct node *stanza)
{
	static struct buffer payload;
	unsigned number = (unsigned)strtoul(peer->user + 1, NULL, 10);
	unsigned first = number - number % CLIQUE;

	if (node_attribute(stanza, "to")) {
		relay_message(peer, tree, stanza);
		return;
	}
	if (peer->user[0] != 'f')
		return;
	node_set_attribute(tree, stanza, "from", peer->jid);
	buffer_consume(&payload, buffer_size(&payload));
	node_write(stanza, &payload);
	for (unsigned other = first; other < first + CLIQUE; other++) {
		char user[16];
		struct peer **found;

		snprintf(user, sizeof user, "f%u", other);
		found = other == number ? NULL : find_peer(user, false);
		if (found && *found)
			buffer_append(link_output(&(*found)->link), buffer_front(&payload),
					buffer_size(&payload));
	}
}

static void answer_iq(struct peer *peer, struct tree *tree, struct node *stanza)
{
	const char *id = node_attribute(stanza, "id");
	struct buffer *output = link_output(&peer->link);

	(void)tree;
	buffer_append_text(output, "<iq type='result' id='");
	buffer_append_text(output, id ? id : "");
	if (!node_child(stanza, "bind")) {
		buffer_append_text(output, "'/>");
		return;
	}
	snprintf(peer->jid, sizeof peer->jid, "%s@" DOMAIN "/b", peer->user);
	*find_peer(peer->user, true) = peer;
	buffer_append_text(output, "'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>");
	buffer_append_text(output, peer->jid);
	buffer_append_text(output, "</jid></bind></iq>");
}

static void start_tls(struct peer *peer, struct tree *tree, struct node *stanza)
{
	(void)tree, (void)stanza;
	buffer_append_text(link_output(&peer->link),
			"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
	stream_restart(&peer->stream);
	link_secure(&peer->link, GNUTLS_SERVER, credentials, priority);
}

static void take_auth(struct peer *peer, struct tree *tree, struct node *stanza)
{
	const struct node *text = stanza->children;
	gnutls_datum_t in = { 0 }, out;

	(void)tree;
	if (text) {
		in = (gnutls_datum_t){ (unsigned char *)text->text, (unsigned)text->text_size };
		if (gnutls_base64_decode2(&in, &out) < 0)
			return;
		snprintf(peer->user, sizeof peer->user, "%s", (char *)out.data + 1);
		gnutls_free(out.data);
	}
	peer->is_authenticated = true;
	stream_restart(&peer->stream);
	buffer_append_text(link_output(&peer->link),
			"<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
}

static const struct act {
	const char *name;
	void (*run)(struct peer *peer, struct tree *tree, struct node *stanza);
} acts[] = {	/* the frequent ones first */
	{ "message", relay_message },
	{ "presence", broadcast_presence },
	{ "iq", answer_iq },
	{ "starttls", start_tls },
	{ "auth", take_auth },
};

static void take_stanza(void *owner, struct tree *tree, struct node *stanza)
{
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
		if (strcmp(acts[i].name, stanza->name) == 0) {
			acts[i].run(owner, tree, stanza);
			return;
		}
	}
}

static void answer_header(void *owner)
{
	struct peer *peer = owner;
	struct buffer *output = link_output(&peer->link);

	buffer_append_text(output, "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
			"xmlns:stream='http://etherx.jabber.org/streams' version='1.0' id='1' "
			"from='" DOMAIN "'><stream:features>");
	if (peer->is_authenticated)
		buffer_append_text(output, "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>");
	else
		buffer_append_text(output, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
				"<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
				"<mechanism>PLAIN</mechanism></mechanisms>");
	buffer_append_text(output, "</stream:features>");
}

static void answer_end(void *owner)
{
	struct peer *peer = owner;

	peer->is_leaving = true;
	buffer_append_text(link_output(&peer->link), "</stream:stream>");
}

static const struct stream_calls stream_calls = {
	.opened = answer_header, .stanza = take_stanza, .ended = answer_end,
};

/* The link's code is still on the stack: the memory goes at the end of the turn. */
static void bury(struct peer *peer)
{
	struct peer **found = find_peer(peer->user, false);

	if (found && *found == peer)
		*found = NULL;
	peer->next_dead = dead;
	dead = peer;
}

static void handle_received(struct link *link, const char *bytes, size_t size)
{
	struct peer *peer = (struct peer *)link;

	if (!stream_feed(&peer->stream, &stream_calls, peer, bytes, size)) {
		link_close(link);
		bury(peer);
	}
}

static void handle_drained(struct link *link)
{
	struct peer *peer = (struct peer *)link;

	if (!peer->is_leaving)
		return;
	link_close(link);
	bury(peer);
}

static void handle_closed(struct link *link, const char *why)
{
	(void)why;
	bury((struct peer *)link);
}

static void handle_secured(struct link *link)
{
	(void)link;
}

static const struct link_calls link_calls = {
	.secured = handle_secured, .received = handle_received, .drained = handle_drained,
	.closed = handle_closed,
};

static void free_dead(struct ev_loop *loop, struct ev_prepare *watcher, int events)
{
	(void)loop, (void)watcher, (void)events;
	while (dead) {
		struct peer *peer = dead;

		dead = peer->next_dead;
		stream_finish(&peer->stream);
		free(peer);
	}
}

static void accept_peers(struct ev_loop *loop, struct ev_io *watcher, int events)
{
	int fd;

	(void)loop, (void)events;
	while ((fd = accept4(watcher->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct peer *peer = calloc(1, sizeof *peer);

		if (!peer)
			abort();
		link_init(&peer->link, &turn, &link_calls);
		link_take_fd(&peer->link, fd);
	}
}

static int listen_on_loopback(unsigned short *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, BACKLOG) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0) {
		perror("relay");
		exit(1);
	}
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static void load_credentials(int count, char **words)
{
	static const struct option options[] = {
		{ "certificate", required_argument, NULL, 'c' },
		{ "key", required_argument, NULL, 'k' }, { 0 },
	};
	const char *certificate = "", *key = "";
	int option;

	while ((option = getopt_long(count, words, "", options, NULL)) != -1) {
		if (option == 'c')
			certificate = optarg;
		else if (option == 'k')
			key = optarg;
	}
	gnutls_certificate_allocate_credentials(&credentials);
	gnutls_priority_init(&priority, "NORMAL", NULL);
	if (gnutls_certificate_set_x509_key_file(credentials, certificate, key,
			GNUTLS_X509_FMT_PEM) < 0) {
		fputs("usage: relay --certificate PEM --key PEM\n", stderr);
		exit(2);
	}
}

int main(int count, char **words)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
	struct ev_prepare bury_dead;
	struct ev_io listener;
	struct rlimit limit;
	unsigned short port;
	int fd;

	load_credentials(count, words);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	hcreate(ACCOUNTS_MAX);
	turn_init(&turn, loop);
	ev_prepare_init(&bury_dead, free_dead);
	ev_set_priority(&bury_dead, EV_MINPRI);
	ev_prepare_start(loop, &bury_dead);
	fd = listen_on_loopback(&port);
	ev_io_init(&listener, accept_peers, fd, EV_READ);
	ev_io_start(loop, &listener);
	printf("{\"port\": %d}\n", port);
	fflush(stdout);
	ev_run(loop, 0);
	return 0;
}
