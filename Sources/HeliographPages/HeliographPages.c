// Clang notes the files as what this one depends on, so an edited page is picked up by the next build.
#include "HeliographPages.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    const unsigned char *content;
} files[] = {
    {"admin.css", (const unsigned char[]){
#embed "Files/admin.css" suffix(, 0)
    }},
    {"chat-log.js", (const unsigned char[]){
#embed "Files/chat-log.js" suffix(, 0)
    }},
    {"chat.css", (const unsigned char[]){
#embed "Files/chat.css" suffix(, 0)
    }},
    {"chat.html", (const unsigned char[]){
#embed "Files/chat.html" suffix(, 0)
    }},
    {"chat.js", (const unsigned char[]){
#embed "Files/chat.js" suffix(, 0)
    }},
    {"dashboard.css", (const unsigned char[]){
#embed "Files/dashboard.css" suffix(, 0)
    }},
    {"dashboard.html", (const unsigned char[]){
#embed "Files/dashboard.html" suffix(, 0)
    }},
    {"dashboard.js", (const unsigned char[]){
#embed "Files/dashboard.js" suffix(, 0)
    }},
    {"echo.css", (const unsigned char[]){
#embed "Files/echo.css" suffix(, 0)
    }},
    {"echo.html", (const unsigned char[]){
#embed "Files/echo.html" suffix(, 0)
    }},
    {"echo.js", (const unsigned char[]){
#embed "Files/echo.js" suffix(, 0)
    }},
    {"frames.js", (const unsigned char[]){
#embed "Files/frames.js" suffix(, 0)
    }},
    {"game-frames.js", (const unsigned char[]){
#embed "Files/game-frames.js" suffix(, 0)
    }},
    {"game-input.js", (const unsigned char[]){
#embed "Files/game-input.js" suffix(, 0)
    }},
    {"game-view.js", (const unsigned char[]){
#embed "Files/game-view.js" suffix(, 0)
    }},
    {"game-world.js", (const unsigned char[]){
#embed "Files/game-world.js" suffix(, 0)
    }},
    {"game.css", (const unsigned char[]){
#embed "Files/game.css" suffix(, 0)
    }},
    {"game.html", (const unsigned char[]){
#embed "Files/game.html" suffix(, 0)
    }},
    {"game.js", (const unsigned char[]){
#embed "Files/game.js" suffix(, 0)
    }},
    {"heliograph.js", (const unsigned char[]){
#embed "Files/heliograph.js" suffix(, 0)
    }},
    {"icon.svg", (const unsigned char[]){
#embed "Files/icon.svg" suffix(, 0)
    }},
    {"index.css", (const unsigned char[]){
#embed "Files/index.css" suffix(, 0)
    }},
    {"index.html", (const unsigned char[]){
#embed "Files/index.html" suffix(, 0)
    }},
    {"index.js", (const unsigned char[]){
#embed "Files/index.js" suffix(, 0)
    }},
    {"line-chart.js", (const unsigned char[]){
#embed "Files/line-chart.js" suffix(, 0)
    }},
    {"live.css", (const unsigned char[]){
#embed "Files/live.css" suffix(, 0)
    }},
    {"live.js", (const unsigned char[]){
#embed "Files/live.js" suffix(, 0)
    }},
    {"market-book.js", (const unsigned char[]){
#embed "Files/market-book.js" suffix(, 0)
    }},
    {"market-chart.js", (const unsigned char[]){
#embed "Files/market-chart.js" suffix(, 0)
    }},
    {"market-meter.js", (const unsigned char[]){
#embed "Files/market-meter.js" suffix(, 0)
    }},
    {"market-table.js", (const unsigned char[]){
#embed "Files/market-table.js" suffix(, 0)
    }},
    {"market-values.js", (const unsigned char[]){
#embed "Files/market-values.js" suffix(, 0)
    }},
    {"market.css", (const unsigned char[]){
#embed "Files/market.css" suffix(, 0)
    }},
    {"market.html", (const unsigned char[]){
#embed "Files/market.html" suffix(, 0)
    }},
    {"market.js", (const unsigned char[]){
#embed "Files/market.js" suffix(, 0)
    }},
    {"outbox.js", (const unsigned char[]){
#embed "Files/outbox.js" suffix(, 0)
    }},
    {"site.css", (const unsigned char[]){
#embed "Files/site.css" suffix(, 0)
    }},
    {"socket.js", (const unsigned char[]){
#embed "Files/socket.js" suffix(, 0)
    }},
    {"units.js", (const unsigned char[]){
#embed "Files/units.js" suffix(, 0)
    }},
};

const unsigned char *heliograph_page(const char *name) {
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (strcmp(files[i].name, name) == 0) return files[i].content;
    }
    return NULL;
}
