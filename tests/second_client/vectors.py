"""Prints the test vectors of `tests/domain/pake/vectors.txt`: both sides of some handshakes, computed without any of the
daemon's own code. Run it with the packages `spake2` 0.9 and `cryptography`."""

import base64
import zlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from spake2 import SPAKE2_A, SPAKE2_B

from protocol import (
    ANSWER_CONTENT, CLIENT, DAEMON, NAME_CONTENT, Keys, daemon_id, link_id, link_password, pack, password, seal, signed,
    transcript,
)


def counting(start: int, length: int) -> bytes:
    return bytes((start + number) % 256 for number in range(length))


def base32(value: bytes) -> str:
    return base64.b32encode(value).decode().lower().rstrip("=")


def token(device: str, secret: bytes) -> str:
    text = "nct_" + device + base32(secret)
    return text + base32(zlib.crc32(text.encode()).to_bytes(4, "big"))


def side(kind, secret, random):
    # The package reads its random bytes as a big-endian number, the crate as a little-endian one.
    return kind(secret, idA=CLIENT, idB=DAEMON, entropy_f=lambda length: random[:length][::-1])


def handshake(name, secret_of, kind, value, seed):
    # A code is a text, the secret of a link is bytes.
    is_link = isinstance(secret_of, bytes)
    shared = link_password(secret_of) if is_link else password(secret_of)
    link = link_id(secret_of) if is_link else None
    client_random, daemon_random = counting(seed, 96), counting(seed + 100, 96)
    key = Ed25519PrivateKey.from_private_bytes(counting(seed + 7, 32))
    identity = key.public_key().public_bytes_raw()
    client, daemon = side(SPAKE2_A, shared, client_random[32:]), side(SPAKE2_B, shared, daemon_random[32:])
    x, y = client.start(), daemon.start()
    secret = client.finish(y)
    assert secret == daemon.finish(x)
    script = transcript(identity, kind, value, client_random[:32], daemon_random[:32], x[1:], y[1:], link)
    keys = Keys(secret, script)
    signature = key.sign(signed(keys.th))
    device_random = counting(seed + 50, 58)
    device = base32(device_random[:10])
    grant = [
        (1, b"\0"), (2, signature), (3, token(device, device_random[10:42]).encode()), (4, device.encode()), (5, b"laptop"),
        (6, b"my-server"), (7, counting(1, 32)), (8, counting(2, 32)), (9, b"https://agent.example.org"),
    ]
    taken = [(1, b"\x02"), (2, signature)]
    shown = {"link_secret": secret_of, "link_id": link} if is_link else {"code": secret_of.encode()}
    values = {
        **shown, "binding_kind": kind.encode(), "binding_value": value, "identity_seed": counting(seed + 7, 32),
        "identity": identity, "daemon_id": daemon_id(identity).encode(), "client_random": client_random,
        "daemon_random": daemon_random, "device_random": device_random, "x": x[1:], "y": y[1:], "secret": secret,
        "transcript": script, "th": keys.th, "client_confirmation_key": keys.client_confirmation_key,
        "daemon_confirmation_key": keys.daemon_confirmation_key, "client_sealing_key": keys.client_sealing_key,
        "daemon_sealing_key": keys.daemon_sealing_key, "client_confirmation": keys.client_confirmation,
        "daemon_confirmation": keys.daemon_confirmation, "words": keys.words.encode(), "signature": signature,
        "sealed_name_0": seal(keys.client_sealing_key, 0, pack([(1, b"phone")], NAME_CONTENT)),
        "sealed_answer_0": seal(keys.daemon_sealing_key, 0, pack(taken, ANSWER_CONTENT)),
        "sealed_name_1": seal(keys.client_sealing_key, 1, pack([(1, b"laptop")], NAME_CONTENT)),
        "sealed_answer_1": seal(keys.daemon_sealing_key, 1, pack(grant, ANSWER_CONTENT)),
    }
    print(f"[{name}]")
    for key, value in values.items():
        print(f"{key} = {value.hex()}")
    print()


print("# Made by tests/second_client/vectors.py: hexadecimal, code and texts as their bytes.\n")
handshake("origin", "2345-6789", "origin", b"https://agent.example.org", 1)
handshake("spki", "ABCD-EF23", "spki", counting(200, 32), 90)
handshake("link", counting(17, 16), "spki", counting(210, 32), 40)
