#include "test.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "model/host_key_line.h"
#include "remote/transport.h"
#include "servers.h"

/* Failures by deadline are awaited that long; everything else has to come from the server before PATIENCE_MS. */
enum { SHORT_MS = 400, PATIENCE_MS = 20000 };

static struct ssh_folder folder;

static const char *me(void)
{
	return getpwuid(getuid())->pw_name;
}

/** What most tests ask for; they change the rest. */
static struct transport_options usual_options(const struct server *server)
{
	return (struct transport_options){
		.fd = server->client_fd,
		.user = me(),
		.policy = security_policy_find(security_policy_default_name),
		.timeout_ms = PATIENCE_MS,
		.cancel_fd = -1,
	};
}

/** The keys of the folder: trusted is @host_key, ours is @user_key; NULL for none. */
struct keys {
	char *trusted, *user;
};

static struct keys read_keys(const char *host_key, const char *user_key)
{
	return (struct keys){
		.trusted = host_key == NULL ? NULL : ssh_folder_read(&folder, host_key),
		.user = user_key == NULL ? NULL : ssh_folder_read(&folder, user_key),
	};
}

static void free_keys(struct keys *keys)
{
	free(keys->trusted);
	free(keys->user);
}

/** Opens, expects success, closes. */
static void expect_open(const struct transport_options *options, struct transport_report *report)
{
	struct transport *transport = NULL;
	struct sp_error err = { 0 };
	if (transport_open(options, &transport, report, &err) != 0)
		fail_msg("refused: %s", err.message);
	transport_close(transport);
}

/** Opens and expects failure; @says is a part of the sentence. */
static void expect_refusal(const struct transport_options *options, enum failure_step step,
			   enum sp_code code, const char *says, struct transport_report *report)
{
	struct transport *transport = NULL;
	struct sp_error err = { 0 };
	assert_int_equal(transport_open(options, &transport, report, &err), -1);
	assert_null(transport);
	if (strstr(err.message, says) == NULL || err.code != code || report->step != step)
		fail_msg("at step %s, code %d: %s", failure_step_name(report->step), err.code,
			 err.message);
	print_message("# %s\n", err.message);
}

/* ---- what must work ----------------------------------------------------------------------------------------------- */

static void every_kind_of_key_opens_a_connection(void **state)
{
	(void)state;
	static const char *const kinds[] = { "rsa", "ecdsa", "ed25519" };
	for (size_t i = 0; i < SP_COUNT_OF(kinds); i++) {
		char host[32], user[32];
		struct transport_report report;
		snprintf(host, sizeof(host), "host_%s.pub", kinds[i]);
		snprintf(user, sizeof(user), "user_%s", kinds[SP_COUNT_OF(kinds) - 1 - i]);
		struct keys keys = read_keys(host, user);
		struct server server = server_sshd(&folder, "");
		struct transport_options options = usual_options(&server);
		options.trusted_keys = keys.trusted;
		options.private_key = keys.user;
		expect_open(&options, &report);

		assert_string_equal(report.authenticated_by, "publickey");
		assert_string_equal(report.cipher, "aes128-gcm@openssh.com");
		assert_string_equal(report.kex, "curve25519-sha256");
		assert_true(sp_text_starts_with(report.banner, "SSH-2.0-OpenSSH"));
		assert_true(sp_text_starts_with(keys.trusted, report.host_key));
		assert_string_equal(report.host_key_algorithm, i == 0   ? "rsa-sha2-512"
							       : i == 1 ? "ecdsa-sha2-nistp256"
									: "ssh-ed25519");
		free_keys(&keys);
		server_end(&server, false);
	}
}

static void every_policy_reaches_a_current_server(void **state)
{
	(void)state;
	const struct security_policy *policy;
	struct keys keys = read_keys("host_ecdsa.pub", "user_rsa");
	for (size_t i = 0; (policy = security_policy_at(i)) != NULL; i++) {
		struct transport_report report;
		struct server server = server_sshd(&folder, "");
		struct transport_options options = usual_options(&server);
		options.trusted_keys = keys.trusted;
		options.private_key = keys.user;
		options.policy = policy;
		expect_open(&options, &report);
		server_end(&server, false);
	}
	free_keys(&keys);
}

/* As ssh-keyscan prints it, with another key of the same type in front. */
static void the_trusted_key_may_be_one_of_several(void **state)
{
	(void)state;
	struct transport_report report;
	struct keys keys = read_keys("host_ed25519.pub", "user_ed25519");
	char *other = ssh_folder_read(&folder, "user_ed25519.pub");
	char lines[2 * HOST_KEY_LINE_MAX];
	snprintf(lines, sizeof(lines), "%s\n[sftp.example.com]:2222 %s", other, keys.trusted);
	struct server server = server_sshd(&folder, "");
	struct transport_options options = usual_options(&server);
	options.trusted_keys = lines;
	options.private_key = keys.user;
	expect_open(&options, &report);
	free(other);
	free_keys(&keys);
	server_end(&server, false);
}

static void a_password_opens_a_connection_however_it_is_asked_for(void **state)
{
	(void)state;
	static const struct {
		enum questions questions;
		const char *method;
	} ways[] = { { QUESTIONS_PASSWORD, "password" },
		     { QUESTIONS_INTERACTIVE, "keyboard-interactive" },
		     { QUESTIONS_MESSAGE_FIRST, "keyboard-interactive" },
		     { QUESTIONS_NONE, "none" } };
	struct keys keys = read_keys("host_ed25519.pub", NULL);
	for (size_t i = 0; i < SP_COUNT_OF(ways); i++) {
		struct transport_report report;
		struct server server = server_small(&folder, ways[i].questions);
		struct transport_options options = usual_options(&server);
		options.trusted_keys = keys.trusted;
		options.password = "correct horse";
		expect_open(&options, &report);
		assert_string_equal(report.authenticated_by, ways[i].method);
		server_end(&server, false);
	}
	free_keys(&keys);
}

/** From here on whoever opens a file or a socket is killed. */
static void forbid_opening(void)
{
	enum { ADDRESS = offsetof(struct seccomp_data, nr) };
	static const struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ADDRESS),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_connect, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	const struct sock_fprog program = { SP_COUNT_OF(filter), (struct sock_filter *)filter };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		_exit(2);
}

/* What the worker's sandbox relies on. A process of its own, whose first connection this is. */
static void after_the_start_a_connection_opens_no_file(void **state)
{
	(void)state;
	struct keys keys = read_keys("host_rsa.pub", "user_ecdsa");
	struct server server = server_sshd(&folder, "");
	struct transport_options options = usual_options(&server);
	options.trusted_keys = keys.trusted;
	options.private_key = keys.user;
	pid_t child = fork();
	if (child == 0) {
		struct transport_report report;
		struct transport *transport;
		struct channel *channel;
		if (transport_init(NULL) != 0)
			_exit(2);
		forbid_opening();
		if (transport_open(&options, &transport, &report, NULL) != 0 ||
		    transport_open_sftp(transport, PATIENCE_MS, -1, &channel, NULL) != 0)
			_exit(3);
		channel->backend->close(channel);
		transport_close(transport);
		_exit(0);
	}
	close(server.client_fd);
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	free_keys(&keys);
	server_end(&server, false);
}

/* ---- who the server is --------------------------------------------------------------------------------------------- */

static void without_a_trusted_key_the_server_s_is_reported(void **state)
{
	(void)state;
	struct transport_report report;
	struct keys keys = read_keys("host_ed25519.pub", "user_ed25519");
	struct server server = server_sshd(&folder, "");
	struct transport_options options = usual_options(&server);
	options.private_key = keys.user;
	expect_refusal(&options, STEP_HOST_KEY, SP_UNTRUSTED, "no host key is trusted", &report);

	assert_true(sp_text_starts_with(keys.trusted, report.host_key));
	ssh_folder_run(&folder, "ssh-keygen -lf ~/host_ed25519.pub > ~/print");
	char *print = ssh_folder_read(&folder, "print");
	assert_true(sp_text_starts_with(report.fingerprint, "SHA256:"));
	assert_non_null(strstr(print, report.fingerprint));
	free(print);
	/* What led there is told too, and nothing of what did not come. */
	assert_true(sp_text_starts_with(report.banner, "SSH-2.0-"));
	for (size_t i = 0; i < ALGORITHM_KIND_COUNT; i++)
		assert_string_not_equal(report.offered[i], "");
	assert_non_null(strstr(report.offered[ALGORITHM_KEX], report.kex));
	assert_string_not_equal(report.kex, "");
	assert_true(report.took_ms[STEP_KEY_EXCHANGE] > 0);
	assert_int_equal(report.took_ms[STEP_AUTHENTICATE], 0);
	assert_string_equal(report.methods, "");
	assert_string_equal(report.authenticated_by, "");
	free_keys(&keys);
	server_end(&server, false);
}

/* Nothing secret, not even the user's name, may have been sent: the server's log would have it. */
static void another_key_than_the_trusted_one_ends_it_before_authentication(void **state)
{
	(void)state;
	struct transport_report report;
	struct keys keys = read_keys("user_ed25519.pub", "user_ed25519");
	ssh_folder_run(&folder, "rm -f ~/sshd.log");
	struct server server = server_sshd(&folder, "LogLevel DEBUG3");
	struct transport_options options = usual_options(&server);
	options.trusted_keys = keys.trusted;
	options.private_key = keys.user;
	options.user = "nobody-in-particular";
	expect_refusal(&options, STEP_HOST_KEY, SP_UNTRUSTED, "none of the trusted", &report);
	assert_true(report.host_key[0] != '\0');
	server_end(&server, false);

	char *log = ssh_folder_read(&folder, "sshd.log");
	assert_non_null(strstr(log, "KEX done"));
	assert_null(strstr(log, "nobody-in-particular"));
	free(log);
	free_keys(&keys);
}

static void a_server_without_a_key_of_a_trusted_type_is_not_trusted(void **state)
{
	(void)state;
	char config[SERVER_PATH_MAX];
	struct transport_report report;
	struct keys keys = read_keys("host_ed25519.pub", "user_ed25519");
	snprintf(config, sizeof(config), "HostKey %s/host_rsa", folder.path);
	struct server server = server_sshd(&folder, config);
	struct transport_options options = usual_options(&server);
	options.trusted_keys = keys.trusted;
	options.private_key = keys.user;
	expect_refusal(&options, STEP_HOST_KEY, SP_UNTRUSTED,
		       "trusted is [ssh-ed25519], the server offers [rsa-sha2-512, rsa-sha2-256]",
		       &report);
	free_keys(&keys);
	server_end(&server, false);
}

static void trusted_keys_and_policy_need_a_type_in_common(void **state)
{
	(void)state;
	struct transport_report report;
	struct keys keys = read_keys("host_ed25519.pub", "user_ed25519");
	struct server server = server_sshd(&folder, "");
	struct transport_options options = usual_options(&server);
	options.trusted_keys = keys.trusted;
	options.policy = security_policy_find("TransferSFTPConnectorSecurityPolicy-FIPS-2024-10");
	expect_refusal(&options, STEP_HOST_KEY, SP_UNSUPPORTED,
		       "allows no host key of a trusted type (ssh-ed25519)", &report);
	free_keys(&keys);
	server_end(&server, false);
}

static void a_broken_trusted_key_is_said_so(void **state)
{
	(void)state;
	struct transport_report report;
	struct server server = server_sshd(&folder, "");
	struct transport_options options = usual_options(&server);
	options.trusted_keys = "ssh-ed25519 AAAA";
	expect_refusal(&options, STEP_HOST_KEY, SP_INVALID, "trusted host key 1", &report);
	server_end(&server, false);
}

/* ---- no algorithm in common ---------------------------------------------------------------------------------------- */

static void without_a_common_algorithm_both_lists_are_named(void **state)
{
	(void)state;
	static const struct {
		const char *config, *says;
	} cases[] = {
		{ "KexAlgorithms ecdh-sha2-nistp521",
		  "Key exchange negotiation failed due to incompatible key exchange algorithms. "
		  "Client offered: [curve25519-sha256, curve25519-sha256@libssh.org, "
		  "diffie-hellman-group16-sha512, diffie-hellman-group18-sha512, "
		  "diffie-hellman-group-exchange-sha256] Server offered: [ecdh-sha2-nistp521" },
		{ "Ciphers aes128-cbc,chacha20-poly1305@openssh.com",
		  "incompatible ciphers. Client offered: [aes128-gcm@openssh.com, "
		  "aes256-gcm@openssh.com, aes192-ctr, aes256-ctr] Server offered: [aes128-cbc, "
		  "chacha20-poly1305@openssh.com]" },
		{ "Ciphers aes256-ctr\nMACs hmac-sha1,umac-64@openssh.com",
		  "incompatible MAC algorithms. Client offered: [hmac-sha2-256-etm@openssh.com, "
		  "hmac-sha2-512-etm@openssh.com, hmac-sha2-256, hmac-sha2-512] Server offered: "
		  "[hmac-sha1, umac-64@openssh.com]" },
		{ "HostKeyAlgorithms ssh-rsa",
		  "incompatible host key algorithms. Client offered: [ssh-ed25519, "
		  "ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, ecdsa-sha2-nistp521, rsa-sha2-512, "
		  "rsa-sha2-256] Server offered: [ssh-rsa]" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct transport_report report;
		struct server server = server_sshd(&folder, cases[i].config);
		struct transport_options options = usual_options(&server);
		expect_refusal(&options, STEP_KEY_EXCHANGE, SP_UNSUPPORTED, cases[i].says, &report);
		server_end(&server, false);
	}
}

static void an_rsa_signature_with_sha1_needs_the_old_policy(void **state)
{
	(void)state;
	struct transport_report report;
	struct keys keys = read_keys("host_rsa.pub", "user_rsa");
	static const char config[] = "HostKeyAlgorithms ssh-rsa";
	struct server server = server_sshd(&folder, config);
	struct transport_options options = usual_options(&server);
	options.trusted_keys = keys.trusted;
	options.private_key = keys.user;
	expect_refusal(&options, STEP_KEY_EXCHANGE, SP_UNSUPPORTED, "Server offered: [ssh-rsa]",
		       &report);
	server_end(&server, false);

	server = server_sshd(&folder, config);
	options.fd = server.client_fd;
	options.policy = security_policy_find("TransferSFTPConnectorSecurityPolicy-2023-07");
	expect_open(&options, &report);
	assert_string_equal(report.host_key_algorithm, "ssh-rsa");
	server_end(&server, false);

	free_keys(&keys);
}

static void an_rsa_key_is_kept_from_a_server_that_takes_only_sha1(void **state)
{
	(void)state;
	struct transport_report report;
	struct keys keys = read_keys("host_ed25519.pub", "user_rsa");
	struct server server = server_small(&folder, QUESTIONS_OLD_KEY);
	struct transport_options options = usual_options(&server);
	options.trusted_keys = keys.trusted;
	options.private_key = keys.user;
	expect_refusal(&options, STEP_AUTHENTICATE, SP_AUTH, "announces no signature", &report);
	server_end(&server, false);
	free_keys(&keys);
}

/* ---- who we are ---------------------------------------------------------------------------------------------------- */

static void a_refused_key_and_a_refused_password_are_told_apart(void **state)
{
	(void)state;
	struct transport_report report;
	struct keys keys = read_keys("host_ed25519.pub", "host_ecdsa");
	struct server server = server_sshd(&folder, "");
	struct transport_options options = usual_options(&server);
	options.trusted_keys = keys.trusted;
	options.private_key = keys.user;
	expect_refusal(&options, STEP_AUTHENTICATE, SP_AUTH,
		       "public key ecdsa-sha2-nistp256 SHA256:", &report);
	server_end(&server, false);

	server = server_sshd(&folder, "");
	options.fd = server.client_fd;
	options.private_key = NULL;
	options.password = "wrong";
	expect_refusal(&options, STEP_AUTHENTICATE, SP_AUTH,
		       ": password refused; it offers publickey, password", &report);
	assert_string_equal(report.methods, "publickey, password");
	assert_string_equal(report.authenticated_by, "");
	server_end(&server, false);

	server = server_sshd(&folder, "");
	options.fd = server.client_fd;
	options.private_key = keys.user;
	expect_refusal(&options, STEP_AUTHENTICATE, SP_AUTH, "refused, password refused", &report);
	server_end(&server, false);

	server = server_sshd(&folder, "PasswordAuthentication no");
	options.fd = server.client_fd;
	options.private_key = NULL;
	expect_refusal(&options, STEP_AUTHENTICATE, SP_AUTH,
		       "it takes no password; it offers publickey", &report);
	server_end(&server, false);

	server = server_sshd(&folder, "MaxAuthTries 1");
	options.fd = server.client_fd;
	expect_refusal(&options, STEP_AUTHENTICATE, SP_AUTH, "password refused", &report);
	server_end(&server, false);
	free_keys(&keys);
}

/* What the secret says now, and what it said before: on one connection, in this order. */
static void what_one_version_is_refused_for_the_next_one_is_tried(void **state)
{
	(void)state;
	struct transport_report report;
	struct keys keys = read_keys("host_ed25519.pub", "user_ed25519");
	struct server server = server_sshd(&folder, "");
	const struct transport_login others[] = { { .password = "older" },
						  { .private_key = keys.user } };
	struct transport_options options = usual_options(&server);
	options.trusted_keys = keys.trusted;
	options.password = "wrong";
	options.others = others;
	options.other_count = 1;
	expect_refusal(&options, STEP_AUTHENTICATE, SP_AUTH,
		       ": password refused, then, with the next version of the secret, password "
		       "refused; it offers",
		       &report);
	server_end(&server, false);

	server = server_sshd(&folder, "");
	options.fd = server.client_fd;
	options.other_count = 2;
	expect_open(&options, &report);
	assert_string_equal(report.authenticated_by, "publickey");
	server_end(&server, false);
	free_keys(&keys);
}

/* The key is accepted, and the server wants the password too. */
static void a_server_may_want_both(void **state)
{
	(void)state;
	struct transport_report report;
	struct keys keys = read_keys("host_ed25519.pub", "user_ed25519");
	struct server server = server_sshd(&folder, "AuthenticationMethods publickey,password");
	struct transport_options options = usual_options(&server);
	options.trusted_keys = keys.trusted;
	options.private_key = keys.user;
	options.password = "wrong";
	expect_refusal(&options, STEP_AUTHENTICATE, SP_AUTH,
		       "one method was accepted, another is wanted, password refused", &report);
	server_end(&server, false);
	free_keys(&keys);
}

/** A first connection with the key, after which the server is known. */
static void get_to_know(struct transport_options *options, char known[TRANSPORT_SERVER_SIZE],
			struct transport_report *report)
{
	struct server server = server_sshd(&folder, "");
	options->fd = server.client_fd;
	expect_open(options, report);
	transport_server(report->banner, report->fingerprint, known);
	server_end(&server, false);
}

/* Whether the server was asked which ways it has shows in that it said them. */
static void what_let_us_in_before_is_tried_first_at_that_server_alone(void **state)
{
	(void)state;
	struct transport_report report;
	char known[TRANSPORT_SERVER_SIZE];
	struct keys keys = read_keys("host_ed25519.pub", "user_ed25519");
	struct server server = { .client_fd = -1 };
	struct transport_options options = usual_options(&server);
	options.trusted_keys = keys.trusted;
	options.private_key = keys.user;
	get_to_know(&options, known, &report);
	assert_string_equal("publickey, password", report.methods);
	assert_true(report.by_one_method);

	server = server_sshd(&folder, "");
	options.fd = server.client_fd;
	options.known_server = known;
	options.known_method = "publickey";
	expect_open(&options, &report);
	assert_string_equal("publickey", report.authenticated_by);
	assert_string_equal("", report.methods);
	server_end(&server, false);

	server = server_sshd(&folder, "");
	options.fd = server.client_fd;
	options.known_server = "SSH-2.0-OpenSSH_1.0 SHA256:another";
	expect_open(&options, &report);
	assert_string_equal("publickey, password", report.methods);
	server_end(&server, false);
	free_keys(&keys);
}

static void what_let_us_in_before_and_does_not_any_more_is_not_the_end(void **state)
{
	(void)state;
	struct transport_report report;
	char known[TRANSPORT_SERVER_SIZE];
	struct keys keys = read_keys("host_ed25519.pub", "user_ed25519");
	struct server server = { .client_fd = -1 };
	struct transport_options options = usual_options(&server);
	options.trusted_keys = keys.trusted;
	options.private_key = keys.user;
	get_to_know(&options, known, &report);

	server = server_sshd(&folder, "");
	options.fd = server.client_fd;
	options.password = "wrong";
	options.known_server = known;
	options.known_method = "password";
	expect_open(&options, &report);
	assert_string_equal("publickey", report.authenticated_by);
	server_end(&server, false);

	/* It may be what is wanted after another one. */
	server = server_sshd(&folder, "AuthenticationMethods publickey,password");
	options.fd = server.client_fd;
	expect_refusal(&options, STEP_AUTHENTICATE, SP_AUTH,
		       "one method was accepted, another is wanted, password refused", &report);
	server_end(&server, false);
	free_keys(&keys);
}

static void a_question_that_is_no_password_is_not_answered(void **state)
{
	(void)state;
	static const enum questions odd[] = { QUESTIONS_TWO_PROMPTS, QUESTIONS_CODE_AFTERWARDS,
					      QUESTIONS_ECHO };
	struct keys keys = read_keys("host_ed25519.pub", NULL);
	for (size_t i = 0; i < SP_COUNT_OF(odd); i++) {
		struct transport_report report;
		struct server server = server_small(&folder, odd[i]);
		struct transport_options options = usual_options(&server);
		options.trusted_keys = keys.trusted;
		options.password = "correct horse";
		expect_refusal(&options, STEP_AUTHENTICATE, SP_AUTH, "asks for more", &report);
		server_end(&server, false);
	}
	free_keys(&keys);
}

static void a_wrong_password_is_refused_once(void **state)
{
	(void)state;
	static const enum questions ways[] = { QUESTIONS_PASSWORD, QUESTIONS_INTERACTIVE };
	struct keys keys = read_keys("host_ed25519.pub", NULL);
	for (size_t i = 0; i < SP_COUNT_OF(ways); i++) {
		struct transport_report report;
		struct sp_error err = { 0 };
		struct transport *transport;
		struct server server = server_small(&folder, ways[i]);
		struct transport_options options = usual_options(&server);
		options.trusted_keys = keys.trusted;
		options.password = "Tr0ub4dor";
		assert_int_equal(transport_open(&options, &transport, &report, &err), -1);
		assert_int_equal(err.code, SP_AUTH);
		assert_non_null(strstr(err.message, "password refused"));
		assert_null(strstr(err.message, "Tr0ub4dor"));
		server_end(&server, false);
	}
	free_keys(&keys);
}

/* ---- servers that are none ----------------------------------------------------------------------------------------- */

static void stay_silent(int fd)
{
	char byte;
	while (recv(fd, &byte, 1, 0) > 0)
		;
	pause();
}

static void read_nothing(int fd)
{
	(void)fd;
	pause();
}

static void say(int fd, const char *text)
{
	(void)!write(fd, text, strlen(text));
}

static void close_at_once(int fd)
{
	char line[256];
	(void)!recv(fd, line, sizeof(line), 0); /* else the reset would overtake the end */
	shutdown(fd, SHUT_RDWR);
}

static void answer_http(int fd)
{
	say(fd, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
	close_at_once(fd);
}

static void flood_lines(int fd)
{
	for (;;)
		if (send(fd, "Welcome to the machine\r\n", 24, MSG_NOSIGNAL) <= 0)
			return;
}

static void flood_one_line(int fd)
{
	char noise[1000];
	memset(noise, 'x', sizeof(noise));
	while (send(fd, noise, sizeof(noise), MSG_NOSIGNAL) > 0)
		;
}

static void speak_version_1(int fd)
{
	say(fd, "SSH-1.5-old\r\n");
	stay_silent(fd);
}

static void stop_in_the_key_exchange(int fd)
{
	say(fd, "SSH-2.0-half\r\n");
	/* A KEXINIT of 1024 bytes, of which 40 come. */
	char half[44] = { 0, 0, 4, 0, 8, 20 };
	(void)!write(fd, half, sizeof(half));
	stay_silent(fd);
}

static void close_in_the_key_exchange(int fd)
{
	char bytes[8192];
	say(fd, "SSH-2.0-short\r\n");
	(void)!recv(fd, bytes, sizeof(bytes), 0);
}

static void send_garbage(int fd)
{
	char noise[4096];
	memset(noise, 0xa5, sizeof(noise));
	say(fd, "SSH-2.0-garbage\r\n");
	(void)!write(fd, noise, sizeof(noise));
	stay_silent(fd);
}

static void disconnect(int fd)
{
	/* SSH_MSG_DISCONNECT, code 12, "go\x1b away", in an unencrypted packet. */
	static const char packet[] =
		"\0\0\0\x1c\x06\x01\0\0\0\x0c\0\0\0\x08go\x1b away\0\0\0\0\0\0\0\0\0";
	say(fd, "SSH-2.0-busy\r\n");
	(void)!write(fd, packet, 32);
	stay_silent(fd);
}

static const struct broken {
	void (*play)(int fd);
	bool is_killed; /* it does not end by itself */
	enum failure_step step;
	enum sp_code code;
	const char *says;
} broken[] = {
	{ stay_silent, true, STEP_BANNER, SP_TIMEOUT,
	  "the server sent no SSH version line within 0.4 s" },
	{ read_nothing, true, STEP_BANNER, SP_TIMEOUT, "no SSH version line within 0.4 s" },
	{ close_at_once, false, STEP_BANNER, SP_CLOSED,
	  "closed the connection before its SSH version" },
	{ answer_http, false, STEP_BANNER, SP_PROTOCOL, "it said \"HTTP/1.1 400 Bad Request\"" },
	{ flood_lines, false, STEP_BANNER, SP_PROTOCOL,
	  "no SSH version line: it said \"Welcome to the machine\"" },
	{ flood_one_line, false, STEP_BANNER, SP_PROTOCOL, "no SSH version line: it said \"xxxx" },
	{ speak_version_1, true, STEP_BANNER, SP_UNSUPPORTED, "no SSH version 2: \"SSH-1.5-old\"" },
	{ stop_in_the_key_exchange, true, STEP_KEY_EXCHANGE, SP_TIMEOUT,
	  "the key exchange was not finished within 0.4 s" },
	{ close_in_the_key_exchange, false, STEP_KEY_EXCHANGE, SP_CLOSED,
	  "during the key exchange" },
	{ send_garbage, true, STEP_KEY_EXCHANGE, SP_PROTOCOL, "broke the SSH protocol" },
	{ disconnect, true, STEP_KEY_EXCHANGE, SP_CLOSED,
	  "ended the connection during the key exchange: go\\x1b away" },
};

static void broken_servers_end_in_a_sentence_and_in_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < SP_COUNT_OF(broken); i++) {
		struct transport_report report;
		int64_t start_ms = sp_monotonic_ms();
		struct server server = server_script(broken[i].play);
		struct transport_options options = usual_options(&server);
		if (broken[i].code == SP_TIMEOUT)
			options.timeout_ms = SHORT_MS;
		expect_refusal(&options, broken[i].step, broken[i].code, broken[i].says, &report);
		assert_true(sp_monotonic_ms() - start_ms < PATIENCE_MS / 2);
		server_end(&server, broken[i].is_killed);
	}
}

/* sshd is stopped after its version line, as a machine that hangs. */
static void a_server_that_freezes_in_the_middle_runs_into_the_deadline(void **state)
{
	(void)state;
	struct transport_report report;
	struct server server = server_sshd(&folder, "");
	struct pollfd readable = { .fd = server.client_fd, .events = POLLIN };
	assert_int_equal(poll(&readable, 1, PATIENCE_MS), 1);
	kill(server.pid, SIGSTOP);
	struct transport_options options = usual_options(&server);
	options.timeout_ms = SHORT_MS;
	expect_refusal(&options, STEP_KEY_EXCHANGE, SP_TIMEOUT, "within 0.4 s", &report);
	server_end(&server, true);
}

static void whoever_waits_can_be_called_off(void **state)
{
	(void)state;
	struct transport_report report;
	SP_AUTO_FD cancel = eventfd(1, EFD_CLOEXEC);
	struct server server = server_script(stay_silent);
	struct transport_options options = usual_options(&server);
	options.cancel_fd = cancel;
	expect_refusal(&options, STEP_BANNER, SP_CANCELLED, "given up", &report);
	server_end(&server, true);
}

static int count_descriptors(void)
{
	int count = 0;
	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

/* Whatever happens, the descriptor is taken and closed, and closed once. */
static void no_descriptor_is_left(void **state)
{
	(void)state;
	int before = count_descriptors();
	struct keys keys = read_keys("host_ed25519.pub", "user_ed25519");
	for (size_t i = 0; i < SP_COUNT_OF(broken); i++) {
		struct transport_report report;
		struct transport *transport;
		struct server server = server_script(broken[i].play);
		struct transport_options options = usual_options(&server);
		options.timeout_ms = broken[i].code == SP_TIMEOUT ? 1 : PATIENCE_MS;
		assert_int_equal(transport_open(&options, &transport, &report, NULL), -1);
		server_end(&server, broken[i].is_killed);
		assert_int_equal(count_descriptors(), before);
	}
	struct transport_report report;
	struct server server = server_sshd(&folder, "");
	struct transport_options options = usual_options(&server);
	options.trusted_keys = keys.trusted;
	options.private_key = keys.user;
	expect_open(&options, &report);
	server_end(&server, false);

	server = server_sshd(&folder, "");
	options.fd = server.client_fd;
	options.user = "";
	expect_refusal(&options, STEP_AUTHENTICATE, SP_INVALID, "user name is empty", &report);
	server_end(&server, false);
	assert_int_equal(count_descriptors(), before);
	free_keys(&keys);
}

static int set_up(void **state)
{
	(void)state;
	struct sp_error err = { 0 };
	ssh_folder_make(&folder);
	return transport_init(&err);
}

static int tear_down(void **state)
{
	(void)state;
	ssh_folder_remove(&folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_the_start_a_connection_opens_no_file),
		cmocka_unit_test(every_kind_of_key_opens_a_connection),
		cmocka_unit_test(every_policy_reaches_a_current_server),
		cmocka_unit_test(the_trusted_key_may_be_one_of_several),
		cmocka_unit_test(a_password_opens_a_connection_however_it_is_asked_for),
		cmocka_unit_test(without_a_trusted_key_the_server_s_is_reported),
		cmocka_unit_test(another_key_than_the_trusted_one_ends_it_before_authentication),
		cmocka_unit_test(a_server_without_a_key_of_a_trusted_type_is_not_trusted),
		cmocka_unit_test(trusted_keys_and_policy_need_a_type_in_common),
		cmocka_unit_test(a_broken_trusted_key_is_said_so),
		cmocka_unit_test(without_a_common_algorithm_both_lists_are_named),
		cmocka_unit_test(an_rsa_signature_with_sha1_needs_the_old_policy),
		cmocka_unit_test(an_rsa_key_is_kept_from_a_server_that_takes_only_sha1),
		cmocka_unit_test(a_refused_key_and_a_refused_password_are_told_apart),
		cmocka_unit_test(what_one_version_is_refused_for_the_next_one_is_tried),
		cmocka_unit_test(a_server_may_want_both),
		cmocka_unit_test(what_let_us_in_before_is_tried_first_at_that_server_alone),
		cmocka_unit_test(what_let_us_in_before_and_does_not_any_more_is_not_the_end),
		cmocka_unit_test(a_question_that_is_no_password_is_not_answered),
		cmocka_unit_test(a_wrong_password_is_refused_once),
		cmocka_unit_test(broken_servers_end_in_a_sentence_and_in_time),
		cmocka_unit_test(a_server_that_freezes_in_the_middle_runs_into_the_deadline),
		cmocka_unit_test(whoever_waits_can_be_called_off),
		cmocka_unit_test(no_descriptor_is_left),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
