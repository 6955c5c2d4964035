/* info.c - gathers what the host's modules announce (XEP-0030 3.1, XEP-0128)
 * SPDX-License-Identifier: MIT */

#include "info.h"

#include "module.h"

static void add_feature(void *context, const char *feature)
{
	element_set(element_add(context, NULL, "feature"), "var", feature);
}

static void add_identity(void *context, const struct tern_identity *identity)
{
	struct element *xml = element_add(context, NULL, "identity");

	element_set(xml, "category", identity->category);
	element_set(xml, "type", identity->type);
	if (identity->name)
		element_set(xml, "name", identity->name);
}

struct element *info_new(struct arena *arena, const struct tern_host *host, bool of_account)
{
	struct element *query = element_new(arena, NS_DISCO_INFO, "query");

	tern_host_identities(host, of_account, add_identity, query);
	tern_host_features(host, of_account, add_feature, query);
	if (!of_account)
		tern_host_forms(host, query);
	return query;
}
