// Clang notes the file as what this one depends on, so an edited script is picked up by the next build.
#include "LiveClientScript.h"

static const unsigned char script[] = {
#embed "heliograph-live.js" suffix(, 0)
};

const char *heliograph_live_script(void) { return (const char *)script; }
