# SPDX-License-Identifier: Apache-2.0
"""io_uring by hand, as text that an attacker's program runs.

`call(opcode, fd, off, addr, length, flags=0)` submits one and returns its result;
with wait=False it stays under way.
RING takes the flags of io_uring_setup() and a list of files to register.
"""
RING = """
import ctypes, mmap, os, struct, time
libc = ctypes.CDLL(None, use_errno=True)


class Ring:
    def __init__(self, flags=0, files=()):
        params = (ctypes.c_uint32 * 30)()
        params[2], params[4] = flags, 2000
        self.fd = libc.syscall(425, 4, params)
        assert self.fd >= 0, os.strerror(ctypes.get_errno())
        self.flags, self.tail = flags, 0
        self.sq_off, self.cq_off = list(params[10:20]), list(params[20:30])
        self.sq = mmap.mmap(self.fd, 4096, offset=0)
        self.cq = mmap.mmap(self.fd, 4096, offset=0x8000000)
        self.sqes = mmap.mmap(self.fd, 4096, offset=0x10000000)
        if files:
            table = (ctypes.c_int32 * len(files))(*files)
            assert libc.syscall(427, self.fd, 2, table, len(files)) == 0

    def call(self, opcode, fd, off, addr, length, fixed=False, wait=True):
        slot = self.tail % 4
        self.sqes[slot * 64:slot * 64 + 64] = struct.pack(
            "<BBHiQQIIQHHiQQ", opcode, 1 if fixed else 0, 0, fd, off, addr, length, 0, 7,
            0, 0, 0, 0, 0)
        struct.pack_into("<I", self.sq, self.sq_off[6] + 4 * slot, slot)
        self.tail += 1
        struct.pack_into("<I", self.sq, self.sq_off[1], self.tail)
        if not wait:
            assert libc.syscall(426, self.fd, 1, 0, 0, None, 0) == 1
            return None
        # GETEVENTS; with a polling thread also a wake-up, should it sleep.
        assert libc.syscall(426, self.fd, 1, 1, 3 if self.flags & 2 else 1, None, 0) >= 0
        result = struct.unpack_from("<QiI", self.cq, self.cq_off[5] + 16 * ((self.tail - 1) % 8))[1]
        struct.pack_into("<I", self.cq, self.cq_off[0], self.tail)
        return result
"""
