# SPDX-License-Identifier: Apache-2.0
"""An attacker within a claimed program: an interpreter of its own, told what to run."""
import filecmp
import os
import shutil
import subprocess

from . import host, tap

NAME = "insider"

# Reaches into process argv[1] and prints what it got hold of.
REACH = """if True:
    import ctypes, os, signal, sys
    libc = ctypes.CDLL(None, use_errno=True)
    pid, how = int(sys.argv[1]), sys.argv[2]

    def check(result):
        if result == -1:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return result

    def where():
        with open(f"/proc/{pid}/maps", encoding="ascii") as maps:
            return next(int(line.split("-")[0], 16) for line in maps if " rw-p " in line)

    if how == "ptrace":
        check(libc.ptrace(16, pid, None, None))
        os.waitpid(pid, 0x40000000)
        check(libc.ptrace(17, pid, None, None))
        print("traced it")
    elif how == "vm":
        class iovec(ctypes.Structure):
            _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
        own = ctypes.create_string_buffer(1)
        at = where()
        local, remote = iovec(ctypes.addressof(own), 1), iovec(at, 1)
        check(libc.process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0))
        check(libc.process_vm_writev(pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0))
        print("wrote to it")
    elif how == "mem":
        with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
            memory.seek(where())
            byte = memory.read(1)
            memory.seek(-1, 1)
            memory.write(byte)
        print("wrote to it")
    elif how == "getfd":
        check(libc.syscall(438, check(libc.syscall(434, pid, 0)), 0, 0))
        print("took a descriptor")"""


def install(name=NAME):
    """An executable that no one takes for an interpreter."""
    interpreter = os.path.realpath("/usr/bin/python3")
    os.makedirs(host.OPT, exist_ok=True)
    # Emulators are slow where code is written over code that ran: leave what is right.
    if not os.path.exists(host.exe(name)) or not filecmp.cmp(interpreter, host.exe(name)):
        shutil.copy(interpreter, host.exe(name))


def run(code, *words, name=NAME, **options):
    """What the program prints; the last line of its error when it fails."""
    result = subprocess.run([host.exe(name) if "/" not in name else name, "-c", code, *map(str, words)], check=False, text=True,
                            stdin=options.pop("stdin", subprocess.DEVNULL), stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, timeout=tap.PATIENCE, **options)
    if result.returncode:
        tap.note(f"{name}: {result.stderr.strip().splitlines()[-1:]}")
    return result.stdout.strip()
