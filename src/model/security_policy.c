#include "model/security_policy.h"

#include <string.h>

#define PREFIX "TransferSFTPConnectorSecurityPolicy-"

const char security_policy_default_name[] = PREFIX "2024-03";

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const struct security_policy policies[] = {
	{
		.name = PREFIX "2023-07",
		.ciphers = LIST("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr",
				"aes192-ctr", "aes256-ctr"),
		.kexs = LIST("curve25519-sha256", "curve25519-sha256@libssh.org",
			     "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512",
			     "diffie-hellman-group-exchange-sha256", "diffie-hellman-group14-sha1"),
		.macs = LIST("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com",
			     "hmac-sha2-256", "hmac-sha2-512", "hmac-sha1", "hmac-sha1-96"),
		.host_keys = LIST("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
				  "ecdsa-sha2-nistp521", "rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"),
	},
	{
		.name = PREFIX "2024-03",
		.ciphers = LIST("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes192-ctr",
				"aes256-ctr"),
		.kexs = LIST("curve25519-sha256", "curve25519-sha256@libssh.org",
			     "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512",
			     "diffie-hellman-group-exchange-sha256"),
		.macs = LIST("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com",
			     "hmac-sha2-256", "hmac-sha2-512"),
		.host_keys = LIST("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
				  "ecdsa-sha2-nistp521", "rsa-sha2-512", "rsa-sha2-256"),
	},
	{
		.name = PREFIX "FIPS-2024-10",
		.fips = true,
		.ciphers = LIST("aes128-gcm@openssh.com", "aes256-gcm@openssh.com"),
		.kexs = LIST("ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521"),
		.macs = LIST("hmac-sha2-256", "hmac-sha2-512"),
		.host_keys = LIST("ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"),
	},
};

const struct security_policy *security_policy_find(const char *name)
{
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
		if (strcmp(policies[i].name, name) == 0)
			return &policies[i];
	return NULL;
}

const struct security_policy *security_policy_at(size_t index)
{
	return index < sizeof(policies) / sizeof(policies[0]) ? &policies[index] : NULL;
}
