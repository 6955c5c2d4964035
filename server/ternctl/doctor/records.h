/* doctor/records.h - what an answer of DNS says
 * SPDX-License-Identifier: MIT */
#ifndef DOCTOR_RECORDS_H
#define DOCTOR_RECORDS_H

#include <arpa/nameser.h>
#include <stddef.h>
#include <sys/socket.h>

#define RECORDS_MAX 16

/* Of SRV records or of addresses. */
struct records {
	int count; /* -1: nobody could be asked */
	struct { char name[NS_MAXDNAME]; unsigned port; } srv[RECORDS_MAX];
	struct sockaddr_storage addresses[RECORDS_MAX];
};

/* Adds what the message answers, and passes over what is no record or too much; 0, or -EBADMSG
 * where it is no message. */
int records_read(struct records *records, const unsigned char *bytes, size_t len);

#endif
