# SPDX-License-Identifier: Apache-2.0
"""The kernel's family "kith", for tests: raw requests, so that a test may send
what the agent never would.

Names and numbers are read from spec/kith.yaml's generated header, by name:
C.CMD_STATUS_GET, C.A_CLAIM_KIND, C.REASON_NONE.
"""
import errno
import os
import pathlib
import re
import select
import socket
import struct
import time

NETLINK_GENERIC = 16
SOL_NETLINK = 270
NETLINK_ADD_MEMBERSHIP, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 1, 10, 11
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLA_F_NESTED = 1 << 15
GENL_ID_CTRL, CTRL_CMD_GETFAMILY = 16, 3
HEADER = pathlib.Path(__file__).resolve().parents[3] / "kmod/uapi/linux/kith.h"


class C:
    """Constants of the contract."""


def _load():
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
    for body in re.findall(r"enum \w+ \{(.*?)\};", text, re.S):
        value = 0
        for entry in filter(None, (part.strip() for part in body.split(","))):
            name, _, given = (part.strip() for part in entry.partition("="))
            if not given:
                setattr(C, name.removeprefix("KITH_"), value)
                value += 1
    for name, value in re.findall(r"#define KITH_(\w+)\s+(\d+)$", text, re.M):
        setattr(C, name, int(value))


_load()


class NetlinkError(OSError):
    def __init__(self, number, message):
        super().__init__(number, message or os.strerror(number))
        self.message = message


def attr(kind, value=b""):
    """One attribute; a list is a nest."""
    if isinstance(value, list):
        kind, value = kind | NLA_F_NESTED, b"".join(value)
    elif isinstance(value, str):
        value = value.encode() + b"\0"
    pad = -len(value) % 4
    return struct.pack("=HH", len(value) + 4, kind) + value + b"\0" * pad


def u16(kind, value):
    return attr(kind, struct.pack("=H", value))


def u32(kind, value):
    return attr(kind, struct.pack("=I", value))


def u64(kind, value):
    return attr(kind, struct.pack("=q", value) if value < 0 else struct.pack("=Q", value))


class Attrs(dict):
    """Attributes by number: the last of each, all with many()."""

    def __init__(self, data):
        super().__init__()
        self.all = []
        while len(data) >= 4:
            size, kind = struct.unpack_from("=HH", data)
            self.all.append((kind & 0x3fff, data[4:size]))
            self[kind & 0x3fff] = data[4:size]
            data = data[(size + 3) & ~3:]

    def many(self, kind):
        return [value for number, value in self.all if number == kind]

    def number(self, kind):
        return int.from_bytes(self[kind], "little") if kind in self else None

    def text(self, kind):
        return self[kind].rstrip(b"\0").decode() if kind in self else None

    def nest(self, kind):
        return Attrs(self[kind]) if kind in self else None


class Message:
    def __init__(self, data):
        self.command = data[0]
        self.attrs = Attrs(data[4:])


class Kith:
    """A connection to the family."""

    def __init__(self, port=0):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.socket.bind((port, 0))
        self.socket.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self.socket.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        self.sequence = int(time.time()) & 0xffff
        self.queue = []  # upcalls and events that came between
        self.family, self.groups = GENL_ID_CTRL, {}
        found = self.request(CTRL_CMD_GETFAMILY, attr(2, "kith"))[0].attrs
        self.family = found.number(1)
        for group in Attrs(found.get(7, b"")).values():
            nest = Attrs(group)
            self.groups[nest.text(1)] = nest.number(2)

    def close(self):
        self.socket.close()

    def subscribe(self):
        self.socket.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, self.groups["events"])

    def request(self, command, *attrs, dump=False):
        """Send and wait: the replies, or NetlinkError."""
        self.sequence += 1
        flags = NLM_F_REQUEST | (NLM_F_DUMP if dump else NLM_F_ACK)
        body = struct.pack("=BBH", command, 1, 0) + b"".join(attrs)
        self.socket.send(struct.pack("=IHHII", len(body) + 16, self.family, flags,
                                     self.sequence, 0) + body)
        replies = []
        while not self._receive(replies):
            pass
        return replies

    def _receive(self, replies):
        """One datagram. True when the request is answered."""
        data = self.socket.recv(1 << 17)
        done = False
        while len(data) >= 16:
            size, kind, _, sequence, _ = struct.unpack_from("=IHHII", data)
            body = data[16:size]
            if sequence != self.sequence:
                self.queue.append(Message(body))
            elif kind == NLMSG_ERROR:
                self._raise(body)
                done = True
            elif kind == NLMSG_DONE:
                number, = struct.unpack_from("=i", body)
                if number:
                    raise NetlinkError(-number, None)
                done = True
            else:
                replies.append(Message(body))
            data = data[(size + 3) & ~3:]
        return done

    @staticmethod
    def _raise(body):
        number, = struct.unpack_from("=i", body)
        if number:
            raise NetlinkError(-number, Attrs(body[20:]).text(1))

    def next(self, command, timeout=20):
        """The next upcall or event of this kind, or None."""
        end = time.monotonic() + timeout
        while True:
            for message in self.queue:
                if message.command == command:
                    self.queue.remove(message)
                    return message.attrs
            rest = end - time.monotonic()
            if rest <= 0 or not select.select([self.socket], [], [], rest)[0]:
                return None
            self._receive([])

    # What tests do again and again.

    def status(self):
        return self.request(C.CMD_STATUS_GET)[0].attrs

    def register(self, abi=None):
        abi = C.ABI if abi is None else abi
        return self.request(C.CMD_AGENT_REGISTER, u32(C.A_STATUS_ABI, abi))[0].attrs

    def config(self, generation, *parts, open_doors=0xffffffff):
        number = u64(C.A_CONFIG_GENERATION, generation)
        self.request(C.CMD_CONFIG_BEGIN, number)
        for part in parts:
            self.request(C.CMD_CONFIG_ADD, part)
        # The BPF LSM programs are kithd's to bring.
        self.request(C.CMD_CONFIG_COMMIT, number, u32(C.A_CONFIG_OPEN_DOORS, open_doors))

    def prepare(self, credential, spiffe_id, workload="w"):
        return self.request(C.CMD_CREDENTIAL_PREPARE, u64(C.A_CREDENTIAL_ID, credential),
                            attr(C.A_CREDENTIAL_SPIFFE_ID, spiffe_id),
                            attr(C.A_CREDENTIAL_WORKLOAD, workload)
                            )[0].attrs[C.A_CREDENTIAL_CSR]

    def sign(self, credential, serial=b"\x11", start=None, end=None):
        now = int(time.time())
        return self.request(C.CMD_CREDENTIAL_SIGN, u64(C.A_CREDENTIAL_ID, credential),
                            attr(C.A_CREDENTIAL_SERIAL, serial),
                            u64(C.A_CREDENTIAL_NOT_BEFORE, now - 60 if start is None else start),
                            u64(C.A_CREDENTIAL_NOT_AFTER, now + 600 if end is None else end)
                            )[0].attrs[C.A_CREDENTIAL_CERTIFICATE]

    def ca(self, trust_domain, start=None, end=None):
        now = int(time.time())
        return self.request(C.CMD_CA_CREATE, attr(C.A_CA_TRUST_DOMAIN, trust_domain),
                            attr(C.A_CA_SERIAL, b"\x01"),
                            u64(C.A_CA_NOT_BEFORE, now - 120 if start is None else start),
                            u64(C.A_CA_NOT_AFTER, now + 3600 if end is None else end)
                            )[0].attrs[C.A_CA_CERTIFICATE]

    def refuse(self, credential, reason, message="no"):
        self.request(C.CMD_CREDENTIAL_REFUSE, u64(C.A_CREDENTIAL_ID, credential),
                     u32(C.A_CREDENTIAL_REASON, reason),
                     attr(C.A_CREDENTIAL_MESSAGE, message))

    def credentials(self):
        return [m.attrs for m in self.request(C.CMD_CREDENTIAL_GET, dump=True)]


def claim_exe(path):
    return attr(C.A_CONFIG_CLAIM, [u32(C.A_CLAIM_KIND, C.CLAIM_KIND_EXE),
                                   attr(C.A_CLAIM_PATH, path)])


def claim_uid(uid):
    return attr(C.A_CONFIG_CLAIM, [u32(C.A_CLAIM_KIND, C.CLAIM_KIND_UID),
                                   u32(C.A_CLAIM_UID, uid)])


def claim_cgroup(path):
    return attr(C.A_CONFIG_CLAIM, [u32(C.A_CLAIM_KIND, C.CLAIM_KIND_CGROUP),
                                   attr(C.A_CLAIM_PATH, path)])


def claim_listen(port, address=None):
    parts = [u32(C.A_CLAIM_KIND, C.CLAIM_KIND_LISTEN), u16(C.A_CLAIM_PORT, port)]
    if address is not None:
        parts.append(attr(C.A_CLAIM_ADDRESS, address))
    return attr(C.A_CONFIG_CLAIM, parts)


def bundle(trust_domain, *certificates):
    return attr(C.A_CONFIG_BUNDLE, [attr(C.A_BUNDLE_TRUST_DOMAIN, trust_domain)] +
                [attr(C.A_BUNDLE_CERTIFICATE, der) for der in certificates])


def refused(call, *args, **options):
    """(errno name, message) that a call fails with, or (None, None)."""
    try:
        call(*args, **options)
    except NetlinkError as error:
        return errno.errorcode.get(error.errno, error.errno), error.message
    return None, None
