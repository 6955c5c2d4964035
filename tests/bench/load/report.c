/* report.c - what a run found: one line for people, one of JSON */
/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <assert.h>
#include <string.h>

static struct report_field *add_field(struct report *report, const char *name)
{
	assert(report->count < REPORT_FIELDS);
	report->fields[report->count].name = name;
	return &report->fields[report->count++];
}

void report_text(struct report *report, const char *name, const char *text)
{
	add_field(report, name)->text = text;
}

void report_number(struct report *report, const char *name, double number)
{
	add_field(report, name)->number = number;
}

void report_latency(struct report *report, const struct histogram *histogram)
{
	if (histogram->count == 0)
		return;
	report_number(report, "p50_us", (double)histogram_quantile(histogram, 0.50) / 1e3);
	report_number(report, "p90_us", (double)histogram_quantile(histogram, 0.90) / 1e3);
	report_number(report, "p99_us", (double)histogram_quantile(histogram, 0.99) / 1e3);
	report_number(report, "p999_us", (double)histogram_quantile(histogram, 0.999) / 1e3);
	report_number(report, "max_us", (double)histogram->max / 1e3);
}

double report_find(const struct report *report, const char *name)
{
	for (unsigned i = 0; i < report->count; i++) {
		if (strcmp(report->fields[i].name, name) == 0)
			return report->fields[i].number;
	}
	return 0;
}

static void print_text(const char *text, FILE *file)
{
	fputc('"', file);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(file, "\\%c", *text);
		else if ((unsigned char)*text < ' ')
			fprintf(file, "\\u%04x", *text);
		else
			fputc(*text, file);
	}
	fputc('"', file);
}

void report_print(const struct report *report, FILE *file)
{
	for (unsigned i = 0; i < report->count; i++) {
		const struct report_field *field = &report->fields[i];

		fprintf(file, "%s\"%s\": ", i ? ", " : "{", field->name);
		if (field->text)
			print_text(field->text, file);
		else
			fprintf(file, "%.12g", field->number);
	}
	fputs("}\n", file);
	fflush(file);
}
