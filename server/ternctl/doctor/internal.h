/* doctor/internal.h - findings, and what the doctor looks at
 * SPDX-License-Identifier: MIT */
#ifndef DOCTOR_INTERNAL_H
#define DOCTOR_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

#include "arena.h"
#include "config.h"
#include "../doctor.h"

enum finding_level { FINDING_GOOD, FINDING_DOUBT, FINDING_FAULT };

struct finding {
	struct finding *next;
	enum finding_level level;
	const char *subject; /* "certificate of example.org" */
	const char *text;
	const char *advice;  /* NULL: none is needed */
};

struct doctor {
	const struct doctor_wish *wish;
	struct arena *arena;
	const struct config *config; /* NULL: it cannot be read */
	time_t now;
	pid_t server;                /* of the server that runs; 0: none */
	struct finding *first, **last;
	size_t counts[3];            /* by level */
};

/* `advice` is kept by pointer; texts are of the arena. */
void doctor_say(struct doctor *doctor, enum finding_level level, const char *subject,
	const char *advice, const char *format, ...) __attribute__((format(printf, 5, 6)));
#define GOOD(doctor, subject, ...) doctor_say(doctor, FINDING_GOOD, subject, NULL, __VA_ARGS__)
#define DOUBT(doctor, subject, advice, ...) \
	doctor_say(doctor, FINDING_DOUBT, subject, advice, __VA_ARGS__)
#define FAULT(doctor, subject, advice, ...) \
	doctor_say(doctor, FINDING_FAULT, subject, advice, __VA_ARGS__)

/* What the caller wished for and cannot be done ends the program; NULL: no wish. */
void doctor_refuse_resolver(const char *text);
void doctor_refuse_ca(const char *path);

/* Each looks at one thing; those below the line want a configuration. */
void doctor_read_config(struct doctor *doctor);
void doctor_look_at_clock(struct doctor *doctor);
/* --- */
void doctor_look_at_config(struct doctor *doctor);
void doctor_look_for_server(struct doctor *doctor);
void doctor_look_at_limits(struct doctor *doctor);
void doctor_look_at_disk(struct doctor *doctor);
void doctor_look_at_files(struct doctor *doctor);
void doctor_look_at_certificates(struct doctor *doctor);
void doctor_look_at_ports(struct doctor *doctor);
void doctor_look_at_names(struct doctor *doctor);

/* A path that exists: the file, or the folder it would be in. */
const char *doctor_nearest_path(struct doctor *doctor, const char *path);

/* A TCP connection within a few seconds: the descriptor, or -errno. */
int doctor_connect(const struct sockaddr *address, socklen_t len);

#endif
