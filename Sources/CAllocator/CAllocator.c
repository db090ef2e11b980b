#include "CAllocator.h"

#include <stdlib.h>

#if defined(__GLIBC__)
#include <malloc.h>

void callocator_keep_freed(int bytes) {
    // Setting either ends glibc's own adjustment of both, so both are set. 32 MiB is the most that it allows.
    mallopt(M_MMAP_THRESHOLD, bytes < 32 << 20 ? bytes : 32 << 20);
    mallopt(M_TRIM_THRESHOLD, bytes);
}

void callocator_trim(void) { malloc_trim(0); }
#else
void callocator_keep_freed(int bytes) { (void)bytes; }
void callocator_trim(void) {}
#endif
