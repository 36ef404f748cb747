// SPDX-License-Identifier: Apache-2.0
#include "bundles.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/base.h"
#include "log.h"
#include "../kmod/identity/spiffe_id.h"

#define BUNDLE_BYTES (256U * 1024)

struct kith_bundles {
	char *state_dir;
	size_t n;
	struct kith_bundle *list;	/* list[0] is our own */
	int64_t until[KITH_BUNDLE_MAX]; /* of our own, when embedded; 0: in use */
};

static char *file_of(const struct kith_bundles *bundles, const char *trust_domain)
{
	return kith_format("%s/bundles/%s.pem", bundles->state_dir, trust_domain);
}

/* What these return is valid until the next one is added. */
static struct kith_bundle *find(const struct kith_bundles *bundles, const char *trust_domain)
{
	size_t i;

	for (i = 0; i < bundles->n; i++)
		if (!strcmp(bundles->list[i].trust_domain, trust_domain))
			return &bundles->list[i];
	return NULL;
}

static struct kith_bundle *add(struct kith_bundles *bundles, const char *trust_domain)
{
	struct kith_bundle *bundle;

	bundles->list = kith_realloc(bundles->list, bundles->n + 1, sizeof(*bundle));
	bundle = &bundles->list[bundles->n++];
	*bundle = (struct kith_bundle){ .trust_domain = kith_strdup(trust_domain) };
	return bundle;
}

static int read_list(const char *path, struct kith_x509_list *list, const char **why)
{
	size_t size;
	char *text;
	int ret;

	ret = kith_read_file(path, BUNDLE_BYTES, &text, &size);
	if (ret) {
		*why = strerror(-ret);
		return ret;
	}
	ret = kith_x509_read(text, size, KITH_BUNDLE_MAX, list, why);
	free(text);
	return ret;
}

static void load_foreign(struct kith_bundles *bundles, const char *name)
{
	size_t size = strlen(name);
	struct kith_bundle *bundle;
	char *trust_domain, *path;
	const char *why;

	if (size <= 4 || strcmp(name + size - 4, ".pem") || bundles->n >= KITH_BUNDLES_MAX)
		return;
	trust_domain = kith_format("%.*s", (int)size - 4, name);
	path = file_of(bundles, trust_domain);
	if (kith_trust_domain_check(trust_domain, size - 4) != KITH_SPIFFE_OK ||
	    find(bundles, trust_domain)) {
		kith_log(LOG_WARNING, "%s: not the name of another trust domain; left out", path);
	} else {
		bundle = add(bundles, trust_domain);
		if (read_list(path, &bundle->list, &why)) {
			kith_log(LOG_ERR, "%s: %s; left out (import the bundle again)", path, why);
			kith_x509_clear(&bundle->list);
		}
	}
	free(path);
	free(trust_domain);
}

static void load_all_foreign(struct kith_bundles *bundles)
{
	char *path = kith_format("%s/bundles", bundles->state_dir);
	const struct dirent *entry;
	DIR *dir;

	if (mkdir(path, 0755) && errno != EEXIST)
		kith_log(LOG_ERR, "%s: %s (imported bundles cannot be kept)", path,
			 strerror(errno));
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		load_foreign(bundles, entry->d_name);
	if (dir)
		closedir(dir);
	free(path);
}

static void load_until(struct kith_bundles *bundles)
{
	char *path = kith_format("%s/ca.until", bundles->state_dir);
	FILE *file = fopen(path, "re");
	long long until;
	size_t i;

	for (i = 0; file && i < KITH_BUNDLE_MAX && fscanf(file, "%lld", &until) == 1; i++)
		bundles->until[i] = until;
	if (file)
		fclose(file);
	free(path);
}

static void load_own(struct kith_bundles *bundles)
{
	char *path = kith_format("%s/ca.pem", bundles->state_dir);
	const char *why;

	if (!access(path, F_OK)) {
		if (read_list(path, &bundles->list[0].list, &why))
			kith_log(LOG_WARNING, "%s: %s; former CA certificates are forgotten", path,
				 why);
		load_until(bundles);
	}
	free(path);
}

struct kith_bundles *kith_bundles_load(const char *state_dir, const char *own)
{
	struct kith_bundles *bundles = kith_alloc(sizeof(*bundles));

	bundles->state_dir = kith_strdup(state_dir);
	add(bundles, own);
	load_own(bundles);
	load_all_foreign(bundles);
	return bundles;
}

void kith_bundles_free(struct kith_bundles *bundles)
{
	size_t i;

	if (!bundles)
		return;
	for (i = 0; i < bundles->n; i++) {
		kith_x509_clear(&bundles->list[i].list);
		free(bundles->list[i].trust_domain);
	}
	free(bundles->list);
	free(bundles->state_dir);
	free(bundles);
}

const struct kith_bundle *kith_bundles_at(const struct kith_bundles *bundles, size_t i)
{
	size_t k;

	for (k = 0; k < bundles->n; k++)
		if (bundles->list[k].list.n && i-- == 0)
			return &bundles->list[k];
	return NULL;
}

static int save(const struct kith_bundles *bundles, const struct kith_bundle *bundle)
{
	char *path = file_of(bundles, bundle->trust_domain);
	char *pem = kith_x509_list_pem(&bundle->list);
	int ret;

	ret = kith_write_file(path, pem, strlen(pem), 0644);
	if (ret)
		kith_log(LOG_ERR, "%s: %s", path, strerror(-ret));
	free(pem);
	free(path);
	return ret;
}

int kith_bundles_import(struct kith_bundles *bundles, const char *trust_domain, const char *text,
			size_t size, const char **why)
{
	struct kith_bundle imported = { .trust_domain = (char *)trust_domain };
	struct kith_bundle *bundle = find(bundles, trust_domain);
	int ret;

	if (kith_trust_domain_check(trust_domain, strlen(trust_domain)) != KITH_SPIFFE_OK) {
		*why = "that is not the name of a trust domain";
		return -EINVAL;
	}
	if (bundle == &bundles->list[0]) {
		*why = "that is this host's own trust domain";
		return -EINVAL;
	}
	if (!bundle && bundles->n >= KITH_BUNDLES_MAX) {
		*why = "there are too many bundles";
		return -ENOSPC;
	}
	ret = kith_x509_read(text, size, KITH_BUNDLE_MAX, &imported.list, why);
	if (!ret) {
		*why = "it cannot be kept in the state directory";
		ret = save(bundles, &imported);
	}
	if (ret) {
		kith_x509_clear(&imported.list);
		return ret;
	}
	if (!bundle)
		bundle = add(bundles, trust_domain);
	kith_x509_clear(&bundle->list);
	bundle->list = imported.list;
	return 0;
}

int kith_bundles_remove(struct kith_bundles *bundles, const char *trust_domain)
{
	struct kith_bundle *bundle = find(bundles, trust_domain);
	char *path;
	int ret;

	if (!bundle || bundle == &bundles->list[0] || !bundle->list.n)
		return -ENOENT;
	path = file_of(bundles, trust_domain);
	ret = unlink(path) && errno != ENOENT ? -errno : 0;
	if (!ret)
		kith_x509_clear(&bundle->list);
	free(path);
	return ret;
}

int kith_bundles_read_own(struct kith_bundles *bundles, const char *path, const char **why)
{
	struct kith_x509_list list = { 0 };
	int ret = read_list(path, &list, why);

	if (ret) {
		kith_x509_clear(&list);
		return ret;
	}
	kith_x509_clear(&bundles->list[0].list);
	bundles->list[0].list = list;
	return 0;
}

static void save_own(const struct kith_bundles *bundles)
{
	char *path = kith_format("%s/ca.pem", bundles->state_dir);
	char *until_path = kith_format("%s/ca.until", bundles->state_dir);
	char *pem = kith_x509_list_pem(&bundles->list[0].list);
	char until[KITH_BUNDLE_MAX * 24] = "";
	size_t i, used = 0;
	int ret;

	for (i = 0; i < bundles->list[0].list.n; i++)
		used += (size_t)snprintf(until + used, sizeof(until) - used, "%lld\n",
					 (long long)bundles->until[i]);
	ret = kith_write_file(path, pem, strlen(pem), 0644);
	if (!ret)
		ret = kith_write_file(until_path, until, used, 0644);
	if (ret)
		kith_log(LOG_ERR, "%s: %s", path, strerror(-ret));
	free(pem);
	free(until_path);
	free(path);
}

static void forget_ca(struct kith_bundles *bundles, size_t i)
{
	kith_x509_remove(&bundles->list[0].list, i);
	memmove(&bundles->until[i], &bundles->until[i + 1],
		(KITH_BUNDLE_MAX - 1 - i) * sizeof(bundles->until[0]));
	bundles->until[KITH_BUNDLE_MAX - 1] = 0;
}

static bool expire_own(struct kith_bundles *bundles)
{
	struct kith_x509_list *own = &bundles->list[0].list;
	int64_t now = kith_now_ms() / 1000;
	struct kith_x509_facts facts;
	bool any = false;
	size_t i = 0;

	while (i < own->n) {
		if ((bundles->until[i] && bundles->until[i] < now) ||
		    kith_x509_facts(&own->certs[i], &facts) || facts.not_after < now) {
			forget_ca(bundles, i);
			any = true;
		} else {
			i++;
		}
	}
	return any;
}

bool kith_bundles_expire(struct kith_bundles *bundles)
{
	bool any = expire_own(bundles);

	if (any)
		save_own(bundles);
	return any;
}

bool kith_bundles_add_ca(struct kith_bundles *bundles, const struct kith_blob *der,
			 uint32_t longest)
{
	struct kith_x509_list *own = &bundles->list[0].list;
	int64_t until = kith_now_ms() / 1000 + longest;
	bool is_new;
	size_t i;

	expire_own(bundles);
	for (i = 0; i < own->n; i++)
		if (!bundles->until[i] && (own->certs[i].size != der->size ||
					   memcmp(own->certs[i].data, der->data, der->size)))
			bundles->until[i] = until;
	if (own->n == KITH_BUNDLE_MAX)
		forget_ca(bundles, 0);
	is_new = kith_x509_add(own, der);
	for (i = 0; i < own->n; i++)
		if (own->certs[i].size == der->size &&
		    !memcmp(own->certs[i].data, der->data, der->size))
			bundles->until[i] = 0;
	if (is_new)
		save_own(bundles);
	return is_new;
}
