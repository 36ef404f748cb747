# SPDX-License-Identifier: Apache-2.0
"""A BPF program of a cgroup that sends connections to another port."""
import ctypes
import os
import socket
import struct

SYSCALL = 321  # bpf(2) on x86-64
PROG_LOAD, PROG_ATTACH, PROG_DETACH = 5, 8, 9
CGROUP_SOCK_ADDR, INET4_CONNECT = 18, 10
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


class Redirect:
    """connect() to `old` of programs in `cgroup` goes to `new`."""

    def __init__(self, cgroup, old, new):
        old, new = socket.htons(old), socket.htons(new)
        program = b"".join((
            _insn(0x61, dst=2, src=1, off=USER_PORT),   # r2 = ctx->user_port
            _insn(0x55, dst=2, off=2, imm=old),         # if r2 != old skip 2
            _insn(0xb7, dst=2, imm=new),                # r2 = new
            _insn(0x63, dst=1, src=2, off=USER_PORT),   # ctx->user_port = r2
            _insn(0xb7, dst=0, imm=1),                  # allow
            _insn(0x95)))
        insns = ctypes.create_string_buffer(program, len(program))
        licence = ctypes.create_string_buffer(b"GPL")
        # expected_attach_type is the 18th word of the attributes.
        attr = struct.pack("<IIQQIIQII16sII", CGROUP_SOCK_ADDR, len(program) // 8,
                           ctypes.addressof(insns), ctypes.addressof(licence), 0, 0, 0, 0, 0,
                           b"", 0, INET4_CONNECT)
        self.program = _call(PROG_LOAD, attr)
        self.cgroup = os.open(cgroup, os.O_RDONLY | os.O_DIRECTORY)
        self.attr = struct.pack("<IIII", self.cgroup, self.program, INET4_CONNECT, 0)
        _call(PROG_ATTACH, self.attr)

    def stop(self):
        _call(PROG_DETACH, self.attr)
        os.close(self.program)
        os.close(self.cgroup)
