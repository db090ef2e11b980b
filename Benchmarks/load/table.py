#!/usr/bin/env python3
"""The ratios of a matrix run, as Markdown.  usage: table.py matrix.jsonl compressed.jsonl

A cell is the median over the repetitions of ours / theirs within one repetition (for F2 and M1, where less is better, theirs / ours): above 1 we are better.
"""

import json
import statistics
import sys

OURS = "heliograph"
ASYNC = "heliograph-async"
CELLS = {  # key in the results, unit, more is better, the least ratio that we want to each peer
    "E1": ("msgs_s", "messages/s", True, {"gorilla": 1.1}),
    "E2": ("msgs_s", "messages/s", True, {"bun": 1.1, "gorilla": 15}),
    "E3": ("mb_s", "MB/s", True, {"gorilla": 2.2}),
    "E4": ("mb_s", "MB/s", True, {"gorilla": 1.8}),
    "F1": ("deliv_s", "deliveries/s", True, {"bun": 0.95, "gorilla": 2.7}),
    "F2": ("p99", "µs, p99", False, {"gorilla": 1.0}),
    "M1": ("bytes_per_conn_pss", "B a connection", False, {}),
    "H1": ("handshakes_s", "connections/s", True, {"gorilla": 0.7}),
}
MOST_BYTES = {OURS: 5 * 1024, ASYNC: 8 * 1024}
MOST_COMPRESSED = 1.3


def undisturbed(row, cell):
    # The kernel's own threads take over a part of the copying of long messages, and count as others.
    most = 25 if cell == "E4" else 8
    return "error" not in row and (cell == "M1" or row.get("foreign", 0) <= most and row.get("steal0", 0) + row.get("steal1", 0) < 3)


def collect(rows, cell, value):
    """{peer: {repetition: value}}"""
    found = {}
    for row in rows:
        if row["test"] == cell and "error" not in row and value(row) is not None:
            found.setdefault(row["peer"], {})[row["rep"]] = value(row)
    return found


def ratios(values, peer, more):
    both = [(ours, values[peer][rep]) for rep, ours in values[OURS].items() if rep in values.get(peer, {})]
    return [ours / theirs if more else theirs / ours for ours, theirs in both if ours > 0 and theirs > 0]


def table(rows, peers):
    print("| | heliograph | " + " | ".join("to " + peer for peer in peers) + " | wanted |")
    print("|---|--:|" + "--:|" * len(peers) + "---|")
    for cell, (key, unit, more, wanted) in CELLS.items():
        values = collect(rows, cell, lambda row: row.get(key) if undisturbed(row, cell) else None)
        if OURS not in values:
            continue
        cells, verdicts = [], []
        for peer in peers:
            found = ratios(values, peer, more)
            cells.append("%.2f (n=%d)" % (statistics.median(found), len(found)) if found else "–")
            if found and peer in wanted:
                verdicts.append(verdict("≥ %g × %s" % (wanted[peer], peer), statistics.median(found) >= wanted[peer]))
        ours = statistics.median(values[OURS].values())
        if cell == "M1":
            verdicts.append(verdict("≤ 5 KB", ours <= MOST_BYTES[OURS]))
        print("| %s, %s | %s | %s | %s |" % (cell, unit, "{:,.0f}".format(ours), " | ".join(cells), "; ".join(verdicts)))


        if cell == "M1" and ASYNC in values:
            theirs = statistics.median(values[ASYNC].values())
            empty = " | ".join("–" for _ in peers)
            print("| M1, asynchronous API | %s | %s | %s |" % ("{:,.0f}".format(theirs), empty, verdict("≤ 8 KB", theirs <= MOST_BYTES[ASYNC])))


def verdict(wanted, reached):
    return "%s: %s" % (wanted, "yes" if reached else "**no**")


def compressed(rows):
    found = [row["compressed"] / row["plain"] for row in rows]
    ratio = statistics.median(found)
    print("\nA broadcast of 512 B to 1,000 sockets, 200 times a second: compressed it costs the server %.2f × the CPU of the uncompressed one (n=%d; %s)." % (
        ratio, len(found), verdict("≤ %g" % MOST_COMPRESSED, ratio <= MOST_COMPRESSED)))


def per_cpu(rows, peers):
    """The same per second of the server's CPU: what others did at the time matters less, so disturbed runs are in."""
    print("\nPer second of the server's CPU time, disturbed runs included:\n")
    print("| | heliograph | " + " | ".join("to " + peer for peer in peers) + " |")
    print("|---|--:|" + "--:|" * len(peers))
    for cell, (key, unit, more, _) in CELLS.items():
        values = collect(rows, cell, lambda row: row[key] / row["srv_cpu"] * 100 if row.get(key) and row.get("srv_cpu", 0) > 1 else None)
        if OURS not in values or not more:
            continue
        cells = ["%.2f (n=%d)" % (statistics.median(found), len(found)) if (found := ratios(values, peer, more)) else "–" for peer in peers]
        print("| %s, %s | %s | %s |" % (cell, unit, "{:,.0f}".format(statistics.median(values[OURS].values())), " | ".join(cells)))


def main():
    rows = [json.loads(line) for line in open(sys.argv[1])]
    peers = [name for name in dict.fromkeys(row["peer"] for row in rows) if name != OURS]
    table(rows, peers)
    compressed([json.loads(line) for line in open(sys.argv[2])])
    per_cpu(rows, peers)


main()
