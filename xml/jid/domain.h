/* domain.h - the domain part of an address that is more than lower-case ASCII
 * SPDX-License-Identifier: MIT */
#ifndef DOMAIN_H
#define DOMAIN_H

#include <stddef.h>

/* Normalises into `ret_domain` (room for JID_PART_MAX + 1): labels as U-labels by IDNA2008,
 * IP literals in brackets in their shortest form.  The length, or 0 when it is no domain. */
size_t domain_prepare(const char *text, size_t len, char *ret_domain);

#endif
