# SPDX-License-Identifier: Apache-2.0
"""A FUSE server by hand: one file, "program", that shows itself as its server likes.

    server = fuse.Server(where, user)   mounts it as that user's, for everybody
    server.show(true, pid, lie)         from now on: lie, of the same size, to the process pid
    server.stall(pid)                   do not answer that process any more
    server.asked(pid)                   what it asked, by number of operation
    server.end()

It is a thread of ours: whoever executes the file has to be a process of its own by
then (under=["setpriv", …]), since Popen() keeps our threads waiting until it has.
"""
import errno
import os
import struct
import threading

from . import host
from .tap import PATIENCE

LOOKUP, FORGET, GETATTR, OPEN, READ = 1, 2, 3, 14, 15
STATFS, RELEASE, FLUSH, INIT, BATCH_FORGET = 17, 18, 25, 26, 42
DIRECT_IO = 1
PROGRAM = 2  # its node; the directory is 1
SINCE = 1700000000  # a file that has not changed
IN = struct.Struct("<IIQQIIII")  # length, operation, unique, node, uid, gid, pid, padding


def mount(where, user):
    """As fusermount does where user_allow_other is configured."""
    host.command("modprobe", "fuse")
    os.makedirs(where, exist_ok=True)
    device = os.open("/dev/fuse", os.O_RDWR)
    host.command("mount", "-i", "-t", "fuse", "-o",
                 f"fd={device},rootmode=40000,user_id={user},group_id={user},allow_other",
                 "kithtest", where, pass_fds=[device])
    return device


class Server:
    def __init__(self, where, user):
        self.where, self.path = where, f"{where}/program"
        self.true = self.lie = b""
        self.pid = self.stalled = 0
        self.log, self.held = [], []
        self.device = mount(where, user)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def show(self, true, pid=0, lie=b""):
        self.true, self.pid, self.lie = true, pid, lie

    def stall(self, pid):
        self.stalled = pid

    def asked(self, pid):
        return [operation for who, operation in list(self.log) if who == pid]

    def end(self):
        """Whoever still waits gets an error."""
        # By force it ends the connection, and so the thread's read().
        host.command("umount", "-f", "-l", self.where, check=False)
        self.thread.join(PATIENCE)
        if self.thread.is_alive():
            raise TimeoutError("the FUSE server does not end")
        os.close(self.device)

    def _serve(self):
        while True:
            try:
                request = os.read(self.device, 1 << 18)
            except OSError:
                return
            _, operation, unique, node, _, _, pid, _ = IN.unpack_from(request)
            self.log.append((pid, operation))
            if operation in (FORGET, BATCH_FORGET):
                continue
            if pid and pid == self.stalled:
                self.held.append(unique)
                continue
            answer = self._answer(operation, node, pid, request[IN.size:])
            error = -answer if isinstance(answer, int) else 0
            body = b"" if error else answer
            try:
                os.write(self.device, struct.pack("<IiQ", 16 + len(body), error, unique) + body)
            except OSError:
                pass  # it does not wait any more

    def _content(self, pid):
        return self.lie if pid and pid == self.pid else self.true

    def _attributes(self, node, pid):
        size = len(self._content(pid)) if node == PROGRAM else 0
        mode = 0o100755 if node == PROGRAM else 0o40755
        return struct.pack("<QQQQQQIIIIIIIIII", node, size, (size + 511) // 512, SINCE, SINCE,
                           SINCE, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)

    def _answer(self, operation, node, pid, body):
        if operation == INIT:
            return struct.pack("<IIIIHHIIHHI7I", 7, 31, 65536, 0, 16, 16, 1 << 17, 1, 32, 0,
                               *[0] * 8)
        if operation == LOOKUP and body.rstrip(b"\0") == b"program":
            return struct.pack("<QQQQII", PROGRAM, 0, 0, 0, 0, 0) + self._attributes(PROGRAM, pid)
        if operation == LOOKUP:
            return errno.ENOENT
        if operation == GETATTR:
            return struct.pack("<QII", 0, 0, 0) + self._attributes(node, pid)
        if operation == OPEN:
            # To whom it lies not by way of the page cache.
            return struct.pack("<QII", 0, DIRECT_IO if pid == self.pid else 0, 0)
        if operation == READ:
            _, offset, size = struct.unpack_from("<QQI", body)
            return self._content(pid)[offset:offset + size]
        if operation == STATFS:
            return struct.pack("<5Q10I", *[0] * 5, 4096, 255, 4096, *[0] * 7)
        if operation in (RELEASE, FLUSH):
            return b""
        return errno.ENOSYS
