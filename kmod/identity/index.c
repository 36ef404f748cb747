// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include "index.h"

/* The new id is the highest: the place is at the far right. */
static void index_append(struct kith_index *index, struct kith_index_node *node)
{
	struct rb_node **link = &index->root.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = &parent->rb_right;
	}
	rb_link_node(&node->rb, parent, link);
	rb_insert_color(&node->rb, &index->root);
}

int kith_index_add(struct kith_index *index, struct kith_index_node *node,
		   unsigned int max)
{
	int err = -ENOSPC;

	spin_lock(&index->lock);
	if (index->count < max) {
		node->id = ++index->last;
		index_append(index, node);
		WRITE_ONCE(index->count, index->count + 1);
		err = 0;
	}
	spin_unlock(&index->lock);
	return err;
}

void kith_index_del(struct kith_index *index, struct kith_index_node *node)
{
	spin_lock(&index->lock);
	if (node->id && !RB_EMPTY_NODE(&node->rb)) {
		rb_erase(&node->rb, &index->root);
		RB_CLEAR_NODE(&node->rb);
		WRITE_ONCE(index->count, index->count - 1);
	}
	spin_unlock(&index->lock);
}

struct kith_index_node *kith_index_from(const struct kith_index *index, u64 id)
{
	struct rb_node *rb = index->root.rb_node;
	struct kith_index_node *node, *found = NULL;

	while (rb) {
		node = rb_entry(rb, struct kith_index_node, rb);
		if (node->id < id) {
			rb = rb->rb_right;
		} else {
			found = node;
			rb = rb->rb_left;
		}
	}
	return found;
}
