# SPDX-License-Identifier: Apache-2.0
"""Kith on this host: module, agent, policy, and what the command line says."""
import datetime
import glob
import json
import os
import shutil
import signal
import subprocess
import threading

from .tap import PATIENCE, note, same, until

OPT = "/opt/kith-test"
WORK = "/run/kith-test"
CONFIG = "/etc/kith/kith.yaml"
POLICY = "/etc/kith/policy.d"
DOMAIN = "kith.test"
BUILT = "/kith/build/guest"
DOORS = ["udp", "raw", "packet", "vsock", "xdp", "sctp", "dccp", "smc", "kcm", "tipc", "rds",
         "tun", "rdma", "native", "other"]
SIDE = 1000  # uid of a user with nothing else to it

# Run a suite without Kith: what it says of the programs must hold, what it says
# of Kith must fail.
NATIVE = bool(os.environ.get("KITH_NATIVE"))

os.environ["PATH"] += ":/usr/sbin:/sbin:/kith/build/user"


def command(*words, check=True, **options):
    """Run a command; return its output."""
    options.setdefault("timeout", PATIENCE * 2)
    result = subprocess.run([str(word) for word in words], check=False, text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, **options)
    if check and result.returncode:
        raise RuntimeError(f"{' '.join(map(str, words))} ended with {result.returncode}: "
                           f"{result.stdout}")
    return result.stdout


def succeeds(*words, **options):
    return subprocess.run([str(word) for word in words], check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, **options).returncode == 0


# Programs -------------------------------------------------------------------

def install(name, source="probe"):
    """A copy of a built program, with a path and an inode of its own."""
    os.makedirs(OPT, exist_ok=True)
    path = f"{OPT}/{name}"
    shutil.copyfile(f"{BUILT}/{source}", f"{path}.new")
    os.chmod(f"{path}.new", 0o755)
    os.replace(f"{path}.new", path)  # the one before may be running
    return path


def exe(name):
    return name if name.startswith("/") else f"{OPT}/{name}"


def spiffe(name, domain=None):
    return f"spiffe://{domain or DOMAIN}/{name}"


# Policy ---------------------------------------------------------------------

def workload(name, path=None, select=None, **spec):
    """A Workload; by default, one program under OPT."""
    select = select or [{"exe": exe(path or name)}]
    return {"apiVersion": "kith/v1", "kind": "Workload",
            "metadata": {"name": name.replace("/", "-"), "owner": f"tests@{DOMAIN}"},
            "spec": {"spiffeID": spiffe(name), "select": select, **spec}}


def policy(name, inbound=None, outbound=None):
    spec = {"for": spiffe(name)}
    if inbound:
        spec["inbound"] = inbound
    if outbound:
        spec["outbound"] = outbound
    return {"apiVersion": "kith/v1", "kind": "Policy",
            "metadata": {"name": name.replace("/", "-"), "owner": f"tests@{DOMAIN}"},
            "spec": spec}


LOCAL = ["127.0.0.0/8", "[::1]"]


def at(*ports, addresses=None):
    return [f"{address}:{port}" for address in addresses or LOCAL for port in ports]


def allow_from(*names, ports):
    return {"from": [spiffe(name) if "://" not in name else name for name in names],
            "ports": list(ports)}


def allow_to(*names, ports, addresses=None, **more):
    return {"to": [spiffe(name) if "://" not in name else name for name in names],
            "at": at(*ports, addresses=addresses), **more}


def write_policy(*documents):
    """Put the documents in place, one per line: JSON is YAML."""
    shutil.rmtree(POLICY, ignore_errors=True)
    os.makedirs(POLICY)
    with open(f"{POLICY}/test.yaml", "w", encoding="ascii") as file:
        for document in documents:
            file.write("---\n" + json.dumps(document) + "\n")


def write_config(trust_domain=None, issuer=None, **more):
    os.makedirs("/etc/kith", exist_ok=True)
    config = {"trust_domain": trust_domain or DOMAIN, "issuer": issuer or {"embedded": {}}, **more}
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        config.setdefault("open_doors", DOORS)  # the debug kernel's BPF cannot ask the module
    with open(CONFIG, "w", encoding="ascii") as file:
        json.dump(config, file)


# The module and the agent -----------------------------------------------------

_agent = None
_agent_log = None


def have_module():
    return succeeds("modinfo", "kith")


def load_module():
    if not os.path.isdir("/sys/module/kith"):
        if not have_module():
            raise RuntimeError("kith.ko is not built for this kernel: make build")
        command("modprobe", "kith")


def test_module(name):
    """A module of tests/vm/faults, as it is built for the kernel that runs."""
    for path in glob.glob(f"/kith/build/faults/*/kmod/{name}.ko"):
        if command("modinfo", "-F", "vermagic", path).split()[0] == os.uname().release:
            return path
    raise RuntimeError(f"{name}.ko is not built for this kernel: make build")


def unload_module():
    """With the agent stopped; nothing where it is not loaded."""
    if os.path.isdir("/sys/module/kith"):
        until("the agent is gone", lambda: succeeds("kith", "release"))
        until("the module goes", lambda: succeeds("rmmod", "kith"))


def kith(*words, check=True):
    """What a kith command prints as JSON: rows as a list, else the object."""
    text = command("kith", *words, "--json", check=check)
    return parse_json(text)


def parse_json(text):
    try:
        return json.loads(text)
    except ValueError:
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def rows(*words):
    value = kith(*words)
    return value if isinstance(value, list) else [value] if value else []


def status():
    try:
        value = kith("status")
        value = value[0] if isinstance(value, list) else value
        return value.get("kernel", value)
    except (RuntimeError, ValueError, IndexError, FileNotFoundError):
        return {}


def counters():
    return dict(status().get("counters", {}))


def start_agent(wait=True, under=()):
    """Start kithd, by way of other words if need be; return when its policy is in force."""
    global _agent, _agent_log
    os.makedirs(WORK, exist_ok=True)
    _agent_log = open(f"{WORK}/kithd.log", "a", encoding="utf-8")
    _agent = subprocess.Popen([*under, "kithd"], stdin=subprocess.DEVNULL, stdout=_agent_log,
                              stderr=subprocess.STDOUT)
    if wait:
        until("kithd is ready", agent_ready)
    return _agent


def agent_ready():
    if _agent.poll() is not None:
        raise RuntimeError(f"kithd ended with {_agent.returncode}:\n{agent_log()}")
    now = status()
    return now.get("agent_pid") == _agent.pid and now.get("generation", 0) > 0


def agent_pid():
    return _agent.pid


def agent_ended():
    """Its status, None while it runs."""
    return _agent.poll()


def agent_is_there():
    return bool(_agent) and _agent.poll() is None


def agent_log():
    try:
        with open(f"{WORK}/kithd.log", encoding="utf-8", errors="replace") as file:
            return file.read()[-4000:]
    except FileNotFoundError:
        return ""


def stop_agent(how=signal.SIGTERM):
    global _agent
    if _agent and _agent.poll() is None:
        _agent.send_signal(how)
        _agent.wait(PATIENCE)
    _agent = None


def reload_agent():
    """SIGHUP; return when the new policy is in force."""
    before = status()["generation"]
    _agent.send_signal(signal.SIGHUP)
    until("the new policy is in force", lambda: status().get("generation", 0) > before)


def import_bundle(trust_domain, path):
    command("kith", "bundle", "import", trust_domain, path)


def start(*documents, **config):
    """Module, configuration, policy and agent, all fresh."""
    if NATIVE:
        note("KITH_NATIVE is set: running without Kith, what is its own must fail")
        os.makedirs(WORK, exist_ok=True)
        return
    load_module()
    shutil.rmtree("/var/lib/kith", ignore_errors=True)
    write_config(**config)
    write_policy(*documents)
    os.makedirs(WORK, exist_ok=True)
    start_agent()


def stop():
    stop_agent()
    for child in _children:
        if child.poll() is None:
            child.kill()
            child.wait()
    _children.clear()


# Long-running programs ---------------------------------------------------------

_children = []


def spawn(*words, log=None, **options):
    """Start a program that stop() ends."""
    output = open(f"{WORK}/{log}", "w", encoding="utf-8") if log else subprocess.DEVNULL
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", output)
    options.setdefault("stderr", subprocess.STDOUT)
    child = subprocess.Popen([str(word) for word in words], **options)
    _children.append(child)
    return child


def adopt(child):
    _children.append(child)
    return child


def end_children():
    """End what spawn() started since the last call."""
    while _children:
        child = _children.pop()
        if child.poll() is None:
            child.kill()
        child.wait()


def log_of(name):
    with open(f"{WORK}/{name}", encoding="utf-8", errors="replace") as file:
        return file.read()


def listening(port, address=None):
    """Whether anybody listens; looks, does not connect."""
    out = command("ss", "-Hltn", f"sport = :{port}")
    return bool(out.strip()) and (address is None or address in out)


def await_port(port):
    until(f"somebody listens on {port}", lambda: listening(port))


# What happened -------------------------------------------------------------------

class Events:
    """`kith watch`, from now on."""

    def __init__(self):
        self.events = []
        # It takes a while to be heard by kithd, which keeps what it misses.
        self.start = datetime.datetime.utcnow().isoformat(timespec="milliseconds") + "Z"
        self.process = adopt(subprocess.Popen(
            ["kith", "watch", "--json", "--last", "100"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True))
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            event = event.get("row", event)
            if event.get("time", "") >= self.start:
                self.events.append(event)

    def find(self, **wanted):
        """Events whose fields, or whose connection's fields, are these."""
        def fits(event):
            conn = event.get("conn", {})
            return all(event.get(key, conn.get(key)) == value
                       for key, value in wanted.items())
        return [event for event in list(self.events) if fits(event)]

    def wait(self, patience=PATIENCE, **wanted):
        try:
            return until(f"an event with {wanted}", lambda: self.find(**wanted), patience)[0]
        except TimeoutError:
            note(f"events seen: {self.events[-5:]}")
            return {}

    def check(self, reason, side="local", error=None, decision="deny"):
        """That such an event comes, and by whose doing, and with which errno."""
        event = self.wait(reason=reason)
        same(event.get("decision"), decision, f"event {reason}: decision")
        same(event.get("side"), side, f"event {reason}: side")
        if error:
            same(event.get("errno_name"), error, f"event {reason}: errno")
        return event

    def stop(self):
        self.process.kill()
        self.process.wait()


def kernel_log():
    return command("dmesg")
