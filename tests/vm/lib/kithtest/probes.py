# SPDX-License-Identifier: Apache-2.0
"""Runs the probe's commands and hands its verdicts on."""
import subprocess
import time

from . import host
from .tap import PATIENCE, note, ok

DRIVEN = {"puppet", "connect-stages", "serve", "serve-fd", "visit"}  # need a suite at the other end

# What differs between IPv4 and IPv6 in Kith: the ops, addresses, listeners.
FAMILY = {"connect-blocking", "connect-poll", "connect-epoll", "connect-refused",
          "accept-poll", "accept-reuseport", "accept-closed-client", "listen-twice",
          "listen-shutdown", "listen-close-pending", "uring-accept", "stream-sizes",
          "stream-half-close", "receive-peek", "receive-splice", "send-sendfile",
          "close-orderly", "close-reset", "option-sol-tls", "option-peer-id"}


def commands():
    names = host.command(f"{host.BUILT}/probe").split()
    return [name for name in names
            if name not in DRIVEN and not name.startswith(("race-", "stress-"))]


def run(name, program, managed, *arguments, v6=False):
    """One command; its checks become ours."""
    words = [host.exe(program)] + ["-m"] * managed + ["-6"] * v6 + [name, *arguments]
    title = name + (" over IPv6" if v6 else "")
    started, good, bad = time.monotonic(), 0, []
    try:
        result = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, check=False,
                                timeout=PATIENCE * 2)
        lines, status = result.stdout.splitlines(), result.returncode
    except subprocess.TimeoutExpired as error:
        lines, status = (error.stdout or b"").decode().splitlines(), "a timeout"
    for line in lines:
        if line.startswith("ok"):
            good += 1
        elif not line.startswith(("@", "#")):
            bad.append(line)
    took = time.monotonic() - started
    ok(not status and not bad and good, f"{title}: {good} checks", f"ended with {status}",
       *(bad or lines[-5:]))
    if took > 20:
        note(f"{title} took {took:.0f} s")
