/* scram.c - brings SCRAM credentials into the one form that the server takes
 * SPDX-License-Identifier: MIT */

#include "scram.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "base64.h"
#include "buffer.h"
#include "element.h"
#include "hex.h"
#include "sasl/hashes.h"

enum { TEXT_MOST = BASE64_BYTES(BASE64_BYTES(SCRAM_HASH_MAX)) };

struct value {
	unsigned char bytes[TEXT_MOST];
	size_t len;
};

/* Named as a mechanism, or as ejabberd names it. */
static const struct scram_hash *find_hash(const char *name)
{
	static const char *const short_names[SCRAM_HASH_COUNT] = { "sha", "sha256", "sha512" };

	for (size_t i = 0; name && i < SCRAM_HASH_COUNT; i++) {
		if (strcmp(scram_hashes[i].scheme, name) == 0 || strcmp(short_names[i], name) == 0)
			return &scram_hashes[i];
	}
	return NULL;
}

static bool decode(const char *text, struct value *ret_value)
{
	size_t before = strspn(text, " \t\r\n"), len = strlen(text + before);

	while (len && strchr(" \t\r\n", text[before + len - 1]))
		len--;
	return base64_decode(text + before, len, ret_value->bytes, sizeof ret_value->bytes,
		&ret_value->len) == 0;
}

static bool decode_again(struct value *value)
{
	struct value inner;

	if (base64_decode((const char *)value->bytes, value->len, inner.bytes, sizeof inner.bytes,
			&inner.len) != 0)
		return false;
	*value = inner;
	return true;
}

static bool read_iterations(const char *text, unsigned *ret_iterations)
{
	char *end;
	unsigned long iterations = strtoul(text, &end, 10);

	*ret_iterations = (unsigned)iterations;
	return *text >= '0' && *text <= '9' && !*end && iterations >= 1 &&
		iterations <= SCRAM_ITERATIONS_MAX;
}

/* As texts; and as what they say. */
struct keys { const char *stored, *server, *salt, *iterations; };
struct values { struct value stored, server, salt; };

static const char *refuse_lengths(const struct values *values, size_t size)
{
	if (values->stored.len != size || values->server.len != size)
		return "the keys of its credentials have a wrong length";
	if (values->salt.len == 0 || values->salt.len > SALT_BYTES_MAX)
		return "the salt of its credentials has a wrong length";
	return NULL;
}

/* Where one was encoded twice, all of them were. */
static const char *decode_keys(const struct keys *keys, size_t size, struct values *ret_values)
{
	struct values *values = ret_values;

	if (!decode(keys->stored, &values->stored) || !decode(keys->server, &values->server) ||
	    !decode(keys->salt, &values->salt))
		return "its credentials are not in base64";
	if (values->stored.len != size && (!decode_again(&values->stored) ||
			!decode_again(&values->server) || !decode_again(&values->salt)))
		return "the keys of its credentials have a wrong length";
	return refuse_lengths(values, size);
}

static void add_line(struct buffer *lines, const struct scram_hash *hash, unsigned iterations,
	const struct values *values)
{
	credentials_add_line(lines, hash, &(struct credentials_line){
		.salt = values->salt.bytes, .salt_len = values->salt.len, .iterations = iterations,
		.stored_key = values->stored.bytes, .server_key = values->server.bytes });
}

static const char *read_keys(struct buffer *lines, const char *mechanism, const struct keys *keys)
{
	const struct scram_hash *hash = find_hash(mechanism);
	struct values values;
	unsigned iterations;
	const char *why;

	if (!hash)
		return "its credentials are of a mechanism that is not known here";
	if (!read_iterations(keys->iterations, &iterations))
		return "the iterations of its credentials are no number that can be";
	why = decode_keys(keys, hash->size, &values);
	if (!why)
		add_line(lines, hash, iterations, &values);
	return why;
}

/* --- the forms ----------------------------------------------------------------------------- */

static const char *text_of(const struct element *credentials, const char *name)
{
	const char *text = element_find_text(credentials, NS_SCRAM, name);

	return text ? text : "";
}

const char *scram_read(struct buffer *lines, const struct element *credentials)
{
	return read_keys(lines, element_get(credentials, "mechanism"), &(struct keys){
		text_of(credentials, "stored-key"), text_of(credentials, "server-key"),
		text_of(credentials, "salt"), text_of(credentials, "iter-count") });
}

const char *scram_read_tuple(struct buffer *lines, struct arena *arena, const char *text)
{
	char *rest = arena_strdup(arena, text), *pieces[6];
	const char *mechanism;
	size_t count = 0, first;

	while (count < 6 && (pieces[count] = strsep(&rest, ",")))
		count++;
	if (count != 4 && count != 5)
		return "its password is no tuple of credentials";
	first = count - 4;
	mechanism = first ? pieces[0] : "sha";
	return read_keys(lines, mechanism, &(struct keys){ pieces[first], pieces[first + 1],
		pieces[first + 2], pieces[first + 3] });
}

static bool read_hex(const char *text, struct value *ret_value)
{
	ret_value->len = 0;
	for (; *text; text += 2) {
		int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0 || ret_value->len == SCRAM_HASH_MAX)
			return false;
		ret_value->bytes[ret_value->len++] = (unsigned char)(16 * high + low);
	}
	return true;
}

const char *scram_read_hex(struct buffer *lines, const struct scram_hex *hex)
{
	const struct scram_hash *hash = find_hash("sha");
	struct values values;
	unsigned iterations;
	const char *why;

	if (!hex->stored_key || !hex->server_key || !hex->salt || !hex->iterations)
		return "its credentials are not whole";
	if (!read_iterations(hex->iterations, &iterations))
		return "the iterations of its credentials are no number that can be";
	if (!read_hex(hex->stored_key, &values.stored) || !read_hex(hex->server_key, &values.server))
		return "the keys of its credentials have a wrong length";
	values.salt.len = strlen(hex->salt);
	why = refuse_lengths(&values, hash->size);
	if (why)
		return why;
	memcpy(values.salt.bytes, hex->salt, values.salt.len);
	add_line(lines, hash, iterations, &values);
	return NULL;
}
