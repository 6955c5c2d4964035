/* sasl/messages.c - what clients say in SASL, taken apart
 * SPDX-License-Identifier: MIT */

#include "sasl/messages.h"

#include <string.h>

#include "arena.h"
#include "base64.h"

/* Cuts the text in front of the next comma off. */
static char *cut(char **rest)
{
	char *field = *rest;
	char *comma = field ? strchr(field, ',') : NULL;

	if (comma)
		*comma++ = '\0';
	*rest = comma;
	return field;
}

static const char *value_of(const char *field, char name)
{
	if (!field || field[0] != name || field[1] != '=')
		return NULL;
	return field + 2;
}

/* RFC 5802 5.1: "=2C" and "=3D" stand for "," and "=". */
static bool decode_saslname(char *name)
{
	char *out = name;

	for (; *name; name++) {
		if (*name != '=') {
			*out++ = *name;
			continue;
		}
		if (strncmp(name, "=2C", 3) != 0 && strncmp(name, "=3D", 3) != 0)
			return false;
		*out++ = name[1] == '2' ? ',' : '=';
		name += 2;
	}
	*out = '\0';
	return true;
}

static bool read_flag(const char *field, struct scram_first *ret_first)
{
	if (!field)
		return false;
	ret_first->flag = (enum binding_flag)field[0];
	if (field[0] == BINDING_USED) {
		ret_first->binding = value_of(field, 'p');
		return ret_first->binding && *ret_first->binding;
	}
	return (field[0] == BINDING_UNSUPPORTED || field[0] == BINDING_MISSED) && !field[1];
}

static bool read_authzid(char *field, struct scram_first *ret_first)
{
	if (!field)
		return false;
	ret_first->authzid = "";
	if (!*field)
		return true;
	ret_first->authzid = value_of(field, 'a');
	return ret_first->authzid && *ret_first->authzid && decode_saslname(field + 2);
}

bool scram_first_parse(struct arena *arena, const char *bytes, size_t len,
	struct scram_first *ret_first)
{
	char *rest = arena_strndup(arena, bytes, len);
	struct scram_first first = { .binding = NULL };
	char *name;
	const char *nonce;

	if (memchr(bytes, '\0', len) || !read_flag(cut(&rest), &first) ||
	    !read_authzid(cut(&rest), &first))
		return false;
	/* A mandatory extension, "m=", fails here too: none is known. */
	name = cut(&rest);
	first.name = value_of(name, 'n');
	nonce = value_of(cut(&rest), 'r');
	if (!first.name || !*first.name || !decode_saslname(name + 2) || !nonce || !*nonce)
		return false;
	*ret_first = first;
	return true;
}

static bool is_base64(const char *text)
{
	unsigned char bytes[512];
	size_t len;

	return text && base64_decode(text, strlen(text), bytes, sizeof bytes, &len) == 0;
}

bool scram_final_is_well_formed(const char *bytes, size_t len)
{
	char text[2048];
	char *rest = text, *field;

	if (len >= sizeof text || memchr(bytes, '\0', len))
		return false;
	memcpy(text, bytes, len);
	text[len] = '\0';
	if (!is_base64(value_of(cut(&rest), 'c')) || !value_of(cut(&rest), 'r'))
		return false;
	do
		field = cut(&rest);
	while (rest);
	return is_base64(value_of(field, 'p'));
}

bool plain_parse(struct arena *arena, const char *bytes, size_t len,
	struct plain_message *ret_message)
{
	const char *authzid = arena_strndup(arena, bytes, len);
	const char *end = authzid + len;
	const char *name = authzid + strlen(authzid) + 1;
	const char *password = name < end ? name + strlen(name) + 1 : end;

	if (name >= end || password >= end || !*name || password + strlen(password) != end)
		return false;
	*ret_message = (struct plain_message){ authzid, name, password };
	return true;
}
