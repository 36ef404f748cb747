# SPDX-License-Identifier: Apache-2.0
"""An attacker within a claimed program: an interpreter of its own, told what to run."""
import filecmp
import os
import shutil
import subprocess

from . import host, tap

NAME = "insider"


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
