#include "servers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/scope.h"

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	perror(what);
	abort();
}

/* ---- folder ------------------------------------------------------------------------------------------------------ */

void ssh_folder_run(const struct ssh_folder *folder, const char *command)
{
	SP_AUTO_BUFFER line = { 0 };
	for (; *command != '\0'; command++) {
		if (*command == '~')
			sp_buffer_add_text(&line, folder->path);
		else
			sp_buffer_add_char(&line, *command);
	}
	must(system(sp_buffer_text(&line)) == 0, sp_buffer_text(&line));
}

void ssh_folder_make(struct ssh_folder *folder)
{
	snprintf(folder->path, sizeof(folder->path), "/tmp/sallyport-test-XXXXXX");
	must(mkdtemp(folder->path) != NULL, "mkdtemp");
	ssh_folder_run(folder, "cd ~ && for type in rsa ecdsa ed25519; do "
			       "ssh-keygen -q -t $type -N '' -C host -f host_$type && "
			       "ssh-keygen -q -t $type -N '' -C user -f user_$type; done && "
			       "cat user_*.pub > authorized_keys");
}

void ssh_folder_remove(struct ssh_folder *folder)
{
	ssh_folder_run(folder, "rm -r ~");
}

char *ssh_folder_read(const struct ssh_folder *folder, const char *name)
{
	char path[SERVER_PATH_MAX];
	char piece[4096];
	struct sp_buffer text = { 0 };
	snprintf(path, sizeof(path), "%s/%s", folder->path, name);
	FILE *file = fopen(path, "re");
	must(file != NULL, path);
	for (size_t length; (length = fread(piece, 1, sizeof(piece), file)) != 0;)
		sp_buffer_add(&text, piece, length);
	fclose(file);
	return sp_buffer_take(&text);
}

/* ---- processes --------------------------------------------------------------------------------------------------- */

void tcp_pair(int *client, int *server)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	const int small = 16 * 1024;
	SP_AUTO_FD listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)) == 0, "setsockopt");
	must(bind(listener, (struct sockaddr *)&address, length) == 0, "bind");
	must(listen(listener, 1) == 0, "listen");
	must(getsockname(listener, (struct sockaddr *)&address, &length) == 0, "getsockname");
	*client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(setsockopt(*client, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)) == 0, "setsockopt");
	must(connect(*client, (struct sockaddr *)&address, length) == 0, "connect");
	*server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	must(*server != -1, "accept");
	must(fcntl(*client, F_SETFL, O_NONBLOCK) == 0, "fcntl");
}

/** 0 in the child, whose end of the connection is @out_fd. */
static pid_t fork_server(int *out_client, int *out_fd)
{
	tcp_pair(out_client, out_fd);
	fflush(NULL);
	pid_t pid = fork();
	must(pid != -1, "fork");
	close(pid == 0 ? *out_client : *out_fd);
	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that dies leaves nobody behind */
	return pid;
}

void server_end(struct server *server, bool is_killed)
{
	if (is_killed)
		kill(server->pid, SIGKILL);
	while (waitpid(server->pid, NULL, 0) == -1)
		must(errno == EINTR, "waitpid");
}

struct server server_script(void (*play)(int fd))
{
	struct server server;
	int fd;
	server.pid = fork_server(&server.client_fd, &fd);
	if (server.pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		play(fd);
		_exit(0);
	}
	return server;
}

/* ---- sshd -------------------------------------------------------------------------------------------------------- */

static void write_config(const struct ssh_folder *folder, const char *config, char *path)
{
	snprintf(path, SERVER_PATH_MAX, "%s/sshd_config", folder->path);
	FILE *file = fopen(path, "we");
	must(file != NULL, path);
	fprintf(file, "%s\n", config);
	if (strstr(config, "HostKey ") == NULL)
		fprintf(file,
			"HostKey %1$s/host_rsa\nHostKey %1$s/host_ecdsa\nHostKey "
			"%1$s/host_ed25519\n",
			folder->path);
	if (strstr(config, "Subsystem ") == NULL)
		fprintf(file, "Subsystem sftp internal-sftp\n");
	fprintf(file,
		"SetEnv SHLVL=9\n" /* no .bashrc of who runs the tests */
		"AuthorizedKeysFile %s/authorized_keys\nStrictModes no\nUsePAM no\nPidFile none\n"
		"PermitRootLogin yes\nKbdInteractiveAuthentication no\nLogLevel VERBOSE\n",
		folder->path);
	fclose(file);
}

struct server server_sshd(const struct ssh_folder *folder, const char *config)
{
	char path[SERVER_PATH_MAX], log[SERVER_PATH_MAX];
	struct server server;
	int fd;

	write_config(folder, config, path);
	snprintf(log, sizeof(log), "%s/sshd.log", folder->path);
	if (geteuid() == 0)
		mkdir("/run/sshd", 0755); /* where Debian's sshd locks its children in */
	server.pid = fork_server(&server.client_fd, &fd);
	if (server.pid == 0) {
		dup2(fd, STDIN_FILENO);
		dup2(fd, STDOUT_FILENO);
		execl("/usr/sbin/sshd", "/usr/sbin/sshd", "-i", "-f", path, "-E", log,
		      (char *)NULL);
		_exit(127);
	}
	return server;
}

/* ---- the small server --------------------------------------------------------------------------------------------- */

#define PASSWORD "correct horse"

/* libssh calls reading messages old, but its callbacks know no keyboard-interactive. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

struct asking {
	enum questions questions;
	int round;
	bool password_was_right;
};

static int methods_of(enum questions questions)
{
	return questions == QUESTIONS_PASSWORD  ? SSH_AUTH_METHOD_PASSWORD
	       : questions == QUESTIONS_OLD_KEY ? SSH_AUTH_METHOD_PUBLICKEY
						: SSH_AUTH_METHOD_INTERACTIVE;
}

static void refuse(ssh_message message, const struct asking *asking)
{
	ssh_message_auth_set_methods(message, methods_of(asking->questions));
	ssh_message_reply_default(message);
}

static void ask(ssh_message message, struct asking *asking)
{
	const char *prompts[] = { "Password: ", "Code: " };
	char silent[] = { 0, 0 }, loud[] = { 1, 1 };
	bool is_message = asking->questions == QUESTIONS_MESSAGE_FIRST && asking->round == 0;
	bool is_code = asking->questions == QUESTIONS_CODE_AFTERWARDS && asking->round == 1;
	asking->round++;
	ssh_message_auth_interactive_request(message, "", "Welcome",
					     is_message                                   ? 0
					     : asking->questions == QUESTIONS_TWO_PROMPTS ? 2
											  : 1,
					     is_code ? &prompts[1] : prompts,
					     asking->questions == QUESTIONS_ECHO ? loud : silent);
}

static void take_answer(ssh_session session, ssh_message message, struct asking *asking)
{
	const char *answer = ssh_userauth_kbdint_getnanswers(session) < 1
				     ? NULL
				     : ssh_userauth_kbdint_getanswer(session, 0);
	bool is_right = answer != NULL && strcmp(answer, PASSWORD) == 0;

	if (asking->questions == QUESTIONS_MESSAGE_FIRST && asking->round == 1)
		ask(message, asking);
	else if (asking->questions == QUESTIONS_CODE_AFTERWARDS && asking->round == 1)
		ask(message, asking);
	else if (is_right && asking->questions != QUESTIONS_CODE_AFTERWARDS)
		ssh_message_auth_reply_success(message, 0);
	else
		refuse(message, asking);
}

static void answer_authentication(ssh_session session, ssh_message message, struct asking *asking)
{
	int method = ssh_message_subtype(message);
	if (asking->questions == QUESTIONS_NONE)
		ssh_message_auth_reply_success(message, 0);
	else if (method == SSH_AUTH_METHOD_PASSWORD && asking->questions == QUESTIONS_PASSWORD &&
		 strcmp(ssh_message_auth_password(message), PASSWORD) == 0)
		ssh_message_auth_reply_success(message, 0);
	else if (method == SSH_AUTH_METHOD_INTERACTIVE && asking->questions != QUESTIONS_PASSWORD &&
		 ssh_message_auth_kbdint_is_response(message))
		take_answer(session, message, asking);
	else if (method == SSH_AUTH_METHOD_INTERACTIVE && asking->questions != QUESTIONS_PASSWORD)
		ask(message, asking);
	else
		refuse(message, asking);
}

static void serve(const struct ssh_folder *folder, enum questions questions, int fd)
{
	char key[SERVER_PATH_MAX];
	struct asking asking = { .questions = questions };
	bool no = false;
	ssh_bind bind = ssh_bind_new();
	ssh_session session = ssh_new();

	snprintf(key, sizeof(key), "%s/host_ed25519", folder->path);
	ssh_bind_options_set(bind, SSH_BIND_OPTIONS_PROCESS_CONFIG, &no);
	ssh_bind_options_set(bind, SSH_BIND_OPTIONS_HOSTKEY, key);
	ssh_set_auth_methods(session, methods_of(questions));
	if (questions == QUESTIONS_OLD_KEY)
		ssh_bind_options_set(bind, SSH_BIND_OPTIONS_PUBKEY_ACCEPTED_KEY_TYPES,
				     "ssh-ed25519");
	if (ssh_bind_accept_fd(bind, session, fd) != SSH_OK ||
	    ssh_handle_key_exchange(session) != SSH_OK)
		return;
	for (ssh_message message; (message = ssh_message_get(session)) != NULL;) {
		if (ssh_message_type(message) == SSH_REQUEST_AUTH)
			answer_authentication(session, message, &asking);
		else
			ssh_message_reply_default(message);
		ssh_message_free(message);
	}
}

struct server server_small(const struct ssh_folder *folder, enum questions questions)
{
	struct server server;
	int fd;
	server.pid = fork_server(&server.client_fd, &fd);
	if (server.pid == 0) {
		serve(folder, questions, fd);
		_exit(0);
	}
	return server;
}
