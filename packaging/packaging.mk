# SPDX-License-Identifier: Apache-2.0
#
# Where agent and CLI go on a host.
install_parts += install-user

.PHONY: install-user
install-user:
	@install -D -m 755 $(BUILD)/user/kithd $(DESTDIR)/usr/sbin/kithd
	@install -D -m 755 $(BUILD)/user/kith $(DESTDIR)/usr/bin/kith
	@install -D -m 755 $(BUILD)/user/kith-claims $(DESTDIR)/usr/lib/kith/kith-claims
	@for unit in kithd kith-claims; do \
		install -D -m 644 packaging/systemd/$$unit.service \
			$(DESTDIR)/usr/lib/systemd/system/$$unit.service; done
	@install -D -m 644 packaging/systemd/kith.sysusers $(DESTDIR)/usr/lib/sysusers.d/kith.conf
	@install -D -m 644 packaging/udev/60-kith.rules \
		$(DESTDIR)/usr/lib/udev/rules.d/60-kith.rules
	@install -D -m 644 packaging/completion/kith.bash \
		$(DESTDIR)/usr/share/bash-completion/completions/kith
	@install -d -m 755 $(DESTDIR)/etc/kith/policy.d
	@# A configuration that is there belongs to the operator.
	@test -e $(DESTDIR)/etc/kith/kith.yaml || \
		install -m 644 packaging/config/kith.yaml $(DESTDIR)/etc/kith/kith.yaml
