/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects in the order of their ids, so that a dump can resume after any of
 * them. Ids start at 1 and are never used twice.
 */
#ifndef _KITH_IDENTITY_INDEX_H
#define _KITH_IDENTITY_INDEX_H

#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct kith_index_node {
	struct rb_node rb;	/* index's lock */
	u64 id;			/* fixed once added; 0 before */
};

struct kith_index {
	spinlock_t lock;	/* process context only, preemption may be off */
	struct rb_root root;	/* lock */
	u64 last;		/* lock; the highest id given */
	unsigned int count;	/* lock to write */
};

#define DEFINE_KITH_INDEX(name)						\
	struct kith_index name = {					\
		.lock = __SPIN_LOCK_UNLOCKED((name).lock),		\
		.root = RB_ROOT,					\
	}

/**
 * kith_index_add() - give @node an id and a place
 * @index: any
 * @node: not in an index; the caller keeps the object alive while it is in
 * @max: how many nodes may be in the index at most
 *
 * Process context, preemption may be off. Return: 0, or -ENOSPC.
 */
int kith_index_add(struct kith_index *index, struct kith_index_node *node,
		   unsigned int max);

/* Takes @node out; nothing happens when it is not in. */
void kith_index_del(struct kith_index *index, struct kith_index_node *node);

/* The node with the smallest id that is at least @id, or NULL. Under
 * @index->lock, as long as the node is used without a reference.
 */
struct kith_index_node *kith_index_from(const struct kith_index *index, u64 id);

#endif
