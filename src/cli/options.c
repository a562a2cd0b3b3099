/* The options of all commands: one table. */

#include "cli/command.h"

#include <string.h>

/* clang-format off */
const struct option_row option_rows[OPTION_COUNT] = {
	[OPTION_HELP]          = { "help", NULL, "Say how the command is used.", 'h' },
	[OPTION_VERSION]       = { "version", NULL, "Say which version this is." },
	[OPTION_JSON]          = { "json", NULL, "Write one JSON value to standard output, as doc/cli.schema.json has it." },
	[OPTION_QUIET]         = { "quiet", NULL, "Write nothing but what was asked for: no progress, no summary.", 'q' },
	[OPTION_PROFILE]       = { "profile", "NAME", "Take endpoint and keys from this profile of AWS's files." },
	[OPTION_ENDPOINT]      = { "endpoint-url", "URL", "Where sallyportd answers." },
	[OPTION_REGION]        = { "region", "NAME", "The Region that it says it is." },
	[OPTION_TO]            = { "to", "DIR", "The partner's folder that the files go to; without it the user's home folder.", .kind = ARGUMENT_REMOTE_PATH },
	[OPTION_INTO]          = { "into", "/BUCKET[/PREFIX]", "Where the files go.", .kind = ARGUMENT_BUCKET_PATH },
	[OPTION_RECURSIVE]     = { "recursive", NULL, "Also what is in folders, and in theirs; their structure is kept.", 'r' },
	[OPTION_THEN]          = { "then", "delete|move:DIR", "What becomes of each file at the partner once it is safely here." },
	[OPTION_DETACH]        = { "detach", NULL, "Do not wait: print the transfers' ids and end." },
	[OPTION_VIA]           = { "via", "/BUCKET[/PREFIX]", "Where listings of the partner's folders may lie; without it SALLYPORT_LISTINGS, or the only bucket.", .kind = ARGUMENT_BUCKET_PATH },
	[OPTION_FOLLOW]        = { "follow", NULL, "Go on when all have ended, until Ctrl-C." },
	[OPTION_STATE]         = { "state", "STATE", "Only those that are QUEUED, IN_PROGRESS, COMPLETED or FAILED." },
	[OPTION_DIRECTION]     = { "direction", "DIRECTION", "Only those that SEND, RETRIEVE, LIST, MOVE or DELETE." },
	[OPTION_SINCE]         = { "since", "TIME", "Only what was asked for since: 2026-11-23 or 2026-11-23T15:41:48Z." },
	[OPTION_UNTIL]         = { "until", "TIME", "Only what was asked for before." },
	[OPTION_PATH]          = { "path", "TEXT", "Only those with a path that has TEXT in it." },
	[OPTION_MAX]           = { "max", "NUMBER", "At most so many (50)." },
	[OPTION_CONNECTOR]     = { "connector", "CONNECTOR", "Only those of one connector.", .kind = ARGUMENT_CONNECTOR },
	[OPTION_URL]           = { "url", "URL", "Where the partner's server is: sftp://HOST[:PORT]." },
	[OPTION_EGRESS]        = { "egress", "ARN", "The resource configuration that a private connector leaves through." },
	[OPTION_PORT]          = { "port", "NUMBER", "The port that a private connector uses (22)." },
	[OPTION_USER]          = { "user", "NAME", "Who logs in at the partner." },
	[OPTION_PASSWORD_FILE] = { "password-file", "FILE", "A file whose first line is the password; - is standard input.", .kind = ARGUMENT_FILE },
	[OPTION_KEY_FILE]      = { "key-file", "FILE", "The private key to log in with.", .kind = ARGUMENT_FILE },
	[OPTION_SECRET]        = { "secret", "ID", "A secret that is there already, by name or ARN, instead of a login." },
	[OPTION_TRUST]         = { "trust", "KEY", "A host key of the server: \"TYPE BASE64\". May be given many times." },
	[OPTION_KNOWN_HOSTS]   = { "known-hosts", "FILE", "Trust the host keys that this file of OpenSSH has of the server.", .kind = ARGUMENT_FILE },
	[OPTION_LEARN]         = { "learn", NULL, "Trust the host key that the server shows now, and print its fingerprint." },
	[OPTION_ROLE]          = { "role", "ARN", "The access role; without it SALLYPORT_ROLE, or sallyport_role of the profile." },
	[OPTION_CONNECTIONS]   = { "connections", "NUMBER", "At most so many connections at a time, 1 to 5." },
	[OPTION_POLICY]        = { "security-policy", "NAME", "Which algorithms are allowed." },
	[OPTION_WITH_SECRET]   = { "with-secret", NULL, "Remove the connector's secret as well, at once." },
	[OPTION_STATE_FOLDER]  = { "state-folder", "DIR", "The folder that keeps sallyportd's state.", .kind = ARGUMENT_FILE },
	[OPTION_REPLACE]       = { "replace", NULL, "A FILE that is there already is replaced." },
	[OPTION_PREFIX]        = { "prefix", "TEXT", "Put in front of the remotes' names." },
	[OPTION_ONLY]          = { "only", "NAME", "Only this remote. May be given many times." },
	[OPTION_DRY_RUN]       = { "dry-run", NULL, "Say what would be made, and make nothing." },
};
/* clang-format on */

const char *run_option(const struct run *run, enum option_id id)
{
	for (size_t i = run->given_count; i-- > 0;)
		if (run->given[i].id == id)
			return run->given[i].value;
	return NULL;
}

bool run_has(const struct run *run, enum option_id id)
{
	for (size_t i = 0; i < run->given_count; i++)
		if (run->given[i].id == id)
			return true;
	return false;
}

const char *run_word(const struct run *run, size_t place)
{
	return place < run->word_count ? run->words[place] : NULL;
}
