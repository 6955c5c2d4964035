/* clock.c - preloaded into ternd: moves the time of day by what the file TERN_FAULTS_CLOCK says
 * SPDX-License-Identifier: MIT
 *
 * The file holds one number of seconds, which may change at any time; it is mapped. */

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static const volatile int64_t *moved_s;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("TERN_FAULTS_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map;

	if (fd < 0)
		return;
	map = mmap(NULL, sizeof *moved_s, PROT_READ, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED)
		moved_s = map;
	close(fd);
}

EXPORT int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	int result = (int)syscall(SYS_clock_gettime, clock, ret_time);

	if (result == 0 && moved_s && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		ret_time->tv_sec += (time_t)*moved_s;
	return result;
}

EXPORT int gettimeofday(struct timeval *restrict ret_time, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*ret_time = (struct timeval){ now.tv_sec, now.tv_nsec / 1000 };
	return 0;
}

EXPORT time_t time(time_t *ret_time)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret_time)
		*ret_time = now.tv_sec;
	return now.tv_sec;
}
