/* privileges.c - prepares folders and becomes the user of the configuration
 * SPDX-License-Identifier: MIT */

#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "log.h"

/* The folder, and what is missing above it. */
static int make_folder(const char *path, mode_t mode)
{
	char part[PATH_MAX];

	if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
		return -ENAMETOOLONG;
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(part, mode) < 0 && errno != EEXIST ? -errno : 0;
}

static int give(const char *path, mode_t mode, const struct passwd *user)
{
	int result = make_folder(path, mode);

	if (result == 0 && user && chown(path, user->pw_uid, user->pw_gid) < 0)
		result = -errno;
	if (result < 0)
		log_error("server", NULL, "the folder %s cannot be prepared: %s", path,
			strerror(-result));
	return result;
}

/* The control socket's folder is given away only where it is made here: /tmp or /run itself
 * stays as it is. */
static int prepare_control(const char *socket, const struct passwd *user)
{
	char folder[PATH_MAX];
	char *slash;
	struct stat status;

	snprintf(folder, sizeof folder, "%s", socket);
	slash = strrchr(folder, '/');
	if (!slash || slash == folder)
		return 0;
	*slash = '\0';
	if (stat(folder, &status) == 0)
		return 0;
	return give(folder, 0750, user);
}

static int become(const struct passwd *user)
{
	if (initgroups(user->pw_name, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 ||
	    setuid(user->pw_uid) < 0) {
		int error = errno;

		log_error("server", NULL, "user %s cannot be taken on: %s", user->pw_name,
			strerror(error));
		return -error;
	}
	return 0;
}

int privileges_drop(const struct config *config)
{
	bool drops = geteuid() == 0 && *config->user;
	const struct passwd *user = drops ? getpwnam(config->user) : NULL;
	int result;

	if (drops && !user) {
		log_error("server", NULL, "there is no user `%s` to run as: make it, or set "
			"`user` in %s", config->user, config->path);
		return -ENOENT;
	}
	result = give(config->data, 0700, user);
	if (result == 0)
		result = prepare_control(config->control, user);
	if (result == 0 && user)
		result = become(user);
	return result;
}
