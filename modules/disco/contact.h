/* contact.h - addresses at which the people of a host can be reached (XEP-0157 1.1.1)
 * SPDX-License-Identifier: MIT */
#ifndef CONTACT_H
#define CONTACT_H

struct arena;
struct element;

/* Whom one writes to about what; the options and the fields share the names. */
#define CONTACTS(X) \
	X(abuse, "abuse-addresses", "URIs for reports of abuse (XEP-0157), such as mailto:abuse@example.org") \
	X(admin, "admin-addresses", "URIs of the administrators") \
	X(feedback, "feedback-addresses", "URIs for opinions") \
	X(sales, "sales-addresses", "URIs for customers to be") \
	X(security, "security-addresses", "URIs for reports of weak spots") \
	X(status, "status-addresses", "URIs that tell whether all is well") \
	X(support, "support-addresses", "URIs for people who need help")

/* Lists that end with NULL, none of them NULL. */
struct contacts {
#define X(field, name, about) const char *const *field;
	CONTACTS(X)
#undef X
};

/* NULL, or what is wrong with the URI, of the arena. */
const char *contact_refuse(struct arena *arena, const char *uri);

/* Adds the form with the lists that have something in them; none when all are empty. */
void contacts_add(struct element *query, const struct contacts *contacts);

#endif
