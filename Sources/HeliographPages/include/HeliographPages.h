// The files of the pages, as part of the binary. A C module because C has `#embed`; SwiftPM's `.embedInCode` makes each byte a literal of Swift,
// which takes the compiler a minute.
#ifndef HELIOGRAPHPAGES_H
#define HELIOGRAPHPAGES_H

/// A file of that name, such as `chat.js`, with a zero behind it: all are text. Null if there is none.
const unsigned char *heliograph_page(const char *name);

#endif
