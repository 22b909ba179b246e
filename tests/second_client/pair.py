"""A client of pairing protocol v2, written from PROTOCOL.md with the packages `spake2` 0.9 and `cryptography`.

    pair.py ENDPOINT NAME…        the code is read from the first line of stdin

It tries the names in turn, and prints what it was given as one JSON document: `{"token","device","daemonId",…}`. Exit code 1 with
`{"refused"}` when it was refused or the daemon must not be believed. With --reflect, --small-order or --repeat it misbehaves,
to see what the daemon does. Only the binding of a plain loopback link is implemented.
"""

import argparse
import hmac
import json
import os
import sys
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from spake2 import SPAKE2_A

from protocol import (
    ANSWER_CONTENT, CLIENT, DAEMON, NAME_CONTENT, SUITE, Keys, Refused, daemon_id, decode, encode, pack, password, seal,
    transcript, unpack, unseal, verify,
)

STATUS = {1: "invalid_device_name", 2: "name_taken", 3: "storage_unavailable", 4: "unknown_link", 5: "no_pairing_code"}
AGAIN = {1, 2, 3}
MAX_NAMES = 5
MAX_ANSWER = 4096


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirects)


def post(endpoint: str, step: str, message: dict) -> dict:
    request = urllib.request.Request(
        f"{endpoint}/api/pair/v2/{step}", json.dumps(message).encode(), {"Content-Type": "application/json"}
    )
    try:
        with OPENER.open(request, timeout=15) as answer:
            return json.loads(answer.read(MAX_ANSWER))
    except urllib.error.HTTPError as error:
        raise Refused(json.loads(error.read(MAX_ANSWER))["code"]) from error


def origin(endpoint: str) -> bytes:
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    if parts.scheme != "http" or not (host in ("localhost", "::1") or host.startswith("127.")):
        raise Refused("only plain loopback is implemented")
    return f"http://{parts.netloc.lower()}".removesuffix(":80").encode()


def start(endpoint: str, code: str, first_byte: bytes | None = None):
    """The first exchange of messages: what the second needs."""
    value, nonce = origin(endpoint), os.urandom(32)
    side = SPAKE2_A(password(code), idA=CLIENT, idB=DAEMON)
    x = side.start()[1:]
    sent = x if first_byte is None else first_byte + bytes(31)
    reply = post(endpoint, "start", {
        "suite": SUITE, "binding": {"kind": "origin", "value": value.decode()}, "nonce": encode(nonce), "message": encode(sent),
    })
    handshake, y, identity = (decode(reply[field], 32) for field in ("nonce", "message", "identity"))
    if y == x or handshake == nonce:
        raise Refused("our own message came back")
    # The package refuses points outside of the group and the identity.
    secret = side.finish(b"B" + y)
    return identity, handshake, Keys(secret, transcript(identity, "origin", value, nonce, handshake, x, y))


def finish(endpoint: str, name: str, sequence: int, identity: bytes, handshake: bytes, keys: Keys, confirmation=None):
    """One request for a name, and the entries of its answer by tag."""
    request = {
        "handshake": encode(handshake),
        "sequence": sequence,
        "confirmation": encode(confirmation or keys.client_confirmation),
        "sealed": encode(seal(keys.client_sealing_key, sequence, pack([(1, name.encode())], NAME_CONTENT))),
    }
    answer = post(endpoint, "finish", request)
    if not hmac.compare_digest(decode(answer["confirmation"], 32), keys.daemon_confirmation):
        raise Refused("the daemon did not prove that it knows the code")
    content = unseal(keys.daemon_sealing_key, sequence, decode(answer["sealed"], ANSWER_CONTENT + 16))
    entries = unpack(content)
    single = [tag for tag, _ in entries if tag != 9]
    if len(single) != len(set(single)):
        raise Refused("an entry came twice")
    fields = dict(entries)
    verify(identity, keys.th, fields[2])
    return fields, [value.decode() for tag, value in entries if tag == 9], (request, answer)


def pair(endpoint: str, code: str, names, repeat: bool) -> dict:
    identity, handshake, keys = start(endpoint, code)
    tried = []
    for sequence, name in enumerate(names[:MAX_NAMES]):
        fields, endpoints, (request, answer) = finish(endpoint, name, sequence, identity, handshake, keys)
        status = fields[1][0]
        if repeat and post(endpoint, "finish", request) != answer:
            raise Refused("the same request got another answer")
        if status == 0:
            return {
                "token": fields[3].decode(), "device": fields[4].decode(), "deviceName": fields[5].decode(),
                "daemonName": fields.get(6, b"").decode(), "daemonId": daemon_id(identity), "endpoints": endpoints,
                "refusedNames": tried,
            }
        tried.append(STATUS[status])
        if status not in AGAIN:
            break
    raise Refused(tried[-1])


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("endpoint")
    arguments.add_argument("names", nargs="*")
    for flag in ("--reflect", "--small-order", "--repeat"):
        arguments.add_argument(flag, action="store_true")
    given = arguments.parse_args()
    endpoint, code = given.endpoint.rstrip("/"), sys.stdin.readline()
    try:
        if given.small_order:
            start(endpoint, code, first_byte=b"\x01")
        if given.reflect:
            identity, handshake, keys = start(endpoint, code)
            finish(endpoint, "laptop", 0, identity, handshake, keys, keys.daemon_confirmation)
        print(json.dumps(pair(endpoint, code, given.names, given.repeat)))
        return 0
    except Refused as error:
        print(json.dumps({"refused": str(error)}))
        return 1


if __name__ == "__main__":
    sys.exit(main())
