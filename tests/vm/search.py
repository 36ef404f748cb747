# SPDX-License-Identifier: Apache-2.0
"""A search for private keys in a guest's memory and disk, from outside of it.

The guest asks by a line to the port kith.control,

    search [-s] PUBLIC-KEY…

and stands still from then until it has the answer: the lines that keysearch says
(tests/vm/programs/keysearch), and a line with a full stop. With

    search before

what is in memory now is no key that is made later: it is not tried for one.
"""
import json
import os
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = f"{TOP}/build/guest/keysearch"


class Search:
    def __init__(self, monitor, work, memory, disk, files):
        """@monitor: qemu's, a socket; @memory: MiB; @files: what the guest was given,
        and may hold in its memory."""
        self.monitor = monitor.makefile("rw", encoding="utf-8")
        self.work = work
        self.size = memory << 20
        self.disk = disk
        self.files = list(files)
        self.before = f"{work}/before"
        self.monitor.readline()  # its greeting
        self.order("qmp_capabilities")

    def order(self, name, **arguments):
        self.monitor.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self.monitor.flush()
        while True:
            answer = json.loads(self.monitor.readline())
            if "error" in answer:
                raise RuntimeError(f"qemu: {name}: {answer['error']['desc']}")
            if "return" in answer:
                return

    def answer(self, request):
        """What to tell the guest."""
        memory = f"{self.work}/memory"
        self.order("stop")
        try:
            if request == "before":
                self.save(self.before)
                return ".\n"
            self.save(memory)
            return self.search(memory, request.split())
        finally:
            self.order("cont")

    def save(self, path):
        # Below 2 GiB all of it is in one piece, from address 0 on.
        self.order("pmemsave", val=0, size=self.size, filename=path)

    def search(self, memory, words):
        command = [TOOL, "-k", f"{self.work}/keys"]
        if words and words[0] == "-s":
            command += words[:1]
            words = words[1:]
        for file in (*self.files, *filter(os.path.exists, [self.before])):
            command += ["-x", file]
        done = subprocess.run([*command, memory, self.disk], check=False, text=True,
                              input="".join(f"{key}\n" for key in words),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        os.unlink(memory)
        end = "" if done.returncode == 0 else f"failed {done.returncode}\n"
        return f"{done.stdout}{end}.\n"
