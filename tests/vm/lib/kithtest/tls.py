# SPDX-License-Identifier: Apache-2.0
"""TLS peers that are not Kith, under full control of when which byte goes.

An Engine is OpenSSL between two buffers. Once its handshake is done its
traffic secrets can be taken out, and records of any kind made by hand.
"""
import hashlib
import hmac
import os
import socket
import ssl
import struct
import tempfile

from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from .tap import PATIENCE

ALERT, HANDSHAKE, DATA = 21, 22, 23
CLOSE_NOTIFY = b"\x01\x00"
ALERTS = {0: "close_notify", 40: "handshake_failure", 42: "bad_certificate",
          43: "unsupported_certificate", 45: "certificate_expired", 48: "unknown_ca",
          49: "access_denied", 70: "protocol_version", 116: "certificate_required"}


def context(server, leaf=None, trust=None, version=ssl.TLSVersion.TLSv1_3, verify=True,
            alpn=()):
    """OpenSSL's settings for one end."""
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    ctx.minimum_version = ctx.maximum_version = version
    ctx.check_hostname = False
    ctx.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    if server:
        ctx.num_tickets = 0
    if leaf:
        ctx.load_cert_chain(leaf.cert, leaf.key)
    if trust:
        ctx.load_verify_locations(trust)
    if alpn:
        ctx.set_alpn_protocols(list(alpn))
    return ctx


def tcp(address, port, source=""):
    sock = socket.create_connection((address, port), PATIENCE, (source, 0))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def listen(port, address="127.0.0.1", backlog=128):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    sock.listen(backlog)
    sock.settimeout(PATIENCE)
    return sock


def take(listener):
    sock, _ = listener.accept()
    sock.settimeout(PATIENCE)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def reset(sock):
    """Close with a RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def alert_name(record):
    """RFC 8446's name of an alert that was received, or the record as it is."""
    kind, data = record
    return ALERTS.get(data[1], data) if kind == ALERT and len(data) == 2 else record


def read_end(sock):
    """What is left until the end: bytes, then "eof" or "reset"."""
    data = b""
    try:
        while chunk := sock.recv(65536):
            data += chunk
        return data, "eof"
    except ConnectionResetError:
        return data, "reset"


def _expand(secret, label, size, algorithm):
    label = b"tls13 " + label
    info = struct.pack(">HB", size, len(label)) + label + b"\0"
    out, block = b"", b""
    for counter in range(1, 10):
        block = hmac.new(secret, block + info + bytes([counter]), algorithm).digest()
        out += block
        if len(out) >= size:
            return out[:size]
    raise ValueError("too much asked")


class Protection:
    """One direction of records (RFC 8446 section 5.2)."""

    def __init__(self, secret, cipher):
        self.algorithm = "sha384" if "384" in cipher else "sha256"
        self.cipher = cipher
        self.rekey(secret)

    def rekey(self, secret):
        size = 16 if "AES_128" in self.cipher else 32
        key = _expand(secret, b"key", size, self.algorithm)
        self.secret = secret
        self.iv = _expand(secret, b"iv", 12, self.algorithm)
        self.aead = ChaCha20Poly1305(key) if "CHACHA" in self.cipher else AESGCM(key)
        self.number = 0

    def update(self):
        size = hashlib.new(self.algorithm).digest_size
        self.rekey(_expand(self.secret, b"traffic upd", size, self.algorithm))

    def _nonce(self):
        number = struct.pack(">4xQ", self.number)
        self.number += 1
        return bytes(a ^ b for a, b in zip(self.iv, number))

    def seal(self, kind, data, padding=0):
        inner = data + bytes([kind]) + bytes(padding)
        header = struct.pack(">BHH", DATA, 0x0303, len(inner) + 16)
        return header + self.aead.encrypt(self._nonce(), inner, header)

    def open(self, record):
        inner = self.aead.decrypt(self._nonce(), record[5:], record[:5]).rstrip(b"\0")
        return inner[-1], inner[:-1]


class Engine:
    """OpenSSL without a socket. Those whose secrets are wanted share no settings."""

    def __init__(self, ctx, server, secrets=False):
        if secrets:
            self.log = tempfile.mktemp(prefix="keys.", dir="/tmp")
            ctx.keylog_filename = self.log
        self.server = server
        self.input, self.output = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = ctx.wrap_bio(self.input, self.output, server_side=server)
        self.done = False

    def feed(self, data=b""):
        """Give it bytes; return what it has to say to them."""
        if data:
            self.input.write(data)
        if not self.done:
            try:
                self.tls.do_handshake()
                self.done = True
            except ssl.SSLWantReadError:
                pass
        return self.output.read()

    def protections(self):
        """(ours for sending, the peer's), of application data."""
        secrets = {}
        with open(self.log, encoding="ascii") as file:
            for line in file:
                if not line.startswith("#"):
                    label, _, secret = line.split()
                    secrets[label] = bytes.fromhex(secret)
        os.unlink(self.log)
        cipher = self.tls.cipher()[0]
        ours, theirs = "SERVER_TRAFFIC_SECRET_0", "CLIENT_TRAFFIC_SECRET_0"
        if not self.server:
            ours, theirs = theirs, ours
        return Protection(secrets[ours], cipher), Protection(secrets[theirs], cipher)


def handshake(sock, engine):
    """Run a handshake to its end; return bytes that came behind it."""
    try:
        sock.sendall(engine.feed())
        while not engine.done:
            data = sock.recv(65536)
            if not data:
                raise EOFError("the peer closed in the handshake")
            sock.sendall(engine.feed(data))
    except ssl.SSLError:
        sock.sendall(engine.output.read())  # its alert
        raise
    return engine.input.read()


class Peer:
    """The far end of an established connection, made by hand from here on."""

    def __init__(self, sock, ctx, server):
        self.sock = sock
        engine = Engine(ctx, server, secrets=True)
        self.buffer = handshake(sock, engine)
        self.engine = engine
        self.out, self.into = engine.protections()
        self.certificate = engine.tls.getpeercert(True)

    def send(self, data, kind=DATA, **how):
        self.sock.sendall(self.out.seal(kind, data, **how))

    def raw(self, data):
        self.sock.sendall(data)

    def _fill(self, size):
        while len(self.buffer) < size:
            data = self.sock.recv(65536)
            if not data:
                return False
            self.buffer += data
        return True

    def receive(self):
        """(kind, data) of the next record, or None at the end of stream."""
        if not self._fill(5):
            return None
        size = 5 + struct.unpack(">H", self.buffer[3:5])[0]
        if not self._fill(size):
            raise EOFError("the stream ends within a record")
        record, self.buffer = self.buffer[:size], self.buffer[size:]
        return self.into.open(record)

    def receive_data(self, size):
        data = b""
        while len(data) < size:
            got = self.receive()
            if not got or got[0] != DATA:
                raise EOFError(f"{got} after {len(data)} bytes")
            data += got[1]
        return data

    def end(self):
        """How the stream ends: list of (kind, data), then "eof" or "reset"."""
        seen = []
        try:
            while record := self.receive():
                seen.append(record)
            return seen, "eof"
        except ConnectionResetError:
            return seen, "reset"

    def close(self, notify=True):
        if notify:
            self.send(CLOSE_NOTIFY, ALERT)
        self.sock.close()


def client(address, port, leaf=None, trust=None, **how):
    return Peer(tcp(address, port), context(False, leaf, trust, **how), False)


def server(listener, leaf=None, trust=None, **how):
    return Peer(take(listener), context(True, leaf, trust, **how), True)
