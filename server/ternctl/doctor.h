/* doctor.h - ternctl doctor: what is wrong with this machine, in plain words
 * SPDX-License-Identifier: MIT
 *
 * Looks at everything that a server needs and a new administrator can get wrong, whether ternd
 * runs or not, and says of each fault what to do about it. */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <stdbool.h>

struct doctor_wish {
	const char *config;   /* path */
	const char *resolver; /* "ADDRESS:PORT" of a name server; NULL: the system's */
	const char *ca;       /* PEM of authorities to trust as well; NULL: the system's alone */
	bool all;             /* also what is as it should be */
	bool json;
};

/* Prints what was found; the exit status: 0 when nothing is wrong (doubts may be). */
int doctor_run(const struct doctor_wish *wish);

#endif
