/* wrong_machine.c - preloaded, it makes a program believe that its machine is set up badly
 * SPDX-License-Identifier: MIT
 *
 * MACHINE_SHIFT_S    the clock is off by so many seconds
 * MACHINE_UNSYNC     nobody keeps the clock (else somebody does)
 * MACHINE_FREE_MIB   so much space is left
 * MACHINE_READONLY   file systems are read-only
 * MACHINE_MAGIC      file systems are of that type */

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/vfs.h>
#include <time.h>

static long number(const char *name)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 0) : 0;
}

__attribute__((visibility("default"))) time_t time(time_t *ret_time)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += number("MACHINE_SHIFT_S");
	if (ret_time)
		*ret_time = now.tv_sec;
	return now.tv_sec;
}

__attribute__((visibility("default"))) int adjtimex(struct timex *kernel)
{
	memset(kernel, 0, sizeof *kernel);
	kernel->status = getenv("MACHINE_UNSYNC") ? STA_UNSYNC : 0;
	return 0;
}

__attribute__((visibility("default"))) int statvfs(const char *path, struct statvfs *ret_disk)
{
	int (*real)(const char *, struct statvfs *) = dlsym(RTLD_NEXT, "statvfs64");
	int result = real(path, ret_disk);
	long free_mib = number("MACHINE_FREE_MIB");

	ret_disk->f_frsize = 4096;
	ret_disk->f_bavail = (unsigned long)(free_mib ? free_mib : 10240) << 8;
	if (getenv("MACHINE_READONLY"))
		ret_disk->f_flag |= ST_RDONLY;
	return result;
}

__attribute__((visibility("default"))) int statfs(const char *path, struct statfs *ret_place)
{
	int (*real)(const char *, struct statfs *) = dlsym(RTLD_NEXT, "statfs64");
	int result = real(path, ret_place);

	ret_place->f_type = number("MACHINE_MAGIC");
	return result;
}
