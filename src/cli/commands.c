#include "cli/commands.h"

#include "cli/handlers.h"

#define CONNECTOR                                                                                  \
	{                                                                                          \
		"CONNECTOR", ARGUMENT_CONNECTOR, false, false                                      \
	}
#define ONE(name, kind)                                                                            \
	{                                                                                          \
		name, kind, false, false                                                           \
	}
#define MAY(name, kind)                                                                            \
	{                                                                                          \
		name, kind, true, false                                                            \
	}
#define MANY(name, kind)                                                                           \
	{                                                                                          \
		name, kind, false, true                                                            \
	}
#define ANY(name, kind)                                                                            \
	{                                                                                          \
		name, kind, true, true                                                             \
	}

/* clang-format off */
const struct command all_commands[] = {
	{ "connector list", { { 0 } }, 0,
	  "List all connectors with their names and where they lead.", connector_list },
	{ "connector show", { CONNECTOR }, 0,
	  "Show one connector: its settings, whether it is paused, and whether its partner is away.", connector_show },
	{ "connector test", { CONNECTOR }, 0,
	  "Connect to the partner and tell each step on the way, with the host key that its server shows.", connector_test },
	{ "connector add", { ONE("NAME", ARGUMENT_TEXT), MAY("URL", ARGUMENT_TEXT) }, WITH(OPTION_USER) | WITH(OPTION_PASSWORD_FILE) | WITH(OPTION_KEY_FILE) | WITH(OPTION_SECRET) | WITH(OPTION_TRUST) | WITH(OPTION_KNOWN_HOSTS) | WITH(OPTION_LEARN) | WITH(OPTION_EGRESS) | WITH(OPTION_PORT) | WITH(OPTION_ROLE) | WITH(OPTION_CONNECTIONS) | WITH(OPTION_POLICY),
	  "Make a connector to sftp://[USER@]HOST[:PORT], or a private one, with its secret and the host keys that it trusts.", connector_add },
	{ "connector edit", { CONNECTOR }, WITH(OPTION_URL) | WITH(OPTION_USER) | WITH(OPTION_PASSWORD_FILE) | WITH(OPTION_KEY_FILE) | WITH(OPTION_SECRET) | WITH(OPTION_TRUST) | WITH(OPTION_KNOWN_HOSTS) | WITH(OPTION_LEARN) | WITH(OPTION_EGRESS) | WITH(OPTION_PORT) | WITH(OPTION_ROLE) | WITH(OPTION_CONNECTIONS) | WITH(OPTION_POLICY),
	  "Change what the options name, and nothing else.", connector_edit },
	{ "connector remove", { CONNECTOR }, WITH(OPTION_WITH_SECRET),
	  "Remove a connector; its results stay for as long as results do.", connector_remove },
	{ "connector pause", { CONNECTOR }, 0,
	  "Begin nothing new until it is resumed; what is asked for waits.", connector_pause },
	{ "connector resume", { CONNECTOR }, 0,
	  "Go on after a pause.", connector_resume },
	{ "bucket test", { ONE("BUCKET", ARGUMENT_BUCKET) }, 0,
	  "Ask the storage of a bucket all that transfers need, and say what it answered and which permission is missing.", bucket_test },
	{ "send", { CONNECTOR, MANY("/BUCKET/KEY", ARGUMENT_BUCKET_PATH) }, WITH(OPTION_TO) | WITH(OPTION_RECURSIVE) | WITH(OPTION_DETACH),
	  "Send objects to the partner and follow them to their end; a KEY may be a pattern.", send_files },
	{ "get", { CONNECTOR, MANY("PATH", ARGUMENT_REMOTE_PATH) }, WITH(OPTION_INTO) | WITH(OPTION_RECURSIVE) | WITH(OPTION_THEN) | WITH(OPTION_DETACH) | WITH(OPTION_VIA),
	  "Fetch the partner's files into a bucket and follow them to their end; a PATH may be a pattern.", get_files },
	{ "ls", { MAY("CONNECTOR|/BUCKET[/PREFIX]", ARGUMENT_CONNECTOR), MAY("PATH", ARGUMENT_REMOTE_PATH) }, WITH(OPTION_VIA),
	  "List the buckets, what is in one, or what is in a partner's folder.", list_paths },
	{ "mv", { CONNECTOR, MANY("SOURCE", ARGUMENT_REMOTE_PATH), ONE("TARGET", ARGUMENT_REMOTE_PATH) }, WITH(OPTION_VIA),
	  "Give a file at the partner another name, or move files into a folder; nothing is replaced.", move_remote },
	{ "rm", { CONNECTOR, MANY("PATH", ARGUMENT_REMOTE_PATH) }, WITH(OPTION_RECURSIVE) | WITH(OPTION_VIA),
	  "Delete files, or empty folders, at the partner; a PATH may be a pattern.", remove_remote },
	{ "watch", { ANY("CONNECTOR|TRANSFER", ARGUMENT_CONNECTOR) }, WITH(OPTION_FOLLOW),
	  "Watch what is under way until all has ended: of one connector, of some transfers, or of everybody.", watch },
	{ "transfers", { MAY("TRANSFER", ARGUMENT_TRANSFER) }, WITH(OPTION_CONNECTOR) | WITH(OPTION_STATE) | WITH(OPTION_DIRECTION) | WITH(OPTION_SINCE) | WITH(OPTION_UNTIL) | WITH(OPTION_PATH) | WITH(OPTION_MAX),
	  "List what was asked for, the newest first; or one transfer with its files.", transfers_show },
	{ "cancel", { MANY("TRANSFER", ARGUMENT_TRANSFER) }, 0,
	  "End what has not ended of a transfer.", transfers_cancel },
	{ "retry", { MANY("TRANSFER", ARGUMENT_TRANSFER) }, 0,
	  "Try the FAILED files of a transfer again, as a new one, whose id is printed.", transfers_retry },
	{ "key create", { MAY("USER", ARGUMENT_USER) }, 0,
	  "Make an access key of a user, or one of your own; its secret is shown this once.", key_create },
	{ "key list", { MAY("USER", ARGUMENT_USER) }, 0,
	  "List the access keys of a user, or your own.", key_list },
	{ "key disable", { ONE("KEY", ARGUMENT_TEXT) }, 0,
	  "Refuse an access key from now on.", key_disable },
	{ "key enable", { ONE("KEY", ARGUMENT_TEXT) }, 0,
	  "Take a disabled access key again.", key_enable },
	{ "key delete", { ONE("KEY", ARGUMENT_TEXT) }, 0,
	  "Delete an access key for good.", key_delete },
	{ "status", { { 0 } }, 0,
	  "Say whether the service works, who you are to it, and how its connectors are.", show_status },
	{ "backup", { ONE("FILE", ARGUMENT_FILE) }, WITH(OPTION_STATE_FOLDER) | WITH(OPTION_REPLACE),
	  "Copy the store into FILE, also while the service runs: calls sallyportd --state DIR backup FILE on this machine.", back_up },
	{ "import", { ONE("FILE", ARGUMENT_FILE) }, WITH(OPTION_DRY_RUN) | WITH(OPTION_ONLY) | WITH(OPTION_PREFIX) | WITH(OPTION_ROLE),
	  "Make connectors of the sftp remotes in a file of rclone's (rclone.conf), test them, and say what was not taken.", import_remotes },
	{ "completion", { ONE("SHELL", ARGUMENT_SHELL) }, 0,
	  "Print what a shell, bash or zsh, needs to complete commands, options and names.", print_completion },
	{ "complete", { ANY("WORD", ARGUMENT_TEXT) }, 0,
	  "Offer words for the last one of these.", complete_word, .is_hidden = true },
	{ "help", { ANY("COMMAND", ARGUMENT_TEXT) }, 0,
	  "Say how the program, or one command of it, is used.", show_help },
	{ .name = NULL },
};
/* clang-format on */
