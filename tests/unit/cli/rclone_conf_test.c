#include "test.h"

#include "base/buffer.h"
#include "base/json.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/rclone_conf.h"
#include "cli/rclone_remote.h"

static const char text[] = "# a comment\n"
			   "[acme]\r\n"
			   "type = sftp\r\n"
			   "host = sftp.acme.example\r\n"
			   "user=me\n"
			   "\n"
			   "; another one\n"
			   "[with spaces]\n"
			   "type = s3\n"
			   "empty =\n"
			   "equals = a=b = c\n"
			   "equals = later wins\n";

static void remotes_and_their_options_are_read(void **state)
{
	(void)state;
	struct rclone_conf conf;
	struct sp_error err = { 0 };
	assert_int_equal(rclone_conf_read(text, strlen(text), &conf, &err), 0);
	assert_int_equal(conf.count, 2);
	assert_string_equal(conf.remotes[0].name, "acme");
	assert_string_equal(rclone_option(&conf.remotes[0], "host"), "sftp.acme.example");
	assert_string_equal(rclone_option(&conf.remotes[0], "user"), "me");
	assert_null(rclone_option(&conf.remotes[0], "pass"));
	assert_string_equal(conf.remotes[1].name, "with spaces");
	assert_null(rclone_option(&conf.remotes[1], "empty"));
	assert_string_equal(rclone_option(&conf.remotes[1], "equals"), "later wins");
	rclone_conf_finish(&conf);
}

static void what_makes_no_sense_is_named_by_its_line_and_not_quoted(void **state)
{
	(void)state;
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "hunter2 = x\n", "line 1 stands in front" },
		{ "[a]\nhunter2\n", "line 2" },
		{ "[a]\n= hunter2\n", "line 2" },
		{ "[a\n", "line 1" },
		{ "[]\n", "line 1" },
		{ "# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\nhunter2",
		  "encrypted" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(rows); i++) {
		struct rclone_conf conf;
		struct sp_error err = { 0 };
		assert_int_equal(rclone_conf_read(rows[i].text, strlen(rows[i].text), &conf, &err),
				 -1);
		assert_int_equal(err.code, SP_INVALID);
		assert_non_null(strstr(err.message, rows[i].words));
		assert_null(strstr(err.message, "hunter2"));
		rclone_conf_finish(&conf);
	}
}

static void passwords_are_revealed(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		/* as `rclone obscure` wrote them */
		{ "YE_y4rTpWMil7e4hEgvglV1kkY_Ui6L-9hTba8vK", "geheim & s\xc3\xbc\xc3\x9f" },
		{ "XF9cFx9OHqMPGO0HQjRIZg", "" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(rows); i++) {
		SP_AUTO_SECRET char *clear = rclone_reveal(rows[i][0]);
		assert_non_null(clear);
		assert_string_equal(clear, rows[i][1]);
	}
	static const char *const none[] = { "",     "a",    "plain text",
					    "AAAA", "!!!!", "AAAAAAAAAAAAAAAAAAAAA" };
	for (size_t i = 0; i < SP_COUNT_OF(none); i++)
		assert_null(rclone_reveal(none[i]));
}

/* The sentence with which the only remote is left out; "" when it is taken. */
static void take(const char *options, struct rclone_taken *taken,
		 char sentence[SP_ERROR_MESSAGE_MAX])
{
	struct rclone_conf conf;
	struct sp_error err = { 0 };
	SP_AUTO_BUFFER file = { 0 };
	sp_buffer_format(&file, "[r]\ntype = sftp\n%s", options);
	assert_int_equal(rclone_conf_read(sp_buffer_text(&file), file.length, &conf, &err), 0);
	int result = rclone_remote_take(&conf.remotes[0], taken, &err);
	assert_int_equal(result == 0, err.message[0] == '\0');
	strcpy(sentence, err.message);
	rclone_conf_finish(&conf);
}

static void what_a_connector_cannot_do_is_said(void **state)
{
	(void)state;
	static const struct {
		const char *options, *words;
	} rows[] = {
		{ "user = u\npass = YE_y4rTpWMil7e4hEgvglV1kkY_Ui6L-9hTba8vK\n", "which host" },
		{ "host = h\nuser = u\n", "SSH agent" },
		{ "host = h\nuser = u\nkey_use_agent = true\n", "SSH agent" },
		{ "host = h\nuser = u\npass = plain\n", "obscured" },
		{ "host = h\nuser = u\npass = YE_y4rTpWMil7e4hEgvglV1kkY_Ui6L-9hTba8vK\nport = x\n",
		  "port" },
		{ "host = h\nuser = u\npass = YE_y4rTpWMil7e4hEgvglV1kkY_Ui6L-9hTba8vK\nport = 0\n",
		  "port" },
		{ "host = h h\nuser = u\npass = YE_y4rTpWMil7e4hEgvglV1kkY_Ui6L-9hTba8vK\n",
		  "h h" },
		{ "host = h\nuser = u\nask_password = true\n", "each time" },
		{ "host = h\nuser = u\nssh = ssh -J x\n", "program" },
		{ "host = h\nuser = u\nsocks_proxy = p:1\npass = "
		  "YE_y4rTpWMil7e4hEgvglV1kkY_Ui6L-9hTba8vK\n",
		  "SOCKS" },
		{ "host = h\nkey_file = /nonexistent\n", "/nonexistent" },
		{ "host = h\nkey_pem = -----BEGIN ENCRYPTED PRIVATE KEY-----\\nx\n", "passphrase" },
		{ "host = h\nkey_file = /x\nkey_file_pass = y\n", "passphrase" },
		{ "host = h\npass = YE_y4rTpWMil7e4hEgvglV1kkY_Ui6L-9hTba8vK\nknown_hosts_file = "
		  "/dev/null\n",
		  "known hosts" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(rows); i++) {
		struct rclone_taken taken;
		char sentence[SP_ERROR_MESSAGE_MAX];
		take(rows[i].options, &taken, sentence);
		if (strstr(sentence, rows[i].words) == NULL)
			fail_msg("%s is told as: %s", rows[i].options, sentence);
		rclone_taken_finish(&taken);
	}
}

static void what_a_connector_can_do_is_taken_and_the_rest_is_noted(void **state)
{
	(void)state;
	struct rclone_taken taken;
	char sentence[SP_ERROR_MESSAGE_MAX];
	take("host = sftp.example\nuser = u\nport = 2022\npass = "
	     "YE_y4rTpWMil7e4hEgvglV1kkY_Ui6L-9hTba8vK\nkey_pem = A\\nB\\n\n"
	     "ciphers = aes128-cbc\nuse_insecure_cipher = false\nset_modtime = true\n",
	     &taken, sentence);
	assert_string_equal(sentence, "");
	assert_string_equal(taken.server.url, "sftp://sftp.example:2022");
	SP_AUTO_JSON json_t *login = NULL;
	assert_int_equal(sp_json_parse(taken.login, strlen(taken.login), &login, NULL), 0);
	assert_string_equal(sp_json_string(login, "Username"), "u");
	assert_string_equal(sp_json_string(login, "Password"), "geheim & s\xc3\xbc\xc3\x9f");
	assert_string_equal(sp_json_string(login, "PrivateKey"), "A\nB\n");
	assert_int_equal(json_array_size(taken.notes), 1);
	assert_non_null(strstr(json_string_value(json_array_get(taken.notes, 0)), "ciphers"));
	rclone_taken_finish(&taken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remotes_and_their_options_are_read),
		cmocka_unit_test(what_makes_no_sense_is_named_by_its_line_and_not_quoted),
		cmocka_unit_test(passwords_are_revealed),
		cmocka_unit_test(what_a_connector_cannot_do_is_said),
		cmocka_unit_test(what_a_connector_can_do_is_taken_and_the_rest_is_noted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
