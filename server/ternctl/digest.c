/* digest.c - makes, writes and reads the digest of a backup
 * SPDX-License-Identifier: MIT */

#include "digest.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "directory.h"
#include "hex.h"

#define DIGEST_FILE DATA_FILE ".sha256"

enum { BYTES = 32, PIECE = 1 << 20 };

static int hash_all(int file, gnutls_hash_hd_t hash)
{
	char *piece = malloc(PIECE);
	int result = piece ? 0 : -ENOMEM;
	ssize_t got;

	while (result == 0 && (got = read(file, piece, PIECE)) != 0) {
		if (got > 0)
			gnutls_hash(hash, piece, (size_t)got);
		else if (errno != EINTR)
			result = -errno;
	}
	free(piece);
	return result;
}

int digest_of_file(const char *path, char ret_text[DIGEST_TEXT_SIZE])
{
	unsigned char bytes[BYTES];
	gnutls_hash_hd_t hash;
	int file = open(path, O_RDONLY | O_CLOEXEC), result;

	if (file < 0)
		return -errno;
	if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) < 0) {
		close(file);
		return -ENOMEM;
	}
	result = hash_all(file, hash);
	gnutls_hash_deinit(hash, bytes);
	close(file);
	if (result < 0)
		return result;
	hex_encode(bytes, BYTES, ret_text);
	return 0;
}

int digest_write(const char *directory, const char *text)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", directory, DIGEST_FILE);
	file = fopen(path, "we");
	if (!file)
		return -errno;
	fprintf(file, "%s  %s\n", text, DATA_FILE);
	if (fclose(file) != 0)
		return -errno;
	return directory_sync(directory, DIGEST_FILE);
}

int digest_read(const char *directory, char ret_text[DIGEST_TEXT_SIZE])
{
	char path[PATH_MAX], text[DIGEST_TEXT_SIZE] = "";
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", directory, DIGEST_FILE);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	if (fscanf(file, "%64[0-9a-f]", text) != 1)
		text[0] = '\0';
	fclose(file);
	if (strlen(text) != DIGEST_TEXT_SIZE - 1)
		return -EBADMSG;
	memcpy(ret_text, text, DIGEST_TEXT_SIZE);
	return 0;
}
