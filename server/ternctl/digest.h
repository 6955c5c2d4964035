/* digest.h - what a backup's file must be, to the bit
 * SPDX-License-Identifier: MIT
 *
 * A line as sha256sum(1) writes and checks it, in DIR/data.mdb.sha256. */
#ifndef DIGEST_H
#define DIGEST_H

#define DIGEST_TEXT_SIZE 65 /* SHA-256 in hexadecimal, and a NUL */

/* Both 0 or -errno. */
int digest_of_file(const char *path, char ret_text[DIGEST_TEXT_SIZE]);
int digest_write(const char *directory, const char *text);

/* What digest_write wrote; -ENOENT when nothing did, -EBADMSG when it is not a digest. */
int digest_read(const char *directory, char ret_text[DIGEST_TEXT_SIZE]);

#endif
