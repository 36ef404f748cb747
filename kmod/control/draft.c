// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading a config. Everything that the agent controls is bounded here; what
 * it sends is checked before any of it is in force.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <net/netlink.h>
#include "../guard/guard.h"
#include "../handshake/engine.h"
#include "../identity/config.h"
#include "../identity/share.h"
#include "../identity/spiffe_id.h"
#include "../socket/socket.h"
#include "draft.h"
#include "event.h"
#include "policy.h"

/* Under kith_control_mutex. The config's arrays have room for @..._room. */
static struct draft {
	struct kith_config *config;	/* NULL: none is open */
	u64 generation;
	unsigned int claims_room;
	size_t blob_size, blob_room;
} draft;

void kith_draft_drop(void)
{
	if (draft.config)
		kith_config_put(draft.config);
	memset(&draft, 0, sizeof(draft));
}

static int check_generation(u64 generation, struct netlink_ext_ack *extack)
{
	struct kith_config *config = kith_config_get();
	u64 current_generation = config->generation;

	kith_config_put(config);
	if (generation > current_generation)
		return 0;
	NL_SET_ERR_MSG(extack,
		       "the generation must be higher than the one in force");
	return -ESTALE;
}

int kith_draft_begin(u64 generation, struct netlink_ext_ack *extack)
{
	int err = check_generation(generation, extack);

	kith_draft_drop();
	if (err)
		return err;
	draft.config = kith_config_new();
	if (!draft.config)
		return -ENOMEM;
	draft.config->bundles = kvcalloc(KITH_BUNDLES_MAX,
					 sizeof(*draft.config->bundles),
					 GFP_KERNEL);
	if (!draft.config->bundles) {
		kith_draft_drop();
		return -ENOMEM;
	}
	draft.config->generation = generation;
	draft.generation = generation;
	return 0;
}

static int check_open(struct netlink_ext_ack *extack)
{
	if (draft.config)
		return 0;
	NL_SET_ERR_MSG(extack,
		       "no transaction is open; send config-begin first");
	return -EINVAL;
}

/* Makes an array of @used bytes @room bytes big. */
static int array_grow(void **array, size_t used, size_t room)
{
	void *bigger = kvmalloc(room, GFP_KERNEL);

	if (!bigger)
		return -ENOMEM;
	if (used)
		memcpy(bigger, *array, used);
	kvfree(*array);
	*array = bigger;
	return 0;
}

/* claims ----------------------------------------------------------------- */

static int claim_path(struct kith_claim *claim, const struct nlattr *attr,
		      struct netlink_ext_ack *extack)
{
	const char *path = attr ? nla_data(attr) : "";
	size_t len = strlen(path);

	if (path[0] != '/') {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "a claim's path must be absolute");
		return -EINVAL;
	}
	/* "/a/" and "/a" are the same cgroup. */
	while (len > 1 && path[len - 1] == '/')
		len--;
	claim->path = kstrndup(path, len, GFP_KERNEL);
	return claim->path ? 0 : -ENOMEM;
}

static int claim_uid(struct kith_claim *claim, const struct nlattr *attr,
		     struct netlink_ext_ack *extack)
{
	if (!attr || nla_get_u32(attr) == (uid_t)-1) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "a uid claim needs a uid");
		return -EINVAL;
	}
	claim->uid = nla_get_u32(attr);
	return 0;
}

static int claim_listen(struct kith_claim *claim, struct nlattr **tb,
			struct netlink_ext_ack *extack)
{
	const struct nlattr *address = tb[KITH_A_CLAIM_ADDRESS];
	const struct nlattr *port = tb[KITH_A_CLAIM_PORT];

	if (!port || !nla_get_u16(port)) {
		NL_SET_ERR_MSG_ATTR(extack, port,
				    "a listen claim needs a port");
		return -EINVAL;
	}
	claim->port = nla_get_u16(port);
	claim->any_address = !address;
	if (!address)
		return 0;
	switch (nla_len(address)) {
	case 4:
		memset(claim->address + 10, 0xff, 2);
		memcpy(claim->address + 12, nla_data(address), 4);
		return 0;
	case 16:
		memcpy(claim->address, nla_data(address), 16);
		return 0;
	}
	NL_SET_ERR_MSG_ATTR(extack, address, "an address has 4 or 16 bytes");
	return -EINVAL;
}

static int claim_parse(struct kith_claim *claim, const struct nlattr *attr,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *tb[KITH_A_CLAIM_MAX + 1];
	int err = nla_parse_nested(tb, KITH_A_CLAIM_MAX, attr,
				   kith_claim_policy, extack);

	if (err)
		return err;
	if (!tb[KITH_A_CLAIM_KIND]) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "a claim needs a kind");
		return -EINVAL;
	}
	memset(claim, 0, sizeof(*claim));
	claim->kind = nla_get_u32(tb[KITH_A_CLAIM_KIND]);
	switch (claim->kind) {
	case KITH_CLAIM_KIND_EXE:
	case KITH_CLAIM_KIND_CGROUP:
		return claim_path(claim, tb[KITH_A_CLAIM_PATH], extack);
	case KITH_CLAIM_KIND_UID:
		return claim_uid(claim, tb[KITH_A_CLAIM_UID], extack);
	case KITH_CLAIM_KIND_LISTEN:
		return claim_listen(claim, tb, extack);
	default:
		return -EINVAL;
	}
}

static int claims_make_room(struct netlink_ext_ack *extack)
{
	struct kith_claims *claims = &draft.config->claims;
	unsigned int room = max(2 * draft.claims_room, 16U);
	void *list = claims->list;
	int err;

	if (claims->count == KITH_CLAIMS_MAX) {
		NL_SET_ERR_MSG(extack, "too many claims");
		return -E2BIG;
	}
	if (claims->count < draft.claims_room)
		return 0;
	err = array_grow(&list, claims->count * sizeof(*claims->list),
			 room * sizeof(*claims->list));
	if (err)
		return err;
	claims->list = list;
	draft.claims_room = room;
	return 0;
}

int kith_draft_add_claim(const struct nlattr *attr,
			 struct netlink_ext_ack *extack)
{
	struct kith_claims *claims;
	int err = check_open(extack);

	if (err)
		return err;
	claims = &draft.config->claims;
	err = claims_make_room(extack);
	if (!err)
		err = claim_parse(&claims->list[claims->count], attr, extack);
	if (err)
		kith_draft_drop();
	else
		claims->count++;
	return err;
}

/* bundles ---------------------------------------------------------------- */

static int bundle_certs(struct kith_bundle *bundle, const struct nlattr *attr,
			struct netlink_ext_ack *extack)
{
	const u8 *der[KITH_BUNDLE_CERTS_MAX];
	size_t len[KITH_BUNDLE_CERTS_MAX];
	const struct nlattr *pos;
	unsigned int n = 0;
	int rest;

	nla_for_each_nested(pos, attr, rest) {
		if (nla_type(pos) != KITH_A_BUNDLE_CERTIFICATE)
			continue;
		if (n == KITH_BUNDLE_CERTS_MAX) {
			NL_SET_ERR_MSG_ATTR(extack, pos,
					    "too many certificates in a bundle");
			return -E2BIG;
		}
		der[n] = nla_data(pos);
		len[n++] = nla_len(pos);
	}
	if (!n) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "a bundle needs certificates");
		return -EINVAL;
	}
	bundle->certs = kith_certs_parse(der, len, n);
	if (!IS_ERR(bundle->certs))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "a certificate of the bundle does not parse");
	return PTR_ERR(bundle->certs);
}

static int bundle_parse(struct kith_bundle *bundle, const struct nlattr *attr,
			struct netlink_ext_ack *extack)
{
	struct nlattr *tb[KITH_A_BUNDLE_MAX + 1];
	const struct nlattr *name;
	int err = nla_parse_nested(tb, KITH_A_BUNDLE_MAX, attr,
				   kith_bundle_policy, extack);

	if (err)
		return err;
	name = tb[KITH_A_BUNDLE_TRUST_DOMAIN];
	if (!name || kith_trust_domain_check(nla_data(name),
					     strlen(nla_data(name)))) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "a bundle needs a valid trust domain");
		return -EINVAL;
	}
	nla_strscpy(bundle->trust_domain, name, sizeof(bundle->trust_domain));
	return bundle_certs(bundle, attr, extack);
}

int kith_draft_add_bundle(const struct nlattr *attr,
			  struct netlink_ext_ack *extack)
{
	struct kith_config *config;
	int err = check_open(extack);

	if (err)
		return err;
	config = draft.config;
	if (config->n_bundles == KITH_BUNDLES_MAX) {
		NL_SET_ERR_MSG(extack, "too many bundles");
		err = -E2BIG;
	} else {
		err = bundle_parse(&config->bundles[config->n_bundles], attr,
				   extack);
	}
	if (err)
		kith_draft_drop();
	else
		config->n_bundles++;
	return err;
}

static int bundle_order(const void *a, const void *b)
{
	const struct kith_bundle *x = a, *y = b;

	return strcmp(x->trust_domain, y->trust_domain);
}

static int bundles_finish(struct netlink_ext_ack *extack)
{
	struct kith_config *config = draft.config;
	unsigned int i;

	sort(config->bundles, config->n_bundles, sizeof(*config->bundles),
	     bundle_order, NULL);
	for (i = 1; i < config->n_bundles; i++) {
		if (bundle_order(&config->bundles[i - 1], &config->bundles[i]))
			continue;
		NL_SET_ERR_MSG(extack, "a trust domain has two bundles");
		return -EEXIST;
	}
	return 0;
}

/* rules ------------------------------------------------------------------ */

int kith_draft_add_rules(const struct nlattr *attr,
			 struct netlink_ext_ack *extack)
{
	size_t len = nla_len(attr), need, room;
	int err = check_open(extack);

	if (err)
		return err;
	need = draft.blob_size + len;
	if (need > KITH_TABLE_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "the rule table is too big");
		kith_draft_drop();
		return -E2BIG;
	}
	if (need > draft.blob_room) {
		room = min_t(size_t, max_t(size_t, 2 * draft.blob_room, need),
			     KITH_TABLE_MAX);
		err = array_grow(&draft.config->blob, draft.blob_size, room);
		if (err) {
			kith_draft_drop();
			return err;
		}
		draft.blob_room = room;
	}
	memcpy(draft.config->blob + draft.blob_size, nla_data(attr), len);
	draft.blob_size = need;
	return 0;
}

static int rules_finish(struct netlink_ext_ack *extack)
{
	struct kith_config *config = draft.config;
	int err;

	/* No table: nothing is allowed. */
	if (!draft.blob_size)
		return 0;
	err = kith_table_open(&config->rules, config->blob, draft.blob_size);
	if (err)
		NL_SET_ERR_MSG(extack,
			       "the rule table is malformed; agent and module may differ in version");
	return err;
}

/* commit ----------------------------------------------------------------- */

static int draft_check(u64 generation, struct netlink_ext_ack *extack)
{
	int err = check_open(extack);

	if (err)
		return err;
	if (generation != draft.generation) {
		NL_SET_ERR_MSG(extack,
			       "the open transaction has another generation");
		return -EINVAL;
	}
	err = check_generation(generation, extack);
	if (!err)
		err = bundles_finish(extack);
	if (!err)
		err = rules_finish(extack);
	return err;
}

/* What is claimed without them could leave by any other kind of socket. */
static int check_guard(struct netlink_ext_ack *extack)
{
	u32 held = KITH_DOORS_GUARDED & ~draft.config->open_doors;

	if (!held || !draft.config->claims.count || kith_guard_is_in_place())
		return 0;
	NL_SET_ERR_MSG(extack,
		       "the BPF LSM programs are not in place, so nothing can be claimed");
	return -EOPNOTSUPP;
}

static void tell_config(u64 generation)
{
	struct kith_event event = {
		.kind = KITH_EVENT_KIND_CONFIG,
		.generation = generation,
	};

	kith_event_emit(&event);
}

int kith_draft_commit(u64 generation, u32 open_doors,
		      struct netlink_ext_ack *extack)
{
	struct kith_config *config;
	int err = draft_check(generation, extack);

	if (!err) {
		draft.config->open_doors = open_doors;
		err = check_guard(extack);
	}
	if (err) {
		kith_draft_drop();
		return err;
	}
	config = draft.config;
	memset(&draft, 0, sizeof(draft));
	kith_claims_sort(&config->claims);
	kith_config_enforce(config);
	/* Whom they were attested as may mean nothing any more. */
	kith_share_drop_idle();
	tell_config(generation);
	kith_socket_recheck();
	return 0;
}
