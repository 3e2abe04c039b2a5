#!/usr/bin/env python3
"""Writes the seeds that no hand can type, the same bytes every time: ./make_seeds.py, from anywhere.

Most harnesses damage valid bytes of their own as the input says (tests/fuzz/input.h), so a seed is a few operations,
not a format. The text seeds (bristol, config, http, identity) are files typed by hand and not made here; identity/key holds
the seed 00 01 … 1f, and the key_encrypted… are made of it by
  openssl pkcs8 -topk8 -v2 aes-256-cbc -iter 1 -passout pass:x    (and pass: with nothing after it)
"""
import pathlib
import re
import struct

HERE = pathlib.Path(__file__).parent


def seed(target, name, *parts):
    path = HERE / target / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"".join(bytes([p]) if isinstance(p, int) else p for p in parts))


def u16(n):
    return struct.pack("<H", n)


def frame(length, present=None):
    return struct.pack("<I", length) + b"m" * (length if present is None else present)


# The operations of fuzz::damaged(); their number comes first.
def change(at, value):
    return bytes([0]) + u16(at) + bytes([0, value])


def over(at, what):
    return bytes([1]) + u16(at) + bytes([len(what)]) + what


def insert(at, what):
    return bytes([2]) + u16(at) + bytes([0, len(what)]) + what


def leave_out(at, size):
    return bytes([3]) + u16(at) + bytes([size])


def cut(at):
    return bytes([4]) + u16(at) + bytes([0])


def damage(*operations):
    return bytes([len(operations)]) + b"".join(operations)


WHOLE = damage()

# Introduction: 1 known, 16 id, 8 counter, 32 point. Acquaintance: text, id, counter, mark, leaves, leaves, choice.
seed("introduction", "plain", 0, 1, bytes(16), struct.pack("<Q", 7), bytes(32))
seed("introduction", "known", 1, WHOLE)
seed("introduction", "lags", 1, damage(change(18, 4)))
seed("introduction", "another_meeting", 1, damage(change(1, 1)))
seed("introduction", "known_twice", 1, damage(over(0, b"\2")))
seed("introduction", "acquaintance", 3, WHOLE)
seed("introduction", "acquaintance_marked", 3, damage(over(48, b"\1")))
seed("introduction", "acquaintance_last_counter", 3, damage(over(40, b"\xff" * 7 + b"\x7f")))
seed("introduction", "acquaintance_cut", 3, damage(cut(9000)))
seed("introduction", "acquaintance_format", 2, struct.pack("<I", 20), b"tarn acquaintance v2")

# Hello: magic, version, nonce, introduction, manifest.
hello = b"tarn place" + u16(2) + bytes(32) + struct.pack("<I", 0) + struct.pack("<I", 4) + bytes(4)
seed("manifest", "hello", 0, hello)
seed("manifest", "hello_of_version_9", 0, b"tarn place", u16(9), b"whatever")
seed("manifest", "hello_too_long", 0, hello[:44], struct.pack("<I", 257), bytes(257))
seed("manifest", "empty", 1)
seed("manifest", "same", 2, WHOLE)
seed("manifest", "another_party", 2, damage(change(5, 1)))
seed("manifest", "another_mechanism", 2, damage(over(102, b"\x1b[2J\"")))
seed("manifest", "another_class", 2, damage(over(118, b"\x07\xff")))
seed("manifest", "many_parties", 2, damage(over(0, b"\xff\xff")))
seed("manifest", "agreed", 3, WHOLE, WHOLE, WHOLE, WHOLE)
seed("manifest", "wrong_signature", 3, WHOLE, WHOLE, WHOLE, damage(change(40, 1)))
seed("manifest", "wrong_digest", 3, WHOLE, WHOLE, WHOLE, damage(change(0, 1)))
seed("manifest", "wrong_introduction", 3, damage(over(0, b"\2")), WHOLE, WHOLE)
seed("manifest", "wrong_version", 3, WHOLE, WHOLE, damage(over(10, b"\2")))

# A step: kind; for 1 the header (kind, depth, online, how far ahead); body length and body; for 3 the damage.
honest = bytes([2]) + u16(3) + b"abc"
seed("signed_channel", "honest", honest * 8)
seed("signed_channel", "noise", 0, u16(80), b"n" * 80)
seed("signed_channel", "short", 0, u16(5), b"short")
seed("signed_channel", "abort", honest, 1, 1, u16(2), u16(0), 0, u16(1), 7)
seed("signed_channel", "abort_with_a_speech", 1, 1, u16(1), u16(0), 0, u16(9), b"\x1b[2J all!")
seed("signed_channel", "testimony", honest, 1, 2, u16(2), u16(0), 0, u16(4), b"word")
seed("signed_channel", "unknown_kind", 1, 3, u16(1), u16(0), 0, u16(0))
seed("signed_channel", "latest_clock", 1, 0, u16(9999), u16(9999), 0, u16(0), honest)
seed("signed_channel", "last_clock", 1, 0, u16(10000), u16(10000), 0, u16(0), honest)
seed("signed_channel", "impossible_clock", 1, 0, u16(10001), u16(0), 0, u16(0))
seed("signed_channel", "online_before_all", 1, 0, u16(3), u16(4), 0, u16(0))
seed("signed_channel", "skipped", 1, 0, u16(1), u16(0), 1, u16(0), honest)
seed("signed_channel", "damaged", 3, u16(3), b"abc", damage(change(1, 1)), honest)
seed("signed_channel", "bound", honest, 4, 9, honest)

# What, then damage; the number of what chooses trees, corrections, points or 128 transfers, and k.
for k in range(4):
    seed("trees", f"trees_{1 << k}", k, WHOLE)
    seed("trees", f"trees_{1 << k}_changed", k, damage(change(40, 1), change(300, 255)))
    seed("trees", f"correction_{1 << k}", 8 + k, WHOLE)
    seed("trees", f"correction_{1 << k}_changed", 8 + k, damage(change(33, 128)))
seed("trees", "point", 12, WHOLE)
seed("trees", "point_identity", 12, damage(over(0, bytes(32))))
seed("trees", "point_not_canonical", 12, damage(over(0, b"\xed" + b"\xff" * 30 + b"\x7f")))
seed("trees", "point_negative", 12, damage(change(0, 1)))
seed("trees", "point_top_bit", 12, damage(change(31, 128)))
seed("trees", "transfers", 255, WHOLE)
seed("trees", "transfers_generator", 255, damage(over(64, bytes.fromhex(
    "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"))))

# Acquainted or strangers, receiver, peer, message, how, damage.
for number in range(11):
    seed("session_message", f"hop_{number}", 0, number % 3, number % 2, number, 3, damage(change(number * 3, 1)))
    seed("session_message", f"hop_{number}_late", 0, (number + 1) % 3, 0, number, 3, damage(change(65_000, 255)))
for number in range(12):
    seed("session_message", f"strangers_{number}", 255, number % 3, number % 2, number, 3, damage(change(40, 4)))
seed("session_message", "honest", 0, 0, 0, 5, 3, WHOLE)
seed("session_message", "left", 0, 1, 0, 4, 1)
seed("session_message", "from_another_place", 0, 2, 0, 4, 0, 1, 0, 4)
seed("session_message", "longer", 0, 0, 0, 3, 2, damage(insert(0, b"more")))
seed("session_message", "shorter", 0, 0, 0, 8, 2, damage(leave_out(0, 1)))
seed("session_message", "lags", 0, 0, 0, 0, 3, damage(change(17, 2)))

# An opening: owner, damage. All but one: which, then damage to the others'. Evidence: damage.
# In an opening: text of 15, seed, noticed, then for each peer 6,144 of seeds, hop 1 after its length, what was heard.
seed("inquest", "opening", 0, 1, WHOLE)
seed("inquest", "opening_cut", 0, 1, damage(cut(700)))
seed("inquest", "opening_noticed_twice", 0, 0, damage(over(51, b"\2")))
seed("inquest", "opening_long_hop", 0, 2, damage(over(52 + 6144, b"\xff\xff")))
seed("inquest", "others_whole", 1, 0, WHOLE, WHOLE)
seed("inquest", "others_seed", 1, 1, damage(change(20, 1)), damage(change(21, 2)))
seed("inquest", "others_bases", 1, 0, damage(change(3000, 1)), damage(change(60, 2)))
seed("inquest", "others_noticed", 1, 0, damage(over(51, b"\1")), damage(over(51, b"\0")))
seed("inquest", "evidence", 2, WHOLE)
seed("inquest", "evidence_of_another", 2, damage(over(22, b"\0")))
seed("inquest", "evidence_by_another", 2, damage(over(24, b"\0")))
seed("inquest", "evidence_changed", 2, damage(change(500, 1)))

# 0: a stranger's bytes. Else: goodbye or not, then pieces, each after its length, and how many messages to take.
seed("link", "stranger_http", 0, u16(25), b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
seed("link", "stranger_hello", 0, u16(60), bytes.fromhex("16030100c8010000c40303") + bytes(50))
seed("link", "stranger_alert", 0, u16(6), bytes.fromhex("15030300020228"))
seed("link", "messages", 1, 1, 200, frame(3) + frame(0) + frame(20))
seed("link", "in_pieces", 1, 1, 1, frame(3)[:2], 0, 2, frame(3)[2:5], 0, 9, frame(3)[5:] + frame(1))
seed("link", "longest", 1, 1, 255, frame(300))
seed("link", "too_long", 1, 1, 255, frame(5) + frame(301))
seed("link", "gigabyte", 1, 0, 100, frame(0x40000000, 50))
seed("link", "half", 1, 0, 100, frame(50, 20))
seed("link", "half_a_length", 1, 1, 100, frame(2) + b"\1\0")
seed("link", "nothing", 1, 1)

# Door: 0, a first message; or 1 and parts of a connection, each with its length less 1, and how it is listened to.
seed("door", "call", 0, 0, b"invite")
seed("door", "join", 0, 1, bytes(32))
seed("door", "short_join", 0, 1, bytes(31))
seed("door", "purpose", 0, 2, bytes(32))
seed("door", "connection", 1, 9, frame(6), 1, 1, 33, struct.pack("<I", 300)[:4] + b"m" * 30, 1, 0, 255, b"m" * 256)
seed("door", "behind_the_first", 1, 255, frame(100) + frame(148), 1, 1, 49, frame(46), 1, 0)
seed("door", "in_pieces", 1, 1, frame(3)[:2], 0, 2, frame(3)[2:5], 1, 0, 9, frame(3)[5:] + frame(4), 0)
seed("door", "too_long_for_a_first", 1, 105, frame(101), 1, 0)
seed("door", "too_long_later", 1, 99, frame(3) + frame(301, 89), 1, 1)
seed("door", "gigabyte", 1, 53, frame(0x40000000, 50), 1, 0)

seed("state_files", "sealed", 1, WHOLE)
seed("state_files", "sealed_marked", 1, damage(over(48, b"\1")))
seed("state_files", "sealed_cut", 1, damage(cut(5000)))
seed("state_files", "noise", 0, b"noise" * 10)
seed("state_files", "empty", 0)
seed("state_files", "failures", 2, struct.pack("<Iq", 3, 1_749_999_999_000))
seed("state_files", "failures_many", 2, struct.pack("<Iq", 0xFFFFFFFF, 1_750_000_000_000))
seed("state_files", "failures_in_the_future", 2, struct.pack("<Iq", 1, 1_750_100_000_000))
seed("state_files", "failures_at_the_end_of_time", 2, struct.pack("<Iq", 1, 2**63 - 1))
seed("state_files", "failures_before_all_time", 2, struct.pack("<Iq", 1, -(2**63)))
seed("state_files", "sealed_nothing", 1, damage(cut(0)))
seed("state_files", "failures_forgiven", 2, struct.pack("<Iq", 9, 1_700_000_000_000))
seed("state_files", "failures_cut", 2, b"\1\0")
seed("state_files", "open", 3, 5, b"plain", WHOLE)
seed("state_files", "open_changed", 3, 5, b"plain", damage(change(30, 1)))

# VRF: 0 then key, proof and input as they are; 1 then the length of an honest input, the input, damage to the proof
# (32 Gamma, 16 c, 32 s), damage to the input.
NEUTRAL = bytes([1]) + bytes(31)
seed("vrf", "neutral", 0, NEUTRAL, NEUTRAL, bytes(16), bytes([1]) + bytes(31), b"input")
seed("vrf", "above_the_field", 0, b"\xee" + b"\xff" * 30 + b"\x7f", b"\xff" * 80)
seed("vrf", "honest", 1, 5, b"input", WHOLE, WHOLE)
seed("vrf", "other_gamma", 1, 5, b"input", damage(change(0, 1)), WHOLE)
seed("vrf", "sign_of_gamma", 1, 5, b"input", damage(change(31, 0x80)), WHOLE)
seed("vrf", "other_c", 1, 5, b"input", damage(change(40, 1)), WHOLE)
seed("vrf", "large_s", 1, 5, b"input", damage(change(79, 0xE0)), WHOLE)
seed("vrf", "other_input", 1, 5, b"input", WHOLE, damage(change(4, 1)))
# Probe: 0/1 a request (raw, damaged), 2/3 an answer.
seed("probe", "request", 0, b"TNPQ", 1, bytes(range(16)), bytes(171))
seed("probe", "request_long", 1, damage(insert(192, b"x")))
seed("probe", "request_padding", 1, damage(change(191, 1)))
seed("probe", "answer_raw", 2, b"TNPA", 1, bytes(16), struct.pack("<I", 44), bytes(44), bytes(64))
seed("probe", "answer", 3, WHOLE)
seed("probe", "answer_moved", 3, damage(change(25, 1)))
seed("probe", "answer_cut", 3, damage(cut(132)))
# Announcement: raw bytes, or damage before signing (20 magic, 32 key, then the endpoint's length, …). Coordinate: time in
# 0.1 µs above −1 s, key, then eight positions, height, adjustment in µs and error in millionths.
seed("announcement", "raw", 0, b"tarn announcement v1", bytes(200))
seed("announcement", "whole", 1, WHOLE)
seed("announcement", "another_port", 1, damage(over(66, b"7001")))
seed("announcement", "no_port", 1, damage(over(65, b";")))
seed("announcement", "more_classes", 1, damage(change(70, 1)))
seed("announcement", "cut", 1, damage(cut(120)))


def place(rtt_ms, key, *fields):
    return struct.pack("<IB11i", (rtt_ms + 1000) * 10000, key, *fields)


NEAR = place(20, 1, 5000, 0, 0, 0, 0, 0, 0, 0, 1000, 0, 100000)
FAR = place(9999, 2, 10000000, -10000000, 0, 0, 0, 0, 0, 0, 10000000, -10000000, 0)
seed("coordinate", "near", NEAR)
seed("coordinate", "pulled", NEAR * 3, FAR * 40)
seed("coordinate", "outside", place(20, 1, 10000001, 0, 0, 0, 0, 0, 0, 0, 1000, 0, 0))


# Pool messages: which message, 0 raw bytes or 1 honest ones with damage. In the order of fuzz_pool_messages.cc:
# invitation, acceptance, refusal, draw, lease terms (signed after the damage), lease offer, lease call, lease answer,
# readiness, access. 2 instead of 1: the damage is done before the owner signs.
POOL_MESSAGES = ["invitation", "acceptance", "refusal", "draw", "document", "offer", "call", "answer", "readiness", "access"]
for number, name in enumerate(POOL_MESSAGES):
    seed("pool_messages", name, number, 1, WHOLE)
    seed("pool_messages", f"{name}_kind", number, 1, damage(change(0, 3)))
    seed("pool_messages", f"{name}_longer", number, 1, damage(insert(0, b"more")))
    seed("pool_messages", f"{name}_empty", number, 0)
seed("pool_messages", "invitation_of_another_version", 0, 2, damage(change(1, 2)))
seed("pool_messages", "invitation_many", 0, 2, damage(change(110, 0xF0)))
seed("pool_messages", "refusal_raw", 2, 0, b"\3\x0b", struct.pack("<I", 1000))
seed("pool_messages", "draw_again", 3, 1, damage(change(2, 1)))
seed("pool_messages", "document_signed_twice", 4, 1, damage(change(400, 3)))
seed("pool_messages", "document_until_the_end_of_time", 4, 2, damage(over(130, b"\xff" * 16)))
seed("pool_messages", "call_confirm", 6, 1, damage(change(1, 5)))
seed("pool_messages", "missing", 8, 0, b"\x0a\3")
seed("pool_messages", "access_not_ready", 9, 2, damage(change(1, 1)))
seed("pool_messages", "access_without_an_end", 9, 2, damage(over(6, b"\0" * 8)))

# HTTP replies: how many cuts, the cuts, the answer.
REPLY = b"HTTP/1.1 200 OK\r\n"
seed("http_reply", "sized", 0, REPLY + b"Content-Length: 5\r\n\r\nhello")
seed("http_reply", "chunked", 2, 0, 4, REPLY + b"Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nT: x\r\n\r\n")
seed("http_reply", "to_the_end", 1, 2, REPLY + b"\r\nhello")
seed("http_reply", "interim", 1, 6, b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + REPLY + b"Content-Length: 0\r\n\r\n")
seed("http_reply", "later", 0, b"HTTP/1.1 429 Slow\r\nRetry-After: 3\r\nContent-Length: 2\r\n\r\nno")
seed("http_reply", "two_lengths", 0, REPLY + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!")

# Requests to the isolation service, four at most. Each: who and how (1 root, 2 a sample, 4 with an Idempotency-Key), the
# key if there is one, then a sample: which, damage of its target (1: none) and of its body; or anything: method, target,
# body.
SAMPLES = re.findall(r'^ {4}\{"([A-Z]+ /[^"]*)"', (HERE.parents[1] / "support/isolation_samples.h").read_text(), re.M)
METHODS = ["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS", "BREW"]


def sample(call, who=1, key=None, target=1, body=WHOLE):
    flags = bytes([who | 2 | (4 if key else 0)]) + (bytes([len(key)]) + key if key else b"")
    return flags + u16(SAMPLES.index(call)) + (bytes([1]) if target == 1 else bytes([0]) + target) + body


def anything(method, target, body=b"", who=1):
    return bytes([who, METHODS.index(method), len(target)]) + target + u16(len(body)) + body


seed("isolation_api", "a_project", sample("POST /v1/projects"), sample("POST /v1/projects"),
     sample("GET /v1/projects"))
seed("isolation_api", "twice_with_a_key", sample("POST /v1/projects", key=b"k"), sample("POST /v1/projects", key=b"k"))
seed("isolation_api", "another_with_the_key", sample("POST /v1/users", key=b"k"),
     sample("PATCH /v1/users/{user}", key=b"k"))
seed("isolation_api", "not_hers", sample("POST /v1/nodes", who=0), sample("GET /v1/users", who=0))
seed("isolation_api", "connect_and_watch", sample("POST /v1/changes", who=0), sample("GET /v1/operations", who=0),
     sample("GET /v1/events", who=0))
seed("isolation_api", "release", sample("POST /v1/nodes/{node}/release", who=0), sample("GET /v1/nodes/{node}", who=0))
seed("isolation_api", "console", sample("GET /v1/nodes/{node}/console", who=0), sample("PUT /v1/nodes/{node}/bmc"))
seed("isolation_api", "hil", sample("GET /v0/node/{node}", who=0), sample("PUT /v0/network/{network}", who=0),
     sample("POST /v0/project/{project}/detach_node", who=0), sample("GET /v0/projects", who=0))
seed("isolation_api", "port_of_many_segments", sample("PUT /v0/switch/{switch}/port/{port*}"),
     sample("GET /v0/switch/{switch}/port/{port*}", target=damage(insert(20, b"/x/%2f"))))
seed("isolation_api", "cut_body", sample("POST /v1/changes", body=damage(cut(30))))
seed("isolation_api", "unknown_member", sample("POST /v1/networks", body=damage(over(2, b"nmae"))))
seed("isolation_api", "deep_body", anything("POST", b"/v1/projects", b"[" * 300))
seed("isolation_api", "query", anything("GET", b"/v1/nodes?limit=0&limit=2&metadata.%zz=1"),
     anything("GET", b"/v1/nodes?free=true&after=n-free&metadata.rack=7"), anything("BREW", b"/v1/nodes"))
seed("isolation_api", "no_json", anything("POST", b"/v1/tokens", b'{"label":"\xff","expires":"tomorrow"}'),
     anything("PATCH", b"/v1/users/bo", b'{"password":""}'), anything("HEAD", b"/v1/events"))

# Transcripts: 0 and any bytes, or 1 and what is done to honest ones.
HEX = b'"' + b"0" * 64 + b'"'
EMPTY = (b'{"tarn":"clearing","version":1,"market":"1","number":"1","at":"2026-01-01T00:00:00Z","slot_ms":3600000,"commitment":'
         + HEX + b',"operator_seed":' + HEX + b',"seed":' + HEX + b',"orders":[],"calls":[]}')
seed("transcript", "empty", 0, EMPTY)
seed("transcript", "empty_call", 0, EMPTY.replace(b'"calls":[]', b'"calls":[{}]'))
seed("transcript", "deep", 0, b"[" * 40)
seed("transcript", "whole", 1, WHOLE)
seed("transcript", "another_number", 1, damage(change(52, 1)))
seed("transcript", "another_seed", 1, damage(change(220, 1)))
seed("transcript", "cut", 1, damage(cut(900)))
seed("transcript", "an_order_less", 1, damage(leave_out(420, 99)))
