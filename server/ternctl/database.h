/* database.h - what ternctl does with data directories itself
 * SPDX-License-Identifier: MIT */
#ifndef DATABASE_H
#define DATABASE_H

/* Each says on stdout and stderr what it finds, and is the process's exit status. */

/* ternctl db check DATA; of a running server, too. */
int database_check(const char *directory);

/* ternctl restore BACKUP DATA: checks the backup, copies it, and compares the copy. */
int database_restore(const char *backup, const char *directory);

/* Behind `ternctl backup DIR`: checks the copy that the server has made, and writes its
 * digest beside it.  In the background of everything else. */
int database_finish_backup(const char *directory);

#endif
