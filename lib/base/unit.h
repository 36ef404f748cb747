/* SPDX-License-Identifier: Apache-2.0 */
/* The systemd unit a cgroup path belongs to. */
#ifndef KITH_LIB_BASE_UNIT_H
#define KITH_LIB_BASE_UNIT_H

/**
 * kith_unit_of_cgroup() - the first segment of @cgroup that is a service or scope
 *
 * "/system.slice/nginx.service/workers" is "nginx.service". Slices hold units
 * and units hold no units: what is below the first was named by whoever the
 * unit's cgroup is delegated to (a user's own manager, a container), who may
 * not choose an identity. So
 * "/user.slice/user-1000.slice/user@1000.service/app.slice/nginx.service" is
 * "user@1000.service". systemd's escape of names the kernel would take for its
 * own ("_nginx.service") is undone.
 *
 * Return: the unit's name to free(), or NULL when there is none.
 */
char *kith_unit_of_cgroup(const char *cgroup);

#endif
