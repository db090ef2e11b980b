// One pointer of each thread, for memory that is needed again at once. A C module because Swift has no variables of a thread.
#ifndef C_THREAD_SPARE_H
#define C_THREAD_SPARE_H

/// Where this thread has its pointer, which is null at first.
///
/// To be asked each time: whoever has been suspended since may be on another thread. That is why it is a function that is called: an asynchronous function
/// into which it was inlined could keep the answer.
void *_Nullable *_Nonnull cthreadspare(void);

#endif
