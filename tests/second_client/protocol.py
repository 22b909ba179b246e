"""Pairing protocol v2 of netclaw, written from PROTOCOL.md: what both the client and the test vectors stand on."""

import base64
import hashlib
import hmac
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

SUITE = "spake2-ed25519-hkdf-sha256-chacha20poly1305"
CLIENT, DAEMON = b"netclaw pair v2 client", b"netclaw pair v2 daemon"
NAME_CONTENT, ANSWER_CONTENT = 512, 2048
# The English list of BIP-39, as the daemon has it too.
WORDS = Path(__file__).parents[2].joinpath("src/domain/words.txt").read_text().split()
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class Refused(Exception):
    """Nothing of what the other side says may be believed."""


def encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def decode(text: str, length: int) -> bytes:
    value = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(value) != length or encode(value) != text:
        raise Refused(f"{length} bytes were expected")
    return value


def password(typed: str) -> bytes:
    """Section 3."""
    symbols = "".join(c for c in typed.upper() if not c.isspace() and c != "-")
    symbols = symbols.replace("1", "L").replace("I", "L")
    if len(symbols) != 8 or any(c not in ALPHABET for c in symbols):
        raise Refused("no pairing code")
    return symbols.encode()


def link_password(secret: bytes) -> bytes:
    """Section 3."""
    return base64.b32encode(secret).decode().lower().rstrip("=").encode()


def link_id(secret: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=b"", info=b"netclaw pair v2 link id").derive(secret)


def daemon_id(identity: bytes) -> str:
    return base64.b32encode(hashlib.sha256(identity).digest()).decode().lower()[:26]


def transcript(identity, kind, value, client_nonce, daemon_nonce, x, y, link=None) -> bytes:
    """Section 5."""
    fields = [
        b"netclaw pair v2", b"\x02", SUITE.encode(), b"client", b"daemon", daemon_id(identity).encode(), identity,
        kind.encode(), value, client_nonce, daemon_nonce, x, y,
    ]
    if link is not None:
        fields += [b"link", link]
    return b"".join(len(field).to_bytes(2, "big") + field for field in fields)


class Keys:
    """Section 6."""

    def __init__(self, secret: bytes, script: bytes):
        self.th = hashlib.sha256(script).digest()
        self._prk = hmac.digest(self.th, secret, "sha256")
        self.client_confirmation_key = self._expand(b"netclaw pair v2 client confirmation")
        self.daemon_confirmation_key = self._expand(b"netclaw pair v2 daemon confirmation")
        self.client_sealing_key = self._expand(b"netclaw pair v2 client sealing")
        self.daemon_sealing_key = self._expand(b"netclaw pair v2 daemon sealing")
        bits = int.from_bytes(HKDFExpand(algorithm=hashes.SHA256(), length=6, info=b"netclaw pair v2 words").derive(self._prk))
        self.words = " ".join(WORDS[bits >> shift & 0x7FF] for shift in (37, 26, 15, 4))
        self.client_confirmation = hmac.digest(self.client_confirmation_key, self.th, "sha256")
        self.daemon_confirmation = hmac.digest(self.daemon_confirmation_key, self.th, "sha256")

    def _expand(self, label: bytes) -> bytes:
        return HKDFExpand(algorithm=hashes.SHA256(), length=32, info=label).derive(self._prk)


def nonce(sequence: int) -> bytes:
    return bytes(11) + bytes([sequence])


def pack(entries, length: int) -> bytes:
    """Section 7."""
    content = b"".join(bytes([tag]) + len(value).to_bytes(2, "big") + value for tag, value in entries)
    if len(content) > length:
        raise Refused("too long")
    return content.ljust(length, b"\0")


def unpack(content: bytes):
    entries, at = [], 0
    while at < len(content) and content[at] != 0:
        length = int.from_bytes(content[at + 1:at + 3], "big")
        value = content[at + 3:at + 3 + length]
        if at + 3 + length > len(content):
            raise Refused("an entry is cut off")
        entries.append((content[at], value))
        at += 3 + length
    if any(content[at:]):
        raise Refused("something stands after the end")
    return entries


def seal(key: bytes, sequence: int, content: bytes) -> bytes:
    return ChaCha20Poly1305(key).encrypt(nonce(sequence), content, None)


def unseal(key: bytes, sequence: int, sealed: bytes) -> bytes:
    try:
        return ChaCha20Poly1305(key).decrypt(nonce(sequence), sealed, None)
    except InvalidTag as error:
        raise Refused("the answer cannot be opened") from error


def signed(th: bytes) -> bytes:
    return b"netclaw pair v2 identity" + th


def verify(identity: bytes, th: bytes, signature: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(identity).verify(signature, signed(th))
    except InvalidSignature as error:
        raise Refused("the daemon did not prove its identity") from error
