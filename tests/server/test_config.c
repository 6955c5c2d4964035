/* What stands in tern.conf is understood, or refused with its place and a hint. */
/* SPDX-License-Identifier: MIT */

#include "config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "credentials_maker.h"
#include "module.h"
#include "options.h"
#include "registry.h"

static char folder[64], path[128], certificate[512];
static struct config *config;
static char *why;

#define MODULE(id) \
	static const struct tern_module id = { .abi = TERN_MODULE_ABI, .name = #id }
MODULE(about);
MODULE(caps);
MODULE(last);
MODULE(mam);
MODULE(private);
MODULE(vcard);
MODULE(presence);
MODULE(message);
MODULE(blocking);
MODULE(carbons);
MODULE(csi);
MODULE(disco);
MODULE(ping);
MODULE(commands);
static const struct tern_module registration = { .abi = TERN_MODULE_ABI, .name = "register" };
static const struct tern_module roster = { .abi = TERN_MODULE_ABI, .name = "roster",
	.options = (const struct tern_option[]){ { "limit", TERN_STRING, "", 0, 0, "" },
		{ "groups", TERN_LIST, "", 0, 0, "" }, { 0 } } };
static const struct tern_module offline = { .abi = TERN_MODULE_ABI, .name = "offline",
	.options = (const struct tern_option[]){ { "limit", TERN_NUMBER, "100", 1, 1000, "" },
		{ "bounce", TERN_BOOL, "no", 0, 0, "" }, { 0 } } };

static void set_up(void)
{
	const struct tern_module *const modules[] = { &about, &blocking, &caps, &carbons,
		&csi, &disco, &last, &mam, &message, &offline, &ping, &presence, &private,
		&commands, &registration, &roster, &vcard };

	strcpy(folder, "/tmp/tern-config-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/tern.conf", folder);
	for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
		registry_add(modules[i]);
	make_certificate("host", &(struct certificate_wish){ .domain = "example.org" });
	snprintf(certificate, sizeof certificate, "certificate = '%s' key = '%s'",
		made_path("host", "crt"), made_path("host", "key"));
}

static void tear_down(void)
{
	char command[128];

	config_destroy(config);
	free(why);
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	(void)!system(command);
}

TestSuite(config, .init = set_up, .fini = tear_down);

/* Reads the text as tern.conf; CERT in it becomes the keys of a good certificate. */
static void read_text(const char *text)
{
	FILE *file = fopen(path, "w");
	const char *at;

	while ((at = strstr(text, "CERT"))) {
		fprintf(file, "%.*s%s", (int)(at - text), text, certificate);
		text = at + 4;
	}
	fputs(text, file);
	fclose(file);
	config = config_read(path, &why);
}

static void write_beside(const char *name, const char *text)
{
	char other[192];
	FILE *file;

	snprintf(other, sizeof other, "%s/%s", folder, name);
	file = fopen(other, "w");
	fputs(text, file);
	fclose(file);
}

/* What was wrong, without the folder. */
static const char *fault_of(const char *text)
{
	read_text(text);
	cr_assert_null(config, "it was accepted:\n%s", text);
	return strncmp(why, folder, strlen(folder)) == 0 ? why + strlen(folder) + 1 : why;
}

#define HOST "host 'example.org' { CERT }\n"

/* --- what is understood ----------------------------------------------------------------- */

Test(config, is_content_with_a_host_that_has_a_certificate)
{
	read_text(HOST);
	cr_assert_not_null(config, "%s", why);
	cr_assert_str_eq(config->data, "/var/lib/tern");
	cr_assert_str_eq(config->control, "/run/tern/control");
	cr_assert_str_eq(config->user, "tern");
	cr_assert_eq(config->shards, 0);
	cr_assert_eq(config->durability, DURABILITY_COMMIT);
	cr_assert_eq(config->limits.depth, 64);
	cr_assert_eq(config->host_count, 1);
}

Test(config, presets_a_port_for_starttls_and_one_for_direct_tls)
{
	read_text(HOST);
	cr_assert_eq(config->listen_count, 2);
	cr_assert_eq(config->listens[0].port, 5222);
	cr_assert_eq(config->listens[0].tls, LISTEN_STARTTLS);
	cr_assert_str_eq(config->listens[0].addresses[0], "*");
	cr_assert_eq(config->listens[1].port, 5223);
	cr_assert_eq(config->listens[1].tls, LISTEN_DIRECT);
}

Test(config, presets_the_modules_of_a_chat_server)
{
	static const char *const names[] = { "roster", "presence", "message", "blocking",
		"carbons", "csi", "mam", "offline", "disco", "ping", "about", "vcard", "private",
		"last", "caps", "register", "commands" };
	const size_t count = sizeof names / sizeof *names;

	read_text(HOST);
	cr_assert_eq(config->hosts[0].module_count, count);
	for (size_t i = 0; i < count; i++)
		cr_assert_str_eq(config->hosts[0].modules[i].module->name, names[i]);
}

Test(config, offers_all_mechanisms_but_anonymous)
{
	read_text(HOST);
	cr_assert_eq(config->hosts[0].sasl.mechanisms,
		((1u << MECHANISM_COUNT) - 1) & ~(1u << MECHANISM_ANONYMOUS));
	cr_assert_eq(config->hosts[0].sasl.iterations, 4096);
}

Test(config, takes_every_form_of_a_location)
{
	static const char *const locations[] = { "", "b", "b.example:5222", "192.0.2.1",
		"192.0.2.1:1", "[2001:db8::1]", "[2001:db8::1]:65535" };

	for (size_t i = 0; i < sizeof locations / sizeof *locations; i++) {
		char text[128];

		snprintf(text, sizeof text, "host 'a' { CERT resume-location = '%s' }\n", locations[i]);
		read_text(text);
		cr_assert_not_null(config, "%s", why);
		cr_assert_str_eq(config->hosts[0].resume_location, locations[i]);
		config_destroy(config);
		config = NULL;
	}
}

Test(config, understands_every_kind_of_value)
{
	read_text("data = /srv/tern\nshards = 2\ndurability = relaxed\nuser = ''\n"
		"log { level = debug format = json target = '/tmp/log' }\n"
		"limits { stanza-bytes = 20000 depth = 9 }\n"
		"listen 'a' { address = {'127.0.0.1', '::1'} port = 0 tls = none }\n"
		"host 'Example.ORG' { CERT anonymous = yes iterations = 10000\n"
		"  sasl = {SCRAM-SHA-1, PLAIN} modules = {ping} }\n");
	cr_assert_not_null(config, "%s", why);
	cr_assert_str_eq(config->data, "/srv/tern");
	cr_assert_eq(config->durability, DURABILITY_RELAXED);
	cr_assert_eq(config->log_level, LOG_LEVEL_DEBUG);
	cr_assert_eq(config->log_format, LOG_FORMAT_JSON);
	cr_assert_eq(config->limits.stanza_bytes, 20000);
	cr_assert_str_eq(config->listens[0].addresses[1], "::1");
	cr_assert_null(config->listens[0].addresses[2]);
	cr_assert_eq(config->listens[0].tls, LISTEN_NONE);
	cr_assert_str_eq(config->hosts[0].domain, "example.org");
	cr_assert_eq(config->hosts[0].sasl.mechanisms,
		1u << MECHANISM_SCRAM_SHA_1 | 1u << MECHANISM_PLAIN | 1u << MECHANISM_ANONYMOUS);
	cr_assert_eq(config->hosts[0].module_count, 1);
}

Test(config, gives_modules_their_options)
{
	const struct option_setting *options;

	read_text("host 'example.org' { CERT\n modules = {roster, offline}\n"
		"module 'roster' { limit = many groups = {a, b} }\n"
		"module 'offline' { limit = 7 bounce = yes } }\n");
	cr_assert_not_null(config, "%s", why);
	options = config->hosts[0].modules[0].options;
	cr_assert_str_eq(options[0].name, "limit");
	cr_assert_str_eq(options[0].values[0], "many");
	cr_assert_eq(options[1].count, 2);
	cr_assert_str_eq(options[1].values[1], "b");
	cr_assert_null(options[2].name);
	options = config->hosts[0].modules[1].options;
	cr_assert_str_eq(options[0].values[0], "7");
	cr_assert_str_eq(options[1].values[0], "yes");
}

Test(config, adds_to_a_list)
{
	read_text("host 'example.org' { CERT modules = {roster} modules += {ping} }");
	cr_assert_not_null(config, "%s", why);
	cr_assert_eq(config->hosts[0].module_count, 2);
}

static const char *beside(const char *name)
{
	static char whole[192];

	snprintf(whole, sizeof whole, "%s/%s", folder, name);
	return whole;
}

Test(config, has_relative_paths_beside_it)
{
	write_beside("part.conf", "control = run/socket\n");
	read_text("include('part.conf')\ndata = data modules-path = {'', 'modules', '/m'}\n"
		"log { target = 'tern.log' }\n" HOST);
	cr_assert_not_null(config, "%s", why);
	cr_assert_str_eq(config->data, beside("data"));
	cr_assert_str_eq(config->control, beside("run/socket"));
	cr_assert_str_eq(config->log_target, beside("tern.log"));
	cr_assert_str_eq(config->modules_path[1], beside("modules"));
	cr_assert_str_eq(config->modules_path[2], "/m");
}

Test(config, has_words_that_are_no_paths)
{
	read_text("log { target = 'syslog:log' }\n" HOST);
	cr_assert_str_eq(config->log_target, "syslog:log");
	config_destroy(config);
	read_text("log { target = journald }\n" HOST);
	cr_assert_str_eq(config->log_target, "journald");
	cr_assert_str_eq(config->data, "/var/lib/tern");
	cr_assert_str_eq(config->hosts[0].resume_location, "");
}

Test(config, includes_files_beside_it)
{
	write_beside("hosts.conf", "host 'example.org' {\n include(\"keys.conf\")\n}\n");
	write_beside("keys.conf", certificate);
	read_text("data = '/a'\ninclude(\"hosts.conf\") shards = 3\n");
	cr_assert_not_null(config, "%s", why);
	cr_assert_eq(config->host_count, 1);
	cr_assert_eq(config->shards, 3);
}

Test(config, reads_the_environment)
{
	setenv("TERN_TEST_DATA", "/from/environment", 1);
	read_text("data = ${TERN_TEST_DATA}\nuser = \"${TERN_TEST_NOBODY:-me}\"\n" HOST);
	cr_assert_str_eq(config->data, "/from/environment");
	cr_assert_str_eq(config->user, "me");
}

Test(config, takes_comments_of_all_three_kinds)
{
	read_text("# one {\n// two {\n/* three {\n { */ shards = 1 # four\n" HOST);
	cr_assert_not_null(config, "%s", why);
	cr_assert_eq(config->shards, 1);
}

/* --- what is refused ----------------------------------------------------------------------- */

static const struct { const char *text, *fault; } refused[] = {
	/* keys */
	{ "dat = '/a'\n" HOST, "tern.conf:1: unknown key `dat` (did you mean `data`?)" },
	{ "# a\n# b\n/* c\n */\nlimits {\n\tstanza-byte = 5\n}\n" HOST,
		"tern.conf:6: unknown key `stanza-byte` in `limits` (did you mean `stanza-bytes`?)" },
	{ "listen 'c' { prot = 1 }\n" HOST,
		"tern.conf:1: unknown key `prot` in listen `c` (did you mean `port`?)" },
	{ "zzzzzzzzzzz = 1\n" HOST, "tern.conf:1: unknown key `zzzzzzzzzzz`" },
	{ "hots 'a' { CERT }\n", "tern.conf:1: unknown key `hots` (did you mean `host`?)" },
	/* values */
	{ "shards = many\n" HOST, "tern.conf:1: `shards` is a number, not `many`" },
	{ "shards = -1\n" HOST, "tern.conf:1: `shards` is from 0 to 256, not -1" },
	{ "shards = {1, 2}\n" HOST, "tern.conf:1: unexpected token '{'" },
	{ "durability = comit\n" HOST, "tern.conf:1: `durability` is one of commit, relaxed, not "
		"`comit` (did you mean `commit`?)" },
	{ "limits { depth = 1 }\n" HOST, "tern.conf:1: `depth` is from 8 to 1000, not 1" },
	{ "limits { depth = 99999999999999999999 }\n" HOST,
		"tern.conf:1: `depth` is a number, not `99999999999999999999`" },
	{ "listen 'c' { port = 65536 }\n" HOST, "tern.conf:1: `port` is from 0 to 65535, not 65536" },
	{ "listen 'c' { address = {'localhost'} }\n" HOST,
		"tern.conf:1: `address`: `localhost` is no IP address (nor `*` for all)" },
	{ "listen 'c' { address = {*} }\n" HOST, "tern.conf:1: put `*` in quotes" },
	{ "log { level = loud }\n" HOST, "tern.conf:1: `level` is one of error, warning, info, debug, "
		"not `loud`" },
	{ "data = ''\n" HOST, "tern.conf:1: `data`: it is empty" },
	{ "tls-priority = 'NORMAL:-NONSENSE'\n" HOST,
		"tern.conf:1: `tls-priority`: GnuTLS does not understand the priority string at `-NONSENSE`" },
	{ "tls-priority = 'NORMAL:+VERS-TLS1.1'\n" HOST, "tern.conf:1: `tls-priority`: the priority string "
		"`NORMAL:+VERS-TLS1.1` allows versions below TLS 1.2" },
	/* files and sections */
	{ "limits {\n depth = 9\n" HOST, "tern.conf:1: this `{` is still open at the end of the file" },
	{ HOST "\n}\n", "tern.conf:3: this `}` closes nothing" },
	{ "data = 'abc\n" HOST, NULL },
	{ "/* never closed\n" HOST, "tern.conf:1: this comment is never closed" },
	{ "shards = 1\ninclude(\"missing.conf\")\n", NULL },
	{ "include missing\n", "tern.conf:1: write include(\"file\")" },
	{ "include(\"tern.conf\")\n", "tern.conf:1: files include files too deeply" },
	{ "listen 'c' { }\nlisten 'c' { }\n" HOST,
		"tern.conf:2: there are two sections of the name `c`" },
	/* hosts */
	{ "shards = 1\n", "tern.conf: it has no host" },
	{ "", "tern.conf: it has no host" },
	{ HOST HOST, "tern.conf:2: there are two sections of the name `example.org`" },
	{ HOST "host 'EXAMPLE.org' { CERT }\n", "tern.conf:2: there are two hosts `example.org`" },
	{ "host 'not a domain' { CERT }\n", "tern.conf:1: `not a domain` is not a domain" },
	{ "host { CERT }\n", "tern.conf:1: missing title for section 'host'" },
	{ "host 'a' { }\n", "tern.conf:1: host `a` has no `certificate`" },
	{ "host 'a' { certificate = '/etc/hostname' }\n", "tern.conf:1: host `a` has no `key`" },
	{ "host 'a' {\n certificate = '/no/such'\n key = '/etc/hostname'\n}\n",
		"tern.conf:2: `certificate`: /no/such: No such file or directory" },
	{ "host 'a' { CERT sasl = {SCRAM-SHA1} }\n", "tern.conf:1: `sasl` is one of "
		"SCRAM-SHA-512-PLUS, SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-512, "
		"SCRAM-SHA-256, SCRAM-SHA-1, PLAIN, EXTERNAL, ANONYMOUS, not `SCRAM-SHA1` "
		"(did you mean `SCRAM-SHA-1`?)" },
	{ "host 'a' { CERT sasl = {ANONYMOUS} }\n",
		"tern.conf:1: `sasl`: say `anonymous = yes` for ANONYMOUS" },
	{ "host 'a' { CERT anonymous = maybe }\n",
		"tern.conf:1: `anonymous` is yes or no, not `maybe`" },
	{ "host 'a' { CERT\n resume-location = 'b c'\n}\n",
		"tern.conf:2: `resume-location`: `b c` is neither a domain nor an IP address" },
	{ "host 'a' { CERT resume-location = ':5222' }\n",
		"tern.conf:1: `resume-location`: `` is neither a domain nor an IP address" },
	{ "host 'a' { CERT resume-location = '2001:db8::1' }\n",
		"tern.conf:1: `resume-location`: `2001:db8:` is neither a domain nor an IP address "
		"(one of IPv6 has brackets)" },
	{ "host 'a' { CERT resume-location = '[2001:db8::1]x:1' }\n",
		"tern.conf:1: `resume-location`: `[2001:db8::1]x` is neither a domain nor an IP address" },
	{ "host 'a' { CERT resume-location = 'b:0' }\n",
		"tern.conf:1: `resume-location`: `0` is not a port" },
	{ "host 'a' { CERT resume-location = 'b:65536' }\n",
		"tern.conf:1: `resume-location`: `65536` is not a port" },
	{ "host 'a' { CERT resume-location = '[2001:db8::1]:' }\n",
		"tern.conf:1: `resume-location`: `` is not a port" },
	{ "host 'a' { CERT iterations = 100 }\n",
		"tern.conf:1: `iterations` is from 4096 to 10000000, not 100" },
	/* modules */
	{ "modules-path = '/nowhere'\nhost 'a' { CERT modules = {rooster} }\n",
		"tern.conf:2: there is no module `rooster` in /nowhere" },
	{ "modules-path = {'/nowhere', '/dev'}\nhost 'a' { CERT\n modules = {ping,\n rooster} }\n",
		"tern.conf:4: there is no module `rooster` in /nowhere, /dev" },
	{ "host 'a' { CERT modules = {ping, ping} }\n",
		"tern.conf:1: module `ping` is listed twice" },
	{ "host 'a' { CERT\n module 'offline' {\n limti = 1\n}\n}\n",
		"tern.conf:3: unknown key `limti` in module `offline` (did you mean `limit`?)" },
	{ "host 'a' { CERT\n module 'offline' { limit = 0 }\n}\n",
		"tern.conf:2: `limit` is from 1 to 1000, not 0" },
	{ "host 'a' { CERT\n module 'offline' { limit = {1, 2} }\n}\n",
		"tern.conf:2: `limit` has one value, not a list" },
	{ "host 'a' { CERT\n module 'offline' { bounce = maybe }\n}\n",
		"tern.conf:2: `bounce` is yes or no, not `maybe`" },
	{ "host 'a' { CERT\n module 'roster' { }\n module 'offline' { groups = x }\n}\n",
		"tern.conf:3: unknown key `groups` in module `offline`" },
	{ "host 'a' { CERT modules = {ping}\n module 'pong' { }\n}\n",
		"tern.conf:2: there are options for module `pong`, which is not in the `modules` of "
		"host `a` (did you mean `ping`?)" },
};

Test(config, refuses_with_place_and_hint)
{
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		const char *fault = fault_of(refused[i].text);

		if (refused[i].fault)
			cr_expect_str_eq(fault, refused[i].fault, "%s\n  instead of: %s", fault,
				refused[i].fault);
		free(why);
		why = NULL;
	}
}

/* All that was wrong, a line each, without the folder. */
static const char *faults_of(const char *text)
{
	static char all[8192];
	const char *at;

	read_text(text);
	cr_assert_null(config, "it was accepted:\n%s", text);
	all[0] = '\0';
	for (at = why; *at; at += strcspn(at, "\n"), at += *at == '\n') {
		if (strncmp(at, folder, strlen(folder)) == 0)
			at += strlen(folder) + 1;
		strncat(all, at, strcspn(at, "\n") + 1);
	}
	return all;
}

Test(config, tells_all_faults_in_order)
{
	cr_assert_str_eq(faults_of("shard = 1\nport = 1\nshards = many\n"
		"log {\n level = loud\n format = xml }\n" HOST
		"host 'a' { CERT\n anonymous = perhaps\n modules = {ping,\n pong} }\n"),
		"tern.conf:1: unknown key `shard` (did you mean `shards`?)\n"
		"tern.conf:2: unknown key `port` (did you mean `host`?)\n"
		"tern.conf:3: `shards` is a number, not `many`\n"
		"tern.conf:5: `level` is one of error, warning, info, debug, not `loud`\n"
		"tern.conf:6: `format` is one of text, json, not `xml`\n"
		"tern.conf:9: `anonymous` is yes or no, not `perhaps`\n"
		"tern.conf:11: there is no module `pong` in " TERN_MODULES_DIR);
}

Test(config, tells_all_faults_of_a_modules_options)
{
	cr_assert_str_eq(faults_of("host 'a' { CERT modules = {offline, roster}\n"
		" module 'offline' { limti = 1\n limit = 0\n bounce = {yes, no} }\n"
		" module 'roster' { groups = {a, b} group = c }\n module 'ping' { }\n}\n"),
		"tern.conf:2: unknown key `limti` in module `offline` (did you mean `limit`?)\n"
		"tern.conf:3: `limit` is from 1 to 1000, not 0\n"
		"tern.conf:4: `bounce` has one value, not a list\n"
		"tern.conf:5: unknown key `group` in module `roster` (did you mean `groups`?)\n"
		"tern.conf:6: there are options for module `ping`, which is not in the `modules` of "
		"host `a`");
}

Test(config, passes_over_what_stands_in_a_section_that_is_none)
{
	cr_assert_str_eq(faults_of("hots 'a' { key = 'b' module 'x' { y = {1, 2} }\n }\n"
		"limit { depth = 1 sub { a = '}' }\n}\ncall('x', \"y\")\nshard += {1,\n2}\n"
		"depht = ${HOME}\n" HOST),
		"tern.conf:1: unknown key `hots` (did you mean `host`?)\n"
		"tern.conf:3: unknown key `limit` (did you mean `limits`?)\n"
		"tern.conf:5: unknown key `call`\n"
		"tern.conf:6: unknown key `shard` (did you mean `shards`?)\n"
		"tern.conf:8: unknown key `depht`");
}

Test(config, tells_what_it_found_before_it_could_not_follow)
{
	cr_assert_str_eq(faults_of("shard = 1\nhots 'a' { z }\nlimits { depth = 1 }\n" HOST),
		"tern.conf:1: unknown key `shard` (did you mean `shards`?)\n"
		"tern.conf:2: unknown key `hots` (did you mean `host`?)");
}

Test(config, tells_the_first_twenty_faults_of_many)
{
	char text[16384] = "";
	const char *told;
	size_t lines = 1;

	for (size_t i = 0; i < 1500; i++)
		strcat(text, "zzzzzzz=1\n");
	told = faults_of(text);
	for (const char *at = told; (at = strchr(at, '\n')); at++)
		lines++;
	cr_assert_eq(lines, 21);
	cr_assert_not_null(strstr(told, "\ntern.conf:20: unknown key `zzzzzzz`\n... and more"));
}

Test(config, looks_for_modules_in_its_own_folder_and_in_those_that_are_added)
{
	read_text("modules-path += {'/srv/a', '/srv/b'}\n" HOST);
	cr_assert_not_null(config, "%s", why);
	cr_assert_str_eq(config->modules_path[0], TERN_MODULES_DIR);
	cr_assert_str_eq(config->modules_path[1], "/srv/a");
	cr_assert_str_eq(config->modules_path[2], "/srv/b");
	cr_assert_null(config->modules_path[3]);
}

Test(config, names_the_included_file_and_its_line)
{
	write_beside("part.conf", "# a comment\n\nshard = 1\n");
	cr_assert_str_eq(fault_of("data = '/a'\ninclude('part.conf')\n" HOST),
		"part.conf:3: unknown key `shard` (did you mean `shards`?)");
}

Test(config, names_the_including_line_of_a_file_that_is_missing)
{
	const char *fault = fault_of("shards = 1\n\ninclude(\"missing.conf\")\n");

	cr_assert_eq(strncmp(fault, "tern.conf:3: ", 13), 0, "%s", fault);
	cr_assert_not_null(strstr(fault, "missing.conf cannot be read (No such file"), "%s", fault);
}

Test(config, does_not_let_a_section_close_in_another_file)
{
	write_beside("open.conf", "limits {\n");
	cr_assert_str_eq(fault_of("include('open.conf')\n}\n" HOST),
		"open.conf:1: this `{` is still open at the end of the file");
}

Test(config, counts_lines_behind_an_include)
{
	write_beside("part.conf", "shards = 1\n\n\n");
	cr_assert_str_eq(fault_of("include('part.conf')\n# x\ndat = 1\n" HOST),
		"tern.conf:3: unknown key `dat` (did you mean `data`?)");
}

Test(config, says_that_it_cannot_be_read)
{
	config = config_read("/no/such/tern.conf", &why);
	cr_assert_null(config);
	cr_assert_str_eq(why, "/no/such/tern.conf cannot be read (No such file or directory)");
}

/* What was wrong with a file of these bytes, so often. */
static const char *fault_of_bytes(const char *bytes, size_t len, size_t times)
{
	FILE *file = fopen(path, "w");

	while (times--)
		fwrite(bytes, 1, len, file);
	fclose(file);
	free(why);
	config = config_read(path, &why);
	cr_assert_null(config);
	return why + strlen(folder) + 1;
}

Test(config, does_not_stop_reading_at_a_nul)
{
	cr_assert_str_eq(fault_of_bytes("user = ''\0host", 14, 1),
		"tern.conf is no text: there is a NUL byte in it");
}

Test(config, refuses_a_file_that_is_too_large)
{
	cr_assert_str_eq(fault_of_bytes("# 3456789abcde\n", 16, 262145),
		"tern.conf is too large (more than 4 MiB)");
}

Test(config, refuses_files_that_include_each_other_ever_again)
{
	const char *fault = fault_of_bytes("include('tern.conf')\n", 21, 9);

	cr_assert(strstr(fault, "is too much") || strstr(fault, "too deeply"), "%s", fault);
	write_beside("small.conf", "");
	fault = fault_of_bytes("include('small.conf')\n", 22, 5000);
	cr_assert_not_null(strstr(fault, "is too much, with what was read before it"), "%s", fault);
}

Test(config, says_in_one_line_what_is_wrong_with_a_text_of_several)
{
	cr_assert_str_eq(fault_of("durability = 'commit\nor\x1b not'\n" HOST), "tern.conf:2: "
		"`durability` is one of commit, relaxed, not `commit?or? not` (did you mean `commit`?)");
}

Test(config, refuses_a_key_that_is_not_the_certificates)
{
	char text[512];

	make_certificate("other", &(struct certificate_wish){ .domain = "example.org" });
	snprintf(text, sizeof text, "host 'example.org' { certificate = '%s' key = '%s' }",
		made_path("host", "crt"), made_path("other", "key"));
	cr_assert_eq(strncmp(fault_of(text), "tern.conf:1: ", 13), 0);
}
