/* administration.c - service administration (XEP-0133 1.3.1), as recipes of ternctl's commands
 * SPDX-License-Identifier: MIT
 *
 * What the server has no function for is not here: black and white lists, messages of the day, welcome
 * messages. Administrators are named in the configuration, and whoever restarts the server, or
 * ends it, ends it for its other hosts too. */

#include <string.h>

#include "commands.h"

#define NS_ROSTER "jabber:iq:roster"
#define WORDS(...) (const char *const[]){ __VA_ARGS__, NULL }
#define FIELDS(...) (const struct form_field[]){ __VA_ARGS__, { 0 } }

/* --- what stands behind the address -------------------------------------------------------- */

static void argue_password(const struct errand *errand, const char **arguments)
{
	arguments[0] = "--password";
	arguments[1] = errand->answers[1].values[0];
}

static const char *refuse_unequal(const struct form_answer *answers)
{
	const struct form_answer *password = &answers[1], *again = &answers[2];

	return again->count && strcmp(again->values[0], password->values[0]) != 0 ?
		"password-verify is not the password" : NULL;
}

static void argue_disabled(const struct errand *errand, const char **arguments)
{
	arguments[0] = "--disabled";
}

static const char *refuse_empty(const struct form_answer *answers)
{
	for (size_t i = 0; i < answers[0].count; i++)
		if (*answers[0].values[i])
			return NULL;
	return "the announcement is empty";
}

/* Its lines as one text. */
static void argue_announcement(const struct errand *errand, const char **arguments)
{
	const struct form_answer *lines = &errand->answers[0];
	const char *text = lines->values[0];

	for (size_t i = 1; i < lines->count; i++)
		text = arena_printf(errand->arena, "%s\n%s", text, lines->values[i]);
	arguments[0] = "--text";
	arguments[1] = text;
}

/* --- what is told of accounts -------------------------------------------------------------- */

static struct element *field_of(struct errand *errand, const char *var)
{
	struct element *form = errand_form(errand), *field = form_find_field(form, var);

	return field ? field : form_add(form, NULL, var, NULL);
}

static void add_value(struct errand *errand, const char *var, const char *value)
{
	form_add_value(field_of(errand, var), value);
}

static void add_address(struct errand *errand)
{
	add_value(errand, "accountjids", errand->addresses.values[errand->address]);
}

/* "roster list": jid, name, subscription, ask, group; a row for each group. */
static struct element *add_contact(struct element *query, struct element *last,
	const char *const *row)
{
	if (last && strcmp(element_get(last, "jid"), row[0]) == 0)
		return last;
	last = element_add(query, NULL, "item");
	element_set(last, "jid", row[0]);
	element_set(last, "name", *row[1] ? row[1] : NULL);
	element_set(last, "subscription", row[2]);
	element_set(last, "ask", *row[3] ? row[3] : NULL);
	return last;
}

/* 4.8: as jabber:iq:roster has it. */
static void note_roster(struct errand *errand, const struct tern_outcome *outcome)
{
	struct element *query, *item = NULL;

	add_address(errand);
	query = element_add(errand_form(errand), NS_ROSTER, "query");
	for (size_t i = 0; i < outcome->row_count; i++) {
		item = add_contact(query, item, outcome->rows[i]);
		if (*outcome->rows[i][4])
			element_add_text(item, "group", outcome->rows[i][4]);
	}
}

/* "last seen": jid, online, stamp; nothing of whoever never was. */
static void note_last(struct errand *errand, const struct tern_outcome *outcome)
{
	add_address(errand);
	add_value(errand, "lastlogin", outcome->row_count ? outcome->rows[0][2] : "");
}

/* "127.0.0.1:5222", "[::1]:5222": without the port. */
static const char *address_in(struct arena *arena, const char *peer)
{
	const char *end = strrchr(peer, ':');
	size_t len = end ? (size_t)(end - peer) : strlen(peer);

	if (len > 2 && peer[0] == '[' && peer[len - 1] == ']')
		return arena_strndup(arena, peer + 1, len - 2);
	return arena_strndup(arena, peer, len);
}

/* 4.10: what is known of the sessions, and then of the roster. */
static void note_stats(struct errand *errand, const struct tern_outcome *outcome)
{
	size_t contacts = 0;

	for (size_t i = 0; i < outcome->row_count; i++) {
		const char *const *row = outcome->rows[i];

		if (errand->word == 0) {
			if (*row[2])
				add_value(errand, "ipaddresses", address_in(errand->arena, row[2]));
			add_value(errand, "onlineresources", strchr(row[0], '/') + 1);
		} else {
			contacts += i == 0 || strcmp(row[0], outcome->rows[i - 1][0]) != 0;
		}
	}
	if (errand->word == 1)
		add_value(errand, "rostersize", arena_printf(errand->arena, "%zu", contacts));
}

/* --- the table ----------------------------------------------------------------------------- */

#define ACCOUNT(label) { "accountjid", FORM_JID_SINGLE, label, true }
#define ACCOUNTS(label) { "accountjids", FORM_JID_MULTI, label, true }

static const struct form_field max_items[] = {
	{ "max_items", FORM_LIST_SINGLE, "Maximum number of items to show",
		.options = (const char *const[]){ "25", "50", "75", "100", "150", "200", "none",
			NULL } },
	{ 0 },
};
static const struct form_field nothing[] = { { 0 } };

#define NODE(node, name) NS_ADMIN "#" node, name, NS_ADMIN
#define ABOUT(...) &(const struct users_field){ __VA_ARGS__ }

/* A number of users, and the list of them. */
#define USERS(number_node, number_name, number_var, list_node, list_name, list_var, word, ...) \
	{ NODE(number_node, number_name), nothing, WORDS(word), .at_host = true, \
		.conclude = conclude_number, .of = ABOUT(number_var, number_name), __VA_ARGS__ }, \
	{ NODE(list_node, list_name), max_items, WORDS(word), .at_host = true, \
		.conclude = conclude_list, .of = ABOUT(list_var, list_name), __VA_ARGS__ }

const struct recipe administration[] = {
	{ NODE("add-user", "Add a user"), FIELDS(ACCOUNT("The address of the account to be added"),
		{ "password", FORM_TEXT_PRIVATE, "The password for this account", true },
		{ "password-verify", FORM_TEXT_PRIVATE, "Retype the password" }),
		WORDS("user add"), .covers = true, .refuse = refuse_unequal, .argue = argue_password },
	{ NODE("delete-user", "Delete users"), FIELDS(ACCOUNTS("The addresses to delete")),
		WORDS("user del"), .covers = true },
	{ NODE("disable-user", "Disable users"), FIELDS(ACCOUNTS("The addresses to disable")),
		WORDS("user disable"), .covers = true },
	{ NODE("reenable-user", "Re-enable users"), FIELDS(ACCOUNTS("The addresses to re-enable")),
		WORDS("user enable"), .covers = true },
	{ NODE("end-user-session", "End users' sessions"),
		FIELDS(ACCOUNTS("The addresses for which to end sessions")),
		WORDS("session kick"), .covers = true },
	{ NODE("change-user-password", "Change a user's password"),
		FIELDS(ACCOUNT("The address of this account"),
		{ "password", FORM_TEXT_PRIVATE, "The new password for this account", true }),
		WORDS("user passwd"), .covers = true, .argue = argue_password },
	{ NODE("get-user-roster", "Get users' rosters"),
		FIELDS(ACCOUNTS("The addresses for which to retrieve the roster")),
		WORDS("roster list"), .covers = true, .note = note_roster },
	{ NODE("get-user-lastlogin", "Get users' last login time"),
		FIELDS(ACCOUNTS("The addresses for which to retrieve the last login time")),
		WORDS("last seen"), .covers = true, .note = note_last },
	{ NODE("user-stats", "Get a user's statistics"),
		FIELDS(ACCOUNT("The address for statistics")),
		WORDS("session list", "roster list"), .note = note_stats },
	USERS("get-registered-users-num", "The number of registered users", "registeredusersnum",
		"get-registered-users-list", "The list of registered users", "registereduserjids",
		"user list", .covers = true, .note = note_users),
	USERS("get-disabled-users-num", "The number of disabled users", "disabledusersnum",
		"get-disabled-users-list", "The list of disabled users", "disableduserjids",
		"user list", .covers = true, .argue = argue_disabled, .note = note_users),
	USERS("get-online-users-num", "The number of online users", "onlineusersnum",
		"get-online-users-list", "The list of online users", "onlineuserjids",
		"session list", .note = note_online),
	USERS("get-active-users-num", "The number of active users", "activeusersnum",
		"get-active-users", "The list of active users", "activeuserjids",
		"session list", .note = note_active),
	USERS("get-idle-users-num", "The number of idle users", "idleusersnum",
		"get-idle-users", "The list of idle users", "idleuserjids",
		"session list", .note = note_idle),
	{ NODE("announce", "Send an announcement to online users"),
		FIELDS({ "announcement", FORM_TEXT_MULTI, "Announcement", true }),
		WORDS("announce"), .at_host = true, .covers = true, .refuse = refuse_empty,
		.argue = argue_announcement },
	{ 0 },
};
