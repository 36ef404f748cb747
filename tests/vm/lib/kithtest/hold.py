# SPDX-License-Identifier: Apache-2.0
"""A network that loses what opens a connection."""
from . import host

TABLE = ("table inet hold {{ chain in {{ type filter hook input priority 0; "
         "tcp dport {port} tcp flags syn drop; }}; }}")


class Hold:
    """SYNs to a port stay unanswered within a with statement."""

    def __init__(self, port):
        self.port = port

    def __enter__(self):
        host.command("nft", TABLE.format(port=self.port))

    def __exit__(self, *_):
        host.command("nft", "delete", "table", "inet", "hold")
