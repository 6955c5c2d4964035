/* tree.c - a stanza as a small tree in an arena that is emptied for the next one */
/* SPDX-License-Identifier: MIT */
#include "tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 64 * 1024 };

void tree_init(struct tree *tree)
{
	*tree = (struct tree){ .bytes = malloc(ARENA_BYTES) };
	if (!tree->bytes)
		abort();
}

void tree_finish(struct tree *tree)
{
	free(tree->bytes);
}

void tree_clear(struct tree *tree)
{
	tree->used = 0;
	tree->root = tree->open = NULL;
}

static void *take(struct tree *tree, size_t size)
{
	void *taken = tree->bytes + tree->used;

	tree->used += (size + 15) & ~(size_t)15;
	if (tree->used > ARENA_BYTES) {
		fputs("relay: a stanza does not fit\n", stderr);
		exit(1);
	}
	return taken;
}

static const char *take_copy(struct tree *tree, const char *text, size_t size)
{
	char *copy = take(tree, size + 1);

	memcpy(copy, text, size);
	copy[size] = '\0';
	return copy;
}

static struct node *add_node(struct tree *tree)
{
	struct node *node = take(tree, sizeof *node);

	*node = (struct node){ .parent = tree->open };
	node->last_attribute = &node->attributes;
	node->last_child = &node->children;
	if (tree->open) {
		*tree->open->last_child = node;
		tree->open->last_child = &node->next;
	}
	return node;
}

static void add_attribute(struct tree *tree, struct node *node, const char *name,
		const char *value)
{
	struct attribute *attribute = take(tree, sizeof *attribute);

	attribute->name = name;
	attribute->value = value;
	attribute->next = NULL;
	*node->last_attribute = attribute;
	node->last_attribute = &attribute->next;
}

void tree_start(struct tree *tree, const char *name, const char **attributes)
{
	struct node *node = add_node(tree);

	node->name = take_copy(tree, name, strlen(name));
	for (; *attributes; attributes += 2)
		add_attribute(tree, node, take_copy(tree, attributes[0], strlen(attributes[0])),
				take_copy(tree, attributes[1], strlen(attributes[1])));
	if (!tree->open)
		tree->root = node;
	tree->open = node;
}

void tree_text(struct tree *tree, const char *text, int size)
{
	struct node *node;

	if (!tree->open)
		return;
	node = add_node(tree);
	node->text = take_copy(tree, text, (size_t)size);
	node->text_size = (size_t)size;
}

struct node *tree_end(struct tree *tree)
{
	tree->open = tree->open->parent;
	return tree->open ? NULL : tree->root;
}

const char *node_attribute(const struct node *node, const char *name)
{
	for (const struct attribute *at = node->attributes; at; at = at->next) {
		if (strcmp(at->name, name) == 0)
			return at->value;
	}
	return NULL;
}

void node_set_attribute(struct tree *tree, struct node *node, const char *name,
		const char *value)
{
	for (struct attribute *at = node->attributes; at; at = at->next) {
		if (strcmp(at->name, name) == 0) {
			at->value = value;
			return;
		}
	}
	add_attribute(tree, node, name, value);
}

const struct node *node_child(const struct node *node, const char *name)
{
	for (const struct node *child = node->children; child; child = child->next) {
		if (child->name && strcmp(child->name, name) == 0)
			return child;
	}
	return NULL;
}

static const char *escape_of(char c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '\'':
		return "&apos;";
	default:
		return NULL;
	}
}

static void write_escaped(const char *text, size_t size, struct buffer *output)
{
	size_t plain = 0;

	for (size_t i = 0; i < size; i++) {
		const char *escape = escape_of(text[i]);

		if (!escape)
			continue;
		buffer_append(output, text + plain, i - plain);
		buffer_append_text(output, escape);
		plain = i + 1;
	}
	buffer_append(output, text + plain, size - plain);
}

void node_write(const struct node *node, struct buffer *output)
{
	if (!node->name) {
		write_escaped(node->text, node->text_size, output);
		return;
	}
	buffer_append(output, "<", 1);
	buffer_append_text(output, node->name);
	for (const struct attribute *at = node->attributes; at; at = at->next) {
		buffer_append(output, " ", 1);
		buffer_append_text(output, at->name);
		buffer_append(output, "='", 2);
		write_escaped(at->value, strlen(at->value), output);
		buffer_append(output, "'", 1);
	}
	if (!node->children) {
		buffer_append(output, "/>", 2);
		return;
	}
	buffer_append(output, ">", 1);
	for (const struct node *child = node->children; child; child = child->next)
		node_write(child, output);
	buffer_append(output, "</", 2);
	buffer_append_text(output, node->name);
	buffer_append(output, ">", 1);
}
