# SPDX-License-Identifier: Apache-2.0
"""TAP, and suites made of cases.

A suite defines functions under @case and ends with main(). What a case raises
is one failure of its own; the other cases still run. Cases can be chosen by
name on the command line.
"""
import re
import sys
import time
import traceback

PATIENCE = 120  # seconds; a guard against hangs, never a measure of speed

_count = 0
_failures = 0
_cases = []
_current = ""


class Skip(Exception):
    """Why a case cannot run here."""


def _line(good, name):
    global _count, _failures
    _count += 1
    _failures += not good
    name = f"{_current}: {name}" if _current else name
    print(f"{'ok' if good else 'not ok'} {_count} - {name}", flush=True)


def note(text):
    for line in str(text).splitlines():
        print(f"# {line}", flush=True)


def ok(good, name, *notes):
    _line(bool(good), name)
    if not good:
        for text in notes:
            note(text)
    return bool(good)


def same(got, want, name):
    return ok(got == want, name, f"got      {got!r}", f"expected {want!r}")


def among(got, wanted, name):
    return ok(got in wanted, f"{name}: {got}", f"expected one of {wanted}")


def matches(pattern, text, name):
    return ok(re.search(pattern, text or "", re.S), name, f"no {pattern!r} in:", text)


def skip(name, why):
    _line(True, f"{name} # SKIP {why}")


def case(function):
    _cases.append(function)
    return function


def until(what, condition, patience=PATIENCE, pause=0.05):
    """Wait for a condition; return what it returned, or raise."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"waited {patience} s in vain: {what}")
        time.sleep(pause)


def _run(function, cleanup):
    global _current
    _current = function.__name__.replace("_", "-")
    started, before = time.monotonic(), _count
    try:
        function()
        if _count == before:
            ok(True, "done")
    except Skip as why:
        skip("this", why)
    except Exception as error:  # pylint: disable=broad-except
        ok(False, f"{type(error).__name__}: {error}", traceback.format_exc())
    finally:
        if cleanup:
            cleanup()
        note(f"{_current} took {time.monotonic() - started:.1f} s")
        _current = ""


def main(setup=None, cleanup=None, teardown=None):
    """Run the cases. cleanup runs after each, teardown at the very end."""
    global _current
    chosen = sys.argv[1:]
    try:
        _current = "setup"
        if setup:
            setup()
        _current = ""
        for function in _cases:
            if not chosen or function.__name__.replace("_", "-") in chosen:
                _run(function, cleanup)
    except Skip as why:
        skip("this suite", why)
    except Exception as error:  # pylint: disable=broad-except
        ok(False, f"{type(error).__name__}: {error}", traceback.format_exc())
    finally:
        _current = ""
        if teardown:
            teardown()
    print(f"1..{_count}", flush=True)
    sys.exit(1 if _failures else 0)
