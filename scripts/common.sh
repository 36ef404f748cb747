# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Sourced by the project's scripts.

# Everything fetched or built that outlives a clone is kept outside it.
if [ -z "${KITH_CACHE:-}" ]; then
	KITH_CACHE=/var/cache/kith
	if [ "$(id -u)" -ne 0 ] && ! [ -w "$KITH_CACHE" ]; then
		KITH_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/kith
	fi
fi
mkdir -p "$KITH_CACHE"
KITH_CACHE=$(cd "$KITH_CACHE" && pwd)
export KITH_CACHE

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 1; }

# lock NAME: hold a lock until the shell ends, or until `exec 9>&-`.
lock() {
	mkdir -p "$KITH_CACHE/lock"
	exec 9>"$KITH_CACHE/lock/$1"
	flock 9
}
