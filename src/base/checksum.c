#include "base/checksum.h"

#include <endian.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

#include "base/error.h"

enum { SLICES = 8, CYCLIC_KINDS = 3 };

/* A reflected one of 32 bits is computed in the lower half of 64. */
static const struct {
	uint64_t polynomial, all_ones;
	size_t size;
} cyclic[CYCLIC_KINDS] = {
	[SP_CRC32] = { 0xedb88320, 0xffffffff, 4 },
	[SP_CRC32C] = { 0x82f63b78, 0xffffffff, 4 },
	[SP_CRC64NVME] = { 0x9a6c9329ac4bc9b5, UINT64_MAX, 8 },
};

/* table[kind][n][byte]: what a byte does to the sum when n bytes come behind it. Eight bytes are then eight look-ups that
 * do not wait for each other. */
static uint64_t table[CYCLIC_KINDS][SLICES][256];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void make_table(void)
{
	for (int kind = 0; kind < CYCLIC_KINDS; kind++) {
		for (uint64_t byte = 0; byte < 256; byte++) {
			uint64_t sum = byte;
			for (int bit = 0; bit < 8; bit++)
				sum = sum >> 1 ^ ((sum & 1) != 0 ? cyclic[kind].polynomial : 0);
			table[kind][0][byte] = sum;
		}
		for (int slice = 1; slice < SLICES; slice++) {
			for (int byte = 0; byte < 256; byte++) {
				uint64_t sum = table[kind][slice - 1][byte];
				table[kind][slice][byte] = sum >> 8 ^ table[kind][0][sum & 0xff];
			}
		}
	}
}

static uint64_t add_cyclic(enum sp_checksum_kind kind, uint64_t sum, const unsigned char *at,
			   size_t length)
{
	uint64_t(*rows)[256] = table[kind];
	for (; length >= SLICES; at += SLICES, length -= SLICES) {
		uint64_t word;
		memcpy(&word, at, sizeof(word));
		word = le64toh(word) ^ sum;
		sum = 0;
		for (int i = 0; i < SLICES; i++)
			sum ^= rows[SLICES - 1 - i][word >> (8 * i) & 0xff];
	}
	while (length-- > 0)
		sum = sum >> 8 ^ rows[0][(sum ^ *at++) & 0xff];
	return sum;
}

static bool is_cyclic(enum sp_checksum_kind kind)
{
	return kind <= SP_CRC64NVME;
}

static const EVP_MD *digest_of(enum sp_checksum_kind kind)
{
	return kind == SP_SHA1 ? EVP_sha1() : kind == SP_SHA256 ? EVP_sha256() : EVP_md5();
}

void sp_checksum_start(struct sp_checksum *checksum, enum sp_checksum_kind kind)
{
	*checksum = (struct sp_checksum){ .kind = kind };
	if (is_cyclic(kind)) {
		pthread_once(&table_once, make_table);
		checksum->crc = cyclic[kind].all_ones;
		return;
	}
	checksum->digest = EVP_MD_CTX_new();
	if (checksum->digest == NULL ||
	    EVP_DigestInit_ex(checksum->digest, digest_of(kind), NULL) != 1)
		sp_die("a digest could not be begun");
}

void sp_checksum_add(struct sp_checksum *checksum, const void *data, size_t length)
{
	if (is_cyclic(checksum->kind))
		checksum->crc = add_cyclic(checksum->kind, checksum->crc, data, length);
	else if (EVP_DigestUpdate(checksum->digest, data, length) != 1)
		sp_die("a digest could not be computed");
}

size_t sp_checksum_end(struct sp_checksum *checksum, unsigned char out[SP_CHECKSUM_SIZE_MAX])
{
	if (is_cyclic(checksum->kind)) {
		uint64_t sum = checksum->crc ^ cyclic[checksum->kind].all_ones;
		size_t size = cyclic[checksum->kind].size;
		for (size_t i = 0; i < size; i++)
			out[i] = (unsigned char)(sum >> (8 * (size - 1 - i)));
		return size;
	}
	unsigned length = 0;
	if (EVP_DigestFinal_ex(checksum->digest, out, &length) != 1)
		sp_die("a digest could not be computed");
	return length;
}

void sp_checksum_finish(struct sp_checksum *checksum)
{
	EVP_MD_CTX_free(checksum->digest);
	checksum->digest = NULL;
}
