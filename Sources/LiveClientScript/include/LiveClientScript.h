// The browser client of live views, as part of the binary. A C module because C has `#embed`.
#ifndef LIVECLIENTSCRIPT_H
#define LIVECLIENTSCRIPT_H

/// `Clients/js/heliograph-live.js`, with a zero behind it.
const char *heliograph_live_script(void);

#endif
