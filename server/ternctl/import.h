/* import.h - accounts from files of other servers, and of this one
 * SPDX-License-Identifier: MIT */
#ifndef IMPORT_H
#define IMPORT_H

/* ternctl user import: makes the accounts of documents of XEP-0227 1.1 (document.h says what the path
 * may be), each with what the server's modules take over, and says with file and line what was not.
 * An account that is there already is left as it is.  The exit status: 0 when everything was taken
 * over. */
int import_users(const char *socket, const char *path);

#endif
