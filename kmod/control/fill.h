/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing objects as netlink attributes. Every function returns 0, or -EMSGSIZE
 * when the message has no room; what was written then is to be cancelled.
 */
#ifndef _KITH_CONTROL_FILL_H
#define _KITH_CONTROL_FILL_H

#include <linux/types.h>

struct kith_conn_info;
struct kith_credential;
struct kith_program;
struct sk_buff;

/* 64 bits without a padding attribute: read them with memcpy. */
int kith_put_u64(struct sk_buff *skb, int type, u64 value);
/* Nothing for NULL. */
int kith_put_text(struct sk_buff *skb, int type, const char *text);
/* A nested program; @exe is its path or NULL. Any context. */
int kith_put_program(struct sk_buff *skb, int type,
		     const struct kith_program *program, const char *exe);
/* Who started the task that its program is part of, if it is of one, and how
 * long that may take. Any context.
 */
int kith_put_run(struct sk_buff *skb, const struct kith_credential *c);
/* That, and what the task may be. Any context. */
int kith_put_permit(struct sk_buff *skb, const struct kith_credential *c);
/* Whose a credential is: its id, user and group. Any context. */
int kith_put_owner(struct sk_buff *skb, const struct kith_credential *c);
/* That, its state and its SVID, without a nest. Any context. */
int kith_put_credential(struct sk_buff *skb, struct kith_credential *c);
/* What an attestation and a dump tell besides: groups and cgroup. */
int kith_put_subject(struct sk_buff *skb, const struct kith_credential *c);
/* A connection, without a nest. Any context. */
int kith_put_conn(struct sk_buff *skb, const struct kith_conn_info *info);
/* The embedded CA nested, nothing when there is none. May sleep. */
int kith_put_ca(struct sk_buff *skb, int type);

/* Path of a program's executable in @buf of KITH_PATH_MAX bytes, for people;
 * NULL when it is dead. Process context.
 */
const char *kith_exe_path(struct kith_program *program, char *buf);

#endif
