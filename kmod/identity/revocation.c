// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hash table for those who ask, an index for bounds and dumps.
 */
#include <linux/hashtable.h>
#include <linux/jhash.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include "index.h"
#include "revocation.h"

/* What is revoked, as it is compared: a SPIFFE ID, or a serial number without
 * leading zeros, which encoders differ in.
 */
struct revoked_key {
	bool is_serial;
	const u8 *data;
	size_t len;
};

struct revocation {
	struct hlist_node node;		/* writers; readers under RCU */
	struct kith_index_node place;
	struct rcu_head rcu;
	u64 until;			/* boottime ns, READ_ONCE() */
	bool is_serial;			/* fixed, as what follows */
	size_t len;
	u8 data[];			/* an ID has its NUL */
};

static DEFINE_HASHTABLE(table, 8);
static DEFINE_KITH_INDEX(places);
static DEFINE_MUTEX(writers);

static struct revoked_key key_of_id(const char *spiffe_id)
{
	return (struct revoked_key){ .data = spiffe_id, .len = strlen(spiffe_id) };
}

static struct revoked_key key_of_serial(const u8 *serial, size_t len)
{
	while (len && !*serial) {
		serial++;
		len--;
	}
	return (struct revoked_key){ .is_serial = true, .data = serial, .len = len };
}

static struct revoked_key key_of(const struct kith_revocation *what)
{
	return what->spiffe_id ? key_of_id(what->spiffe_id) :
				 key_of_serial(what->serial, what->serial_len);
}

static u32 hash(const struct revoked_key *key)
{
	return jhash(key->data, key->len, key->is_serial);
}

/* Whether it stands or not. Under RCU, or by a writer. */
static struct revocation *find(const struct revoked_key *key)
{
	struct revocation *r;

	hash_for_each_possible_rcu(table, r, node, hash(key),
				   lockdep_is_held(&writers))
		if (r->is_serial == key->is_serial && r->len == key->len &&
		    !memcmp(r->data, key->data, key->len))
			return r;
	return NULL;
}

static bool stands(const struct revocation *r)
{
	return ktime_get_boottime_ns() < READ_ONCE(r->until);
}

static bool key_is_revoked(struct revoked_key key)
{
	const struct revocation *r;
	bool revoked;

	rcu_read_lock();
	r = find(&key);
	revoked = r && stands(r);
	rcu_read_unlock();
	return revoked;
}

bool kith_is_revoked(const char *spiffe_id, const u8 *serial, size_t len)
{
	if (likely(!READ_ONCE(places.count)))
		return false;
	return key_is_revoked(key_of_id(spiffe_id)) ||
	       (serial && key_is_revoked(key_of_serial(serial, len)));
}

/* Under @writers, as the rest. */
static void drop(struct revocation *r)
{
	hash_del_rcu(&r->node);
	kith_index_del(&places, &r->place);
	kfree_rcu(r, rcu);
}

/* The next one after @id; it stays while the caller is a writer. */
static struct revocation *after(u64 id)
{
	struct kith_index_node *place;

	spin_lock(&places.lock);
	place = kith_index_from(&places, id + 1);
	spin_unlock(&places.lock);
	return place ? container_of(place, struct revocation, place) : NULL;
}

static void drop_past(void)
{
	struct revocation *r;
	u64 id = 0;

	while ((r = after(id))) {
		id = r->place.id;
		if (!stands(r))
			drop(r);
	}
}

static u64 end_of(const struct kith_revocation *what)
{
	u64 seconds = min_t(u64, what->seconds, U32_MAX);

	return seconds ? ktime_get_boottime_ns() + seconds * NSEC_PER_SEC :
			 U64_MAX;
}

static int add_new(const struct revoked_key *key, u64 until)
{
	struct revocation *r = kzalloc(struct_size(r, data, key->len + 1),
				       GFP_KERNEL);

	if (!r)
		return -ENOMEM;
	r->until = until;
	r->is_serial = key->is_serial;
	r->len = key->len;
	memcpy(r->data, key->data, key->len);
	if (kith_index_add(&places, &r->place, KITH_REVOCATIONS_MAX)) {
		kfree(r);
		return -ENOSPC;
	}
	hash_add_rcu(table, &r->node, hash(key));
	return 0;
}

int kith_revocation_add(const struct kith_revocation *what,
			struct netlink_ext_ack *extack)
{
	struct revoked_key key = key_of(what);
	struct revocation *r;
	int err = 0;

	if (!key.len) {
		NL_SET_ERR_MSG(extack, "a revocation names a SPIFFE ID or a serial number");
		return -EINVAL;
	}
	mutex_lock(&writers);
	drop_past();
	r = find(&key);
	if (r)
		WRITE_ONCE(r->until, end_of(what));
	else
		err = add_new(&key, end_of(what));
	mutex_unlock(&writers);
	if (err == -ENOSPC)
		NL_SET_ERR_MSG(extack, "too many revocations stand; lift some");
	return err;
}

int kith_revocation_remove(const struct kith_revocation *what)
{
	struct revoked_key key = key_of(what);
	struct revocation *r;

	mutex_lock(&writers);
	drop_past();
	r = find(&key);
	if (r)
		drop(r);
	mutex_unlock(&writers);
	return r ? 0 : -ENOENT;
}

/* Rounded up: what stands has time left. */
static u64 seconds_left(const struct revocation *r)
{
	u64 now = ktime_get_boottime_ns(), until = r->until;

	if (until == U64_MAX)
		return 0;
	return until > now ? div_u64(until - now, NSEC_PER_SEC) + 1 : 1;
}

static struct kith_revocation describe(const struct revocation *r)
{
	return (struct kith_revocation){
		.spiffe_id = r->is_serial ? NULL : r->data,
		.serial = r->is_serial ? r->data : NULL,
		.serial_len = r->is_serial ? r->len : 0,
		.seconds = seconds_left(r),
	};
}

int kith_revocation_for_each(u64 *last,
			     int (*show)(const struct kith_revocation *what,
					 void *arg),
			     void *arg)
{
	struct kith_revocation what;
	struct revocation *r;
	int err = 0;

	mutex_lock(&writers);
	drop_past();
	while (!err && (r = after(*last))) {
		what = describe(r);
		err = show(&what, arg);
		if (!err)
			*last = r->place.id;
	}
	mutex_unlock(&writers);
	return err;
}

unsigned int kith_revocation_count(void)
{
	unsigned int count;

	mutex_lock(&writers);
	drop_past();
	count = places.count;
	mutex_unlock(&writers);
	return count;
}

void kith_revocation_exit(void)
{
	struct revocation *r;

	mutex_lock(&writers);
	while ((r = after(0)))
		drop(r);
	mutex_unlock(&writers);
}
