/* tree.h - a stanza as a small tree in an arena that is emptied for the next one */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_TREE_H
#define BENCH_TREE_H

#include "buffer.h"

#include <expat.h>

struct attribute {
	const char *name, *value;
	struct attribute *next;
};

struct node {
	const char *name;	/* NULL: text */
	const char *text;
	size_t text_size;
	struct attribute *attributes, **last_attribute;
	struct node *children, **last_child, *parent, *next;
};

struct tree {
	char *bytes;
	size_t used;
	struct node *root, *open;
};

void tree_init(struct tree *tree);
void tree_finish(struct tree *tree);

/* Throws the last stanza away. */
void tree_clear(struct tree *tree);

/* The three are called in the order of the parser's events. tree_end() returns the finished root
 * when it closed that, else NULL. */
void tree_start(struct tree *tree, const char *name, const char **attributes);
void tree_text(struct tree *tree, const char *text, int size);
struct node *tree_end(struct tree *tree);

const char *node_attribute(const struct node *node, const char *name);
void node_set_attribute(struct tree *tree, struct node *node, const char *name,
		const char *value);
const struct node *node_child(const struct node *node, const char *name);
void node_write(const struct node *node, struct buffer *output);

#endif
