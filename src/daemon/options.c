#include "daemon/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "network/address_pools.h"

static const struct option known[] = {
	{ "state", required_argument, NULL, 's' },
	{ "config", required_argument, NULL, 'c' },
	{ "set", required_argument, NULL, 'x' },
	{ "check", no_argument, NULL, 'k' },
	{ "replace", no_argument, NULL, 'r' },
	{ "fail-unfinished", no_argument, NULL, 'f' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

static const char help[] =
	"sallyportd: SFTP connectors with the API of AWS Transfer Family\n"
	"\n"
	"  sallyportd --state DIR                 serves\n"
	"  sallyportd --state DIR backup FILE     copies the store into FILE, also while it "
	"serves\n"
	"  sallyportd --state DIR restore FILE    makes a store of such a copy where there is "
	"none\n"
	"\n"
	"  --state DIR        the folder that holds all state; created when it is not there\n"
	"  --config FILE      read settings from FILE, see sallyport.conf(5)\n"
	"  --set NAME=VALUE   set one setting; it wins over the file; may be given many times\n"
	"  --check            check the settings and end\n"
	"  --replace          backup: a FILE that is there already is replaced\n"
	"  --fail-unfinished  restore: transfers that were under way fail and are not tried again\n"
	"  --help, --version\n";

static int refuse(const char *sentence)
{
	fprintf(stderr, "sallyportd: %s\n", sentence);
	return EXIT_WRONG_USE;
}

static int add_set(struct options *options, const char *assignment)
{
	if (options->set_count == OPTIONS_SET_MAX)
		return refuse("cannot take so many --set: write the settings to a file and name it "
			      "with --config");
	options->set[options->set_count++] = assignment;
	return OPTIONS_GO_ON;
}

/* One option; OPTIONS_GO_ON, or the status to end with. */
static int take(int letter, struct options *options)
{
	switch (letter) {
	case 's':
		options->state = optarg;
		return OPTIONS_GO_ON;
	case 'c':
		options->config = optarg;
		return OPTIONS_GO_ON;
	case 'x':
		return add_set(options, optarg);
	case 'k':
		options->only_check = true;
		return OPTIONS_GO_ON;
	case 'r':
		options->replace = true;
		return OPTIONS_GO_ON;
	case 'f':
		options->fail_unfinished = true;
		return OPTIONS_GO_ON;
	case 'h':
		fputs(help, stdout);
		return EXIT_SUCCESS;
	case 'v':
		puts("sallyportd " SALLYPORT_VERSION);
		return EXIT_SUCCESS;
	default:
		return refuse("see sallyportd --help"); /* getopt has said what it minds */
	}
}

static const struct {
	const char *name;
	enum command command;
} commands[] = {
	{ "backup", COMMAND_BACKUP },
	{ "restore", COMMAND_RESTORE },
};

/* What stands behind the options: nothing, or a command and its file. */
static int take_words(int count, char **words, struct options *options)
{
	for (size_t i = 0; count > 0 && i < SP_COUNT_OF(commands); i++) {
		if (strcmp(words[0], commands[i].name) != 0)
			continue;
		if (count != 2)
			return refuse("cannot do that without the one file to copy to or from: see "
				      "sallyportd --help");
		options->command = commands[i].command;
		options->file = words[1];
		count = 0;
	}
	if (count > 0)
		return refuse("cannot use what stands behind the options: see sallyportd --help");
	if ((options->replace && options->command != COMMAND_BACKUP) ||
	    (options->fail_unfinished && options->command != COMMAND_RESTORE))
		return refuse("--replace is for backup, and --fail-unfinished for restore");
	return OPTIONS_GO_ON;
}

int options_parse(int argc, char **argv, struct options *out)
{
	*out = (struct options){ 0 };
	int letter, status = OPTIONS_GO_ON;
	while (status == OPTIONS_GO_ON && (letter = getopt_long(argc, argv, "", known, NULL)) != -1)
		status = take(letter, out);
	if (status != OPTIONS_GO_ON)
		return status;
	status = take_words(argc - optind, argv + optind, out);
	if (status != OPTIONS_GO_ON)
		return status;
	if (out->state == NULL && !out->only_check)
		return refuse("cannot start without the folder that keeps the state: --state DIR");
	return OPTIONS_GO_ON;
}

/* What the table of settings cannot know. */
static int check_pools(const struct settings *settings, struct sp_error *err)
{
	struct address_pools pools;
	if (address_pools_parse(settings->egress_address_pools, &pools, err) != 0)
		return sp_wrap(err, "cannot use egress.address_pools");
	return 0;
}

int options_read_settings(const struct options *options, struct settings *out, struct sp_error *err)
{
	settings_init(out);
	if (options->config != NULL && settings_read_file(out, options->config, err) != 0)
		return -1;
	for (size_t i = 0; i < options->set_count; i++)
		if (settings_set(out, options->set[i], err) != 0)
			return -1;
	return settings_check(out, err) != 0 ? -1 : check_pools(out, err);
}
