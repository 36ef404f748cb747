# SPDX-License-Identifier: Apache-2.0
"""Private keys in this guest's memory, in dumps of its processes and on its disk.

The search itself is done from outside (tests/vm/search.py), for a guest that was
started with a disk to write to.
"""
import glob
import os
import re
import typing

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from . import host

DISK = "/mnt/scratch"
DUMPS = f"{DISK}/dumps"
PAGE = 4096


def mount_disk():
    for path in glob.glob("/sys/block/vd*/serial"):
        with open(path, encoding="ascii") as serial:
            if serial.read().strip() != "scratch":
                continue
        device = f"/dev/{path.split('/')[3]}"
        os.makedirs(DISK, exist_ok=True)
        host.command("mkfs.ext4", "-q", device)
        host.command("mount", device, DISK)
        return
    raise RuntimeError("this guest has no disk: tests/vm/run -d")


def on_disk(path):
    """Have a directory be one of the disk."""
    there = DISK + path
    for directory in (there, path):
        os.makedirs(directory, exist_ok=True)
    host.command("mount", "--bind", there, path)


def public_key(certificate):
    """Of a certificate in DER, as keysearch takes it."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    return key.public_bytes(serialization.Encoding.X962,
                            serialization.PublicFormat.UncompressedPoint).hex()


# Dumps of processes ----------------------------------------------------------------

def _dump_mapping(memory, out, start, end):
    for at in range(start, end, 256 * PAGE):
        try:
            memory.seek(at)
            data = memory.read(min(256 * PAGE, end - at))
        except (OSError, ValueError, OverflowError):
            continue  # the kernel's own, or not there
        if data.strip(b"\0"):
            out.write(data)


def _dump(pid):
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        ranges = [line.split()[:2] for line in maps]
    with open(f"/proc/{pid}/mem", "rb", 0) as memory, open(f"{DUMPS}/{pid}", "wb") as out:
        for where, mode in ranges:
            if mode.startswith("r"):
                _dump_mapping(memory, out, *(int(part, 16) for part in where.split("-")))


def dump_processes():
    """Write the memory of every process of userspace to the disk; how many there are."""
    host.command("rm", "-rf", DUMPS)
    os.makedirs(DUMPS)
    number = 0
    for name in os.listdir("/proc"):
        if name.isdigit() and os.path.exists(f"/proc/{name}/exe"):
            try:
                _dump(name)
                number += 1
            except (FileNotFoundError, ProcessLookupError):
                pass  # it has ended
    os.sync()
    return number


# The search --------------------------------------------------------------------------

def _ask(line):
    for path in glob.glob("/sys/class/virtio-ports/*/name"):
        with open(path, encoding="ascii") as name:
            if name.read().strip() == "kith.control":
                port = f"/dev/{path.split('/')[4]}"
    fd = os.open(port, os.O_RDWR)
    try:
        os.write(fd, line.encode())
        answer = b""
        while not answer.endswith(b".\n"):
            answer += os.read(fd, 65536)
    finally:
        os.close(fd)
    return answer.decode().splitlines()[:-1]


def remember():
    """There are no keys yet: leave out what is in memory now when they are tried for."""
    _ask("search before\n")


class Place(typing.NamedTuple):
    """A private key, or a part of one, in memory or on the disk."""
    key: int
    owner: str  # "disk", or whose memory it is
    address: int
    begin: int
    end: int  # bytes of it
    order: str

    def __str__(self):
        part = "" if self.end - self.begin == 32 else f" bytes {self.begin} to {self.end} of"
        return f"{self.owner}: at {self.address:#x}{part} key {self.key}, {self.order}"


def _join(copies):
    """(key, image, address, begin, end, order) of adjacent parts."""
    joined = []
    for key, image, order, address, at in sorted(copies):
        last = joined[-1] if joined else None
        if last and last[:3] == [key, image, order] and (
                last[3] + at - last[4] == address and at <= last[5]):
            last[5] = max(last[5], at + 8)
        else:
            joined.append([key, image, order, address, at, at + 8])
    return joined


class Found:
    """What a search for the private keys of some public keys gave."""

    def __init__(self, keys, sweep=False):
        """@sweep: find those that no search has found before."""
        self.tried, self.known, copies = "", set(), []
        for line in _ask(f"search {'-s ' if sweep else ''}{' '.join(keys)}\n"):
            word, _, rest = line.partition(" ")
            if word == "tried":
                self.tried = line
            elif word in ("key", "known"):
                self.known.add(int(rest.split()[0]))
            elif word == "copy":
                key, image, offset, byte, order = rest.split(" ", 4)
                copies.append((int(key), image, order, int(offset), int(byte)))
            else:
                raise RuntimeError(f"the search says: {line}")
        joined = _join(copies)
        owners = _owners({address for _, image, _, address, *_ in joined if image == "memory"})
        self.places = [
            Place(key, owners[address] if image == "memory" else "disk", address, begin, end, order)
            for key, image, order, address, begin, end in joined]

    def of_kith(self):
        """The keys that are in caches of the module's own."""
        return {place.key for place in self.places if is_of_kith(place)}

    def elsewhere(self):
        return [place for place in self.places if not is_of_kith(place)]


def is_of_kith(place):
    return re.fullmatch(r"kith_\d+", place.owner)


def _owners(addresses):
    """The slab cache of each address, or what else it is."""
    if not addresses:
        return {}
    if not os.path.isdir("/sys/module/kith_whose"):
        host.command("insmod", host.test_module("kith-whose"))
    for address in addresses:
        with open("/sys/module/kith_whose/parameters/address", "w", encoding="ascii") as file:
            file.write(str(address))
    said = re.findall(r"kith_whose: (\d+): +(.*)", host.kernel_log())
    owners = {int(address): text.removeprefix("slab ").split(" start ")[0]
              for address, text in said}
    return {address: owners.get(address, "?") for address in addresses}
