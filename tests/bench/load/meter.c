/* meter.c - reads what a server process and its children cost, from /proc */
/* SPDX-License-Identifier: MIT */
#include "meter.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { FAMILY_MAX = 64 };

struct family {
	pid_t members[FAMILY_MAX];
	unsigned count;
};

uint64_t meter_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* User and system time of all threads, ended ones too: stat has it in ticks of 10 ms only. */
static double read_process_clock(pid_t pid, double otherwise)
{
	struct timespec spent;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &spent) != 0)
		return otherwise;
	return (double)spent.tv_sec + (double)spent.tv_nsec * 1e-9;
}

/* Fields 4 (parent) and 14 to 17 (times in ticks) of proc(5)'s stat. */
static bool read_stat(pid_t pid, pid_t *ret_parent, double *ret_cpu_s)
{
	char path[64], line[1024], *fields;
	double tick_s = 1.0 / (double)sysconf(_SC_CLK_TCK);
	unsigned long own[2];
	long children[2];
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	fields = fgets(line, sizeof line, file);
	fclose(file);
	/* The command's name stands in parentheses and may hold anything. */
	if (!fields || !(fields = strrchr(line, ')')))
		return false;
	if (sscanf(fields + 2, "%*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld",
			ret_parent, &own[0], &own[1], &children[0], &children[1]) != 5)
		return false;
	*ret_cpu_s = read_process_clock(pid, (double)(own[0] + own[1]) * tick_s) +
		(double)(children[0] + children[1]) * tick_s;
	return true;
}

static bool family_has(const struct family *family, pid_t pid)
{
	for (unsigned i = 0; i < family->count; i++) {
		if (family->members[i] == pid)
			return true;
	}
	return false;
}

/* Adds the children of members; returns whether it found one. */
static bool family_grow(struct family *family)
{
	unsigned before = family->count;
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10), parent;
		double cpu_s;

		if (pid > 0 && family->count < FAMILY_MAX && read_stat(pid, &parent, &cpu_s) &&
		    family_has(family, parent) && !family_has(family, pid))
			family->members[family->count++] = pid;
	}
	if (proc)
		closedir(proc);
	return family->count > before;
}

static struct family find_family(pid_t server)
{
	struct family family = { .members = { server }, .count = 1 };

	while (family_grow(&family))
		continue;
	return family;
}

struct meter_reading meter_read(pid_t server)
{
	struct meter_reading reading = { 0 };
	struct timespec own;

	if (server > 0) {
		struct family family = find_family(server);

		for (unsigned i = 0; i < family.count; i++) {
			double cpu_s = 0;
			pid_t parent;

			read_stat(family.members[i], &parent, &cpu_s);
			reading.server_cpu_s += cpu_s;
		}
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
	reading.own_cpu_s = (double)own.tv_sec + (double)own.tv_nsec * 1e-9;
	reading.at_ns = meter_now_ns();
	return reading;
}

static uint64_t read_anonymous(pid_t pid)
{
	unsigned long long kilobytes = 0;
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof line, file)) {
		if (sscanf(line, "Anonymous: %llu kB", &kilobytes) == 1)
			break;
	}
	if (file)
		fclose(file);
	return kilobytes * 1024;
}

static unsigned count_descriptors(pid_t pid)
{
	char path[64];
	unsigned count = 0;
	struct dirent *entry;
	DIR *directory;

	snprintf(path, sizeof path, "/proc/%d/fd", pid);
	directory = opendir(path);
	while (directory && (entry = readdir(directory)))
		count += isdigit((unsigned char)entry->d_name[0]) != 0;
	if (directory)
		closedir(directory);
	return count;
}

void meter_read_memory(pid_t server, struct meter_reading *reading)
{
	struct family family;

	if (server <= 0)
		return;
	family = find_family(server);
	for (unsigned i = 0; i < family.count; i++) {
		reading->anonymous_bytes += read_anonymous(family.members[i]);
		reading->descriptors += count_descriptors(family.members[i]);
	}
}
