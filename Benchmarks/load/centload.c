// centload: load generator for the Centrifuge client protocol over WebSocket
// (JSON or Protobuf), one thread, epoll, no dependencies.
//
//   gcc -O2 -o centload centload.c
//
//   centload fanout --port P --subs 1000 --size 128 --window 16 --time 5 --pid SERVER_PID
//   centload fanout --port P --subs 1000 --size 128 --rate 100 --time 5
//   centload idle   --port P --subs 10000 --hold 5 --pid SERVER_PID [--gc-url /debug/mem?gc=1]
//   centload recover --port P --channel recover:r --missed 300 --trials 200
//   centload storm  --port P --channel recover:s --subs 10000 --channels 100 --missed 10
//
//   --proto json|protobuf   --path /connection/websocket   --channel NAME
//   --pub client|http       who publishes: one more connection of the protocol, or
//                           POST /api/publish {"channel":..,"data":..} (--api-key K)
//   --window N              at most N publications not yet received by every subscriber
//   --rate R                R publications a second instead (open loop, latency counted
//                           from the moment a publication was due)
//   --recover               ask for a recoverable subscription
//   --join-leave            ask for join and leave messages
//   --own-channels          idle: one channel per connection
//   --channels N            fanout, storm: subscriber i is in channel NAME(i mod N), and publications
//                           go to the channels in turn
//   --missed N              recover, storm: how many publications each client has missed
//   --trials N              recover: how many clients come back, one after the other
//   --no-subscribe          idle: connect only
//   --inflight N            handshakes under way at once (64)
//   --burst N               after a wake-up read at most N sockets before looking at the
//                           publisher again (0: all)
//
// One line of JSON on stdout. A delivery is one publication read by one
// subscriber. Latency: from the write of the publish command (window) or its
// due time (rate) to the read that brought it to that subscriber.
// recover: from the write of the subscribe command of a connected client, that asks for what it
// missed, to the first byte of the answer and to its end. storm: all clients are cut at once, miss
// something, and come back: the time until the last one has it. JSON only, both.
// Server memory: VmRSS of --pid, less the value before the first connection.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char *o_mode = "fanout", *o_host = "127.0.0.1", *o_path = "/connection/websocket", *o_channel = "bench",
                  *o_pub = "client", *o_key = "", *o_label = "", *o_gcurl = NULL, *o_apipath = "/api/publish";
static int o_port = 8000, o_subs = 1000, o_size = 128, o_window = 16, o_pb = 0, o_pid = 0, o_recover = 0, o_jl = 0,
           o_own = 0, o_inflight = 64, o_nosub = 0, o_burst = 0, o_channels = 0, o_missed = 300, o_trials = 200;
static double o_rate = 0, o_time = 5, o_warm = 1, o_hold = 5;

static void die(const char *f, ...) {
    va_list a;
    va_start(a, f);
    fprintf(stderr, "centload: ");
    vfprintf(stderr, f, a);
    fprintf(stderr, "\n");
    exit(2);
}
static inline uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

// ---- histogram, log-linear, ns
enum { SUB = 6, HN = (64 - SUB + 1) << SUB };
static uint64_t hist[HN], hcount, hmax;
static inline void hadd(uint64_t v) {
    int i;
    if (v < (1u << SUB)) i = (int)v;
    else {
        int e = 63 - __builtin_clzll(v);
        i = ((e - SUB + 1) << SUB) + (int)((v >> (e - SUB)) & ((1u << SUB) - 1));
    }
    hist[i]++;
    hcount++;
    if (v > hmax) hmax = v;
}
static double hq_us(double q) {
    uint64_t want = (uint64_t)(q * (double)hcount), c = 0;
    for (int i = 0; i < HN; i++) {
        c += hist[i];
        if (c > want) {
            if (i < (1 << SUB)) return i / 1e3;
            int e = (i >> SUB) + SUB - 1;
            return ((double)((1ull << e) + ((uint64_t)(i & ((1 << SUB) - 1)) << (e - SUB))) + (double)(1ull << (e - SUB)) / 2) / 1e3;
        }
    }
    return (double)hmax / 1e3;
}

// ---- server facts
static long rss_kb(int pid) {
    if (!pid) return 0;
    char p[64], l[256];
    snprintf(p, sizeof p, "/proc/%d/status", pid);
    FILE *f = fopen(p, "r");
    if (!f) return 0;
    long v = 0;
    while (fgets(l, sizeof l, f))
        if (sscanf(l, "VmRSS: %ld", &v) == 1) break;
    fclose(f);
    return v;
}
static double cpu_s(int pid) {
    if (!pid) return 0;
    char p[64], b[1024];
    snprintf(p, sizeof p, "/proc/%d/stat", pid);
    FILE *f = fopen(p, "r");
    if (!f) return 0;
    size_t n = fread(b, 1, sizeof b - 1, f);
    fclose(f);
    b[n] = 0;
    char *q = strrchr(b, ')');
    unsigned long u = 0, s = 0;
    if (q) sscanf(q + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &u, &s);
    return (double)(u + s) / (double)sysconf(_SC_CLK_TCK);
}
static double self_cpu(void) {
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (double)r.ru_utime.tv_sec + (double)r.ru_stime.tv_sec + (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

// ---- connections
enum { S_NEW, S_HTTP, S_CONNECT, S_SUBSCRIBE, S_READY, S_DEAD };
typedef struct {
    int fd, state, id, left;
    uint8_t *rest;
    int pong;
} Conn;
// what is known of a channel: who is in it, and where its stream stands
typedef struct {
    int alive, recovered, offset;
    char epoch[32];
} Chan;
static Chan *chans;
static int recovering, recovered_ok, recovered_bad;
static uint64_t first_byte, answered;
static Conn *conns, pubc;
static int ep, ready, dead, started;
static uint8_t *rbuf;
enum { RB = 1 << 19 };
static uint64_t msgs, frames, bytes_in, others, pings;

static void out_frame(Conn *c, const void *p, size_t n) {
    uint8_t h[14 + 4096];
    size_t k = 0;
    if (n > 4000) die("frame too long");
    h[k++] = o_pb ? 0x82 : 0x81;
    if (n < 126) h[k++] = (uint8_t)(0x80 | n);
    else {
        h[k++] = 0x80 | 126;
        h[k++] = (uint8_t)(n >> 8);
        h[k++] = (uint8_t)n;
    }
    memset(h + k, 0, 4); // masking key 0: masked as the protocol asks, payload unchanged
    k += 4;
    memcpy(h + k, p, n);
    k += n;
    size_t o = 0;
    while (o < k) {
        ssize_t w = send(c->fd, h + o, k - o, MSG_NOSIGNAL);
        if (w > 0) o += (size_t)w;
        else if (w < 0 && (errno == EAGAIN || errno == EINTR)) usleep(50);
        else return;
    }
}
static size_t vput(uint8_t *p, uint64_t v) {
    size_t n = 0;
    while (v >= 0x80) p[n++] = (uint8_t)(v | 0x80), v >>= 7;
    p[n++] = (uint8_t)v;
    return n;
}
static size_t pbytes(uint8_t *p, int field, const void *d, size_t n) {
    size_t k = vput(p, (uint64_t)(field << 3 | 2));
    k += vput(p + k, n);
    memcpy(p + k, d, n);
    return k + n;
}
// Command with id and one message field, length-delimited
static void out_pb(Conn *c, uint32_t id, int field, const uint8_t *body, size_t n) {
    uint8_t m[4096], f[4200];
    size_t k = vput(m, 1 << 3);
    k += vput(m + k, id);
    k += pbytes(m + k, field, body, n);
    size_t j = vput(f, k);
    memcpy(f + j, m, k);
    out_frame(c, f, j + k);
}
static void chan_name(Conn *c, char *b, size_t n) {
    if (o_channels) snprintf(b, n, "%s%d", o_channel, c->id % o_channels);
    else if (o_own) snprintf(b, n, "%s%d", o_channel, c->id);
    else snprintf(b, n, "%s", o_channel);
}
static Chan *chan(Conn *c) { return &chans[o_channels ? c->id % o_channels : 0]; }
static void send_connect(Conn *c) {
    if (o_pb) out_pb(c, 1, 4, NULL, 0);
    else out_frame(c, "{\"id\":1,\"connect\":{}}", 21);
    c->state = S_CONNECT;
}
static void send_subscribe(Conn *c) {
    char ch[128];
    chan_name(c, ch, sizeof ch);
    if (o_pb) {
        uint8_t b[256];
        size_t k = pbytes(b, 1, ch, strlen(ch));
        if (o_recover) b[k++] = 10 << 3, b[k++] = 1;
        if (o_jl) b[k++] = 11 << 3, b[k++] = 1;
        out_pb(c, 2, 5, b, k);
    } else {
        char b[400], since[100] = "";
        if (recovering) {
            Chan *h = chan(c);
            snprintf(since, sizeof since, ",\"recover\":true,\"epoch\":\"%s\",\"offset\":%d", h->epoch, h->offset);
        }
        int n = snprintf(b, sizeof b, "{\"id\":2,\"subscribe\":{\"channel\":\"%s\"%s%s%s}}", ch,
                         o_recover ? ",\"recoverable\":true" : "", o_jl ? ",\"join_leave\":true" : "", since);
        out_frame(c, b, (size_t)n);
    }
    c->state = S_SUBSCRIBE;
}

// ---- publications
enum { RING = 1 << 16 };
static uint64_t sent_at[RING];
static uint32_t got[RING];
static uint64_t seq, done_seq, deliveries, completed;
static int measuring, alive_subs;
static int pub_busy; // http: waiting for the response

static void build_data(char *d, uint64_t s) {
    int n = sprintf(d, "{\"s\":\"%010llu\",\"p\":\"", (unsigned long long)s);
    int fill = o_size - n - 2;
    for (int i = 0; i < fill; i++) d[n + i] = "abcdefghijklmnopqrstuvwxyz234567"[(i + (int)s) & 31];
    if (fill < 0) fill = 0;
    strcpy(d + n + fill, "\"}");
}
static void publish(uint64_t due) {
    char d[2048], b[4096], ch[128];
    if (o_channels) snprintf(ch, sizeof ch, "%s%d", o_channel, (int)(seq % (uint64_t)o_channels));
    else snprintf(ch, sizeof ch, "%s", o_channel);
    build_data(d, seq);
    size_t dn = strlen(d);
    sent_at[seq % RING] = due;
    got[seq % RING] = 0;
    if (!strcmp(o_pub, "http")) {
        char body[3000];
        int bn = snprintf(body, sizeof body, "{\"channel\":\"%s\",\"data\":%s}", ch, d);
        int n = snprintf(b, sizeof b, "POST %s HTTP/1.1\r\nHost: %s\r\nX-API-Key: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                         o_apipath, o_host, o_key, bn, body);
        if (send(pubc.fd, b, (size_t)n, MSG_NOSIGNAL) != n) die("publish: short write");
        pub_busy = 1;
    } else if (o_pb) {
        uint8_t m[2300];
        size_t k = pbytes(m, 1, ch, strlen(ch));
        k += pbytes(m + k, 2, d, dn);
        out_pb(&pubc, (uint32_t)(seq + 10), 7, m, k);
    } else {
        int n = snprintf(b, sizeof b, "{\"id\":%u,\"publish\":{\"channel\":\"%s\",\"data\":%s}}", (uint32_t)(seq + 10), ch, d);
        out_frame(&pubc, b, (size_t)n);
    }
    seq++;
}
static inline uint32_t wanted(uint64_t s) { return (uint32_t)(o_channels ? chans[s % (uint64_t)o_channels].alive : alive_subs); }
static inline void delivered(const uint8_t *p, size_t n, uint64_t t) {
    // data holds "s":"NNNNNNNNNN"
    const uint8_t *q = memmem(p, n, "\"s\":\"", 5);
    if (!q || q + 15 > p + n) {
        others++;
        return;
    }
    uint64_t s = 0;
    for (int i = 0; i < 10; i++) s = s * 10 + (uint64_t)(q[5 + i] - '0');
    if (s >= seq) {
        others++;
        return;
    }
    if (measuring) {
        deliveries++;
        hadd(t - sent_at[s % RING]);
    }
    if (++got[s % RING] >= wanted(s) && s >= done_seq) {
        while (done_seq < seq && got[done_seq % RING] >= wanted(done_seq)) done_seq++, completed += (uint64_t)measuring;
    }
}

// the position in a subscribe reply, or whether it has all that was missed, in order
static void subscribed(Conn *c, const uint8_t *p, size_t n, uint64_t t) {
    Chan *h = chan(c);
    const uint8_t *q;
    if (!recovering) {
        if ((q = memmem(p, n, "\"epoch\":\"", 9))) {
            q += 9;
            size_t k = 0;
            while (q + k < p + n && q[k] != '"' && k < sizeof h->epoch - 1) h->epoch[k] = (char)q[k], k++;
            h->epoch[k] = 0;
        }
        h->offset = (q = memmem(p, n, "\"offset\":", 9)) ? atoi((const char *)q + 9) : 0;
        return;
    }
    answered = t;
    int count = 0;
    long last = -1;
    for (q = p; (q = memmem(q, (size_t)(p + n - q), "\"s\":\"", 5)); q += 5) {
        long s = strtol((const char *)q + 5, NULL, 10);
        if (s <= last) count = -1000000;
        last = s, count++;
    }
    if (memmem(p, n, "\"recovered\":true", 16) && count == o_missed) recovered_ok++;
    else if (recovered_bad++ < 3) fprintf(stderr, "centload: not recovered (%d of %d): %.*s\n", count, o_missed, n > 200 ? 200 : (int)n, p);
}
static void on_json(Conn *c, const uint8_t *p, size_t n, uint64_t t) {
    if (n == 2) { // {} : ping
        pings++;
        out_frame(c, "{}", 2);
        return;
    }
    if (c->state == S_READY) {
        if (n > 8 && !memcmp(p, "{\"push\"", 7) && memmem(p, n > 400 ? 400 : n, "\"pub\":", 6)) delivered(p, n, t);
        else if (memmem(p, n > 60 ? 60 : n, "\"error\"", 7) && c == &pubc) die("publish refused: %.*s", (int)n, p);
        else others++;
        return;
    }
    if (memmem(p, n, "\"error\"", 7)) die("refused: %.*s", (int)n, p);
    if (c->state == S_CONNECT && memmem(p, n, "\"connect\"", 9)) {
        if (c == &pubc || o_nosub) c->state = S_READY, ready++;
        else send_subscribe(c);
    } else if (c->state == S_SUBSCRIBE && memmem(p, n, "\"subscribe\"", 11) && memmem(p, n, "\"id\":2", 6)) {
        subscribed(c, p, n, t);
        c->state = S_READY;
        ready++;
    } else others++;
}
static inline const uint8_t *vget(const uint8_t *p, const uint8_t *e, uint64_t *v) {
    uint64_t r = 0;
    int s = 0;
    while (p < e) {
        uint8_t b = *p++;
        r |= (uint64_t)(b & 0x7f) << s;
        if (!(b & 0x80)) {
            *v = r;
            return p;
        }
        s += 7;
    }
    return NULL;
}
// finds a length-delimited field; returns its body or NULL
static const uint8_t *pfind(const uint8_t *p, size_t n, unsigned field, size_t *len) {
    const uint8_t *e = p + n;
    while (p && p < e) {
        uint64_t k, v;
        if (!(p = vget(p, e, &k))) return NULL;
        if ((k & 7) == 0) {
            if (!(p = vget(p, e, &v))) return NULL;
        } else if ((k & 7) == 2) {
            if (!(p = vget(p, e, &v)) || p + v > e) return NULL;
            if (k >> 3 == field) {
                *len = v;
                return p;
            }
            p += v;
        } else return NULL;
    }
    return NULL;
}
static void on_pb(Conn *c, const uint8_t *p, size_t n, uint64_t t) {
    if (n == 0) {
        pings++;
        out_frame(c, "\0", 1);
        return;
    }
    size_t l, m, d;
    const uint8_t *q, *r, *x;
    if (c->state == S_READY) {
        if ((q = pfind(p, n, 4, &l)) && (r = pfind(q, l, 4, &m)) && (x = pfind(r, m, 4, &d))) delivered(x, d, t);
        else if (c == &pubc && pfind(p, n, 2, &l)) die("publish refused");
        else others++;
        return;
    }
    if (pfind(p, n, 2, &l)) die("refused");
    if (c->state == S_CONNECT && pfind(p, n, 5, &l)) {
        if (c == &pubc || o_nosub) c->state = S_READY, ready++;
        else send_subscribe(c);
    } else if (c->state == S_SUBSCRIBE && pfind(p, n, 6, &l)) {
        c->state = S_READY;
        ready++;
    } else others++;
}

static void start_conn(Conn *c) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)o_port)};
    inet_pton(AF_INET, o_host, &a.sin_addr);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0) die("socket: %s", strerror(errno));
    if (c->id >= 20000) { // spread over source addresses
        struct sockaddr_in s = {.sin_family = AF_INET};
        s.sin_addr.s_addr = htonl(0x7f000001u + (uint32_t)(c->id / 20000));
        bind(c->fd, (struct sockaddr *)&s, sizeof s);
    }
    if (connect(c->fd, (struct sockaddr *)&a, sizeof a)) die("connect: %s", strerror(errno));
    int one = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    char b[512];
    if (c == &pubc && !strcmp(o_pub, "http")) c->state = S_READY, ready++;
    else {
        int n = snprintf(b, sizeof b,
                         "GET %s%s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n",
                         o_path, "", o_host, o_port, o_pb ? "Sec-WebSocket-Protocol: centrifuge-protobuf\r\n" : "");
        if (send(c->fd, b, (size_t)n, MSG_NOSIGNAL) != n) die("handshake: short write");
        c->state = S_HTTP;
    }
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e);
    started++;
}
static void drop(Conn *c, const char *why) {
    if (c->state == S_DEAD) return;
    if (dead++ < 3) fprintf(stderr, "centload: connection %d lost in state %d: %s\n", c->id, c->state, why);
    if (c->state == S_READY) ready--;
    c->state = S_DEAD;
    close(c->fd);
    if (c == &pubc) die("publisher lost");
    alive_subs--;
    chan(c)->alive--;
}
// reads once, handles whole frames, keeps what is left
static void on_readable(Conn *c) {
    size_t have = (size_t)c->left;
    if (have) {
        memcpy(rbuf, c->rest, have);
        free(c->rest);
        c->rest = NULL;
        c->left = 0;
    }
    ssize_t r = recv(c->fd, rbuf + have, RB - have, 0);
    if (r <= 0) {
        if (r < 0 && (errno == EAGAIN || errno == EINTR)) r = 0;
        else {
            drop(c, r ? strerror(errno) : "closed by server");
            return;
        }
    }
    bytes_in += (uint64_t)r;
    uint64_t t = now_ns();
    if (c->state == S_SUBSCRIBE && !first_byte) first_byte = t;
    uint8_t *p = rbuf, *e = rbuf + have + r;
    if (c == &pubc && !strcmp(o_pub, "http")) {
        // one request at a time: a response is complete when its body arrived
        uint8_t *h = memmem(p, (size_t)(e - p), "\r\n\r\n", 4);
        if (h) {
            uint8_t *cl = memmem(p, (size_t)(h - p), "Content-Length: ", 16);
            size_t len = cl ? strtoul((char *)cl + 16, NULL, 10) : 0;
            if (h + 4 + len <= e) {
                if (memcmp(p, "HTTP/1.1 200", 12)) die("publish refused: %.*s", (int)(e - p > 300 ? 300 : e - p), p);
                if (memmem(h, (size_t)(e - h), "\"error\"", 7)) die("publish refused: %.*s", (int)(e - h), h);
                pub_busy = 0;
                p = e;
            }
        }
        goto keep;
    }
    if (c->state == S_HTTP) {
        uint8_t *h = memmem(p, (size_t)(e - p), "\r\n\r\n", 4);
        if (!h) goto keep;
        if (memcmp(p, "HTTP/1.1 101", 12)) die("handshake refused: %.*s", (int)(e - p > 300 ? 300 : e - p), p);
        p = h + 4;
        send_connect(c);
    }
    while (e - p >= 2) {
        size_t n = p[1] & 0x7f, k = 2;
        if (n == 126) {
            if (e - p < 4) break;
            n = (size_t)p[2] << 8 | p[3];
            k = 4;
        } else if (n == 127) {
            if (e - p < 10) break;
            n = 0;
            for (int i = 2; i < 10; i++) n = n << 8 | p[i];
            k = 10;
        }
        if ((size_t)(e - p) < k + n) break;
        int op = p[0] & 15;
        uint8_t *q = p + k, *qe = q + n;
        p = qe;
        if (op == 8) {
            char why[200];
            snprintf(why, sizeof why, "close %d %.*s", n >= 2 ? q[0] << 8 | q[1] : 0, n > 2 ? (int)n - 2 : 0, q + 2);
            drop(c, why);
            return;
        }
        if (op == 9 || op == 10) continue;
        frames++;
        if (o_pb) {
            while (q < qe) {
                uint64_t l;
                const uint8_t *b = vget(q, qe, &l);
                if (!b || b + l > qe) die("bad protobuf frame");
                msgs++;
                on_pb(c, b, l, t);
                q = (uint8_t *)b + l;
            }
        } else {
            while (q < qe) {
                uint8_t *nl = memchr(q, '\n', (size_t)(qe - q));
                if (!nl) nl = qe;
                if (nl > q) msgs++, on_json(c, q, (size_t)(nl - q), t);
                q = nl + 1;
            }
        }
        if (c->state == S_DEAD) return;
    }
keep:
    if (p < e) {
        c->left = (int)(e - p);
        c->rest = malloc((size_t)c->left);
        memcpy(c->rest, p, (size_t)c->left);
    }
}
static void poll_once(int ms) {
    struct epoll_event ev[512];
    int n = epoll_wait(ep, ev, o_burst ? o_burst : 512, ms);
    for (int i = 0; i < n; i++) on_readable(ev[i].data.ptr);
}
static void http_get(const char *path) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)o_port)};
    inet_pton(AF_INET, o_host, &a.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char b[4096];
    if (connect(fd, (struct sockaddr *)&a, sizeof a)) return;
    int n = snprintf(b, sizeof b, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, o_host);
    if (send(fd, b, (size_t)n, MSG_NOSIGNAL) == n)
        while (recv(fd, b, sizeof b, 0) > 0) {}
    close(fd);
}
static void pump(double s) {
    uint64_t end = now_ns() + (uint64_t)(s * 1e9);
    while (now_ns() < end) poll_once(20);
}

static void await(int *counter, int target, double limit, const char *what) {
    uint64_t t0 = now_ns();
    while (*counter < target) {
        poll_once(100);
        if (now_ns() - t0 > (uint64_t)(limit * 1e9)) die("%s: %d of %d after %.0f s", what, *counter, target, limit);
    }
}
// opens all connections, some at a time
static void open_all(int count) {
    uint64_t t0 = now_ns();
    while (ready + dead < count) {
        while (started < count && started - ready - dead < o_inflight) start_conn(&conns[started]);
        poll_once(100);
        if (now_ns() - t0 > 120000000000ull) die("only %d of %d connections ready after 120 s", ready, count);
    }
}
static void close_conn(Conn *c) {
    close(c->fd);
    free(c->rest);
    c->rest = NULL;
    c->left = 0;
    c->state = S_NEW;
}
// publishes, and waits until the server has answered all of it
static void publish_all(int count) {
    uint64_t target = others + (uint64_t)count, t0 = now_ns();
    for (int i = 0; i < count; i++) {
        publish(now_ns());
        poll_once(0);
    }
    while (others < target) {
        poll_once(20);
        if (now_ns() - t0 > 60000000000ull) die("publications not answered");
    }
}
static void open_publisher(void) {
    int had = ready;
    pubc.id = -1;
    start_conn(&pubc);
    started--;
    await(&ready, had + 1, 10, "publisher");
    ready--;
}
static int recover_mode(void) {
    open_publisher();
    start_conn(&conns[0]);
    await(&ready, 1, 10, "first subscriber");
    close_conn(&conns[0]);
    publish_all(o_missed);
    recovering = 1;
    double sum = 0;
    for (int i = 1; i <= o_trials; i++) {
        Conn *c = &conns[i];
        c->id = i;
        start_conn(c);
        while (c->state != S_SUBSCRIBE) poll_once(100);
        uint64_t sent = now_ns(); // the subscribe command has just been written
        first_byte = answered = 0;
        while (!answered) poll_once(1000);
        hadd(first_byte - sent);
        sum += (double)(answered - sent) / 1e3;
        close_conn(c);
    }
    printf("{\"label\":\"%s\",\"mode\":\"recover\",\"missed\":%d,\"trials\":%d,\"recovered\":%d,\"first_byte_p50_us\":%.0f,\"first_byte_p99_us\":%.0f,"
           "\"first_byte_max_us\":%.0f,\"whole_mean_us\":%.0f}\n",
           o_label, o_missed, o_trials, recovered_ok, hq_us(.5), hq_us(.99), (double)hmax / 1e3, sum / o_trials);
    return recovered_ok == o_trials ? 0 : 1;
}
static int storm_mode(void) {
    if (!o_channels) o_channels = 1;
    open_publisher();
    started = ready = 0;
    open_all(o_subs);
    for (int i = 0; i < o_subs; i++) close_conn(&conns[i]);
    usleep(500000); // the server notices
    publish_all(o_missed * o_channels);
    recovering = 1;
    started = ready = 0;
    double c0 = cpu_s(o_pid);
    uint64_t t0 = now_ns();
    open_all(o_subs);
    double took = (double)(now_ns() - t0) / 1e9, cpu = cpu_s(o_pid) - c0;
    printf("{\"label\":\"%s\",\"mode\":\"storm\",\"subs\":%d,\"channels\":%d,\"missed\":%d,\"recovered\":%d,\"lost\":%d,\"secs\":%.2f,\"server_cpu_s\":%.2f}\n",
           o_label, o_subs, o_channels, o_missed, recovered_ok, dead, took, cpu);
    return recovered_ok == o_subs ? 0 : 1;
}

int main(int ac, char **av) {
    if (ac < 2) die("usage: centload fanout|idle|recover|storm [options]; see the head of the source");
    o_mode = av[1];
    for (int i = 2; i < ac; i++) {
        const char *k = av[i];
#define FLAG(name, var) if (!strcmp(k, name)) { var = 1; continue; }
        FLAG("--recover", o_recover) FLAG("--join-leave", o_jl) FLAG("--own-channels", o_own) FLAG("--no-subscribe", o_nosub)
        if (i + 1 >= ac) die("%s needs a value", k);
        const char *v = av[++i];
        if (!strcmp(k, "--host")) o_host = v;
        else if (!strcmp(k, "--port")) o_port = atoi(v);
        else if (!strcmp(k, "--path")) o_path = v;
        else if (!strcmp(k, "--channel")) o_channel = v;
        else if (!strcmp(k, "--pub")) o_pub = v;
        else if (!strcmp(k, "--api-key")) o_key = v;
        else if (!strcmp(k, "--api-path")) o_apipath = v;
        else if (!strcmp(k, "--label")) o_label = v;
        else if (!strcmp(k, "--gc-url")) o_gcurl = v;
        else if (!strcmp(k, "--proto")) o_pb = !strcmp(v, "protobuf");
        else if (!strcmp(k, "--subs")) o_subs = atoi(v);
        else if (!strcmp(k, "--size")) o_size = atoi(v);
        else if (!strcmp(k, "--window")) o_window = atoi(v);
        else if (!strcmp(k, "--rate")) o_rate = atof(v);
        else if (!strcmp(k, "--time")) o_time = atof(v);
        else if (!strcmp(k, "--warm")) o_warm = atof(v);
        else if (!strcmp(k, "--hold")) o_hold = atof(v);
        else if (!strcmp(k, "--pid")) o_pid = atoi(v);
        else if (!strcmp(k, "--inflight")) o_inflight = atoi(v);
        else if (!strcmp(k, "--burst")) o_burst = atoi(v);
        else if (!strcmp(k, "--channels")) o_channels = atoi(v);
        else if (!strcmp(k, "--missed")) o_missed = atoi(v);
        else if (!strcmp(k, "--trials")) o_trials = atoi(v);
        else die("unknown option %s", k);
    }
    if (o_size < 32 || o_size > 2000) die("--size 32..2000");
    int is_recover = !strcmp(o_mode, "recover"), is_storm = !strcmp(o_mode, "storm");
    if (is_recover || is_storm) o_recover = 1;
    if (is_recover) o_subs = o_trials + 1, o_channels = 0;
    if ((is_recover || is_storm) && o_pb) die("JSON only");
    if (o_channels < 0 || o_channels > o_subs || o_missed < 1 || o_missed > 10000 || o_trials < 1) die("--channels, --missed, --trials");
    if (o_window < 1 || o_window > RING / 2) die("--window");
    if (strcmp(o_host, "127.0.0.1")) {
        struct in_addr x;
        if (inet_pton(AF_INET, o_host, &x) != 1 || (ntohl(x.s_addr) >> 24) != 127) die("loopback addresses only");
    }
    struct rlimit rl = {(rlim_t)o_subs + 100, (rlim_t)o_subs + 100}, cur;
    getrlimit(RLIMIT_NOFILE, &cur);
    if (cur.rlim_cur < rl.rlim_cur) {
        if (cur.rlim_max > rl.rlim_max) rl.rlim_max = cur.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &rl)) die("cannot raise the file limit to %lu", (unsigned long)rl.rlim_cur);
    }
    rbuf = malloc(RB);
    ep = epoll_create1(0);
    conns = calloc((size_t)o_subs, sizeof *conns);
    chans = calloc((size_t)(o_channels ? o_channels : 1), sizeof *chans);
    for (int i = 0; i < o_subs; i++) chans[o_channels ? i % o_channels : 0].alive++;
    for (int i = 0; i < o_subs; i++) conns[i].id = i;
    if (is_recover) return recover_mode();
    if (is_storm) return storm_mode();
    if (o_gcurl) http_get(o_gcurl), usleep(300000);
    long rss0 = rss_kb(o_pid);
    double cpu0 = cpu_s(o_pid);
    uint64_t t0 = now_ns();
    alive_subs = o_subs;
    while (ready + dead < o_subs) {
        while (started < o_subs && started - ready - dead < o_inflight) {
            start_conn(&conns[started]);
        }
        poll_once(100);
        if (now_ns() - t0 > 120000000000ull) die("only %d of %d connections ready after 120 s", ready, o_subs);
    }
    double setup = (double)(now_ns() - t0) / 1e9, setup_cpu = cpu_s(o_pid) - cpu0;

    if (!strcmp(o_mode, "idle")) {
        long peak = rss_kb(o_pid);
        pump(o_hold);
        long rss1 = rss_kb(o_pid), rss2 = 0;
        if (o_gcurl) {
            http_get(o_gcurl);
            usleep(500000);
            rss2 = rss_kb(o_pid);
        }
        printf("{\"label\":\"%s\",\"mode\":\"idle\",\"proto\":\"%s\",\"subs\":%d,\"ready\":%d,\"lost\":%d,\"setup_s\":%.2f,\"setup_cpu_s\":%.2f,"
               "\"rss_before_kb\":%ld,\"rss_connected_kb\":%ld,\"rss_idle_kb\":%ld,\"rss_idle_after_gc_kb\":%ld,\"bytes_per_conn\":%.0f,\"bytes_per_conn_after_gc\":%.0f}\n",
               o_label, o_pb ? "protobuf" : "json", o_subs, ready, dead, setup, setup_cpu, rss0, peak, rss1, rss2,
               (double)(rss1 - rss0) * 1024 / o_subs, rss2 ? (double)(rss2 - rss0) * 1024 / o_subs : 0.0);
        return dead ? 1 : 0;
    }

    pubc.id = -1;
    start_conn(&pubc);
    t0 = now_ns();
    while (pubc.state != S_READY) {
        poll_once(100);
        if (now_ns() - t0 > 10000000000ull) die("publisher not ready");
    }
    pump(0.3); // let joins and the like pass
    int http = !strcmp(o_pub, "http");
    double c0 = 0, g0 = 0;
    uint64_t start = now_ns(), m0 = 0, end = start + (uint64_t)((o_warm + o_time) * 1e9), due = start, f0 = 0, b0 = 0, s0 = 0, mm0 = 0;
    for (;;) {
        uint64_t t = now_ns();
        if (!measuring && t >= start + (uint64_t)(o_warm * 1e9)) {
            measuring = 1;
            m0 = t;
            c0 = cpu_s(o_pid);
            g0 = self_cpu();
            f0 = frames, b0 = bytes_in, s0 = seq, mm0 = msgs;
        }
        if (t >= end || ready < o_subs / 2) break;
        if (o_rate > 0) {
            while (due <= t && !(http && pub_busy) && seq - done_seq < RING / 2) {
                publish(due);
                due += (uint64_t)(1e9 / o_rate);
            }
            uint64_t w = due > t ? (due - t) / 1000000 : 0;
            poll_once(w > 20 ? 20 : (int)w);
        } else {
            while (seq - done_seq < (uint64_t)o_window && !(http && pub_busy)) publish(now_ns());
            poll_once(20);
        }
    }
    uint64_t m1 = now_ns();
    double c1 = cpu_s(o_pid), g1 = self_cpu();
    measuring = 0;
    double el = (double)(m1 - m0) / 1e9;
    uint64_t dfr = frames - f0, dby = bytes_in - b0, dse = seq - s0, dms = msgs - mm0;
    printf("{\"label\":\"%s\",\"mode\":\"fanout\",\"proto\":\"%s\",\"pub\":\"%s\",\"subs\":%d,\"lost\":%d,\"size\":%d,\"window\":%d,\"rate\":%.0f,\"secs\":%.2f,"
           "\"publications_s\":%.0f,\"deliveries_s\":%.0f,\"p50_us\":%.0f,\"p90_us\":%.0f,\"p99_us\":%.0f,\"max_us\":%.0f,"
           "\"msgs_per_frame\":%.2f,\"bytes_per_delivery\":%.1f,\"server_cpu\":%.2f,\"server_us_per_delivery\":%.3f,\"gen_cpu\":%.2f,\"setup_s\":%.2f,\"rss_kb\":%ld,\"other_msgs\":%llu}\n",
           o_label, o_pb ? "protobuf" : "json", o_pub, o_subs, dead, o_size, o_rate > 0 ? 0 : o_window, o_rate, el, (double)dse / el,
           (double)deliveries / el, hq_us(.5), hq_us(.9), hq_us(.99), (double)hmax / 1e3, dfr ? (double)dms / (double)dfr : 0,
           deliveries ? (double)dby / (double)deliveries : 0, (c1 - c0) / el, deliveries ? (c1 - c0) * 1e6 / (double)deliveries : 0, (g1 - g0) / el, setup,
           rss_kb(o_pid), (unsigned long long)others);
    return dead ? 1 : 0;
}
