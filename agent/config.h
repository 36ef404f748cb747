/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /etc/kith/kith.yaml, documented in kith.yaml(5).
 */
#ifndef KITH_AGENT_CONFIG_H
#define KITH_AGENT_CONFIG_H

#include <stddef.h>
#include <stdint.h>
#include <linux/kith.h>

#define KITH_CONFIG_PATH     "/etc/kith/kith.yaml"
#define KITH_SOCKET_PATH     "/run/kith/kithd.sock"
#define KITH_POLICY_DIR	     "/etc/kith/policy.d"
#define KITH_STATE_DIR	     "/var/lib/kith"
#define KITH_GROUP	     "kith"
#define KITH_CA_TTL	     (365U * 24 * 3600)
#define KITH_ISSUER_DEADLINE 30

#define KITH_ISSUER_ARGS_MAX 32

enum kith_issuer_kind {
	KITH_ISSUER_EMBEDDED,
	KITH_ISSUER_COMMAND,
	KITH_ISSUER_DIRECTORY,
};

struct kith_agent_config {
	char *trust_domain;
	char *policy_dir, *state_dir, *socket, *group;
	enum kith_issuer_kind issuer;
	uint32_t ca_ttl;   /* embedded: seconds */
	char *issuer_path; /* command: program; directory: the directory */
	char *issuer_args[KITH_ISSUER_ARGS_MAX + 1]; /* command: NULL-terminated */
	char *issuer_bundle;			     /* not embedded: PEM of our trust domain */
	uint32_t issuer_deadline;		     /* not embedded: seconds */
	uint32_t open_doors;			     /* to claimed programs: 1 << enum kith_door */
};

/**
 * kith_agent_config_load() - read and check a configuration file
 * @config: filled on success, to clear with kith_agent_config_clear()
 * @error: set on failure: "file:line:column: what (remedy)", to free()
 *
 * Return: 0 or -errno.
 */
int kith_agent_config_load(const char *path, struct kith_agent_config *config, char **error);

/* The same for @size bytes of @text, called @name in errors. */
int kith_agent_config_parse(const char *name, const char *text, size_t size,
			    struct kith_agent_config *config, char **error);

void kith_agent_config_clear(struct kith_agent_config *config);

#endif
