/* doctor/records.c - takes answers of DNS apart: SRV, A and AAAA (RFC 1035 4.1, RFC 2782)
 * SPDX-License-Identifier: MIT */

#include "doctor/records.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#define SRV_NAME_AT 6 /* behind priority, weight and port */

static bool take_srv(const ns_msg *message, const ns_rr *record, struct records *records)
{
	const unsigned char *data = ns_rr_rdata(*record);
	int at = records->count;

	if (ns_rr_rdlen(*record) <= SRV_NAME_AT)
		return false;
	records->srv[at].port = ns_get16(data + 4);
	return ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), data + SRV_NAME_AT,
		records->srv[at].name, NS_MAXDNAME) >= 0;
}

static bool take_address(const ns_rr *record, struct sockaddr_storage *ret_address)
{
	struct sockaddr_in *four = (struct sockaddr_in *)ret_address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret_address;
	bool is_four = ns_rr_type(*record) == ns_t_a;
	size_t len = is_four ? sizeof four->sin_addr : sizeof six->sin6_addr;

	if (ns_rr_rdlen(*record) != len)
		return false;
	ret_address->ss_family = is_four ? AF_INET : AF_INET6;
	memcpy(is_four ? (void *)&four->sin_addr : (void *)&six->sin6_addr, ns_rr_rdata(*record), len);
	return true;
}

static void take(const ns_msg *message, const ns_rr *record, struct records *records)
{
	bool is_taken = false;

	if (records->count == RECORDS_MAX)
		return;
	if (ns_rr_type(*record) == ns_t_srv)
		is_taken = take_srv(message, record, records);
	else if (ns_rr_type(*record) == ns_t_a || ns_rr_type(*record) == ns_t_aaaa)
		is_taken = take_address(record, &records->addresses[records->count]);
	records->count += is_taken;
}

int records_read(struct records *records, const unsigned char *bytes, size_t len)
{
	ns_msg message;

	if (len > INT_MAX || ns_initparse(bytes, (int)len, &message) < 0)
		return -EBADMSG;
	if (records->count < 0)
		records->count = 0;
	for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
		ns_rr record;

		if (ns_parserr(&message, ns_s_an, i, &record) == 0)
			take(&message, &record, records);
	}
	return 0;
}
