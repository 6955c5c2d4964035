/* log_target.c - opens the log's target, and opens it again
 * SPDX-License-Identifier: MIT */

#include "log_target.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "heap.h"
#include "log.h"

static char *file_path; /* or NULL */
static int file_fd = -1;

static const struct { const char *name, *path; enum log_protocol protocol; } sockets[] = {
	{ "syslog", "/dev/log", LOG_TO_SYSLOG },
	{ "journald", "/run/systemd/journal/socket", LOG_TO_JOURNAL },
};

static int open_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);

	return fd < 0 ? -errno : fd;
}

static int fail(const char *target, int result)
{
	log_error("log", target, "%s", strerror(-result));
	return result;
}

/* -ENOENT: the target is none of these. */
static int open_socket(const struct config *config)
{
	const char *target = config->log_target;

	for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++) {
		size_t len = strlen(sockets[i].name);

		if (strncmp(target, sockets[i].name, len) != 0 || (target[len] && target[len] != ':'))
			continue;
		return log_setup_socket(config->log_level, sockets[i].protocol,
			target[len] ? target + len + 1 : sockets[i].path);
	}
	return -ENOENT;
}

int log_target_open(const struct config *config)
{
	bool is_json = config->log_format == LOG_FORMAT_JSON;
	int result = open_socket(config);

	if (result != -ENOENT)
		return result < 0 ? fail(config->log_target, result) : 0;
	if (strcmp(config->log_target, "stderr") == 0) {
		log_setup(config->log_level, is_json, STDERR_FILENO);
		return 0;
	}
	result = open_file(config->log_target);
	if (result < 0)
		return fail(config->log_target, result);
	file_path = heap_strdup(config->log_target);
	file_fd = result;
	log_setup(config->log_level, is_json, file_fd);
	return 0;
}

void log_target_reopen(void)
{
	int fresh;

	if (!file_path)
		return;
	fresh = open_file(file_path);
	if (fresh < 0) {
		fail(file_path, fresh);
		return;
	}
	dup3(fresh, file_fd, O_CLOEXEC);
	close(fresh);
}
