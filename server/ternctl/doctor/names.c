/* doctor/names.c - whether the names of hosts lead clients here (RFC 6120 3.2, XEP-0368)
 * SPDX-License-Identifier: MIT */

#include "doctor/internal.h"
#include "doctor/records.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <ifaddrs.h>
#include <idn2.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

#define PORT_STARTTLS 5222

struct names {
	struct doctor *doctor;
	struct __res_state resolver;
	const char *domain, *subject;
};

/* --- asking --------------------------------------------------------------------------------- */

static bool read_resolver(const char *text, struct sockaddr_in *ret_server)
{
	struct sockaddr_in server = { .sin_family = AF_INET };
	char address[64];
	int port = 53, len = 0;

	if (sscanf(text, "%63[0-9.]%n:%d%n", address, &len, &port, &len) < 1 || text[len] ||
	    port < 1 || port > 65535 || inet_pton(AF_INET, address, &server.sin_addr) != 1)
		return false;
	server.sin_port = htons((uint16_t)port);
	*ret_server = server;
	return true;
}

/* The system's would answer in its place. */
void doctor_refuse_resolver(const char *text)
{
	struct sockaddr_in server;

	if (text && !read_resolver(text, &server))
		fail("--resolver wants an address of IPv4, and perhaps a port (9.9.9.9, 127.0.0.1:5353), "
			"not `%s`", text);
}

static void use_resolver(struct __res_state *resolver, const char *text)
{
	if (read_resolver(text, &resolver->nsaddr_list[0]))
		resolver->nscount = 1;
}

/* Adds to what is there. */
static void ask(struct names *names, const char *name, int type, struct records *answer)
{
	unsigned char bytes[NS_MAXMSG];
	int len = res_nquery(&names->resolver, name, ns_c_in, type, bytes, sizeof bytes);

	if (len < 0) {
		int error = names->resolver.res_h_errno;

		if (error != HOST_NOT_FOUND && error != NO_DATA && answer->count == 0)
			answer->count = -1;
		return;
	}
	records_read(answer, bytes, (size_t)len);
}

static struct records *ask_addresses(struct names *names, const char *name)
{
	struct records *answer = arena_zalloc(names->doctor->arena, sizeof *answer);

	ask(names, name, ns_t_a, answer);
	ask(names, name, ns_t_aaaa, answer);
	return answer;
}

/* --- addresses ------------------------------------------------------------------------------ */

static bool same_address(const struct sockaddr *a, const struct sockaddr_storage *b)
{
	if (a->sa_family != b->ss_family)
		return false;
	if (a->sa_family == AF_INET)
		return memcmp(&((const struct sockaddr_in *)a)->sin_addr,
			&((const struct sockaddr_in *)b)->sin_addr, sizeof(struct in_addr)) == 0;
	return memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
		&((const struct sockaddr_in6 *)b)->sin6_addr, sizeof(struct in6_addr)) == 0;
}

static bool is_own(const struct sockaddr_storage *address)
{
	struct ifaddrs *all, *one;
	bool found = false;

	if (getifaddrs(&all) < 0)
		return false;
	for (one = all; one && !found; one = one->ifa_next)
		found = one->ifa_addr && (one->ifa_addr->sa_family == AF_INET ||
			one->ifa_addr->sa_family == AF_INET6) && same_address(one->ifa_addr, address);
	freeifaddrs(all);
	return found;
}

static const char *address_text(struct doctor *doctor, const struct sockaddr_storage *address)
{
	char text[INET6_ADDRSTRLEN] = "";
	const void *bytes = address->ss_family == AF_INET
		? (const void *)&((const struct sockaddr_in *)address)->sin_addr
		: (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr;

	inet_ntop(address->ss_family, bytes, text, sizeof text);
	return arena_strdup(doctor->arena, text);
}

/* As far as this can be tried from here. */
static void try_to_reach(struct names *names, struct sockaddr_storage *address, unsigned port)
{
	struct doctor *doctor = names->doctor;
	const char *text = address_text(doctor, address);
	bool is_four = address->ss_family == AF_INET;
	int fd;

	if (is_four)
		((struct sockaddr_in *)address)->sin_port = htons((uint16_t)port);
	else
		((struct sockaddr_in6 *)address)->sin6_port = htons((uint16_t)port);
	fd = doctor->server ? doctor_connect((const struct sockaddr *)address, is_four
		? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6)) : 0;
	if (fd < 0)
		DOUBT(doctor, names->subject, "Open the port in the firewall, and forward it on the "
			"router; some routers cannot be reached from inside, so try from elsewhere.",
			"%s port %u cannot be reached from here: %s", text, port, strerror(-fd));
	else if (!is_own(address))
		DOUBT(doctor, names->subject, "That is right behind a router that forwards the port; "
			"else mend the record.", "it leads to %s, which is no address of this machine",
			text);
	else
		GOOD(doctor, names->subject, "%s port %u is here", text, port);
	if (fd > 0)
		close(fd);
}

/* --- looking ---------------------------------------------------------------------------------- */

static bool has_port(const struct config *config, long port, enum listen_tls tls)
{
	for (size_t i = 0; i < config->listen_count; i++) {
		if (config->listens[i].port == port && config->listens[i].tls == tls)
			return true;
	}
	return false;
}

static long port_of(const struct config *config, enum listen_tls tls)
{
	for (size_t i = 0; i < config->listen_count; i++) {
		if (config->listens[i].tls == tls)
			return config->listens[i].port;
	}
	return 0;
}

static void look_at_target(struct names *names, const char *record, const char *target,
	unsigned port, enum listen_tls tls)
{
	struct doctor *doctor = names->doctor;
	struct records *found;

	if (!*target || strcmp(target, ".") == 0) {
		FAULT(doctor, names->subject, "Remove the record, or name this machine in it.",
			"%s says that there is no such service", record);
		return;
	}
	if (!has_port(doctor->config, port, tls)) {
		FAULT(doctor, names->subject, "Mend the record, or add a `listen` for that port.",
			"%s names port %u, where the server does not listen with tls = \"%s\"", record,
			port, config_tls_name(tls));
		return;
	}
	found = ask_addresses(names, target);
	if (found->count == 0)
		FAULT(doctor, names->subject, "Add an A or AAAA record for it.",
			"%s leads to %s, which has no address", record, target);
	for (int i = 0; i < found->count; i++)
		try_to_reach(names, &found->addresses[i], port);
}

/* How many records there are; -1: nobody could be asked. */
static int look_at_srv(struct names *names, const char *service, enum listen_tls tls)
{
	const char *record = arena_printf(names->doctor->arena, "%s._tcp.%s", service,
		names->domain);
	struct records *answer = arena_zalloc(names->doctor->arena, sizeof *answer);

	ask(names, record, ns_t_srv, answer);
	for (int i = 0; i < answer->count; i++)
		look_at_target(names, arena_printf(names->doctor->arena, "the SRV record %s", record),
			answer->srv[i].name, answer->srv[i].port, tls);
	return answer->count;
}

/* RFC 6120 3.2.2: without SRV records clients try the domain itself at 5222. */
static void look_at_fallback(struct names *names)
{
	struct doctor *doctor = names->doctor;
	struct records *found = ask_addresses(names, names->domain);
	long port = port_of(doctor->config, LISTEN_STARTTLS);

	if (found->count == 0) {
		FAULT(doctor, names->subject, arena_printf(doctor->arena, "Add a record: "
			"_xmpp-client._tcp.%s. 3600 IN SRV 0 5 %ld NAME-OF-THIS-MACHINE.", names->domain,
			port ? port : PORT_STARTTLS),
			"DNS has neither SRV records nor an address: clients find nobody");
	} else if (!has_port(doctor->config, PORT_STARTTLS, LISTEN_STARTTLS)) {
		FAULT(doctor, names->subject, arena_printf(doctor->arena, "Add a record: "
			"_xmpp-client._tcp.%s. 3600 IN SRV 0 5 %ld %s.", names->domain,
			port ? port : PORT_STARTTLS, names->domain),
			"DNS has no SRV records, so clients try port 5222, where the server does not "
			"listen");
	} else {
		for (int i = 0; i < found->count; i++)
			try_to_reach(names, &found->addresses[i], PORT_STARTTLS);
	}
}

/* RFC 6761 and RFC 6762: names that DNS does not know. */
static bool is_private_name(const char *domain)
{
	static const char *const ends[] = { "localhost", "local", "test", "invalid", "lan",
		"home.arpa" };
	size_t len = strlen(domain);

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		size_t end = strlen(ends[i]);

		if (len >= end && strcmp(domain + len - end, ends[i]) == 0 &&
		    (len == end || domain[len - end - 1] == '.'))
			return true;
	}
	return !strchr(domain, '.') || strspn(domain, "0123456789.") == len || *domain == '[';
}

static void look_at_host(struct names *names)
{
	struct doctor *doctor = names->doctor;
	int plain, direct;

	if (is_private_name(names->domain)) {
		GOOD(doctor, names->subject, "a name that DNS need not know");
		return;
	}
	plain = look_at_srv(names, "_xmpp-client", LISTEN_STARTTLS);
	direct = look_at_srv(names, "_xmpps-client", LISTEN_DIRECT);
	if (plain < 0)
		DOUBT(doctor, names->subject, "Check /etc/resolv.conf and the network.",
			"DNS gives no answer");
	else if (plain == 0)
		look_at_fallback(names);
	if (direct == 0 && port_of(doctor->config, LISTEN_DIRECT) && plain >= 0)
		DOUBT(doctor, names->subject, arena_printf(doctor->arena, "Add a record: "
			"_xmpps-client._tcp.%s. 3600 IN SRV 0 5 %ld NAME-OF-THIS-MACHINE.",
			names->domain, port_of(doctor->config, LISTEN_DIRECT)),
			"there is a port with direct TLS, and no SRV record that leads to it");
}

/* DNS has A-labels; a name that has none is asked for as it stands. */
static const char *ascii_of(struct doctor *doctor, const char *domain)
{
	char *ascii = NULL;
	const char *kept = domain;

	if (idn2_to_ascii_8z(domain, &ascii, IDN2_NONTRANSITIONAL) == IDN2_OK)
		kept = arena_strdup(doctor->arena, ascii);
	idn2_free(ascii);
	return kept;
}

void doctor_look_at_names(struct doctor *doctor)
{
	struct names names = { .doctor = doctor };

	if (res_ninit(&names.resolver) < 0)
		return;
	if (doctor->wish->resolver)
		use_resolver(&names.resolver, doctor->wish->resolver);
	names.resolver.retrans = 2;
	names.resolver.retry = 2;
	for (size_t i = 0; i < doctor->config->host_count; i++) {
		names.domain = ascii_of(doctor, doctor->config->hosts[i].domain);
		names.subject = arena_printf(doctor->arena, "name %s", names.domain);
		look_at_host(&names);
	}
	res_nclose(&names.resolver);
}
