/* doctor/files.c - who owns what, and who may read it
 * SPDX-License-Identifier: MIT */

#include "doctor/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NGROUPS_MOST 256

const char *doctor_nearest_path(struct doctor *doctor, const char *path)
{
	char *at = arena_strdup(doctor->arena, path);

	while (access(at, F_OK) < 0) {
		char *slash = strrchr(at, '/');

		if (!slash || slash == at)
			return slash ? "/" : ".";
		*slash = '\0';
	}
	return at;
}

/* Whom the server runs as: NULL where that is whoever starts it. */
static const struct passwd *server_user(struct doctor *doctor)
{
	const char *name = doctor->config->user;
	const struct passwd *user;

	if (!*name)
		return NULL;
	errno = 0;
	user = getpwnam(name);
	if (!user)
		FAULT(doctor, "user", "Make it: systemd-sysusers, or useradd --system tern.",
			"the server shall run as `%s`, and there is no such user", name);
	return user;
}

static bool is_in_group(const struct passwd *user, gid_t gid)
{
	gid_t groups[NGROUPS_MOST];
	int count = NGROUPS_MOST;

	if (getgrouplist(user->pw_name, user->pw_gid, groups, &count) < 0)
		return gid == user->pw_gid;
	while (count > 0 && groups[count - 1] != gid)
		count--;
	return count > 0;
}

static bool may(const struct passwd *user, const struct stat *status, unsigned bit)
{
	if (user->pw_uid == 0)
		return true;
	if (status->st_uid == user->pw_uid)
		return (status->st_mode >> 6 & bit) == bit;
	if (is_in_group(user, status->st_gid))
		return (status->st_mode >> 3 & bit) == bit;
	return (status->st_mode & bit) == bit;
}

/* The first folder on the way to the file that the user may not enter, or NULL; links are followed. */
static const char *find_barrier(struct doctor *doctor, const char *path,
	const struct passwd *user)
{
	char real[PATH_MAX];
	struct stat status;

	if (!realpath(path, real))
		return NULL;
	for (char *slash = strchr(real + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (stat(real, &status) == 0 && !may(user, &status, 1))
			return arena_strdup(doctor->arena, real);
		*slash = '/';
	}
	return NULL;
}

/* A backup that root has copied back is root's. */
static bool look_into_data(struct doctor *doctor, const char *path, const struct passwd *user)
{
	struct dirent *entry;
	struct stat status;
	bool is_well = true;
	DIR *dir = opendir(path);

	while (dir && is_well && (entry = readdir(dir))) {
		if (fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(status.st_mode) || may(user, &status, 6))
			continue;
		is_well = false;
		FAULT(doctor, "data",
			arena_printf(doctor->arena, "Give it to the server: chown -R %s %s.",
				user->pw_name, path),
			"the user `%s` may not write to %s/%s", user->pw_name, path, entry->d_name);
	}
	if (dir)
		closedir(dir);
	return is_well;
}

static void look_at_data(struct doctor *doctor, const struct passwd *user)
{
	const char *path = doctor->config->data;
	struct stat status;

	if (stat(path, &status) < 0) {
		if (errno != ENOENT)
			FAULT(doctor, "data", "Check the path, and who may enter its folders.", "%s: %s",
				path, strerror(errno));
		else if (user && doctor->server == 0)
			GOOD(doctor, "data", "%s will be made", path);
		return;
	}
	if (!S_ISDIR(status.st_mode))
		FAULT(doctor, "data", "Name a folder.", "%s is a file", path);
	else if (user && !may(user, &status, 7))
		FAULT(doctor, "data",
			arena_printf(doctor->arena, "Give it to the server: chown -R %s %s.",
				user->pw_name, path),
			"the user `%s` may not write to %s", user->pw_name, path);
	else if (status.st_mode & 07)
		FAULT(doctor, "data", arena_printf(doctor->arena, "Close it: chmod 700 %s.", path),
			"everybody on this machine may enter %s", path);
	else if (!user || look_into_data(doctor, path, user))
		GOOD(doctor, "data", "%s belongs to the server alone", path);
}

static const char *group_of(const struct passwd *user)
{
	const struct group *group = getgrgid(user->pw_gid);

	return group ? group->gr_name : user->pw_name;
}

/* A certificate may be read by all, its key by none but the server. */
static void look_at_key(struct doctor *doctor, const struct host_config *host,
	const struct passwd *user)
{
	const char *subject = arena_printf(doctor->arena, "key of %s", host->domain);
	const char *barrier = user ? find_barrier(doctor, host->key, user) : NULL;
	struct stat status;

	if (stat(host->key, &status) < 0)
		return;
	if (status.st_mode & 04)
		FAULT(doctor, subject, arena_printf(doctor->arena, "Close it: chmod o-r %s.", host->key),
			"everybody on this machine may read %s", host->key);
	else if (user && !may(user, &status, 4))
		DOUBT(doctor, subject,
			arena_printf(doctor->arena, "Let the server's group read it: chgrp %s %s; "
				"chmod g+r %s. Or restart it when the certificate was renewed.",
				group_of(user), host->key, host->key),
			"the user `%s` may not read %s, so a reload cannot", user->pw_name, host->key);
	else if (barrier)
		DOUBT(doctor, subject,
			arena_printf(doctor->arena, "Let the server's group enter it: chgrp %s %s; "
				"chmod g+x %s. Or restart it when the certificate was renewed.",
				group_of(user), barrier, barrier),
			"the user `%s` may not enter %s, where %s lies, so a reload cannot read it",
			user->pw_name, barrier, host->key);
	else
		GOOD(doctor, subject, "only the server may read it");
}

static void look_at_folder(struct doctor *doctor, const char *subject, const char *path,
	const struct passwd *user)
{
	const char *folder;
	struct stat status;
	char *slash, *copy = arena_strdup(doctor->arena, path);

	slash = strrchr(copy, '/');
	if (slash && slash != copy)
		*slash = '\0';
	folder = slash == copy ? "/" : slash ? copy : ".";
	if (stat(folder, &status) < 0)
		FAULT(doctor, subject, "Make the folder, or name another one.", "%s: %s", folder,
			strerror(errno));
	else if (user && !doctor->server && !may(user, &status, 3))
		DOUBT(doctor, subject, arena_printf(doctor->arena,
			"Give it to the server: chown %s %s (ternd does so itself when root starts it).",
			user->pw_name, folder), "the user `%s` may not write to %s", user->pw_name,
			folder);
	else
		GOOD(doctor, subject, "%s is there", folder);
}

void doctor_look_at_files(struct doctor *doctor)
{
	const struct config *config = doctor->config;
	const struct passwd *user = server_user(doctor);
	const char *target = config->log_target;

	look_at_data(doctor, user);
	look_at_folder(doctor, "control socket", config->control, user);
	if (*target == '/')
		look_at_folder(doctor, "log", target, user);
	for (size_t i = 0; i < config->host_count; i++)
		look_at_key(doctor, &config->hosts[i], user);
}
