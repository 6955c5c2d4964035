/* doctor/doctor.c - looks at one thing after the other, and tells what it found
 * SPDX-License-Identifier: MIT */

#include "doctor/internal.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const level_names[] = { "good", "doubt", "fault" };

void doctor_say(struct doctor *doctor, enum finding_level level, const char *subject,
	const char *advice, const char *format, ...)
{
	struct finding *finding = arena_zalloc(doctor->arena, sizeof *finding);
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	finding->level = level;
	finding->subject = arena_strdup(doctor->arena, subject);
	finding->text = arena_strdup(doctor->arena, text);
	finding->advice = advice;
	*doctor->last = finding;
	doctor->last = &finding->next;
	doctor->counts[level]++;
}

/* For faults of a file that cannot even be read, other advice would mislead. */
static const char *advice_for(const char *config)
{
	if (access(config, F_OK) < 0 && errno == ENOENT)
		return "Name the server's configuration with -c, or make it: tern.conf(5) begins with a "
			"small one.";
	if (geteuid() != 0)
		return "Run this as root, who may read all of it. If that does not help, mend the file; "
			"tern.conf(5) explains each key.";
	return "Mend the file; tern.conf(5) explains each key. What follows from it (ports, "
		"certificates, names) could not be looked at.";
}

void doctor_read_config(struct doctor *doctor)
{
	const char *path = doctor->wish->config, *advice = advice_for(path);
	char *why = NULL;

	doctor->config = config_read(path, &why);
	if (doctor->config)
		GOOD(doctor, "configuration", "%s can be read", path);
	for (char *rest = why, *fault; (fault = strsep(&rest, "\n"));)
		FAULT(doctor, "configuration", advice, "%s", fault);
	free(why);
}

/* --- telling ----------------------------------------------------------------------------- */

static void print(const struct finding *finding)
{
	static const char *const marks[] = { "ok     ", "doubt  ", "FAULT  " };

	printf("%s%s: %s\n", marks[finding->level], finding->subject, finding->text);
	if (finding->advice)
		printf("       -> %s\n", finding->advice);
}

static void print_all(const struct doctor *doctor)
{
	size_t looked = doctor->counts[0] + doctor->counts[1] + doctor->counts[2];

	for (int level = FINDING_FAULT; level >= FINDING_GOOD; level--) {
		if (level == FINDING_GOOD && !doctor->wish->all)
			break;
		for (const struct finding *one = doctor->first; one; one = one->next) {
			if ((int)one->level == level)
				print(one);
		}
	}
	printf("%zu things were looked at: %zu faults, %zu doubts\n", looked,
		doctor->counts[FINDING_FAULT], doctor->counts[FINDING_DOUBT]);
}

static void print_json(const struct doctor *doctor)
{
	json_t *rows = json_array(), *answer;

	for (const struct finding *one = doctor->first; one; one = one->next) {
		if (one->level != FINDING_GOOD || doctor->wish->all)
			json_array_append_new(rows, json_pack("[s,s,s,s]", level_names[one->level],
				one->subject, one->text, one->advice ? one->advice : ""));
	}
	answer = json_pack("{s:[s,s,s,s],s:o}", "columns", "level", "subject", "finding", "advice",
		"rows", rows);
	json_dumpf(answer, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(answer);
}

/* --- the visit ----------------------------------------------------------------------------- */

int doctor_run(const struct doctor_wish *wish)
{
	struct doctor doctor = { .wish = wish, .arena = arena_create(4096), .now = time(NULL) };

	doctor_refuse_resolver(wish->resolver);
	doctor_refuse_ca(wish->ca);
	doctor.last = &doctor.first;
	doctor_read_config(&doctor);
	doctor_look_at_clock(&doctor);
	if (doctor.config) {
		doctor_look_at_config(&doctor);
		doctor_look_for_server(&doctor);
		doctor_look_at_limits(&doctor);
		doctor_look_at_disk(&doctor);
		doctor_look_at_files(&doctor);
		doctor_look_at_certificates(&doctor);
		doctor_look_at_ports(&doctor);
		doctor_look_at_names(&doctor);
	}
	if (wish->json)
		print_json(&doctor);
	else
		print_all(&doctor);
	config_destroy((struct config *)doctor.config);
	arena_destroy(doctor.arena);
	return doctor.counts[FINDING_FAULT] ? EXIT_FAILURE : EXIT_SUCCESS;
}
