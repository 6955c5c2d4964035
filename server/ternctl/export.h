/* export.h - accounts and archives in files
 * SPDX-License-Identifier: MIT
 *
 * Documents of XEP-0227 1.1, written to a new file that is the caller's alone; `path` "-" is
 * stdout.  Both answer the exit status, and end the process with a line where they cannot. */
#ifndef EXPORT_H
#define EXPORT_H

/* ternctl archive export: the archive alone, page by page. */
int export_archive(const char *socket, const char *jid, const char *path);

/* ternctl user export: all that the account has, with the archive where the host has those. */
int export_user(const char *socket, const char *jid, const char *path);

#endif
