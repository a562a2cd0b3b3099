#pragma once
/**
 * The security policies of SFTP connectors: AWS Transfer Family user guide, "Security policies for SFTP connectors".
 * Lists are in our order of preference: fast and sound ones first (the guide's order states none).
 * Our addition to AWS's lists: ssh-ed25519 host keys, in the non-FIPS policies.
 */

#include <stdbool.h>
#include <stddef.h>

struct security_policy {
	const char *name;
	bool fips;
	/* NULL-terminated lists of SSH algorithm names */
	const char *const *ciphers;
	const char *const *kexs;
	const char *const *macs;
	const char *const *host_keys;
};

extern const char security_policy_default_name[];

/** NULL when there is none of that name. */
const struct security_policy *security_policy_find(const char *name);

/** All of them, ordered by name; NULL past the last. */
const struct security_policy *security_policy_at(size_t index);
