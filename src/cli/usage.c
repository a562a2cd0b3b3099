#include "cli/usage.h"

#include <string.h>

static void print_argument(FILE *out, const struct argument *argument)
{
	fprintf(out, " %s%s%s%s", argument->is_optional ? "[" : "", argument->name,
		argument->repeats ? "..." : "", argument->is_optional ? "]" : "");
}

static void print_option(FILE *out, const struct option_row *row)
{
	fprintf(out, "--%s%s%s", row->name, row->value == NULL ? "" : " ",
		row->value == NULL ? "" : row->value);
}

/* "send CONNECTOR PATH... [--to DIR] …": without the options of all commands. */
static void print_synopsis(FILE *out, const struct command *command)
{
	fprintf(out, "%s", command->name);
	for (size_t i = 0; i < ARGUMENTS_MAX && command->arguments[i].name != NULL; i++)
		print_argument(out, &command->arguments[i]);
	for (int id = 0; id < OPTION_COUNT; id++) {
		if ((command->options & WITH(id)) == 0)
			continue;
		fputs(" [", out);
		print_option(out, &option_rows[id]);
		fputc(']', out);
	}
	fputc('\n', out);
}

static void print_options(FILE *out, uint64_t options)
{
	for (int id = 0; id < OPTION_COUNT; id++) {
		if ((options & WITH(id)) == 0)
			continue;
		const struct option_row *row = &option_rows[id];
		fprintf(out, "  --%s%s%s\n        %s\n", row->name, row->value == NULL ? "" : " ",
			row->value == NULL ? "" : row->value, row->help);
	}
}

void usage_print_all(FILE *out, const struct command *commands)
{
	fputs("sallyport: files between buckets and partners' SFTP servers\n\n", out);
	for (; commands->name != NULL; commands++) {
		if (commands->is_hidden)
			continue;
		fprintf(out, "  %s", commands->name);
		for (size_t i = 0; i < ARGUMENTS_MAX && commands->arguments[i].name != NULL; i++)
			print_argument(out, &commands->arguments[i]);
		fprintf(out, "\n        %s\n", commands->help);
	}
	fputs("\nEvery command takes\n", out);
	print_options(out, OPTIONS_OF_ALL);
	fputs("\nsallyport help COMMAND says more; sallyport(1) says all.\n", out);
}

static void print_statuses(FILE *out)
{
	for (const struct exit_status_row *row = exit_statuses; row->meaning != NULL; row++)
		fprintf(out, "  %3d  %s\n", (int)row->status, row->meaning);
}

void usage_print_one(FILE *out, const struct command *command)
{
	fputs("sallyport ", out);
	print_synopsis(out, command);
	fprintf(out, "\n%s\n\n", command->help);
	print_options(out, command->options | OPTIONS_OF_ALL);
	fputs("\nIt ends with\n", out);
	print_statuses(out);
}

/* ---- the manual -------------------------------------------------------------------------------------------------- */

/* What mdoc would read as its own is written otherwise, and a sentence begins on a line of its own. */
static void print_mdoc(FILE *out, const char *text)
{
	const char *start = text;
	for (; *text != '\0'; text++) {
		bool begins_sentence = *text == ' ' && text[1] >= 'A' && text[1] <= 'Z' &&
				       text > start && text[-1] == '.';
		if (begins_sentence)
			fputc('\n', out);
		else if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else if (*text == '"')
			fputs("\\(dq", out);
		else
			fputc(*text, out);
	}
}

static void print_mdoc_option(FILE *out, const struct option_row *row)
{
	fprintf(out, "Fl -");
	print_mdoc(out, row->name);
	if (row->value != NULL) {
		fputs(" Ar \"", out);
		print_mdoc(out, row->value);
		fputc('"', out);
	}
}

static void print_mdoc_command(FILE *out, const struct command *command)
{
	fprintf(out, ".It Ic \"%s\"", command->name);
	for (size_t i = 0; i < ARGUMENTS_MAX && command->arguments[i].name != NULL; i++) {
		const struct argument *argument = &command->arguments[i];
		fprintf(out, " %s Ar \"%s%s\"", argument->is_optional ? "Oo" : "", argument->name,
			argument->repeats ? " ..." : "");
		fputs(argument->is_optional ? " Oc" : "", out);
	}
	for (int id = 0; id < OPTION_COUNT; id++) {
		if ((command->options & WITH(id)) == 0)
			continue;
		fputs(" Oo ", out);
		print_mdoc_option(out, &option_rows[id]);
		fputs(" Oc", out);
	}
	fputc('\n', out);
	print_mdoc(out, command->help);
	fputc('\n', out);
}

static void print_mdoc_options(FILE *out)
{
	for (int id = 0; id < OPTION_COUNT; id++) {
		fputs(".It ", out);
		print_mdoc_option(out, &option_rows[id]);
		fputc('\n', out);
		print_mdoc(out, option_rows[id].help);
		fputc('\n', out);
	}
}

static void print_mdoc_status(FILE *out, const struct exit_status_row *row)
{
	fprintf(out, ".It %d\n", (int)row->status);
	print_mdoc(out, row->meaning);
	fputc('\n', out);
}

void usage_print_manual(FILE *out, const struct command *commands, const char *what)
{
	if (strcmp(what, "STATUSES") == 0)
		for (const struct exit_status_row *row = exit_statuses; row->meaning != NULL; row++)
			print_mdoc_status(out, row);
	else if (strcmp(what, "OPTIONS") == 0)
		print_mdoc_options(out);
	else
		for (; commands->name != NULL; commands++)
			if (!commands->is_hidden)
				print_mdoc_command(out, commands);
}
