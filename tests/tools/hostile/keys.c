/* Key exchange: curve25519-sha256 and an ed25519 host key. May begin anew at any time. */

#include <err.h>
#include <string.h>

#include "base/id.h"
#include "base/scope.h"
#include "peer.h"

enum { COOKIE_SIZE = 16, SIGNATURE_SIZE = 64 };

static const char key_type[] = "ssh-ed25519";

static void must(bool good, const char *what)
{
	if (!good)
		errx(1, "could not %s", what);
}

/* ---- keys --------------------------------------------------------------------------------------------------------- */

static EVP_PKEY *make_key(int kind)
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(kind, NULL);
	must(context != NULL && EVP_PKEY_keygen_init(context) == 1 &&
		     EVP_PKEY_keygen(context, &key) == 1,
	     "make a key");
	EVP_PKEY_CTX_free(context);
	return key;
}

EVP_PKEY *host_key_create(void)
{
	return make_key(EVP_PKEY_ED25519);
}

static void public_half(EVP_PKEY *key, uint8_t out[POINT_SIZE])
{
	size_t length = POINT_SIZE;
	must(EVP_PKEY_get_raw_public_key(key, out, &length) == 1, "read a key");
}

void host_key_blob(EVP_PKEY *key, struct sp_buffer *out)
{
	uint8_t bytes[POINT_SIZE];
	public_half(key, bytes);
	put_text(out, key_type);
	put_string(out, bytes, sizeof(bytes));
}

/* ---- what is agreed on --------------------------------------------------------------------------------------------- */

static void write_kexinit(struct sp_buffer *out)
{
	static const char *const lists[] = {
		"curve25519-sha256,curve25519-sha256@libssh.org",
		key_type,
		"aes128-gcm@openssh.com",
		"aes128-gcm@openssh.com",
		"hmac-sha2-256",
		"hmac-sha2-256",
		"none",
		"none",
		"",
		"",
	};
	uint8_t cookie[COOKIE_SIZE];
	sp_random_bytes(cookie, sizeof(cookie));
	sp_buffer_clear(out);
	put_u8(out, SSH_KEXINIT);
	sp_buffer_add(out, cookie, sizeof(cookie));
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		put_text(out, lists[i]);
	put_u8(out, 0); /* no guess follows */
	put_u32(out, 0);
}

void kex_begin(struct peer *peer)
{
	peer->kexinit_sent = peer->exchanging = true;
	write_kexinit(&peer->draft);
	bool acted = fault_acts(peer, AT_KEXINIT);
	sp_buffer_clear(&peer->server_kexinit);
	sp_buffer_add(&peer->server_kexinit, peer->draft.data, peer->draft.length);
	if (!acted)
		send_packet(peer, &peer->server_kexinit);
}

/* ---- the exchange --------------------------------------------------------------------------------------------------- */

static void compute_secret(EVP_PKEY *ours, const uint8_t *theirs, uint8_t out[POINT_SIZE])
{
	EVP_PKEY *other = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, theirs, POINT_SIZE);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(ours, NULL);
	size_t length = POINT_SIZE;
	must(other != NULL && context != NULL && EVP_PKEY_derive_init(context) == 1 &&
		     EVP_PKEY_derive_set_peer(context, other) == 1 &&
		     EVP_PKEY_derive(context, out, &length) == 1,
	     "agree on a secret");
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(other);
}

/* A positive number without leading zeros. */
static void put_number(struct sp_buffer *out, const uint8_t *bytes, size_t length)
{
	while (length > 0 && *bytes == 0) {
		bytes++;
		length--;
	}
	bool high = length > 0 && (*bytes & 0x80) != 0;
	put_u32(out, (uint32_t)length + high);
	if (high)
		put_u8(out, 0);
	sp_buffer_add(out, bytes, length);
}

static void hash(const struct sp_buffer *data, uint8_t out[HASH_SIZE])
{
	must(EVP_Digest(data->data, data->length, out, NULL, EVP_sha256(), NULL) == 1, "hash");
}

static void sign(EVP_PKEY *key, const uint8_t digest[HASH_SIZE], struct sp_buffer *out)
{
	uint8_t signature[SIGNATURE_SIZE];
	size_t length = sizeof(signature);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	must(context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
		     EVP_DigestSign(context, signature, &length, digest, HASH_SIZE) == 1,
	     "sign");
	EVP_MD_CTX_free(context);
	put_text(out, key_type);
	put_string(out, signature, length);
}

/* RFC 4253, 7.2: the first @size bytes of a key. */
static void derive(const struct peer *peer, const struct sp_buffer *secret,
		   const uint8_t digest[HASH_SIZE], char letter, uint8_t *out, size_t size)
{
	SP_AUTO_BUFFER input = { 0 };
	uint8_t bytes[HASH_SIZE];
	sp_buffer_add(&input, secret->data, secret->length);
	sp_buffer_add(&input, digest, HASH_SIZE);
	sp_buffer_add(&input, &letter, 1);
	sp_buffer_add(&input, peer->session_id, HASH_SIZE);
	hash(&input, bytes);
	memcpy(out, bytes, size);
}

static void set_keys(struct peer *peer, const struct sp_buffer *secret,
		     const uint8_t digest[HASH_SIZE])
{
	uint8_t key[KEY_SIZE], sequence[SEQUENCE_SIZE];
	derive(peer, secret, digest, 'A', peer->next_in_sequence, SEQUENCE_SIZE);
	derive(peer, secret, digest, 'C', peer->next_in_key, KEY_SIZE);
	derive(peer, secret, digest, 'B', sequence, sizeof(sequence));
	derive(peer, secret, digest, 'D', key, sizeof(key));
	cipher_set(&peer->out, key, sequence, true);
}

void kex_reply(struct peer *peer, const struct sp_buffer *key_blob, const void *point,
	       size_t point_length, const struct sp_buffer *signature)
{
	sp_buffer_clear(&peer->draft);
	put_u8(&peer->draft, SSH_ECDH_REPLY);
	put_string(&peer->draft, key_blob->data, key_blob->length);
	put_string(&peer->draft, point, point_length);
	put_string(&peer->draft, signature->data, signature->length);
}

static void answer(struct peer *peer, struct sp_reader *reader)
{
	size_t length;
	const uint8_t *theirs = sp_read_string(reader, &length);
	must(theirs != NULL && length == POINT_SIZE, "read the client's half of the secret");
	EVP_PKEY *ours = make_key(EVP_PKEY_X25519);
	uint8_t point[POINT_SIZE], shared[POINT_SIZE], digest[HASH_SIZE];
	public_half(ours, point);
	compute_secret(ours, theirs, shared);
	EVP_PKEY_free(ours);

	SP_AUTO_BUFFER blob = { 0 };
	SP_AUTO_BUFFER secret = { 0 };
	SP_AUTO_BUFFER input = { 0 };
	SP_AUTO_BUFFER signature = { 0 };
	host_key_blob(peer->host_key, &blob);
	put_number(&secret, shared, sizeof(shared));
	put_string(&input, peer->client_version.data, peer->client_version.length);
	put_text(&input, server_version);
	put_string(&input, peer->client_kexinit.data, peer->client_kexinit.length);
	put_string(&input, peer->server_kexinit.data, peer->server_kexinit.length);
	put_string(&input, blob.data, blob.length);
	put_string(&input, theirs, POINT_SIZE);
	put_string(&input, point, POINT_SIZE);
	sp_buffer_add(&input, secret.data, secret.length);
	hash(&input, digest);
	if (!peer->has_session_id)
		memcpy(peer->session_id, digest, HASH_SIZE);
	peer->has_session_id = true;
	sign(peer->host_key, digest, &signature);

	kex_reply(peer, &blob, point, sizeof(point), &signature);
	if (!fault_acts(peer, AT_KEX_REPLY))
		send_packet(peer, &peer->draft);
	sp_buffer_clear(&peer->draft);
	put_u8(&peer->draft, SSH_NEWKEYS);
	send_packet(peer, &peer->draft);
	set_keys(peer, &secret, digest);
}

bool kex_take(struct peer *peer, const struct sp_buffer *packet)
{
	struct sp_reader reader = sp_reader_of(packet->data, packet->length);
	switch (sp_read_u8(&reader)) {
	case SSH_KEXINIT:
		sp_buffer_clear(&peer->client_kexinit);
		sp_buffer_add(&peer->client_kexinit, packet->data, packet->length);
		if (!peer->kexinit_sent)
			kex_begin(peer);
		return true;
	case SSH_ECDH_INIT:
		answer(peer, &reader);
		return true;
	case SSH_NEWKEYS:
		cipher_set(&peer->in, peer->next_in_key, peer->next_in_sequence, false);
		peer->kexinit_sent = peer->exchanging = false;
		flush_to_client(peer);
		return true;
	default:
		return false;
	}
}
