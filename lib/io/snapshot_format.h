/* The layout of .cm files. All numbers are little endian and unsigned, texts are a u32 length and bytes.
 *
 *   prefix, 32 bytes, never to change:
 *     magic (8)   format version u32   directory bytes u32   file bytes u64   CRC of the directory u32   CRC of these
 * 28 bytes u32 directory: kind, number of tables u32, for each: name, section bytes u64, CRC of the section u32
 *   sections, one a table, one behind the other:
 *     columns u32, rows u64; for each column:
 *       name, type u32, scale u32, role u32, flags u32, whether any cell is absent (1 byte)
 *       if any is: validity, a bit a row, least significant first, zeros behind the last
 *       STRING and LIST: number of texts u32, the texts, rising in byte order
 *       LIST: items u64, rows + 1 offsets u64
 *       values: BOOL a bit a row; DATE 4 bytes; STRING u32 codes, LIST u32 codes of all items; else 8 bytes. Absent
 * cells are 0.
 *
 * What stands there is a function of the content alone. */
#ifndef CM_IO_SNAPSHOT_FORMAT_H
#define CM_IO_SNAPSHOT_FORMAT_H

#include <stdint.h>

#define CM_SNAPSHOT_MAGIC                                                                                              \
    "\x89"                                                                                                             \
    "CSTM\r\n\x1a" /* as in PNG: shows files mangled as text */
#define CM_SNAPSHOT_MAGIC_BYTES 8
#define CM_SNAPSHOT_VERSION 1
#define CM_SNAPSHOT_PREFIX 32
#define CM_SNAPSHOT_BLOCK (UINT64_C(64) << 10)

static inline void cm_put_u32(unsigned char *out, uint32_t value) {
    for (int i = 0; i < 4; i++) out[i] = (unsigned char)(value >> (8 * i));
}

static inline void cm_put_u64(unsigned char *out, uint64_t value) {
    for (int i = 0; i < 8; i++) out[i] = (unsigned char)(value >> (8 * i));
}

static inline uint32_t cm_get_u32(const unsigned char *in) {
    return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

static inline uint64_t cm_get_u64(const unsigned char *in) {
    return cm_get_u32(in) | (uint64_t)cm_get_u32(in + 4) << 32;
}

#endif
