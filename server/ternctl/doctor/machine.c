/* doctor/machine.c - the server's process, limits of the kernel, clock and disk
 * SPDX-License-Identifier: MIT */

#include "doctor/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "directory.h"

/* --- the process -------------------------------------------------------------------------- */

void doctor_look_for_server(struct doctor *doctor)
{
	const char *path = doctor->config->control;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct ucred peer;
	socklen_t len = sizeof peer;

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0) {
		doctor->server = peer.pid;
		GOOD(doctor, "ternd", "it runs, as process %d", (int)peer.pid);
	} else if (errno == EACCES) {
		DOUBT(doctor, "ternd", "Run this as root.",
			"whether it runs cannot be seen: %s may not be opened", path);
	} else {
		FAULT(doctor, "ternd", "Start it: systemctl start ternd. Why it ended stands in its "
			"log: journalctl -u ternd.", "it does not run: nobody answers at %s", path);
	}
	if (fd >= 0)
		close(fd);
}

/* --- limits of the kernel ------------------------------------------------------------------ */

#define FILES_LEAST 4096

/* What a line of /proc/PID/limits says: the soft limit; RLIM_INFINITY also for "unlimited". */
static bool read_limit(pid_t pid, const char *name, unsigned long long *ret_limit)
{
	char path[64], line[256];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/limits", (int)pid);
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof line, file)) {
		if (strncmp(line, name, strlen(name)) != 0)
			continue;
		found = true;
		if (sscanf(line + strlen(name), " %llu", ret_limit) != 1)
			*ret_limit = RLIM_INFINITY;
	}
	if (file)
		fclose(file);
	return found;
}

/* ternd raises its soft limit of files to the hard one, so this shell's would tell nothing. */
void doctor_look_at_limits(struct doctor *doctor)
{
	pid_t pid = doctor->server;
	unsigned long long files, memory, size;

	if (!pid || !read_limit(pid, "Max open files", &files))
		return;
	if (files < FILES_LEAST)
		FAULT(doctor, "open files", "Write LimitNOFILE=65536 into its unit (systemctl edit "
			"ternd) and restart it.", "the server may open %llu, so fewer clients than that "
			"can be connected", files);
	else
		GOOD(doctor, "open files", "the server may open %llu", files);
	if (read_limit(pid, "Max address space", &memory) && memory != RLIM_INFINITY)
		FAULT(doctor, "address space", "Take the limit away (LimitAS=, ulimit -v).",
			"the server is held to %llu bytes, and maps its database into a terabyte", memory);
	if (read_limit(pid, "Max file size", &size) && size != RLIM_INFINITY)
		FAULT(doctor, "file size", "Take the limit away (LimitFSIZE=, ulimit -f).",
			"the server's database may not grow beyond %llu bytes", size);
}

/* --- clock ----------------------------------------------------------------------------------- */

#define BUILT_AFTER 1735689600 /* 2025-01-01: there was no Tern before */
#define CLOCK_SLACK_S 300

static void look_at_data_time(struct doctor *doctor)
{
	struct stat status;
	const char *path;

	if (!doctor->config)
		return;
	path = arena_printf(doctor->arena, "%s/%s", doctor->config->data, DATA_FILE);
	if (stat(path, &status) == 0 && status.st_mtime > doctor->now + CLOCK_SLACK_S)
		FAULT(doctor, "clock", "Set the right time, and have it kept: timedatectl set-ntp true.",
			"the data were written %lld s in the future: the clock has been set back",
			(long long)(status.st_mtime - doctor->now));
}

void doctor_look_at_clock(struct doctor *doctor)
{
	struct timex kernel = { 0 };

	look_at_data_time(doctor);
	if (doctor->now < BUILT_AFTER)
		FAULT(doctor, "clock", "Set the right time, and have it kept: timedatectl set-ntp true.",
			"it stands in the past: certificates seem not to be valid yet, and archives get "
			"wrong dates");
	else if (adjtimex(&kernel) >= 0 && kernel.status & STA_UNSYNC)
		DOUBT(doctor, "clock", "Have it kept by NTP: timedatectl set-ntp true.",
			"nobody keeps it in step with the world");
	else
		GOOD(doctor, "clock", "it is kept in step");
}

/* --- disk ---------------------------------------------------------------------------------- */

#define SPACE_LEAST (UINT64_C(256) << 20)
#define SPACE_WANTED (UINT64_C(1) << 30)

/* From linux/magic.h: places where a database of this kind does not keep its promises. */
static const struct { unsigned long magic; const char *name, *why; } odd_places[] = {
	{ 0x6969, "NFS", "locks and maps of a file do not hold over a network" },
	{ 0xff534d42, "CIFS", "locks and maps of a file do not hold over a network" },
	{ 0xfe534d42, "SMB", "locks and maps of a file do not hold over a network" },
	{ 0x01021994, "tmpfs", "what is in memory is gone after a reboot" },
};

static void look_at_place(struct doctor *doctor, const char *path)
{
	struct statfs place;

	if (statfs(path, &place) < 0)
		return;
	for (size_t i = 0; i < sizeof odd_places / sizeof *odd_places; i++) {
		if ((unsigned long)(unsigned)place.f_type == odd_places[i].magic)
			FAULT(doctor, "data", "Move `data` to a disk of this machine.",
				"%s is on %s: %s", path, odd_places[i].name, odd_places[i].why);
	}
}

void doctor_look_at_disk(struct doctor *doctor)
{
	const char *path = doctor_nearest_path(doctor, doctor->config->data);
	struct statvfs disk;
	uint64_t left;

	look_at_place(doctor, path);
	if (statvfs(path, &disk) < 0) {
		FAULT(doctor, "disk", "Check `data` in the configuration.", "%s: %s", path,
			strerror(errno));
		return;
	}
	left = (uint64_t)disk.f_bavail * disk.f_frsize;
	if (disk.f_flag & ST_RDONLY)
		FAULT(doctor, "disk", "Mount it for writing; the kernel's log (dmesg) tells whether it "
			"has errors.", "%s cannot be written to: its file system is read-only", path);
	else if (left < SPACE_LEAST)
		FAULT(doctor, "disk", "Make room: below a reserve the server takes deletions alone.",
			"%" PRIu64 " MiB are left for %s", left >> 20, path);
	else if (left < SPACE_WANTED)
		DOUBT(doctor, "disk", "Make room before it is needed.", "%" PRIu64
			" MiB are left for %s", left >> 20, path);
	else
		GOOD(doctor, "disk", "%" PRIu64 " GiB are left for %s", left >> 30, path);
	if (disk.f_files && disk.f_favail < 100)
		FAULT(doctor, "disk", "Delete files that nobody needs.",
			"the file system of %s can hold no more files", path);
}
