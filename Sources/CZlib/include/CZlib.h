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

/// deflateInit2 with a header: a zlib one (RFC 1950) with window bits of up to 15, a gzip one (RFC 1952) with 16 more.
static inline int czlib_deflate_init(z_streamp stream, int level, int window_bits, int memory_level) {
    return deflateInit2(stream, level, Z_DEFLATED, window_bits, memory_level, Z_DEFAULT_STRATEGY);
}

/// inflateInit2 for data with a header, as czlib_deflate_init writes it.
static inline int czlib_inflate_init(z_streamp stream, int window_bits) {
    return inflateInit2(stream, window_bits);
}

#endif
