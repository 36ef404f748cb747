# SPDX-License-Identifier: Apache-2.0
"""Programs on strings: `probe puppet`, one system call per line."""
import os
import selectors
import subprocess

from . import host
from .tap import PATIENCE


class Puppet:
    """One running copy of the probe, by default a claimed one."""

    def __init__(self, name, managed=True, user=None, cgroup=None, under=(), patience=PATIENCE,
                 **options):
        words = [*under, host.exe(name), "-m" if managed else "--", "puppet"]
        if cgroup:
            words = ["sh", "-c", 'echo $$ >"$0"/cgroup.procs && exec "$@"', cgroup, *words]
        if user is not None:
            options.update(user=user, group=user, extra_groups=[])
        self.name = name
        self.process = host.adopt(subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, **options))
        self.partial = b""
        self._expect_ready(patience)

    def _expect_ready(self, patience=PATIENCE):
        line = self._line(patience)
        if line != "@ready":
            raise RuntimeError(f"{self.name} is not a puppet: {line!r}")

    @property
    def pid(self):
        return self.process.pid

    def _line(self, patience):
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while b"\n" not in self.partial:
                if not selector.select(patience):
                    raise TimeoutError(f"{self.name} has not answered for {patience} s")
                data = os.read(self.process.stdout.fileno(), 1 << 16)
                if not data:
                    raise EOFError(f"{self.name} ended with {self.process.wait()}: "
                                   f"{self.partial!r}")
                self.partial += data
        line, self.partial = self.partial.split(b"\n", 1)
        return line.decode(errors="replace")

    def begin(self, *words):
        """Have it start a call; answer() waits for the result."""
        self.process.stdin.write((" ".join(map(str, words)) + "\n").encode())

    def answer(self, patience=PATIENCE):
        """(errno's name or "ok", value)"""
        line = self._line(patience)
        if line.startswith("not ok"):
            raise RuntimeError(f"{self.name}: {line}")
        result, _, value = line.partition(" ")
        return result, value

    def busy(self, seconds=0.5):
        """Whether it is still at its call after a while."""
        try:
            self.partial = (self._line(seconds) + "\n").encode() + self.partial
            return False
        except TimeoutError:
            return True

    def do(self, *words):
        self.begin(*words)
        return self.answer()

    def call(self, *words):
        """The value of a call that must succeed."""
        result, value = self.do(*words)
        if result != "ok":
            raise RuntimeError(f"{self.name}: {' '.join(map(str, words))}: {result} {value}")
        return value

    def error(self, *words):
        """errno of a call, or "ok"."""
        return self.do(*words)[0]

    def become(self, name, managed=True):
        """exec another program."""
        self.begin("exec", host.exe(name))
        del managed
        self.name = name
        self._expect_ready()

    def peer(self, slot):
        """(connection id, flags, SPIFFE ID) of a slot's peer."""
        conn, flags, *identity = self.call("peer", slot).split(" ")
        return conn, int(flags), identity[0] if identity else ""

    def serve(self, slot, port, address="127.0.0.1", backlog=128):
        self.call("listen", slot, address, port, backlog)
        return self

    def end(self, kill=False):
        if kill:
            self.process.kill()
        else:
            self.process.stdin.close()
        return self.process.wait(PATIENCE)
