// Clang notes the files as what this one depends on, so an edited script is picked up by the next build.
#include "LiveClientScript.h"

static const unsigned char script[] = {
#embed "heliograph-live.min.js" suffix(, 0)
};

static const unsigned char extras[] = {
#embed "heliograph-live-extras.min.js" suffix(, 0)
};

const char *heliograph_live_script(void) { return (const char *)script; }
const char *heliograph_live_extras(void) { return (const char *)extras; }
