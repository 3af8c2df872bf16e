#!/usr/bin/env python3
"""A second implementation of docs/PROTOCOL.md, in nothing but Python.

It was written from the page, not from the C, and makes the known answers in
this folder.  `second.py` checks that the files are what it would write;
`second.py --write` writes them.  Slow and not constant-time: for tests only.
"""
import base64
import hashlib
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


# ------------------------------------------------------------- msgpack, 2
def pack(v):
    if v is None:
        return b"\xc0"
    if v is True or v is False:
        return b"\xc3" if v else b"\xc2"
    if isinstance(v, int):
        for limit, head, form in ((1 << 8, b"\xcc", ">B"),
                                  (1 << 16, b"\xcd", ">H"),
                                  (1 << 32, b"\xce", ">I"),
                                  (1 << 64, b"\xcf", ">Q")):
            if v < 0x80:
                return bytes([v])
            if v < limit:
                return head + struct.pack(form, v)
        raise ValueError(v)
    if isinstance(v, str):
        b = v.encode()
        if len(b) < 32:
            return bytes([0xa0 | len(b)]) + b
        return sized(len(b), b"\xd9\xda\xdb") + b
    if isinstance(v, bytes):
        return sized(len(v), b"\xc4\xc5\xc6") + v
    if isinstance(v, (list, tuple)):
        return counted(len(v), 0x90, b"\xdc\xdd") + b"".join(map(pack, v))
    if isinstance(v, dict):
        entries = sorted(v.items(), key=lambda e: e[0].encode())
        return counted(len(v), 0x80, b"\xde\xdf") + b"".join(
            pack(k) + pack(x) for k, x in entries)
    raise TypeError(v)


def sized(n, heads):
    if n < 1 << 8:
        return heads[0:1] + struct.pack(">B", n)
    if n < 1 << 16:
        return heads[1:2] + struct.pack(">H", n)
    return heads[2:3] + struct.pack(">I", n)


def counted(n, short, heads):
    if n < 16:
        return bytes([short | n])
    if n < 1 << 16:
        return heads[0:1] + struct.pack(">H", n)
    return heads[1:2] + struct.pack(">I", n)


# ------------------------------------------- Curve25519 (RFC 7748, RFC 8032)
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def ed_add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e, f = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2)
    c, d = 2 * t1 * t2 * D, 2 * z1 * z2
    m, n, o, q = f - e, d - c, d + c, f + e
    return m * n % P, o * q % P, n * o % P, m * q % P


def ed_mul(k, point):
    out = (0, 1, 1, 0)
    while k:
        if k & 1:
            out = ed_add(out, point)
        point = ed_add(point, point)
        k >>= 1
    return out


def ed_base():
    y = 4 * pow(5, P - 2, P) % P
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x & 1:
        x = P - x
    return x, y, 1, x * y % P


BASE = ed_base()


def ed_encode(point):
    x, y, z, _ = point
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def sha512_int(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def ed_expand(seed):
    h = hashlib.sha512(seed).digest()
    a = int.from_bytes(h[:32], "little")
    return a & ((1 << 254) - 8) | 1 << 254, h[32:]


def ed_public(seed):
    return ed_encode(ed_mul(ed_expand(seed)[0], BASE))


def ed_sign(seed, message):
    a, prefix = ed_expand(seed)
    public = ed_public(seed)
    r = sha512_int(prefix, message) % L
    big_r = ed_encode(ed_mul(r, BASE))
    s = (r + sha512_int(big_r, public, message) % L * a) % L
    return big_r + s.to_bytes(32, "little")


def x25519(secret, u):
    k = int.from_bytes(secret, "little")
    k = k & ((1 << 254) - 8) | 1 << 254
    x1 = int.from_bytes(u, "little") & (1 << 255) - 1
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for t in range(254, -1, -1):
        bit = k >> t & 1
        if swap ^ bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb, aa, bb = d * a, c * b, a * a, b * b
        e = aa - bb
        x3, z3 = (da + cb)**2 % P, x1 * (da - cb)**2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


NINE = (9).to_bytes(32, "little")


# ------------------------------------ XChaCha20-Poly1305 (draft-irtf-cfrg)
def rounds(s):
    def quarter(a, b, c, d):
        for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8),
                           (c, d, b, 7)):
            s[x] = s[x] + s[y] & 0xffffffff
            v = s[z] ^ s[x]
            s[z] = (v << n | v >> 32 - n) & 0xffffffff

    for _ in range(10):
        quarter(0, 4, 8, 12), quarter(1, 5, 9, 13)
        quarter(2, 6, 10, 14), quarter(3, 7, 11, 15)
        quarter(0, 5, 10, 15), quarter(1, 6, 11, 12)
        quarter(2, 7, 8, 13), quarter(3, 4, 9, 14)
    return s


SIGMA = struct.unpack("<4I", b"expand 32-byte k")


def hchacha(key, nonce16):
    s = rounds([*SIGMA, *struct.unpack("<8I", key),
                *struct.unpack("<4I", nonce16)])
    return struct.pack("<8I", *s[:4], *s[12:])


def chacha(key, nonce12, counter, size):
    out = b""
    while len(out) < size:
        start = [*SIGMA, *struct.unpack("<8I", key), counter,
                 *struct.unpack("<3I", nonce12)]
        s = rounds(start[:])
        out += struct.pack("<16I", *((a + b) & 0xffffffff
                                     for a, b in zip(s, start)))
        counter += 1
    return out[:size]


def poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0ffffffc0ffffffc0ffffffc0fffffff
    acc = 0
    for i in range(0, len(data), 16):
        block = data[i:i + 16] + b"\x01"
        acc = (acc + int.from_bytes(block, "little")) * r % (2**130 - 5)
    acc += int.from_bytes(key[16:], "little")
    return (acc & (1 << 128) - 1).to_bytes(16, "little")


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def xchacha_seal(key, nonce24, additional, plain):
    sub = hchacha(key, nonce24[:16])
    nonce = bytes(4) + nonce24[16:]
    cipher = xor(plain, chacha(sub, nonce, 1, len(plain)))

    def pad(b):
        return b + bytes(-len(b) % 16)

    tag = poly1305(chacha(sub, nonce, 0, 32),
                   pad(additional) + pad(cipher) +
                   struct.pack("<QQ", len(additional), len(cipher)))
    return cipher + tag


# --------------------------------------------------------------- purposes, 3
def in_context(context, data):
    return context.encode() + b"\0" + data


def hash32(context, data, key=b"", size=32):
    return hashlib.blake2b(in_context(context, data), key=key,
                           digest_size=size).digest()


def merkle(leaves):
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + merkle(leaves[:k]) +
                          merkle(leaves[k:])).digest()


def consistency(m, leaves, whole=True):
    """RFC 9162 2.1.4.1: SUBPROOF(m, D_n, b)."""
    if m == len(leaves):
        return [] if whole else [merkle(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return consistency(m, leaves[:k], whole) + [merkle(leaves[k:])]
    return consistency(m - k, leaves[k:], False) + [merkle(leaves[:k])]


def checkpoint(signer, origin, size, root, restarts):
    """C2SP signed-note and tlog-checkpoint."""
    def b64(data):
        return base64.b64encode(data).decode()
    text = "%s\n%d\n%s\n" % (origin, size, b64(root))
    for log, at in restarts:
        text += "after %s %d\n" % (log.hex(), at)
    key = hashlib.sha256(origin.encode() + b"\n\x01" +
                         ed_public(signer)).digest()[:4]
    line = "\u2014 %s %s\n" % (origin, b64(key + ed_sign(signer,
                                                        text.encode())))
    return (text + "\n" + line).encode()


def x_pair(seed, context):
    secret = hash32(context, b"", key=seed)
    return secret, x25519(secret, NINE)


class Party:
    """An organisation with keys from seeds of one repeated byte each."""

    def __init__(self, org, byte):
        seeds = [bytes([byte + i]) * 32 for i in range(5)]
        self.org = org
        self.identity_seed, self.signing_seed = seeds[0], seeds[1]
        self.identity = ed_public(seeds[0])
        self.signing = ed_public(seeds[1])
        self.curve = x_pair(seeds[2], "schakel/curve-key/1")[1]
        self.sealing = [x_pair(s, "schakel/seal-key/1") for s in seeds[3:]]

    def seal_id(self, i):
        return hash32("schakel/seal-id/1", self.sealing[i][1])[:8]

    def card(self):
        sealing = []
        for i in range(2):
            start = 1780000000 + i * 2592000
            sealing.append([self.seal_id(i), self.sealing[i][1], start,
                            start + 5184000])
        fields = [1, self.org, self.identity, 7, self.signing, self.curve,
                  sealing, ["tcp://node.example.org:5570",
                            "tcp://[2001:db8::1]:5570"], 1780000000]
        signature = ed_sign(self.identity_seed,
                            in_context("schakel/card/1", pack(fields)))
        return pack(fields + [signature])


# ---------------------------------------------------------- the wire, 5 and 6
def padded_size(size):
    size += 1
    if size <= 256:
        return 256
    e = size.bit_length() - 1
    s = e.bit_length()
    mask = (1 << e - s) - 1
    return (size + mask) & ~mask


def envelope(sender, recipient, seed, plain):
    ephemeral, public = x_pair(seed, "schakel/seal-key/1")
    head = bytes([0x97]) + b"".join(map(pack, (
        1, 1, sender.org, recipient.org, recipient.seal_id(0), public)))
    sealing = recipient.sealing[0][1]
    derived = hash32("schakel/seal/1", head + sealing + sender.identity +
                     recipient.identity, key=x25519(ephemeral, sealing),
                     size=64)
    padded = (plain + b"\x80").ljust(padded_size(len(plain)), b"\0")
    return head + pack(xchacha_seal(derived[:32], derived[32:56], head,
                                    padded))


def message(sender, recipient, kind, body):
    raw = pack(body)
    if kind == 2:
        incarnation, first, items = body
        statement = [sender.org, recipient.org, 2, incarnation, first,
                     first + len(items) - 1, merkle(items)]
    else:
        statement = [sender.org, recipient.org, kind,
                     hash32("schakel/body/1", raw)]
    signature = ed_sign(sender.signing_seed,
                        in_context("schakel/message/1", pack(statement)))
    return pack([kind, signature, raw])


# ------------------------------------------------------------------ examples
def rid(byte):
    return bytes([byte]) * 16


AT = 1790000000123


def items():
    event = [1, rid(1), rid(2), "ocmw-mol", "handover.requested",
             "guidance.handover",
             {"participant_goal": ["exact", "Ik wil graag kok worden."],
              "birth_date": ["year", "1998"],
              "pre_childcare": ["present", True],
              "languages": ["exact", ["ar", "nl"]]},
             "2027-09-21", ["erase-on-request", "no-onward"], ["coach"],
             ["share-goal", "share-start"], [rid(3), rid(4)],
             "ocmw-mol/12", "erase", 14,
             [rid(5), rid(6), 1, "warm"]]
    plain = [1, rid(1), rid(2), "ocmw-mol", "workplace.started", "work.place",
             {}, "2027-01-31", [], None, ["share-start"], [rid(3)],
             "ocmw-mol/12", "stop", 0, None]
    return {
        "void": [0],
        "event": event,
        "event_only_the_fact": plain,
        "withdrawn": [2, rid(7), rid(2),
                      [[rid(1), None], [rid(8), ["birth_date", "phone"]]],
                      ["guidance.handover"], ["contact", "origin"], "erase",
                      14, AT],
        "erased": [3, rid(7), [rid(1), rid(8)], "keys-destroyed", AT],
        "kept": [4, rid(7), [rid(1)], "Archiefdecreet, art. 5",
                 "2031-12-31", AT],
        "read": [5, rid(1), AT],
        "accepted": [6, rid(1), AT],
        "handover": [7, rid(5), "answer-accepted", 1, AT],
        "released": [8, rid(6), rid(5), 2, "sopraco", "ocmw-mol", AT],
        "unreleased": [9, rid(6), rid(5), 1, "stale-epoch", AT],
        "collective": [10, rid(9), "place.offered",
                       {"place_ref": "PL-1", "places": 2,
                        "skills": ["koken"], "open": True}],
        "asked": [11, 3, 1000],
        "held": [12, rid(1), rid(2), "handover.requested",
                 "guidance.handover",
                 {name: field[0] for name, field in event[6].items()},
                 event[7], event[10], event[11], event[12], event[13],
                 event[14], event[15], AT],
        "told": [13, rid(2), ["guidance.handover"], None,
                 ["contact", "origin"], "self-and-parent", AT],
        "erasure": [14, rid(7), rid(2), [rid(1), rid(8)], "not-needed", 14,
                    AT],
        "correction": [15, rid(10), rid(2), rid(1),
                       {"birth_date": ["year", "1999"],
                        "languages": ["exact", ["ar", "fr"]],
                        "participant_goal": None}, AT],
        "corrected": [16, rid(1), rid(10), AT],
    }


def files():
    mol, sopraco = Party("ocmw-mol", 0x10), Party("sopraco", 0x20)
    out = {}
    leaves = [bytes([i]) * (i * 5) for i in range(9)]
    out["keys"] = {
        "sign_public": ed_public(b"\x11" * 32),
        "signature": ed_sign(b"\x11" * 32, in_context("test", b"hello")),
        "signature_of_nothing": ed_sign(b"\x11" * 32, in_context("", b"")),
        "seal_secret": x_pair(b"\x11" * 32, "schakel/seal-key/1")[0],
        "seal_public": x_pair(b"\x11" * 32, "schakel/seal-key/1")[1],
        "seal_id": hash32("schakel/seal-id/1", x_pair(
            b"\x11" * 32, "schakel/seal-key/1")[1])[:8],
        "curve_secret": x_pair(b"\x11" * 32, "schakel/curve-key/1")[0],
        "curve_public": x_pair(b"\x11" * 32, "schakel/curve-key/1")[1],
        "hash": hash32("test", b"hello"),
        "keyed_hash": hash32("test", b"hello", key=b"\x22" * 32),
        "derived": hashlib.blake2b(b"test", key=b"\x22" * 32,
                                   digest_size=32).digest(),
        "box": b"\x33" * 24 + xchacha_seal(b"\x22" * 32, b"\x33" * 24,
                                           b"about", b"hello"),
        "merkle_0": merkle([]), "merkle_1": merkle(leaves[:1]),
        "merkle_7": merkle(leaves[:7]), "merkle_8": merkle(leaves[:8]),
        "merkle_9": merkle(leaves),
    }
    out["card"] = {"mol": mol.card(), "sopraco": sopraco.card()}
    packed = {name: pack(item) for name, item in items().items()}
    out["item"] = packed
    hello = [3, 120, 2, 77, 7, 4, AT, True]
    origin = "schakel/kempen/ocmw-mol#" + "1f" * 8
    note = checkpoint(mol.signing_seed, origin, 127, b"\x5a" * 32,
                      [(b"\x99" * 8, 120)])
    receipt = [2, 77, hash32("test", b"root"), AT, note.decode()]
    refusal = ["gap", "first", 2, 79, 80, None]
    about = ["malformed-item", "erase_by", 2, 78, 78, rid(1)]
    ranged = [3, 119, [packed["event"], packed["void"], packed["withdrawn"]]]
    messages = {
        "hello": (1, hello), "items": (2, ranged), "receipt": (3, receipt),
        "refusal": (4, refusal), "refusal_of_a_message": (4, about),
        "card": (5, [mol.card()]), "bye": (6, [AT]),
        "want": (7, [4, 65536]),
        "charter": (8, [4, 65543, 65536,
                        hash32("schakel/charter/1", b"a charter"),
                        b"the end"]),
        "prove": (9, [b"\x1f" * 8, 77, 120]),
        "proof": (10, [b"\x1f" * 8, 77, 120, note.decode(),
                       [b"\x5c" * 32, b"\x5d" * 32], [b"\x5e" * 32]]),
    }
    out["message"] = {name: message(mol, sopraco, kind, body)
                      for name, (kind, body) in messages.items()}
    grown = [bytes([i, 0]) for i in range(200)]
    out["journal"] = {
        "entry": pack([3, 1811592000, "sopraco", [rid(0x51), rid(0x52)],
                       [1, 128, 70000], b"\x5b" * 32, "not-source"]),
        "entry_objection": pack([23, 1811592000, "", [rid(0x53)], [], b"",
                                 "upheld"]),
        "entry_short": pack([20, 0, "", [], [], b"", ""]),
        "checkpoint": note,
        "consistency_77_200": b"".join(consistency(77, grown)),
    }
    seed = b"\x44" * 32
    out["envelope"] = {
        "empty": envelope(mol, sopraco, seed, b""),
        "at_256": envelope(mol, sopraco, seed, b"x" * 255),
        "above_256": envelope(mol, sopraco, seed, b"x" * 256),
        "hello": envelope(mol, sopraco, seed, out["message"]["hello"]),
        "items": envelope(mol, sopraco, seed, out["message"]["items"]),
    }
    requests = {
        "status": {"v": 1, "op": "node.status", "args": {}},
        "relation": {"v": 1, "op": "relation.open", "args": {
            "participant": "01010101-0101-0101-0101-010101010101",
            "org": "sopraco", "from": "2026-09-01"}},
        "event": {"v": 1, "op": "event.record", "args": {
            "participant": "01010101-0101-0101-0101-010101010101",
            "type": "workplace.started",
            "fields": {"hours_week": 38, "skills": ["koken"], "text": "ja",
                       "open": False}}},
    }
    out["control"] = {name: pack(r) for name, r in requests.items()}
    return out


def main():
    write = sys.argv[1:] == ["--write"]
    wrong = 0
    for name, vectors in files().items():
        path = os.path.join(HERE, name + ".txt")
        text = "".join("%s: %s\n" % (k, v.hex()) for k, v in vectors.items())
        if write:
            open(path, "w").write(text)
        elif not os.path.exists(path) or open(path).read() != text:
            print("differs:", path)
            wrong += 1
    sys.exit(1 if wrong else 0)


main()
