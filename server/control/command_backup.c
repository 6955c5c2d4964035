/* command_backup.c - ternctl backup: copies the data beside everything else
 * SPDX-License-Identifier: MIT */

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "backup.h"
#include "desk.h"
#include "heap.h"
#include "log.h"
#include "request.h"
#include "server.h"
#include "storage.h"

#define PRESET_RATE_MIB 64 /* a second: a tenth of a slow SSD */
#define MOST_RATE_MIB 65536

struct backup {
	struct task back;
	struct server *server;
	struct request *request;
	const char *directory; /* the request's */
	struct storage_pace pace;
	atomic_bool stop;
	pthread_t thread;
	bool is_joined;
	int result;
};

static const char *reason(int result)
{
	switch (-result) {
	case ENOTEMPTY: return "it is not empty";
	case ECANCELED: return "the server stops";
	case ENOSPC: return "there is not enough space";
	default: return strerror(-result);
	}
}

static void tell_backup(struct task *task)
{
	struct backup *backup = (struct backup *)task;
	struct request *request = backup->request;

	if (!backup->is_joined)
		pthread_join(backup->thread, NULL);
	backup->server->backup = NULL;
	if (backup->result < 0) {
		log_warn("backup", backup->directory, "%s", reason(backup->result));
		request_fail(request, "%s: %s", backup->directory, reason(backup->result));
	} else {
		log_info("backup", backup->directory, "done");
		request_row(request, (const char *const[]){ backup->directory });
		request_end(request);
	}
	free(backup);
}

static void *copy(void *context)
{
	struct backup *backup = context;

	backup->result = storage_backup(backup->server->storage, backup->directory, &backup->pace);
	desk_post(backup->server->desk, &backup->back);
	return NULL;
}

static void start(struct request *request, const char *directory, uint64_t rate_mib)
{
	struct server *server = request_server(request);
	struct backup *backup = heap_zalloc(sizeof *backup);
	int result;

	backup->server = server;
	backup->request = request;
	backup->directory = directory;
	backup->pace.bytes_per_s = rate_mib << 20;
	backup->pace.stop = &backup->stop;
	backup->back.run = tell_backup;
	result = pthread_create(&backup->thread, NULL, copy, backup);
	if (result) {
		request_fail(request, "no thread can be started: %s", strerror(result));
		free(backup);
		return;
	}
	server->backup = backup;
	log_info("backup", directory, "begins");
}

void backup_stop(struct server *server)
{
	struct backup *backup = server->backup;

	if (!backup || backup->is_joined)
		return;
	atomic_store(&backup->stop, true);
	pthread_join(backup->thread, NULL);
	backup->is_joined = true;
}

void run_backup(struct request *request)
{
	const char *directory = request_argument(request, 0);
	const char *rate = request_option(request, "--rate");
	char *end = "";
	unsigned long rate_mib = rate ? strtoul(rate, &end, 10) : PRESET_RATE_MIB;

	if (!directory || (rate && (!*rate || *end || rate_mib > MOST_RATE_MIB)))
		request_misused(request);
	else if (*directory != '/')
		request_fail(request, "`%s` does not begin at the root (/...)", directory);
	else if (request_server(request)->backup)
		request_fail(request, "another backup is under way");
	else
		start(request, directory, rate_mib);
}
