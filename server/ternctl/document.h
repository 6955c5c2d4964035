/* document.h - an XML document in one file or in many, as XEP-0227 5 spreads it (XInclude)
 * SPDX-License-Identifier: MIT
 *
 * Its files may come from anywhere.  They are read an element at a time; one that is included lies in
 * the folder of the document or below it, and is read once.  Document types, and with them entities,
 * are not read.  A file with a fault is left at it, and the others go on. */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#define DOCUMENT_SEPARATOR '\n' /* in an attribute's name, behind its namespace */

struct document;

/* Called from within document_read. */
struct document_sink {
	/* `ns` is "" where there is none; attributes as expat has them: names and values in turn, and a
	 * NULL.  Borrowed for the call. */
	void (*begin)(void *context, const char *ns, const char *name,
		const char *const *attributes);
	void (*end)(void *context);
	void (*text)(void *context, const char *text, size_t len);
	/* So many elements that began do not end: what is left of their file cannot be read. */
	void (*cut)(void *context, size_t elements);
	/* Whether an <include/> that stands here stands for a file, or is an element like others. */
	bool (*may_include)(void *context);
};

/* The value of an attribute without a namespace, or of "namespace\nname"; NULL where it is not among
 * them. */
const char *document_attribute(const char *const *attributes, const char *name);

/* Where something stands; the path lives as long as the document. */
struct place {
	const char *path;
	unsigned long line;
};

/* The path: a file; a folder, of which all documents with a <server-data/> are read; "-".  What cannot
 * be opened ends the process with a line. The sink is borrowed. */
struct document *document_open(const char *path, const struct document_sink *sink, void *context);
void document_read(struct document *document);
void document_close(struct document *document);

/* From within the sink: where it is being read. */
struct place document_place(const struct document *document);

/* A line on the standard output, with file and line.  How many there were. */
void document_complain(struct document *document, const struct place *place, const char *format,
	...) __attribute__((format(printf, 3, 4)));
size_t document_complaints(const struct document *document);

/* From within the sink: the file cannot be read any further, and why. */
void document_break(struct document *document, const char *why);

#endif
