# SPDX-License-Identifier: Apache-2.0
"""What was really sent: tcpdump on an interface, and a search of it."""
import os
import socket
import struct
import subprocess

from . import host
from .tap import ok, same, until

SYN = 0x02
BEYOND = 2 ** 27  # bytes into a stream: what is there is not of it
MARK_PORT = 9  # discard: a datagram there says "everything before is captured"


class Capture:
    """All TCP of an interface from now until stop()."""

    def __init__(self, name, interface="lo", address="127.0.0.1"):
        os.makedirs(host.WORK, exist_ok=True)
        self.path = f"{host.WORK}/{name}.pcap"
        self.address = address
        self.marks = 0
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.process = host.adopt(subprocess.Popen(
            ["tcpdump", "-i", interface, "-n", "-s", "0", "-U", "--immediate-mode", "-B",
             "16384", "-Z", "root", "-w", self.path, f"tcp or udp port {MARK_PORT}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True))
        for line in self.process.stderr:
            if "listening on" in line:
                break
        self.mark()

    def mark(self):
        """Return when everything sent so far is in the file."""
        self.marks += 1
        token = f"kith-capture-mark-{self.marks}".encode()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(token, (self.address, MARK_PORT))

        def seen():
            with open(self.path, "rb") as file:
                return token in file.read()
        until("tcpdump has caught up", lambda: os.path.exists(self.path) and seen())

    def stop(self):
        self.mark()
        self.process.terminate()
        self.process.wait()
        return Wire(self.path)


class Wire:
    """A finished capture."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        self.raw = data
        self.segments = list(_segments(data))

    def streams(self, port=None):
        """Payload of each direction of each connection, in order sent.

        Keyed by (source, target, which): ports are used again. Bytes that the
        capture lost are a run of zeros, so they are neither TLS nor unseen.
        """
        flows = {}
        times = {}
        for source, target, flags, number, payload in self.segments:
            if port and port not in (source[1], target[1]):
                continue
            if flags & SYN:
                first = flows.get((source, target, times.get((source, target))))
                if not first or first.start != (number + 1) % 2 ** 32:
                    times[source, target] = times.get((source, target), 0) + 1
                number += 1
            key = source, target, times.get((source, target), 0)
            flows.setdefault(key, Flow(number)).add(number, payload)
        return {key: bytes(flow.data) for key, flow in flows.items() if flow.data}

    def holds(self, text, port=None):
        """Whether a text went over the wire in clear, in any one direction."""
        text = text if isinstance(text, bytes) else text.encode()
        if port is None and text in self.raw:
            return True
        return any(text in stream for stream in self.streams(port).values())

    def syns(self, port):
        """Connections that somebody tried to open to a port."""
        return sum(1 for _, target, flags, _, _ in self.segments
                   if target[1] == port and flags & 0x12 == SYN)

    def payload(self, port):
        return sum(len(stream) for stream in self.streams(port).values())

    def bad_records(self, port):
        """Streams of a port that are anything but TLS records."""
        return [key for key, stream in self.streams(port).items() if not is_tls(stream)]


    def check_tls(self, port, *texts):
        """That a port's bytes were TLS records alone, and texts not among them."""
        same([text for text in texts if self.holds(text, port)], [],
             "texts that went over the wire in clear")
        same(self.bad_records(port), [], "streams that are not TLS throughout")
        ok(self.payload(port), "there was something to see")


class Flow:
    """One direction of a connection, put together from its segments."""

    def __init__(self, start):
        self.start = start % 2 ** 32
        self.data = bytearray()

    def add(self, number, payload):
        """Sent again or not, joined or split: its place is its sequence number."""
        at = (number - self.start) % 2 ** 32
        if not payload or at > BEYOND:
            return
        if at > len(self.data):
            self.data.extend(bytes(at - len(self.data)))
        self.data[at:at + len(payload)] = payload


def is_tls(stream):
    """Whether bytes are TLS records from the first on; the last may be cut."""
    at = 0
    while at < len(stream):
        header = stream[at:at + 5]
        if header[0] not in (20, 21, 22, 23) or header[1:2] not in (b"", b"\3"):
            return False
        size = int.from_bytes(header[3:], "big") if len(header) == 5 else 0
        if size > 16384 + 256:
            return False
        at += 5 + size
    return True


def _segments(data):
    """(source, target, flags, sequence number, payload) of each TCP segment."""
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    link = struct.unpack(order + "I", data[20:24])[0] & 0xffff
    offset = 24
    while offset + 16 <= len(data):
        size = struct.unpack(order + "I", data[offset + 8:offset + 12])[0]
        frame = data[offset + 16:offset + 16 + size]
        offset += 16 + size
        found = _tcp(frame[14:] if link == 1 else frame)
        if found:
            yield found


def _tcp(packet):
    if not packet:
        return None
    if packet[0] >> 4 == 4:
        if packet[9] != 6:
            return None
        start, end = (packet[0] & 15) * 4, struct.unpack(">H", packet[2:4])[0]
        # A large segment of the loopback may say length 0.
        end = end or len(packet)
        source, target = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
    elif packet[0] >> 4 == 6:
        if packet[6] != 6:
            return None
        start, end = 40, 40 + struct.unpack(">H", packet[4:6])[0]
        end = end if end > 40 else len(packet)
        source = socket.inet_ntop(socket.AF_INET6, packet[8:24])
        target = socket.inet_ntop(socket.AF_INET6, packet[24:40])
    else:
        return None
    segment = packet[start:end]
    sport, dport, number = struct.unpack(">HHI", segment[:8])
    header = (segment[12] >> 4) * 4
    return (source, sport), (target, dport), segment[13], number, segment[header:]
