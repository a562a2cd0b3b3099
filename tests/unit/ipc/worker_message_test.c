#include "test.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/scope.h"
#include "base/text.h"
#include "ipc/channel.h"
#include "ipc/worker_message.h"

#define ID  "0123456789abcdef0123456789abcdef"
#define SUM ID ID

/* One message of every kind, every field of it set. */
static const struct {
	size_t fd_count;
	struct worker_message message;
} samples[] = {
	{ 0,
	  { .kind = WORKER_CONFIGURE,
	    .connector_id = "c-0123456789abcdef0",
	    .host = "sftp.example.com",
	    .port = 2222,
	    .user = "acme",
	    .password = "p\xe4ss",
	    .private_key = "-----BEGIN\n",
	    .other_passwords = { NULL, "old" },
	    .other_private_keys = { "older", "oldest" },
	    .trusted_keys = "ssh-ed25519 AAAA\n",
	    .security_policy = "TransferSFTPConnectorSecurityPolicy-2024-03",
	    .connections = 5,
	    .handshake_timeout_ms = 30000,
	    .idle_timeout_ms = 60000,
	    .keepalive_ms = 20000,
	    .upload_mode = UPLOAD_STRIPED,
	    .verify = VERIFY_REREAD,
	    .resume_check = 1 << 20,
	    .banner = "SSH-2.0-x",
	    .fingerprint = "SHA256:abc",
	    .features = "{\"hash\":true}" } },
	{ 1, { .kind = WORKER_SOCKET, .request = 7, .text = "192.0.2.1:22" } },
	{ 0,
	  { .kind = WORKER_NO_SOCKET,
	    .request = 8,
	    .step = STEP_CONNECT,
	    .code = SP_UNREACHABLE,
	    .text = "could not connect" } },
	{ 1,
	  { .kind = WORKER_SEND,
	    .file_id = ID,
	    .attempt = 3,
	    .oldest_attempt = 1,
	    .part_attempt = 2,
	    .resume_at = 1ull << 33,
	    .resume_state = "0011ff",
	    .size = UINT64_MAX,
	    .directory = "/in\xff",
	    .name = "b\xfc",
	    .conflict = CONFLICT_KEEP_BOTH,
	    .upload_mode = UPLOAD_STRIPED,
	    .staging = "/tmp/\xff",
	    .temp_pattern = ".{id}" } },
	{ 1,
	  { .kind = WORKER_RETRIEVE,
	    .file_id = ID,
	    .attempt = 2,
	    .part_attempt = 1,
	    .resume_at = 64,
	    .resume_state = "ab",
	    .source_size = 1ull << 40,
	    .source_mtime = 1700000000,
	    .name = "/out/a" } },
	{ 0,
	  { .kind = WORKER_RECOVER,
	    .file_id = ID,
	    .attempt = 2,
	    .size = 12,
	    .sha256 = SUM,
	    .directory = "in",
	    .name = "a",
	    .final_name = "a (2)",
	    .replaces = 1,
	    .conflict = CONFLICT_FAIL,
	    .upload_mode = UPLOAD_DIRECT,
	    .staging = "tmp",
	    .temp_pattern = "{id}" } },
	{ 0,
	  { .kind = WORKER_REMOVE,
	    .file_id = ID,
	    .attempt = 4,
	    .oldest_attempt = 2,
	    .directory = "in",
	    .name = "a",
	    .replaces = 1,
	    .staging = "tmp",
	    .temp_pattern = "{id}" } },
	{ 0, { .kind = WORKER_PERMIT, .file_id = ID, .attempt = 4 } },
	{ 0, { .kind = WORKER_CANCEL, .file_id = ID, .attempt = 5 } },
	{ 0, { .kind = WORKER_TEST } },
	{ 0, { .kind = WORKER_NEED_SOCKET, .request = UINT32_MAX } },
	{ 0, { .kind = WORKER_NEED_SOCKET, .request = 1, .file_id = ID } },
	{ 0,
	  { .kind = WORKER_READY,
	    .file_id = ID,
	    .attempt = 6,
	    .part_attempt = 4,
	    .request = 3,
	    .size = 5,
	    .sha256 = SUM,
	    .verification = VERIFIED_DIRECT } },
	{ 0,
	  { .kind = WORKER_PUBLISHED,
	    .file_id = ID,
	    .attempt = 7,
	    .request = 4,
	    .outcome = PUBLISH_INFERRED,
	    .replaces = 1,
	    .verification = VERIFIED_SIZE } },
	{ 0, { .kind = WORKER_TAKEN, .file_id = ID, .attempt = 7, .final_name = "a (2)" } },
	{ 0, { .kind = WORKER_REMOVED, .file_id = ID, .attempt = 7 } },
	{ 0,
	  { .kind = WORKER_WATERMARK,
	    .file_id = ID,
	    .attempt = 2,
	    .part_attempt = 1,
	    .size = 1ull << 34,
	    .resume_state = "0123456789abcdef",
	    .source_size = 1ull << 35,
	    .source_mtime = 1 } },
	{ 0,
	  { .kind = WORKER_CONNECTED,
	    .request = 9,
	    .banner = "SSH-2.0-x",
	    .fingerprint = "SHA256:abc",
	    .kex = "curve25519-sha256",
	    .host_key_algorithm = "ssh-ed25519",
	    .cipher = "aes256-gcm@openssh.com",
	    .mac = "none",
	    .authenticated_by = "publickey",
	    .features = "{}" } },
	{ 0, { .kind = WORKER_BEAT } },
	{ 0,
	  { .kind = WORKER_FILE_FAILED,
	    .file_id = ID,
	    .attempt = 9,
	    .step = STEP_WORKER,
	    .code = SP_INTERNAL,
	    .text = "could not \xc3\xa4" } },
	{ 0, { .kind = WORKER_PROGRESS, .file_id = ID, .attempt = 8, .size = 1ull << 40 } },
	{ 0,
	  { .kind = WORKER_TEST_RESULT,
	    .step = STEP_HOST_KEY,
	    .code = SP_UNTRUSTED,
	    .text = "cannot trust it",
	    .host_key = "ssh-ed25519 AAAA",
	    .fingerprint = "SHA256:abc",
	    .banner = "SSH-2.0-x",
	    .offered_kexs = "a,b",
	    .offered_host_keys = "c",
	    .offered_ciphers = "d,e",
	    .offered_macs = "f",
	    .kex = "a",
	    .host_key_algorithm = "c",
	    .cipher = "e",
	    .mac = "f",
	    .authenticated_by = "publickey",
	    .methods = "password",
	    .extensions = "limits@openssh.com",
	    .sftp_version = 3,
	    .read_max = 261120,
	    .write_max = 32768,
	    .banner_ms = 1,
	    .key_exchange_ms = 2,
	    .host_key_ms = 3,
	    .authenticate_ms = 4,
	    .sftp_ms = INT32_MAX } },
};

static uint8_t wire[IPC_MESSAGE_MAX];

static size_t encode(const struct worker_message *message)
{
	struct sp_error err = { 0 };
	size_t length;
	assert_int_equal(worker_message_encode(message, wire, &length, &err), 0);
	return length;
}

static int decode(size_t length, size_t fd_count, struct worker_message *out, struct sp_error *err)
{
	/* As long as the message and no longer, so that the address sanitizer sees a read past its end. */
	SP_AUTO_FREE uint8_t *exact = malloc(length);
	memcpy(exact, wire, length);
	return worker_message_decode(exact, length, fd_count, out, err);
}

static void assert_same_text(const char *got, const char *expected)
{
	if (!sp_text_equal(got, expected))
		fail_msg("\"%s\" instead of \"%s\"", got, expected);
}

static void every_kind_comes_back_as_it_was_sent(void **state)
{
	(void)state;
	for (size_t i = 0; i < SP_COUNT_OF(samples); i++) {
		const struct worker_message *sent = &samples[i].message;
		struct worker_message got;
		struct sp_error err = { 0 };
		assert_int_equal(decode(encode(sent), samples[i].fd_count, &got, &err), 0);
		assert_int_equal(got.kind, sent->kind);
		assert_int_equal(got.request, sent->request);
		assert_same_text(got.file_id, sent->file_id);
		assert_int_equal(got.attempt, sent->attempt);
		assert_int_equal(got.oldest_attempt, sent->oldest_attempt);
		assert_int_equal(got.part_attempt, sent->part_attempt);
		assert_true(got.resume_at == sent->resume_at);
		assert_same_text(got.resume_state, sent->resume_state);
		assert_true(got.source_size == sent->source_size);
		assert_true(got.source_mtime == sent->source_mtime);
		assert_int_equal(got.verification, sent->verification);
		assert_true(got.size == sent->size);
		assert_same_text(got.directory, sent->directory);
		assert_same_text(got.name, sent->name);
		assert_same_text(got.sha256, sent->sha256);
		assert_int_equal(got.outcome, sent->outcome);
		assert_int_equal(got.step, sent->step);
		assert_int_equal(got.code, sent->code);
		assert_same_text(got.text, sent->text);
		assert_same_text(got.connector_id, sent->connector_id);
		assert_same_text(got.host, sent->host);
		assert_int_equal(got.port, sent->port);
		assert_same_text(got.user, sent->user);
		assert_same_text(got.password, sent->password);
		assert_same_text(got.private_key, sent->private_key);
		for (size_t k = 0; k < WORKER_OTHER_LOGINS_MAX; k++) {
			assert_same_text(got.other_passwords[k], sent->other_passwords[k]);
			assert_same_text(got.other_private_keys[k], sent->other_private_keys[k]);
		}
		assert_same_text(got.trusted_keys, sent->trusted_keys);
		assert_same_text(got.security_policy, sent->security_policy);
		assert_int_equal(got.connections, sent->connections);
		assert_int_equal(got.handshake_timeout_ms, sent->handshake_timeout_ms);
		assert_int_equal(got.idle_timeout_ms, sent->idle_timeout_ms);
		assert_int_equal(got.keepalive_ms, sent->keepalive_ms);
		assert_int_equal(got.conflict, sent->conflict);
		assert_int_equal(got.upload_mode, sent->upload_mode);
		assert_int_equal(got.verify, sent->verify);
		assert_same_text(got.staging, sent->staging);
		assert_same_text(got.temp_pattern, sent->temp_pattern);
		assert_int_equal(got.resume_check, sent->resume_check);
		assert_same_text(got.features, sent->features);
		assert_same_text(got.host_key, sent->host_key);
		assert_same_text(got.fingerprint, sent->fingerprint);
		assert_same_text(got.banner, sent->banner);
		assert_same_text(got.offered_kexs, sent->offered_kexs);
		assert_same_text(got.offered_host_keys, sent->offered_host_keys);
		assert_same_text(got.offered_ciphers, sent->offered_ciphers);
		assert_same_text(got.offered_macs, sent->offered_macs);
		assert_same_text(got.kex, sent->kex);
		assert_same_text(got.host_key_algorithm, sent->host_key_algorithm);
		assert_same_text(got.cipher, sent->cipher);
		assert_same_text(got.mac, sent->mac);
		assert_same_text(got.authenticated_by, sent->authenticated_by);
		assert_same_text(got.methods, sent->methods);
		assert_same_text(got.extensions, sent->extensions);
		assert_int_equal(got.sftp_version, sent->sftp_version);
		assert_int_equal(got.read_max, sent->read_max);
		assert_int_equal(got.write_max, sent->write_max);
		assert_int_equal(got.banner_ms, sent->banner_ms);
		assert_int_equal(got.key_exchange_ms, sent->key_exchange_ms);
		assert_int_equal(got.host_key_ms, sent->host_key_ms);
		assert_int_equal(got.authenticate_ms, sent->authenticate_ms);
		assert_int_equal(got.sftp_ms, sent->sftp_ms);
		worker_message_finish(&got);
		assert_null(got.text);
	}
}

static void empty_texts_come_back_as_null(void **state)
{
	(void)state;
	struct worker_message message = {
		.kind = WORKER_SEND, .file_id = ID, .directory = "", .name = "a"
	};
	struct worker_message got;
	struct sp_error err = { 0 };
	assert_int_equal(decode(encode(&message), 1, &got, &err), 0);
	assert_null(got.directory);
	worker_message_finish(&got);
}

/* Of all kinds, so that the leak sanitizer sees each text that was copied and forgotten. */
static void a_copy_has_its_own_texts_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < SP_COUNT_OF(samples); i++) {
		struct worker_message copy;
		worker_message_copy(&samples[i].message, &copy);
		assert_same_text(copy.file_id, samples[i].message.file_id);
		assert_same_text(copy.text, samples[i].message.text);
		assert_true(copy.file_id == NULL || copy.file_id != samples[i].message.file_id);
		worker_message_finish(&copy);
		assert_null(copy.file_id);
	}
}

static void refuses_every_truncation(void **state)
{
	(void)state;
	for (size_t i = 0; i < SP_COUNT_OF(samples); i++) {
		size_t whole = encode(&samples[i].message);
		for (size_t length = 0; length < whole; length++) {
			struct worker_message got;
			struct sp_error err = { 0 };
			assert_int_equal(decode(length, samples[i].fd_count, &got, &err), -1);
			assert_int_equal(err.code, SP_PROTOCOL);
		}
	}
}

static void refuses_bytes_that_are_left_over(void **state)
{
	(void)state;
	for (size_t i = 0; i < SP_COUNT_OF(samples); i++) {
		size_t length = encode(&samples[i].message);
		wire[length] = 0;
		struct worker_message got;
		struct sp_error err = { 0 };
		assert_int_equal(decode(length + 1, samples[i].fd_count, &got, &err), -1);
		assert_int_equal(err.code, SP_PROTOCOL);
	}
}

static void refuses_a_wrong_number_of_descriptors(void **state)
{
	(void)state;
	for (size_t i = 0; i < SP_COUNT_OF(samples); i++) {
		size_t length = encode(&samples[i].message);
		for (size_t fd_count = 0; fd_count <= 3; fd_count++) {
			struct worker_message got = { 0 };
			struct sp_error err = { 0 };
			int expected = fd_count == samples[i].fd_count ? 0 : -1;
			assert_int_equal(decode(length, fd_count, &got, &err), expected);
			if (expected == 0)
				worker_message_finish(&got);
			else
				assert_int_equal(err.code, SP_PROTOCOL);
		}
	}
}

static void refuses_kinds_that_nobody_knows(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 256; kind++) {
		bool known = false;
		for (size_t i = 0; i < SP_COUNT_OF(samples); i++)
			known = known || (unsigned)samples[i].message.kind == kind;
		if (known)
			continue;
		wire[0] = (uint8_t)kind;
		struct worker_message got;
		struct sp_error err = { 0 };
		assert_int_equal(decode(1, 0, &got, &err), -1);
		assert_int_equal(err.code, SP_PROTOCOL);
	}
}

/* What a worker claims is used as an index and printed: it must be one of the values that there are. */
static void refuses_numbers_out_of_range_and_bad_texts(void **state)
{
	(void)state;
	static const struct worker_message bad[] = {
		{ .kind = WORKER_FILE_FAILED, .file_id = ID, .step = FAILURE_STEP_COUNT },
		{ .kind = WORKER_FILE_FAILED, .file_id = ID, .code = SP_INTERNAL + 1 },
		{ .kind = WORKER_FILE_FAILED, .step = STEP_WORKER },
		{ .kind = WORKER_PUBLISHED,
		  .file_id = ID,
		  .attempt = 7,
		  .outcome = PUBLISH_OUTCOME_COUNT },
		{ .kind = WORKER_READY, .file_id = ID, .attempt = 6, .sha256 = "abc" },
		{ .kind = WORKER_READY,
		  .file_id = ID,
		  .sha256 = ID "0123456789abcdef0123456789abcdeG" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++) {
		struct worker_message got;
		struct sp_error err = { 0 };
		assert_int_equal(decode(encode(&bad[i]), 0, &got, &err), -1);
		assert_int_equal(err.code, SP_PROTOCOL);
	}

	size_t length = encode(&(struct worker_message){ .kind = WORKER_TEST_RESULT, .text = "@" });
	for (size_t i = 0; i < length; i++)
		if (wire[i] == '@')
			wire[i] = 0xff;
	struct worker_message got;
	struct sp_error err = { 0 };
	assert_int_equal(decode(length, 0, &got, &err), -1);
}

static void sentences_are_made_utf8_before_they_leave(void **state)
{
	(void)state;
	static const struct {
		const char *said, *heard;
	} rows[] = {
		{ "plain", "plain" },
		{ "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x94\x91",
		  "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x94\x91" },
		{ "cut \xe2\x82", "cut ??" },
		{ "\xffmiddle\xc3", "?middle?" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(rows); i++) {
		struct worker_message message = { .kind = WORKER_TEST_RESULT,
						  .text = (char *)(uintptr_t)rows[i].said };
		struct worker_message got;
		struct sp_error err = { 0 };
		assert_int_equal(decode(encode(&message), 0, &got, &err), 0);
		assert_string_equal(got.text, rows[i].heard);
		worker_message_finish(&got);
	}
}

static void refuses_to_send_what_passes_the_limits(void **state)
{
	(void)state;
	static char text[WORKER_TEXT_MAX + 2];
	struct sp_error err = { 0 };
	size_t length;
	struct worker_message message = { .kind = WORKER_CONFIGURE,
					  .connector_id = "c-1",
					  .password = text };

	memset(text, 'x', WORKER_TEXT_MAX);
	assert_int_equal(worker_message_encode(&message, wire, &length, &err), 0);
	message.private_key = text; /* two of them are more than a message */
	assert_int_equal(worker_message_encode(&message, wire, &length, &err), -1);
	assert_int_equal(err.code, SP_LIMIT);
	message.private_key = NULL;
	text[WORKER_TEXT_MAX] = 'x';
	assert_int_equal(worker_message_encode(&message, wire, &length, &err), -1);
	assert_int_equal(err.code, SP_LIMIT);
	assert_null(strstr(err.message, "xxx")); /* it may be a secret */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_comes_back_as_it_was_sent),
		cmocka_unit_test(empty_texts_come_back_as_null),
		cmocka_unit_test(a_copy_has_its_own_texts_once),
		cmocka_unit_test(refuses_every_truncation),
		cmocka_unit_test(refuses_bytes_that_are_left_over),
		cmocka_unit_test(refuses_a_wrong_number_of_descriptors),
		cmocka_unit_test(refuses_kinds_that_nobody_knows),
		cmocka_unit_test(refuses_numbers_out_of_range_and_bad_texts),
		cmocka_unit_test(sentences_are_made_utf8_before_they_leave),
		cmocka_unit_test(refuses_to_send_what_passes_the_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
