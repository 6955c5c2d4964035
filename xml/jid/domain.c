/* jid/domain.c - domain names by IDNA2008, and IP literals
 * SPDX-License-Identifier: MIT */

#include "jid/domain.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "jid.h"
#include "jid/precis.h"

#define LABEL_MAX 63
#define NAME_MAX_BYTES 253 /* of the name as DNS would carry it */

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* A label of letters, digits and hyphens that claims nothing by "--" (RFC 5890 2.3.1). */
static bool is_plain_label(const char *label, size_t len)
{
	if (len == 0 || len > LABEL_MAX || label[0] == '-' || label[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_letter_or_digit(label[i]) && label[i] != '-')
			return false;
	return len < 4 || label[2] != '-' || label[3] != '-';
}

static bool is_ascii(const struct precis_text *text)
{
	for (size_t i = 0; i < text->len; i++)
		if (text->points[i] > 0x7F)
			return false;
	return true;
}

/* Cherokee folds to its capitals, which are those that IDNA2008 allows. */
static uint32_t fold_cherokee(uint32_t point)
{
	if (point >= 0xAB70 && point <= 0xABBF)
		return point - 0xAB70 + 0x13A0;
	return point >= 0x13F8 && point <= 0x13FD ? point - 8 : point;
}

/* RFC 5895: width, case, NFC, and the other full stop. */
static bool map(struct precis_text *text)
{
	precis_map_width(text);
	if (!precis_lower(text))
		return false;
	for (size_t i = 0; i < text->len; i++)
		text->points[i] = text->points[i] == 0x3002 ? '.' : fold_cherokee(text->points[i]);
	return true;
}

static bool is_mapped(const struct precis_text *label)
{
	struct precis_text mapped;

	mapped.len = label->len;
	memcpy(mapped.points, label->points, label->len * sizeof *label->points);
	return map(&mapped) && mapped.len == label->len &&
	       memcmp(mapped.points, label->points, label->len * sizeof *label->points) == 0;
}

/* "xn--..." to what it stands for. */
static bool decode_a_label(struct precis_text *label, const char *a_label)
{
	char *u_label = NULL;
	bool decoded;

	if (idn2_to_unicode_8z8z(a_label, &u_label, 0) != IDN2_OK)
		return false;
	decoded = precis_decode(label, u_label, strlen(u_label)) && !is_ascii(label);
	idn2_free(u_label);
	return decoded && is_mapped(label);
}

/* The label as DNS has it, or 0: libidn2 judges characters, contexts and direction as a
 * registry would. */
static size_t encode_a_label(const struct precis_text *label, char *ret_a_label)
{
	uint8_t u_label[4 * LABEL_MAX + 1];
	uint8_t *made = NULL;
	size_t len;

	if (!precis_encode(label, (char *)u_label, sizeof u_label))
		return 0;
	if (idn2_register_u8(u_label, NULL, &made, 0) != IDN2_OK)
		return 0;
	len = strlen((char *)made);
	if (len <= LABEL_MAX)
		memcpy(ret_a_label, made, len + 1);
	idn2_free(made);
	return len <= LABEL_MAX ? len : 0;
}

/* Checks one label, and turns an A-label into its U-label.  The length that it has in
 * DNS, or 0. */
static size_t prepare_label(struct precis_text *label)
{
	char text[LABEL_MAX + 1];
	char a_label[LABEL_MAX + 1];
	size_t len;

	if (!is_ascii(label))
		return encode_a_label(label, a_label);
	len = precis_encode(label, text, sizeof text);
	if (len < 4 || strncmp(text, "xn--", 4) != 0)
		return is_plain_label(text, len) ? len : 0;
	if (!decode_a_label(label, text))
		return 0;
	len = encode_a_label(label, a_label);
	return len > 0 && strcmp(text, a_label) == 0 ? len : 0;
}

static size_t find_dot(const struct precis_text *text, size_t from)
{
	while (from < text->len && text->points[from] != '.')
		from++;
	return from;
}

/* RFC 5893: one label from right to left puts all labels under the rule. */
static bool labels_obey_bidi_rule(const struct precis_text *name)
{
	if (!precis_is_bidi(name->points, name->len))
		return true;
	for (size_t start = 0, end; start < name->len; start = end + 1) {
		end = find_dot(name, start);
		if (!precis_obeys_bidi_rule(name->points + start, end - start))
			return false;
	}
	return true;
}

static bool append(struct precis_text *name, const struct precis_text *label)
{
	if (name->len + label->len + 1 > PRECIS_MAX)
		return false;
	if (name->len > 0)
		name->points[name->len++] = '.';
	memcpy(name->points + name->len, label->points, label->len * sizeof *label->points);
	name->len += label->len;
	return true;
}

static bool prepare_labels(const struct precis_text *text, struct precis_text *name)
{
	size_t dns_len = 0;

	name->len = 0;
	for (size_t start = 0, end; start <= text->len; start = end + 1) {
		struct precis_text label;
		size_t label_len;

		end = find_dot(text, start);
		/* An A-label decodes to fewer characters than it has itself. */
		label.len = end - start;
		if (label.len == 0 || label.len > LABEL_MAX)
			return false;
		memcpy(label.points, text->points + start, label.len * sizeof *label.points);
		label_len = prepare_label(&label);
		dns_len += label_len + 1;
		if (label_len == 0 || dns_len > NAME_MAX_BYTES + 1 || !append(name, &label))
			return false;
	}
	return labels_obey_bidi_rule(name);
}

static size_t prepare_ip_literal(const char *text, size_t len, char *ret_domain)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr binary;

	if (len < 3 || text[len - 1] != ']' || len - 2 >= sizeof address)
		return 0;
	memcpy(address, text + 1, len - 2);
	address[len - 2] = '\0';
	if (strlen(address) != len - 2 || inet_pton(AF_INET6, address, &binary) != 1)
		return 0;
	ret_domain[0] = '[';
	inet_ntop(AF_INET6, &binary, ret_domain + 1, INET6_ADDRSTRLEN);
	strcat(ret_domain, "]");
	return strlen(ret_domain);
}

size_t domain_prepare(const char *text, size_t len, char *ret_domain)
{
	struct precis_text points;
	struct precis_text name;

	if (len == 0 || len > JID_PART_MAX)
		return 0;
	if (text[0] == '[')
		return prepare_ip_literal(text, len, ret_domain);
	if (!precis_decode(&points, text, len) || !map(&points))
		return 0;
	/* RFC 7622 3.2: the dot of the root goes. */
	if (points.len > 1 && points.points[points.len - 1] == '.')
		points.len--;
	if (!prepare_labels(&points, &name))
		return 0;
	return precis_encode(&name, ret_domain, JID_PART_MAX + 1);
}
