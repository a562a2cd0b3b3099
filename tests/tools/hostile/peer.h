#pragma once
/**
 * One connection of the hostile server, and the faults that are worked into it.
 *
 * The server is a good one: it serves a folder by SFTP version 3, over an SSH of its own (curve25519-sha256,
 * ssh-ed25519, aes128-gcm, any password), so that every byte can be another one. At each moment of a conversation the
 * faults that were asked for get their turn.
 *
 *   main.c     arguments, one process per connection
 *   packets.c  bytes, and SSH's packets       keys.c    key exchange
 *   session.c  log in, channel, dispatch      sftp.c    files
 *   faults.c   the table's machinery          faults_{ssh,storm,sftp}.c  what can be wrong
 */

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/bytes.h"

enum {
	PACKET_MAX = 262144, /* what we take from a client */
	SEQUENCE_SIZE = 12,
	KEY_SIZE = 16,
	POINT_SIZE = 32,
	HASH_SIZE = 32,
	HANDLES_MAX = 64,
	USES_MAX = 8,
};

enum ssh_type {
	SSH_DISCONNECT = 1,
	SSH_IGNORE = 2,
	SSH_DEBUG = 4,
	SSH_SERVICE_REQUEST = 5,
	SSH_SERVICE_ACCEPT = 6,
	SSH_KEXINIT = 20,
	SSH_NEWKEYS = 21,
	SSH_ECDH_INIT = 30,
	SSH_ECDH_REPLY = 31,
	SSH_AUTH_REQUEST = 50,
	SSH_AUTH_FAILURE = 51,
	SSH_AUTH_SUCCESS = 52,
	SSH_AUTH_BANNER = 53,
	SSH_AUTH_QUESTIONS = 60,
	SSH_AUTH_ANSWERS = 61,
	SSH_GLOBAL_REQUEST = 80,
	SSH_REQUEST_FAILURE = 82,
	SSH_CHANNEL_OPEN = 90,
	SSH_CHANNEL_CONFIRM = 91,
	SSH_CHANNEL_REFUSE = 92,
	SSH_CHANNEL_ADJUST = 93,
	SSH_CHANNEL_DATA = 94,
	SSH_CHANNEL_STDERR = 95,
	SSH_CHANNEL_EOF = 96,
	SSH_CHANNEL_CLOSE = 97,
	SSH_CHANNEL_REQUEST = 98,
	SSH_CHANNEL_SUCCESS = 99,
	SSH_CHANNEL_FAILURE = 100,
};

enum sftp_type {
	SFTP_INIT = 1,
	SFTP_VERSION = 2,
	SFTP_OPEN = 3,
	SFTP_CLOSE = 4,
	SFTP_READ = 5,
	SFTP_WRITE = 6,
	SFTP_LSTAT = 7,
	SFTP_FSTAT = 8,
	SFTP_OPENDIR = 11,
	SFTP_READDIR = 12,
	SFTP_REMOVE = 13,
	SFTP_RMDIR = 15,
	SFTP_STAT = 17,
	SFTP_RENAME = 18,
	SFTP_STATUS = 101,
	SFTP_HANDLE = 102,
	SFTP_DATA = 103,
	SFTP_NAME = 104,
	SFTP_ATTRS = 105,
	SFTP_EXTENDED = 200,
	SFTP_EXTENDED_REPLY = 201,
	/* Only here: what OpenSSH's extensions ask for, so that a fault can be about one of them. */
	SFTP_POSIX_RENAME = 210,
	SFTP_FSYNC,
	SFTP_STATVFS,
	SFTP_LIMITS,
};

/** When a fault may act, and what it can do then. To act and return true means: what was to be done now is not done. */
enum moment {
	AT_VERSION, /* our version line */
	AT_PACKET, /* any bytes of ours: the version line first, then each SSH packet. They are peer->outgoing */
	AT_KEXINIT,   /* peer->draft is the payload of our KEXINIT … */
	AT_KEX_REPLY, /* … of our ECDH reply, before it is signed for; see kex_reply() */
	AT_AUTH,      /* the client wants to log in by peer->method */
	AT_CHANNEL,   /* it opens a channel */
	AT_SUBSYSTEM, /* it asks for SFTP */
	AT_REQUEST,   /* an SFTP request: peer->request, nothing done yet */
	AT_REPLY,     /* the answer to peer->request is peer->draft, with its length in front */
};

struct peer;
struct use;

struct fault {
	const char *name;
	enum moment moment;
	uint8_t type; /* AT_REQUEST, AT_REPLY: of which requests, unless --on says otherwise; 0: of any */
	uint64_t amount; /* unless --amount says otherwise */
	bool (*act)(struct peer *peer, const struct use *use);
	const char *what; /* for --list */
};

/** A fault that was asked for. */
struct use {
	const struct fault *fault;
	uint8_t type;
	uint64_t after, times,
		amount; /* from the after-th occasion (0: the first), so many times */
	uint64_t seen;  /* occasions so far */
};

struct plan {
	struct use uses[USES_MAX];
	size_t count;
	const char *root; /* the folder that is served */
};

/** One direction's cipher; without a key packets are plain. */
struct cipher {
	EVP_CIPHER_CTX *context;
	uint8_t sequence[SEQUENCE_SIZE];
	bool on;
};

struct request {
	uint8_t type; /* an extended one's own */
	uint32_t id;
	struct sp_reader rest; /* what follows the id, or the extension's name */
};

struct handle {
	int fd;        /* -1: free */
	size_t listed; /* of a directory: entries that were told */
};

struct peer {
	int fd;
	struct plan *plan;
	bool hostile;        /* this connection has the plan's faults */
	unsigned trickle_ms; /* between two bytes */

	struct sp_buffer received; /* from the socket */
	struct sp_buffer outgoing; /* one packet as it goes to the socket */
	struct cipher in, out;

	/* Key exchange. */
	EVP_PKEY *host_key;
	struct sp_buffer client_version, client_kexinit, server_kexinit;
	uint8_t session_id[HASH_SIZE];
	uint8_t next_in_key[KEY_SIZE], next_in_sequence[SEQUENCE_SIZE];
	bool has_session_id, kexinit_sent, exchanging;

	char method[32]; /* of the login */

	uint32_t channel;                        /* the client's number of it */
	uint32_t window;                         /* bytes we may send */
	uint32_t packet_max;                     /* of data to the client */
	uint32_t window_given;                   /* to the client, and not used up */
	struct sp_buffer to_client, from_client; /* SFTP */

	struct sp_buffer draft;
	struct request request;
	struct handle handles[HANDLES_MAX];
};

/* ---- packets.c ---- */

void put_u8(struct sp_buffer *buffer, uint8_t value);
void put_u32(struct sp_buffer *buffer, uint32_t value);
void put_u64(struct sp_buffer *buffer, uint64_t value);
void put_string(struct sp_buffer *buffer, const void *data, size_t length);
void put_text(struct sp_buffer *buffer, const char *text);
void put_filling(struct sp_buffer *buffer, char filling, size_t count);

/** Changes four bytes that are there. */
void set_u32(struct sp_buffer *buffer, size_t at, uint32_t value);
uint32_t get_u32(const struct sp_buffer *buffer, size_t at);

/** Ends this connection's process. */
_Noreturn void end_peer(void);

/** The connection stays and nothing happens on it any more. */
_Noreturn void stall_peer(void);

/** Tells whoever started the server, in one line. */
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** What is in peer->outgoing goes out as it is. */
void send_outgoing(struct peer *peer);
void send_raw(struct peer *peer, const void *data, size_t length);

/** One packet. Its payload may be peer->draft. */
void send_packet(struct peer *peer, const struct sp_buffer *payload);

/** Just its type, and @number. */
void send_short_packet(struct peer *peer, uint8_t type, uint32_t number);

/** Waits for a packet; @out is its payload. */
void receive_packet(struct peer *peer, struct sp_buffer *out);
void receive_line(struct peer *peer, struct sp_buffer *out);
void cipher_set(struct cipher *cipher, const uint8_t *key, const uint8_t *sequence, bool encrypts);

/* ---- keys.c ---- */

EVP_PKEY *host_key_create(void);
void host_key_blob(EVP_PKEY *key, struct sp_buffer *out);
void kex_begin(struct peer *peer);

/** The payload of an ECDH reply. */
void kex_reply(struct peer *peer, const struct sp_buffer *key_blob, const void *point,
	       size_t point_length, const struct sp_buffer *signature);
bool kex_take(struct peer *peer,
	      const struct sp_buffer *packet); /* false: it is for somebody else */

/* ---- session.c ---- */

extern const char server_version[];
_Noreturn void peer_run(struct peer *peer);
void flush_to_client(struct peer *peer);
void confirm_channel(struct peer *peer, uint32_t window, uint32_t packet_max);
void refuse_login(struct peer *peer, const char *methods, size_t length, bool partial);

/** A packet of CHANNEL_DATA, whatever the window says. */
void send_data(struct peer *peer, uint32_t channel, const void *data, size_t length);

/* ---- sftp.c ---- */

/** Takes the whole requests out of peer->from_client. */
void sftp_serve(struct peer *peer);

/** peer->draft becomes an empty packet of that type, for the present request … */
void reply_begin(struct peer *peer, uint8_t type);
/** … and gets its length and is sent. */
void reply_end(struct peer *peer);
void reply_status(struct peer *peer, uint32_t code, const char *text);

/** "read" → SFTP_READ; 0 when there is none. */
uint8_t sftp_type_of(const char *name);
const char *sftp_name_of(uint8_t type);

/* ---- faults.c ---- */

bool fault_acts(struct peer *peer, enum moment moment);
const struct fault *fault_find(const char *name);
void fault_list(void);

extern const struct fault faults_of_ssh[], faults_of_storms[],
	faults_of_sftp[]; /* the last has no name */
