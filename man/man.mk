# SPDX-License-Identifier: Apache-2.0
#
# Manual pages.
install_parts += install-man

.PHONY: install-man
install-man:
	@for page in $(wildcard man/*.[158]); do \
		install -D -m 644 $$page $(DESTDIR)/usr/share/man/man$${page##*.}/$${page##*/}; done
