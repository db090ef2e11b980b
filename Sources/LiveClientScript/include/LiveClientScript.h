// The browser client of live views, as part of the binary. A C module because C has `#embed`.
#ifndef LIVECLIENTSCRIPT_H
#define LIVECLIENTSCRIPT_H

/// `Clients/js/dist/heliograph-live.min.js`, with a zero behind it.
const char *heliograph_live_script(void);

/// `Clients/js/dist/heliograph-live-extras.min.js`, with a zero behind it.
const char *heliograph_live_extras(void);

#endif
