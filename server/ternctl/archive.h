/* archive.h - archives in files
 * SPDX-License-Identifier: MIT */
#ifndef ARCHIVE_H
#define ARCHIVE_H

/* ternctl archive export: the account's archive, page by page, as a document of XEP-0227 1.1
 * (4.9).  `path` "-" is stdout.  The exit status. */
int archive_export(const char *socket, const char *jid, const char *path);

#endif
