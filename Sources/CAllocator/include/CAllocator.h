// What the C library's allocator does with memory that is freed. A C module because glibc's module for Swift lacks <malloc.h>.
#ifndef CALLOCATOR_H
#define CALLOCATOR_H

/// Keeps up to `bytes` of freed memory in the process instead of giving it back to the system, also that of large blocks: whoever receives
/// messages of 1 MiB would otherwise fetch and clear the same pages again for each of them. For the whole process; before the first thread.
/// Without glibc it does nothing.
void callocator_keep_freed(int bytes);

/// Gives freed memory back to the system that `callocator_keep_freed` has the process keep. It takes some milliseconds, in which other threads may wait for
/// the allocator. Without glibc it does nothing.
void callocator_trim(void);

#endif
