# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Sourced by the scripts that run inside a guest.

# port NAME: the device of the virtio-serial port of that name.
port() {
	local name
	for name in /sys/class/virtio-ports/*/name; do
		if [ "$(<"$name")" = "$1" ]; then
			name=${name%/name}
			echo "/dev/${name##*/}"
			return
		fi
	done
}

# report WORD…: tell the host. The port admits one opener at a time.
report() { echo "$*" >"$(port kith.control)"; }

# What tests/vm/run wrote for this guest: argv, and config, which sets these.
# shellcheck disable=SC2034
run_files=/run/kith index='' guests='' mode='' kernel='' rows='' columns='' TERM=''
