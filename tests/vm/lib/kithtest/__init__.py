# SPDX-License-Identifier: Apache-2.0
"""What the suites share. Runs in a guest as root, with Python's own library."""
