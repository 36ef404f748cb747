# SPDX-License-Identifier: Apache-2.0
"""BPF by hand: connections sent to another port, sockets put into a map, KCM."""
import contextlib
import ctypes
import fcntl
import os
import socket
import struct

SYSCALL = 321  # bpf(2) on x86-64
MAP_CREATE, MAP_UPDATE, PROG_LOAD, PROG_ATTACH, PROG_DETACH = 0, 2, 5, 8, 9
SOCKET_FILTER, SOCK_OPS, SK_MSG, CGROUP_SOCK_ADDR = 1, 13, 16, 18  # kinds of programs
CGROUP_SOCK_OPS, MSG_VERDICT, INET4_CONNECT = 3, 7, 10  # where they are attached
SOCKMAP = 15
ACTIVE, PASSIVE = 4, 5  # a connection is established that we made, that we accept
SOCK_MAP_UPDATE, MSG_REDIRECT_MAP = 53, 60  # functions
SIOCKCMATTACH = 0x89e0
USER_PORT = 24  # in struct bpf_sock_addr


def _insn(code, dst=0, src=0, off=0, imm=0):
    return struct.pack("<BBhi", code, src << 4 | dst, off, imm)


def _call(command, attr):
    attr = attr.ljust(128, b"\0")
    buf = ctypes.create_string_buffer(attr, len(attr))
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(SYSCALL, command, buf, len(attr))
    if result < 0:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno))
    return result


def _load(kind, attach, *insns):
    """A descriptor of a program."""
    program = b"".join(insns)
    code = ctypes.create_string_buffer(program, len(program))
    licence = ctypes.create_string_buffer(b"GPL")
    # expected_attach_type is the 18th word of the attributes.
    return _call(PROG_LOAD, struct.pack(
        "<IIQQIIQII16sII", kind, len(program) // 8, ctypes.addressof(code),
        ctypes.addressof(licence), 0, 0, 0, 0, 0, b"", 0, attach))


def _map_of(register, sockmap):
    return _insn(0x18, dst=register, src=1, imm=sockmap) + _insn(0)


EXIT = _insn(0x95)


class Redirect:
    """connect() to `old` of programs in `cgroup` goes to `new`."""

    def __init__(self, cgroup, old, new):
        old, new = socket.htons(old), socket.htons(new)
        self.program = _load(
            CGROUP_SOCK_ADDR, INET4_CONNECT,
            _insn(0x61, dst=2, src=1, off=USER_PORT),   # r2 = ctx->user_port
            _insn(0x55, dst=2, off=2, imm=old),         # if r2 != old skip 2
            _insn(0xb7, dst=2, imm=new),                # r2 = new
            _insn(0x63, dst=1, src=2, off=USER_PORT),   # ctx->user_port = r2
            _insn(0xb7, dst=0, imm=1),                  # allow
            EXIT)
        self.cgroup = os.open(cgroup, os.O_RDONLY | os.O_DIRECTORY)
        self.attr = struct.pack("<IIII", self.cgroup, self.program, INET4_CONNECT, 0)
        _call(PROG_ATTACH, self.attr)

    def stop(self):
        _call(PROG_DETACH, self.attr)
        os.close(self.program)
        os.close(self.cgroup)


class Sockmap:
    """A map of sockets, and what is done with those in it."""

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        self.map = self._keep(_call(MAP_CREATE, struct.pack("<IIIII", SOCKMAP, 4, 4, 2, 0)))
        return self

    def __exit__(self, *_):
        self.stack.close()

    def _keep(self, descriptor):
        self.stack.callback(os.close, descriptor)
        return descriptor

    def put(self, key, sock):
        at, value = ctypes.c_uint32(key), ctypes.c_uint32(sock.fileno())
        _call(MAP_UPDATE, struct.pack("<IIQQQ", self.map, 0, ctypes.addressof(at),
                                      ctypes.addressof(value), 0))

    def redirect_messages(self, to, ingress=False):
        """What a socket in the map sends leaves by that one; or is received by it."""
        program = self._keep(_load(
            SK_MSG, MSG_VERDICT,
            _map_of(2, self.map), _insn(0xb7, dst=3, imm=to), _insn(0xb7, dst=4, imm=int(ingress)),
            _insn(0x85, imm=MSG_REDIRECT_MAP), EXIT))
        _call(PROG_ATTACH, struct.pack("<IIII", self.map, program, MSG_VERDICT, 0))

    def collect(self, key, when, port, cgroup="/sys/fs/cgroup"):
        """Connections to (ACTIVE) or at (PASSIVE) a port go into the map as they come to be."""
        where, number = (64, socket.htonl(port)) if when == ACTIVE else (68, port)
        number -= (number >> 31) << 32
        program = self._keep(_load(
            SOCK_OPS, CGROUP_SOCK_OPS,
            _insn(0xbf, dst=6, src=1),                  # r6 = ctx
            _insn(0x61, dst=2, src=6, off=0),           # r2 = ctx->op
            _insn(0x55, dst=2, off=10, imm=when),       # if r2 != when goto out
            _insn(0x61, dst=2, src=6, off=where),       # r2 = ctx->remote_port or local_port
            _insn(0x56, dst=2, off=8, imm=number),      # if w2 != number goto out
            _insn(0x62, dst=10, off=-4, imm=key),       # *(fp - 4) = key
            _insn(0xbf, dst=1, src=6), _map_of(2, self.map),
            _insn(0xbf, dst=3, src=10), _insn(0x07, dst=3, imm=-4), _insn(0xb7, dst=4),
            _insn(0x85, imm=SOCK_MAP_UPDATE),
            _insn(0xb7, dst=0, imm=1), EXIT))           # out:
        where = os.open(cgroup, os.O_RDONLY | os.O_DIRECTORY)
        self._keep(where)
        attr = struct.pack("<IIII", where, program, CGROUP_SOCK_OPS, 0)
        _call(PROG_ATTACH, attr)
        self.stack.callback(_call, PROG_DETACH, attr)


def kcm_attach(multiplexor, sock):
    """Let a KCM socket have a TCP socket, whose bytes are one message as they come."""
    program = _load(SOCKET_FILTER, 0, _insn(0x61, dst=0, src=1), EXIT)  # r0 = skb->len
    try:
        fcntl.ioctl(multiplexor, SIOCKCMATTACH, struct.pack("ii", sock.fileno(), program))
    finally:
        os.close(program)
