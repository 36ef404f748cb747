# SPDX-License-Identifier: Apache-2.0
"""Containers of Podman, root's and a user's own, of nothing but probes.

They share the host's network, to reach what listens there. No registry is asked.
"""
import os
import pwd
import shutil

from . import host

ALICE = 1000  # who has a runtime of her own
SLICE = "/kith-boxes"
IMAGE = "kith.test/probe:1"
# Podman starts slowly on an emulated machine.
SLOW = 480


def rootfs(name, *paths, owner=0):
    """A directory to be a container's root, with a probe at each path."""
    top = f"{host.WORK}/{name}"
    shutil.rmtree(top, ignore_errors=True)
    for path in ("proc", "sys", "dev", "tmp", "etc", "run"):
        os.makedirs(f"{top}/{path}")
    for path in paths:
        os.makedirs(os.path.dirname(f"{top}{path}"), exist_ok=True)
        shutil.copy(f"{host.BUILT}/probe", f"{top}{path}")
    if owner:
        host.command("chown", "-R", f"{owner}:{owner}", top)
    return top


def storage():
    """Where root's runtime keeps its own: overlays cannot be stacked on the guest's."""
    if not os.path.ismount("/var/lib/containers"):
        os.makedirs("/var/lib/containers", exist_ok=True)
        host.command("mount", "-t", "tmpfs", "tmpfs", "/var/lib/containers")


def image(top):
    """Make IMAGE of a directory."""
    host.command("tar", "-C", top, "-cf", f"{host.WORK}/image.tar", ".")
    host.command("podman", "import", "-q", f"{host.WORK}/image.tar", IMAGE, timeout=SLOW)


def rootful(*options):
    """The words before what runs in a container of root's."""
    return ["podman", "--cgroup-manager=cgroupfs", "--events-backend=file", "run", "-i", "--rm",
            "--network=host", "--no-hosts", *options]


def rootless(*options):
    """The same of ALICE's."""
    runtime = f"/run/user/{ALICE}"
    if not host.succeeds("id", "-u", ALICE):
        host.command("useradd", "-m", "-u", ALICE, "alice")
    os.makedirs(runtime, exist_ok=True)
    os.chown(runtime, ALICE, ALICE)
    home = pwd.getpwuid(ALICE).pw_dir
    return ["setpriv", f"--reuid={ALICE}", f"--regid={ALICE}", "--init-groups", "env", "-C", home,
            f"HOME={home}", f"XDG_RUNTIME_DIR={runtime}", "podman", "--storage-driver=vfs",
            "--cgroup-manager=cgroupfs", "--events-backend=file", "run", "-i", "--rm",
            "--cgroups=disabled", "--network=host", "--no-hosts", *options]
