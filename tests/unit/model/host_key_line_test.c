#include "test.h"

#include <stdio.h>

#include "base/text.h"
#include "model/host_key_line.h"

#define RSA                                                                                        \
	"AAAAB3NzaC1yc2EAAAADAQABAAABAQDPk8RWnslO9dZNXbZJD9YjVUBE9jdjoqWj74agMDOj9oO0/EJ/qa7Yd/"   \
	"ty14kwSbt32qey77th71G1uNekoGPxVsr5rgOaGnRufPgQ2UukExoKA6l5FtGImkDjf4C7rqSpObZoA53aOg54oB" \
	"m"                                                                                        \
	"xt4Le8umUvFDfI0Z37A5GqqJP2BGlODDKxOV2mQXH/6NLODcaWa508dn9ZjbgbiuIoeclLKzGcuDGo3A/"        \
	"kjr3+MxJ"                                                                                 \
	"7M193cG6UWoxoFqQCx7aiOUIfIJ+Tqp2RwPZyEjmPPgj3u9nICG0v14Nb1DOK0P3MH6Cna/"                  \
	"GfBH2hP8jwn8Q0AySM"                                                                       \
	"gw1CYVjf90/B755RdYf"
#define P256                                                                                       \
	"AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBG/6I86YUr9F1djHGvjSfYt4r+nHGf56gm+"  \
	"34Eyfq2SlGRYScSFCZjEdKTMS9lfuubFDD8jbyW2skRWT/Fa6vKU="
#define P384                                                                                       \
	"AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBK/A8+JVOqiubRHdCdahaTKcMEfUfCjA+"    \
	"fLu37OBgN+OD7i1jC9JVI4Yw7TEvhsZdUKQs9Gmjwwu2TYz4UZ8iaCuLnxj+"                             \
	"JLONE/KTwT6j05Tarab5xB4PEWZHi8s23Ce6Q=="
#define ED25519 "AAAAC3NzaC1lZDI1NTE5AAAAICOpe5Itey0cLuOk3n42eJBXoxQR3WJ+xu7Dbi3lh5tW"

static void takes_a_key_as_people_have_it(void **state)
{
	(void)state;
	static const struct {
		const char *line, *type, *base64;
	} good[] = {
		{ "ssh-ed25519 " ED25519, "ssh-ed25519", ED25519 },
		{ "ssh-rsa " RSA, "ssh-rsa", RSA },
		{ "ecdsa-sha2-nistp256 " P256, "ecdsa-sha2-nistp256", P256 },
		{ "ecdsa-sha2-nistp384 " P384, "ecdsa-sha2-nistp384", P384 },
		{ "  ssh-ed25519\t" ED25519 " \r\n", "ssh-ed25519", ED25519 },
		{ "ssh-ed25519 " ED25519 " root@sftp, since 2024 \xc3\xa9", "ssh-ed25519",
		  ED25519 },
		{ "sftp.example.com ssh-ed25519 " ED25519, "ssh-ed25519", ED25519 },
		{ "[sftp.example.com]:2222 ssh-ed25519 " ED25519, "ssh-ed25519", ED25519 },
		{ "[2001:db8::1]:22 ecdsa-sha2-nistp256 " P256 " x", "ecdsa-sha2-nistp256", P256 },
		{ "a.example,192.0.2.7 ssh-rsa " RSA, "ssh-rsa", RSA },
		{ "|1|ZnJlZQ==|c2FsdA== ssh-rsa " RSA, "ssh-rsa", RSA },
	};
	for (size_t i = 0; i < SP_COUNT_OF(good); i++) {
		struct host_key_line line = { 0 };
		struct sp_error err = { 0 };
		assert_int_equal(host_key_line_parse(good[i].line, true, &line, &err), 0);
		assert_string_equal(line.type, good[i].type);
		assert_string_equal(line.base64, good[i].base64);
	}
}

static void says_what_was_pasted_instead(void **state)
{
	(void)state;
	static const struct {
		const char *line, *says;
	} bad[] = {
		{ "", "is empty" },
		{ " \r\n", "is empty" },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n", "is a private key" },
		{ "-----BEGIN RSA PRIVATE KEY-----", "is a private key" },
		{ "PuTTY-User-Key-File-3: ssh-ed25519\r\n", "PuTTY private key" },
		{ "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n", "ssh-keygen -i" },
		{ "-----BEGIN PUBLIC KEY-----", "PKCS8" },
		{ "SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDz7s9J1QkF3CkvvmI", "is a fingerprint" },
		{ "256 SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDz7s9J1QkF3CkvvmI x (ED25519)",
		  "is a fingerprint" },
		{ "MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48", "is a fingerprint" },
		{ "ssh-dss AAAAB3NzaC1kc3M=", "DSA" },
		{ "host ssh-dss AAAAB3NzaC1kc3M=", "DSA" },
		{ "rsa-sha2-512 " RSA, "\"ssh-rsa\"" },
		{ "ssh-ed25519-cert-v01@openssh.com AAAA", "certificate" },
		{ "@cert-authority *.example.com ssh-ed25519 " ED25519, "authorities" },
		{ ED25519, "type is missing" },
		{ "ed25519 " ED25519, "\"ed25519\" is no type" },
		{ "one two three", "\"one\" is no type" },
		{ "ssh-ed25519", "itself is missing" },
		{ "ssh-rsa " ED25519, "of another type" },
		{ "ecdsa-sha2-nistp384 " P256, "of another type" },
		{ "ssh-ed25519 AAAA%%%%", "not base64" },
		{ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICOpe5Itey0cLuOk3n42eJBXoxQR3WJ",
		  "not base64" },
		{ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICOpe5It", "not whole" },
		{ "ssh-ed25519 AAAA", "no SSH key" },
		{ "ssh-ed25519 " ED25519 ED25519, "not whole" },
		{ "ssh-ed25519 " ED25519 "\nssh-rsa " RSA, "more than one line" },
		{ "\x01\x02 x", "begins with its type" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++) {
		struct host_key_line line = { .type = "untouched" };
		struct sp_error err = { 0 };
		assert_int_equal(host_key_line_parse(bad[i].line, true, &line, &err), -1);
		assert_int_equal(err.code, SP_INVALID);
		if (strstr(err.message, bad[i].says) == NULL)
			fail_msg("\"%s\" was refused with \"%s\"", bad[i].line, err.message);
		assert_string_equal(line.type, "untouched");
	}
}

static void refuses_a_host_where_none_may_stand(void **state)
{
	(void)state;
	struct host_key_line line;
	struct sp_error err = { 0 };
	assert_int_equal(host_key_line_parse("ssh-ed25519 " ED25519 " comment", false, &line, &err),
			 0);
	assert_int_equal(host_key_line_parse("[h]:22 ssh-ed25519 " ED25519, false, &line, &err),
			 -1);
	assert_int_equal(err.code, SP_INVALID);
	assert_non_null(strstr(err.message, "host name"));
}

/* Every way of cutting a good key short must be refused, also where the cut leaves well-formed base64. */
static void refuses_every_truncation(void **state)
{
	(void)state;
	static const char whole[] = "ecdsa-sha2-nistp256 " P256;
	for (size_t length = 0; length < sizeof(whole) - 1; length++) {
		struct host_key_line line;
		struct sp_error err = { 0 };
		char *cut = strndup(whole, length);
		assert_int_equal(host_key_line_parse(cut, true, &line, &err), -1);
		assert_int_equal(err.code, SP_INVALID);
		free(cut);
	}
}

static void a_line_has_a_limit(void **state)
{
	(void)state;
	struct host_key_line line;
	struct sp_error err = { 0 };
	char text[HOST_KEY_LINE_MAX + 2];
	for (int length = HOST_KEY_LINE_MAX; length <= HOST_KEY_LINE_MAX + 1; length++) {
		int used = snprintf(text, sizeof(text), "ssh-ed25519 %s ", ED25519);
		memset(text + used, 'c', (size_t)(length - used));
		text[length] = '\0';
		assert_int_equal(host_key_line_parse(text, true, &line, &err),
				 length <= HOST_KEY_LINE_MAX ? 0 : -1);
	}
	assert_non_null(strstr(err.message, "longer than 2048"));
}

static void never_quotes_a_private_key(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIsecret\n",
		"MHcCAQEEIsecretMHcCAQEEIsecretMHcCAQEEIsecretMHcCAQEEIsecret"
		"MHcCAQEEIsecret"
	};
	for (size_t i = 0; i < SP_COUNT_OF(texts); i++) {
		struct host_key_line line;
		struct sp_error err = { 0 };
		assert_int_equal(host_key_line_parse(texts[i], true, &line, &err), -1);
		assert_null(strstr(err.message, "secret"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_key_as_people_have_it),
		cmocka_unit_test(says_what_was_pasted_instead),
		cmocka_unit_test(refuses_a_host_where_none_may_stand),
		cmocka_unit_test(refuses_every_truncation),
		cmocka_unit_test(a_line_has_a_limit),
		cmocka_unit_test(never_quotes_a_private_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
