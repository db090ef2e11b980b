// What the process keeps in memory. A C module because glibc's module for Swift lacks <malloc.h> and <link.h>.
#ifndef CALLOCATOR_H
#define CALLOCATOR_H

/// Keeps up to `bytes` of freed memory in the process instead of giving it back to the system, also that of large blocks: whoever receives
/// messages of 1 MiB would otherwise fetch and clear the same pages again for each of them. For the whole process; before the first thread.
/// Without glibc it does nothing.
void callocator_keep_freed(int bytes);

/// Gives freed memory back to the system that `callocator_keep_freed` has the process keep. It takes some milliseconds, in which other threads may wait for
/// the allocator. Without glibc it does nothing.
void callocator_trim(void);

/// Gives the pages of code and constants back that the start alone needed: Swift's runtime looks through most of a program once, at the first dynamic cast. They stay in
/// the system's cache of files as long as there is room, and whatever is used again is mapped again. It takes less than a millisecond. Elsewhere than on Linux it does
/// nothing.
void callocator_forget_start(void);

#endif
