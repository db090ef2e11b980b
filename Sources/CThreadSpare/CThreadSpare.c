#include "CThreadSpare.h"

#if defined(__ELF__)
// Found without a call. In a library that is loaded later there is room for 8 bytes.
__attribute__((tls_model("initial-exec")))
#endif
static __thread void *pointer;

void **cthreadspare(void) { return &pointer; }
