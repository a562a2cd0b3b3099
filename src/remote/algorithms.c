#include "remote/algorithms.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { RSA_BITS_MIN = 1024, RSA_BITS_MIN_FIPS = 2048 };

/** Where libssh takes the lists; those of ciphers and MACs once for each direction. */
static const struct {
	size_t list; /* in struct security_policy */
	enum ssh_options_e options[2];
} kinds[ALGORITHM_KIND_COUNT] = {
	[ALGORITHM_KEX] = { offsetof(struct security_policy, kexs),
			    { SSH_OPTIONS_KEY_EXCHANGE, SSH_OPTIONS_KEY_EXCHANGE } },
	[ALGORITHM_HOST_KEY] = { offsetof(struct security_policy, host_keys),
				 { SSH_OPTIONS_HOSTKEYS, SSH_OPTIONS_HOSTKEYS } },
	[ALGORITHM_CIPHER] = { offsetof(struct security_policy, ciphers),
			       { SSH_OPTIONS_CIPHERS_C_S, SSH_OPTIONS_CIPHERS_S_C } },
	[ALGORITHM_MAC] = { offsetof(struct security_policy, macs),
			    { SSH_OPTIONS_HMAC_C_S, SSH_OPTIONS_HMAC_S_C } },
};

/** Our own key's signatures. Not part of AWS's policies; SHA-1 only where the policy has it for host keys. */
#define USER_KEYS_FIPS                                                                             \
	"ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256"
#define USER_KEYS      "ssh-ed25519," USER_KEYS_FIPS
#define USER_KEYS_SHA1 USER_KEYS ",ssh-rsa"

static const char *const *policy_list(const struct security_policy *policy,
				      enum algorithm_kind kind)
{
	const char *const *list;
	memcpy(&list, (const char *)policy + kinds[kind].list, sizeof(list));
	return list;
}

static bool is_wanted(enum algorithm_kind kind, const char *name, const struct host_keys *trusted)
{
	return kind != ALGORITHM_HOST_KEY || trusted->count == 0 ||
	       host_keys_have_type(trusted, host_key_type_of_algorithm(name));
}

/** Asking libssh for each name alone is the only way to learn which it knows. */
static bool is_known(ssh_session session, enum algorithm_kind kind, const char *name)
{
	return ssh_options_set(session, kinds[kind].options[0], name) == 0;
}

static int offer(ssh_session session, enum algorithm_kind kind, const char *const *names,
		 const struct host_keys *trusted, char out[ALGORITHM_LIST_SIZE])
{
	size_t used = 0;
	out[0] = '\0';
	for (; *names != NULL; names++)
		if (is_wanted(kind, *names, trusted) && is_known(session, kind, *names))
			used += (size_t)snprintf(out + used, ALGORITHM_LIST_SIZE - used, "%s%s",
						 used == 0 ? "" : ",", *names);
	for (size_t i = 0; i < SP_COUNT_OF(kinds[kind].options); i++)
		if (used == 0 || ssh_options_set(session, kinds[kind].options[i], out) != 0)
			return -1;
	return 0;
}

static int fail_types(const struct security_policy *policy, const struct host_keys *trusted,
		      struct sp_error *err)
{
	char types[ALGORITHM_LIST_SIZE];
	host_keys_list_types(trusted, types, sizeof(types));
	return sp_fail(err, SP_UNSUPPORTED,
		       "the security policy \"%s\" allows no host key of a trusted type (%s)",
		       policy->name, types);
}

static bool has_name(const char *const *names, const char *name)
{
	for (; *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static int offer_user_keys(ssh_session session, const struct security_policy *policy)
{
	const char *names = policy->fips                             ? USER_KEYS_FIPS
			    : has_name(policy->host_keys, "ssh-rsa") ? USER_KEYS_SHA1
								     : USER_KEYS;
	int bits = policy->fips ? RSA_BITS_MIN_FIPS : RSA_BITS_MIN;
	if (ssh_options_set(session, SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES, names) != 0 ||
	    ssh_options_set(session, SSH_OPTIONS_RSA_MIN_SIZE, &bits) != 0 ||
	    ssh_options_set(session, SSH_OPTIONS_COMPRESSION_C_S, "none") != 0 ||
	    ssh_options_set(session, SSH_OPTIONS_COMPRESSION_S_C, "none") != 0)
		return -1;
	return 0;
}

int algorithms_offer(ssh_session session, const struct security_policy *policy,
		     const struct host_keys *trusted, struct algorithms *out, struct sp_error *err)
{
	out->pinned = trusted->count != 0;
	for (enum algorithm_kind kind = 0; kind < ALGORITHM_KIND_COUNT; kind++)
		if (offer(session, kind, policy_list(policy, kind), trusted, out->offered[kind]) !=
		    0)
			return kind == ALGORITHM_HOST_KEY && out->pinned
				       ? fail_types(policy, trusted, err)
				       : sp_fail(err, SP_INTERNAL,
						 "the security policy \"%s\" has no usable "
						 "algorithm",
						 policy->name);
	if (offer_user_keys(session, policy) != 0)
		return sp_fail(err, SP_INTERNAL, "could not set up the SSH library: %s",
			       ssh_get_error(session));
	return 0;
}

bool algorithms_allow_host_key(const struct security_policy *policy, const char *list)
{
	while (*list != '\0') {
		size_t length = strcspn(list, ",");
		for (const char *const *name = policy->host_keys; *name != NULL; name++)
			if (strlen(*name) == length && memcmp(*name, list, length) == 0)
				return true;
		list += length;
		list += *list == ',';
	}
	return false;
}
