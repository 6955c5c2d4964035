/* test_element.c - trees are built, searched and copied, promised to every module
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <string.h>

#include "element_internal.h"
#include "names.h"
#include "writer.h"

static struct arena *arena;
static struct element *message;

static void build(void)
{
	arena = arena_create(1024);
	message = element_new(arena, NS_CLIENT, "message");
	element_set(message, "to", "juliet@example.org");
	element_add_text(message, "body", "Art thou not Romeo?");
	element_add(message, "urn:xmpp:receipts", "request");
	element_add_text(message, "body", "second");
}

static void end(void) { arena_destroy(arena); }

TestSuite(element, .init = build, .fini = end);

#define expect_text(element, text) cr_assert_str_eq(writer_text(arena, element), text)

Test(element, has_name_namespace_and_arena)
{
	cr_assert_str_eq(element_name(message), "message");
	cr_assert_str_eq(element_ns(message), NS_CLIENT);
	cr_assert_eq(element_arena(message), arena);
	cr_assert(element_is(message, NS_CLIENT, "message"));
	cr_assert_not(element_is(message, NS_SERVER, "message"));
	cr_assert_not(element_is(message, NS_CLIENT, "iq"));
}

Test(element, uses_the_known_name_for_equal_text)
{
	char name[] = "presence";

	cr_assert_eq(element_name(element_new(arena, NS_CLIENT, name)), name_find("presence", 8));
}

Test(element, copies_names_that_nobody_knows)
{
	char name[] = "q7";
	struct element *element = element_new(arena, "urn:q7", name);

	name[0] = 'X';
	cr_assert_str_eq(element_name(element), "q7");
}

Test(element, finds_children_by_name_and_namespace)
{
	cr_assert_not_null(element_find(message, "urn:xmpp:receipts", "request"));
	cr_assert_null(element_find(message, NULL, "request"));
	cr_assert_null(element_find(message, "urn:xmpp:receipts", "received"));
	cr_assert_str_eq(element_name(element_find(message, "urn:xmpp:receipts", NULL)), "request");
	cr_assert_str_eq(element_find_text(message, NULL, "body"), "Art thou not Romeo?");
	cr_assert_null(element_find_text(message, NULL, "subject"));
}

Test(element, finds_the_next_of_that_name)
{
	struct element *first = element_find(message, NULL, "body");
	struct element *second = element_find_next(first, NULL, "body");

	cr_assert_str_eq(element_text(second), "second");
	cr_assert_null(element_find_next(second, NULL, "body"));
	cr_assert_null(element_find_next(message, NULL, "body"));
}

Test(element, walks_its_children_in_order)
{
	struct element *child = element_first(message);

	cr_assert_eq(element_count(message), 3);
	cr_assert_str_eq(element_name(child), "body");
	cr_assert_str_eq(element_name(element_next(child)), "request");
	cr_assert_null(element_next(element_next(element_next(child))));
}

Test(element, sets_replaces_and_removes_attributes)
{
	element_set(message, "id", "a1");
	element_set(message, "to", "romeo@example.org");
	cr_assert_str_eq(element_get(message, "to"), "romeo@example.org");
	element_set(message, "to", NULL);
	element_set(message, "never", NULL);
	cr_assert_null(element_get(message, "to"));
	cr_assert_str_eq(element_get(message, "id"), "a1");
}

Test(element, gives_the_language_by_both_its_names)
{
	element_set(message, "xml:lang", "it");
	cr_assert_str_eq(element_get_ns(message, NS_XML, "lang"), "it");
	cr_assert_str_eq(element_get(message, "xml:lang"), "it");
	cr_assert_null(element_get(message, "lang"));
}

Test(element, keeps_attributes_of_one_name_in_two_namespaces_apart)
{
	element_set_ns(message, "urn:x", "id", "1");
	element_set(message, "id", "2");
	cr_assert_str_eq(element_get_ns(message, "urn:x", "id"), "1");
	cr_assert_str_eq(element_get(message, "id"), "2");
	element_set_ns(message, "urn:x", "id", "3");
	cr_assert_str_eq(element_get_ns(message, "urn:x", "id"), "3");
	element_set_ns(message, "urn:x", "id", NULL);
	cr_assert_null(element_get_ns(message, "urn:x", "id"));
	element_set_ns(message, NS_XML, "lang", "cs");
	cr_assert_str_eq(element_get(message, "xml:lang"), "cs");
}

Test(element, text_is_what_stands_before_the_first_child)
{
	struct element *p = element_new(arena, "", "p");

	cr_assert_str_eq(element_text(p), "");
	element_append_text(p, "O ", 2);
	element_append_text(p, "Romeo", 5);
	element_append_text(element_add(p, NULL, "b"), "bold", 4);
	element_append_text(p, " behind", 7);
	element_append_text(p, "!", 1);
	cr_assert_str_eq(element_text(p), "O Romeo");
	expect_text(p, "<p>O Romeo<b>bold</b> behind!</p>");
}

Test(element, keeps_the_text_around_a_removed_child)
{
	struct element *p = element_new(arena, "", "p");
	struct element *a, *b;

	element_append_text(p, "1", 1);
	a = element_add(p, NULL, "a");
	element_append_text(p, "2", 1);
	b = element_add(p, NULL, "b");
	element_append_text(p, "3", 1);
	element_remove(p, b);
	expect_text(p, "<p>1<a/>23</p>");
	element_remove(p, a);
	expect_text(p, "<p>123</p>");
	element_append(p, b);
	expect_text(p, "<p>123<b/></p>");
}

Test(element, removes_first_middle_and_last)
{
	struct element *first = element_first(message);
	struct element *middle = element_next(first);
	struct element *last = element_next(middle);

	element_remove(message, middle);
	cr_assert_eq(element_next(first), last);
	element_remove(message, last);
	element_add(message, NULL, "x");
	element_remove(message, first);
	cr_assert_eq(element_count(message), 1);
	cr_assert_str_eq(element_name(element_first(message)), "x");
}

Test(element, removes_all_of_a_name_and_keeps_the_text_around_them)
{
	struct element *p = element_new(arena, "", "p");

	element_append_text(p, "1", 1);
	for (int i = 0; i < 3; i++) {
		element_add(p, NULL, "a");
		element_append_text(p, "a", 1);
		element_add(p, NULL, i ? "b" : "a");
		element_append_text(p, "b", 1);
		element_add(p, "urn:other", "a");
	}
	element_remove_all(p, NULL, "b");
	element_remove_all(p, NULL, "never");
	element_remove_all(p, NULL, "a");
	expect_text(p, "<p>1ab<a xmlns='urn:other'/>ab<a xmlns='urn:other'/>ab"
		"<a xmlns='urn:other'/></p>");
	element_remove_all(p, "urn:other", NULL);
	expect_text(p, "<p>1ababab</p>");
	element_add(p, NULL, "c");
	expect_text(p, "<p>1ababab<c/></p>");
}

/* One by one they would take minutes. */
Test(element, removes_very_many_at_once, .timeout = 20)
{
	struct element *p = element_new(arena, "", "p");

	for (int i = 0; i < 400000; i++) {
		element_add(p, NULL, "keep");
		element_add(p, NULL, "drop");
		element_append_text(p, " ", 1);
	}
	element_remove_all(p, NULL, "drop");
	cr_assert_eq(element_count(p), 400000);
	cr_assert_null(element_find(p, NULL, "drop"));
}

Test(element, copies_deeply_into_another_arena)
{
	struct arena *first = arena_create(100);
	struct element *original = element_new(first, "urn:unknown", "top");
	struct element *copy;

	element_set(original, "a", "1");
	element_append_text(element_add(element_add(original, "urn:other", "x"), NULL, "y"), "t", 1);
	element_append_text(original, "tail", 4);
	element_add(original, NULL, "z");
	copy = element_copy(arena, original);
	arena_destroy(first);
	expect_text(copy, "<top xmlns='urn:unknown' a='1'><x xmlns='urn:other'><y>t</y></x>tail<z/></top>");
}

Test(element, copies_and_writes_a_tree_deeper_than_any_stack)
{
	struct element *top = element_new(arena, "", "a");
	struct element *at = top;
	struct element *copy;
	size_t depth = 0;

	for (int i = 0; i < 500000; i++)
		at = element_add(at, NULL, "a");
	copy = element_copy(arena, top);
	for (at = copy; at; at = element_first(at))
		depth++;
	cr_assert_eq(depth, 500001);
	cr_assert_eq(strlen(writer_text(arena, copy)), 500000 * 7 + 4);
}

/* As the parser makes them: the declaration's bytes are shared by those who use it. */
Test(element, copies_a_shared_long_namespace_once)
{
	struct arena *other = arena_create(100);
	char *ns = arena_zalloc(arena, 10001);
	struct element *top = element_new(arena, "", "top");

	memset(ns, 'n', 10000);
	for (int i = 0; i < 1000; i++) {
		element_link(top, element_new_kept(arena, ns, "x"));
		element_add(top, NULL, "y");
	}
	element_copy(other, top);
	cr_assert_lt(arena_bytes(other), 1000000);
	arena_destroy(other);
}
