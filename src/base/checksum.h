#pragma once
/**
 * Checksums of what goes by: the cyclic ones that S3's clients send (all of them reflected), and OpenSSL's digests. Not for
 * what is secret. SHA-256 that can be saved while it runs: base/digest.h.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sp_checksum_kind {
	SP_CRC32,  /* ISO-HDLC: zlib's */
	SP_CRC32C, /* Castagnoli's */
	SP_CRC64NVME,
	SP_SHA1,
	SP_SHA256,
	SP_MD5,
	SP_CHECKSUM_KINDS,
};

enum { SP_CHECKSUM_SIZE_MAX = 32 };

struct sp_checksum {
	enum sp_checksum_kind kind;
	uint64_t crc;
	void *digest; /* owned: OpenSSL's state; NULL for the cyclic ones */
};

void sp_checksum_start(struct sp_checksum *checksum, enum sp_checksum_kind kind);
void sp_checksum_add(struct sp_checksum *checksum, const void *data, size_t length);

/** Big-endian, as S3 has it. Returns how many bytes it has. Nothing can be added any more. */
size_t sp_checksum_end(struct sp_checksum *checksum, unsigned char out[SP_CHECKSUM_SIZE_MAX]);

/** Also after an end, and of one that was never started but zeroed. */
void sp_checksum_finish(struct sp_checksum *checksum);
