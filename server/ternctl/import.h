/* import.h - accounts from files of other servers, and of this one
 * SPDX-License-Identifier: MIT */
#ifndef IMPORT_H
#define IMPORT_H

/* ternctl user import: makes the accounts of a document of XEP-0227 1.1, each with what the
 * server's modules take over; says of each what they did not.  An account that is there already
 * is left as it is.  The exit status: 0 when all accounts were made. */
int import_users(const char *socket, const char *path);

#endif
