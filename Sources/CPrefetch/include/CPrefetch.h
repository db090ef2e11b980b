#ifndef C_PREFETCH_H
#define C_PREFETCH_H

/// Asks the processor to bring memory into its cache. Nothing is read: any address will do.
static inline void prefetch(const void *address) { __builtin_prefetch(address); }

#endif
