/* fuzz_config.c - any bytes as tern.conf, and as a file that it includes
 * SPDX-License-Identifier: MIT
 *
 * Promised: no crash, no leak; what is not understood is told in a line for each fault, which names
 * a file, and of many the first; what is understood loads its modules with their options.  A line
 * "---" parts tern.conf from the file "other" beside it; CERT is a good certificate with its key.
 */

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "config.h"
#include "credentials_maker.h"
#include "host.h"
#include "keys.h"
#include "loader.h"
#include "memory/engine.h"
#include "server.h"
#include "storage.h"

static char folder[64], certificate[512];

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void remove_folder(void)
{
	static const char *const names[] = { "/tern.conf", "/other", "" };
	char path[128];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s%s", folder, names[i]);
		remove(path);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	snprintf(folder, sizeof folder, "%s/fuzz-config-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(folder))
		abort();
	atexit(remove_folder);
	make_certificate("host", &(struct certificate_wish){ .domain = "example.org" });
	snprintf(certificate, sizeof certificate, "certificate = '%s' key = '%s'",
		made_path("host", "crt"), made_path("host", "key"));
	return 0;
}

/* The path is good until the next call. */
static const char *write_file(const char *name, const char *bytes, size_t len)
{
	static char path[128];
	FILE *file;
	const char *at;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "w");
	if (!file)
		abort();
	fprintf(file, "modules-path = {'%s'}\n", FUZZ_FOLDER);
	while ((at = memmem(bytes, len, "CERT", 4))) {
		fwrite(bytes, 1, (size_t)(at - bytes), file);
		fputs(certificate, file);
		len -= (size_t)(at - bytes) + 4;
		bytes = at + 4;
	}
	fwrite(bytes, 1, len, file);
	fclose(file);
	return path;
}

static void check_complaint(char *why)
{
	unsigned lines = 0;

	assert(*why && strlen(why) < 65536);
	for (char *line; (line = strsep(&why, "\n")); lines++) {
		for (const char *at = line; *at; at++)
			assert((unsigned char)*at >= ' ' && *at != 0x7f);
		assert(strstr(line, "tern.conf") || strstr(line, "other") ||
			(lines == 20 && strcmp(line, "... and more") == 0));
	}
	assert(lines <= 21);
}

/* As the server does that starts. */
static void load(const struct host_config *config)
{
	static const struct storage_options options = { .directory = "" };
	struct memory_disk *disk = memory_disk_create();
	struct arena *arena = arena_create(1024);
	struct server server = { .started_at = 0 };
	struct tern_host *host;
	int result = storage_open_stepped(&options, memory_engine_create(disk), &server.storage);

	assert(result == 0);
	host = host_create(&server, config->domain);
	for (size_t i = 0; i < config->module_count; i++) {
		const char *why = NULL;

		result = loader_add(arena, host, config->modules[i].module,
			config->modules[i].options, &why);
		assert(result == 0 || (why && *why));
	}
	host_destroy(host);
	storage_close(server.storage);
	arena_destroy(arena);
	memory_disk_destroy(disk);
}

static void check_config(const struct config *config)
{
	for (const struct key *key = section_find("limits")->keys; key->name; key++) {
		long value = *(const long *)((const char *)config + key->offset);

		assert(value >= key->least && value <= key->most);
	}
	for (size_t i = 0; i < config->host_count; i++)
		load(&config->hosts[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *bytes = (const char *)data, *mark = memmem(bytes, len, "\n---\n", 5);
	size_t first = mark ? (size_t)(mark - bytes) : len;
	struct config *config;
	char *why = NULL;

	write_file("other", mark ? mark + 5 : "", mark ? len - first - 5 : 0);
	config = config_read(write_file("tern.conf", bytes, first), &why);
	if (config)
		check_config(config);
	else
		check_complaint(why);
	config_destroy(config);
	free(why);
	return 0;
}
