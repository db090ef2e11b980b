// The system's zlib for Swift: what its header says by macros that Swift cannot import.

#ifndef HELIOGRAPH_CZLIB_H
#define HELIOGRAPH_CZLIB_H

// Input is read only: next_in is a pointer to const.
#define ZLIB_CONST
#include <zlib.h>

/// deflateInit2 for raw DEFLATE data (RFC 1951), without a zlib or gzip header.
static inline int czlib_raw_deflate_init(z_streamp stream, int level, int window_bits, int memory_level) {
    return deflateInit2(stream, level, Z_DEFLATED, -window_bits, memory_level, Z_DEFAULT_STRATEGY);
}

/// inflateInit2 for raw DEFLATE data.
static inline int czlib_raw_inflate_init(z_streamp stream, int window_bits) {
    return inflateInit2(stream, -window_bits);
}

#endif
