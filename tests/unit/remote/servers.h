#pragma once
/**
 * Real servers for tests of the transport, one process for one connection over a loopback TCP pair, so that nothing
 * has to be waited for: OpenSSH's sshd in its inetd mode, a small one on libssh's server side for the ways of asking
 * for a password, and scripts that break the protocol.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { SERVER_PATH_MAX = 256 };

/** A folder with host keys (rsa, ecdsa, ed25519), users' keys and an authorized_keys file. */
struct ssh_folder {
	char path[64];
};

void ssh_folder_make(struct ssh_folder *folder);
void ssh_folder_remove(struct ssh_folder *folder);

/** Contents of a file in the folder, owned by the caller. */
char *ssh_folder_read(const struct ssh_folder *folder, const char *name);

/** Runs a command, which has to succeed. "~" stands for the folder's path. */
void ssh_folder_run(const struct ssh_folder *folder, const char *command);

/** Connected to 127.0.0.1 at both ends; the kernel holds little of what the client sends, so that it soon would block. */
void tcp_pair(int *client, int *server);

struct server {
	pid_t pid;
	int client_fd; /* for the transport, which takes it */
};

/** sshd(8); @config stands before the usual lines, which name three host keys and SFTP unless it names others. */
struct server server_sshd(const struct ssh_folder *folder, const char *config);

/** What the small server asks for. Its user may be anybody, its password is "correct horse". */
enum questions {
	QUESTIONS_PASSWORD,        /* the method "password" */
	QUESTIONS_INTERACTIVE,     /* keyboard-interactive, one prompt without echo */
	QUESTIONS_MESSAGE_FIRST,   /* a round without prompts before it */
	QUESTIONS_TWO_PROMPTS,     /* password and code at once */
	QUESTIONS_CODE_AFTERWARDS, /* first the password, then a code */
	QUESTIONS_ECHO,            /* a prompt whose answer everybody may see */
	QUESTIONS_NONE,            /* lets everybody in */
	QUESTIONS_OLD_KEY, /* a public key, but announces no signature for RSA that uses SHA-2 */
};
struct server server_small(const struct ssh_folder *folder, enum questions questions);

/** @play talks to the client; the connection ends with it. */
struct server server_script(void (*play)(int fd));

/** Waits for the process; it is killed first if it does not end by itself with its connection. */
void server_end(struct server *server, bool is_killed);
