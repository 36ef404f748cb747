# SPDX-License-Identifier: Apache-2.0
"""Attack scripts: what an attacker gains, with the defence off and with it on.

A script in tests/attack states

    @attack.service     starts the programs under attack, anew for each attack
    @attack.rightful    the use that the service is there for: what it gains
    @attack.attempt     one attack: returns what it gained, "" for nothing; or a list
                        of what it gained in several ways
    attack.main(*documents)     the policy that defends the service

Each attempt is first made with the defence off: without the module, or under the
documents of main(off=…). One that gains nothing there proves nothing, and fails. Then
it is made under the policy, where the rightful use has to gain something right
before, and the attempt nothing. What an attempt raises is a failure either way.
"""
import os
import sys
import traceback

from . import host, tap
from .puppet import Puppet

LOCAL, PORT = "127.0.0.1", 5900
VAULT, CLIENT = "vault", "client"
_service = _rightful = None
_attempts = []
_defended = False


def service(function):
    global _service
    _service = function
    return function


def rightful(function):
    global _rightful
    _rightful = function
    return function


def attempt(function):
    _attempts.append(function)
    return function


def is_defended():
    """Whether the attempt is made with the defence on."""
    return _defended


# A service for attacks on identity: "vault" answers whom it serves, which by the
# policy is "client" alone.

def vault():
    """Start it; "client" is the executable that may use it."""
    for name in (VAULT, CLIENT):
        host.install(name)
    host.spawn(host.exe(VAULT), "serve", LOCAL, PORT)
    host.await_port(PORT)


def vault_policy(*more, **client):
    """Who the vault and its client are; `client` as for host.workload()."""
    return [host.workload(VAULT), host.workload(CLIENT, **client),
            host.policy(VAULT, [host.allow_from(CLIENT, ports=[PORT])]),
            host.policy(CLIENT, outbound=[host.allow_to(VAULT, ports=[PORT])]), *more]


def ask_as(name, **how):
    """What the vault answers a program of that name; it has ended then."""
    puppet = Puppet(name, **how)
    answer = ask(puppet)
    puppet.end()
    return answer


def ask(puppet, address=LOCAL, port=PORT, slot=900):
    """What the vault answers a program: "" when it refuses."""
    question, answer = "open", ""
    error = puppet.error("connect", slot, address, port)
    if error == "ok":
        error = puppet.error("send", slot, question)
    if error == "ok":
        error, answer = puppet.do("recv", slot, len(question))
    puppet.error("close", slot)
    tap.note(f"asking the vault: {error} {answer}")
    return f"the vault's answer {answer}" if answer == question else ""


# Running -------------------------------------------------------------------------

def _try(function, defended, title):
    """One attempt against a service just started."""
    try:
        _service()
        if defended:
            tap.ok(_rightful(), f"before {title}: the rightful use succeeds")
        gained = function()
        ways = gained if isinstance(gained, list) else [gained]
        if defended:
            tap.ok(not any(ways), f"{title} gains nothing", f"gained {gained!r}")
        else:
            tap.ok(all(ways), f"{title} succeeds: {gained}")
    except tap.Skip as why:
        tap.skip(title, why)
    except Exception as error:  # pylint: disable=broad-except
        tap.ok(False, f"{title}: {type(error).__name__}: {error}", traceback.format_exc())
    finally:
        host.end_children()


def _scene(defended, documents, chosen):
    global _defended
    _defended = defended
    if documents is not None:
        host.start(*documents)
    for function in _attempts:
        title = function.__name__.replace("_", "-")
        if not chosen or title in chosen:
            _try(function, defended, title)
    host.stop()
    if documents is not None:
        host.unload_module()


def _setup():
    if not host.have_module():
        raise RuntimeError("kith.ko is not built for this kernel: make build")
    os.makedirs(host.WORK, exist_ok=True)


def main(*documents, off=None):
    """Run the attempts, those named on the command line or all.

    @off: documents under which the defence is off; without, the module is absent.
    """
    chosen = sys.argv[1:]
    del sys.argv[1:]

    @tap.case
    def undefended():
        _scene(False, off, chosen)

    @tap.case
    def defended():
        _scene(True, list(documents), chosen)

    tap.main(_setup, None, host.stop)
