// SPDX-License-Identifier: Apache-2.0
#include "claims.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/base.h"
#include "log.h"
#include "netlink/names.h"

#define FORMAT 1
/* 65536 claims, most of them short paths. */
#define BYTES_MAX (64U << 20)

static char *file_of(const char *state_dir)
{
	return kith_format("%s/claims.good", state_dir);
}

static json_t *address_text(const uint8_t *address, size_t size)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(size == 4 ? AF_INET : AF_INET6, address, text, sizeof(text));
	return json_string(text);
}

void kith_claims_add(json_t *claims, const struct kith_request_claim *claim,
		     const struct kith_claim_origin *origin)
{
	json_t *object = json_object();

	json_object_set_new(object, "kind", json_string(kith_name_claim_kind(claim->kind)));
	if (claim->kind == KITH_CLAIM_KIND_UID)
		json_object_set_new(object, "uid", json_integer(claim->uid));
	else if (claim->kind == KITH_CLAIM_KIND_LISTEN)
		json_object_set_new(object, "port", json_integer(claim->port));
	else
		/* Where a link leads may be any bytes: the kernel gets them, though a
		 * file in JSON cannot keep them. */
		json_object_set_new(object, "path", json_string_nocheck(claim->path));
	if (claim->address)
		json_object_set_new(object, "address",
				    address_text(claim->address, claim->address_size));
	if (origin->workload)
		json_object_set_new(object, "workload", json_string(origin->workload));
	if (origin->user)
		json_object_set_new(object, "user", json_string(origin->user));
	json_object_set_new(object, "place", json_sprintf("%s:%u", origin->file, origin->line));
	json_array_append_new(claims, object);
}

static bool kind_of(const json_t *claim, enum kith_claim_kind *kind)
{
	const char *word = json_string_value(json_object_get(claim, "kind"));
	uint32_t i;

	for (i = 0; word && i <= KITH_CLAIM_KIND_LISTEN; i++) {
		if (strcmp(word, kith_name_claim_kind(i)))
			continue;
		*kind = i;
		return true;
	}
	return false;
}

static bool number_of(const json_t *claim, const char *key, json_int_t max, json_int_t *number)
{
	const json_t *value = json_object_get(claim, key);

	*number = json_integer_value(value);
	return json_is_integer(value) && *number >= 0 && *number <= max;
}

/* An address of 4 or 16 bytes in @to. Return: its size, 0 when it is none. */
static size_t address_of(const char *text, uint8_t to[16])
{
	if (inet_pton(AF_INET, text, to) == 1)
		return 4;
	return inet_pton(AF_INET6, text, to) == 1 ? 16 : 0;
}

static bool decode(const json_t *object, struct kith_request_claim *claim, uint8_t address[16])
{
	const char *text = json_string_value(json_object_get(object, "address"));
	json_int_t number;

	*claim = (struct kith_request_claim){ 0 };
	if (!kind_of(object, &claim->kind))
		return false;
	if (claim->kind == KITH_CLAIM_KIND_UID) {
		if (!number_of(object, "uid", UINT32_MAX, &number))
			return false;
		claim->uid = (uint32_t)number;
		return true;
	}
	if (claim->kind == KITH_CLAIM_KIND_LISTEN) {
		if (!number_of(object, "port", UINT16_MAX, &number))
			return false;
		claim->port = (uint16_t)number;
		claim->address = text ? address : NULL;
		claim->address_size = text ? address_of(text, address) : 0;
		return !text || claim->address_size;
	}
	claim->path = json_string_value(json_object_get(object, "path"));
	return claim->path != NULL;
}

int kith_claims_send(struct kith_nl *nl, const json_t *claims, const json_t **refused)
{
	struct kith_request_claim claim;
	uint8_t address[16];
	json_t *object;
	size_t i;
	int ret;

	json_array_foreach(claims, i, object) {
		ret = decode(object, &claim, address) ? kith_request_config_claim(nl, &claim)
						      : -EINVAL;
		if (ret) {
			*refused = object;
			return ret;
		}
	}
	return 0;
}

void kith_claims_keep(const char *state_dir, uint64_t generation, const json_t *claims)
{
	json_t *root = json_pack("{s:i, s:I, s:O}", "format", FORMAT, "generation",
				 (json_int_t)generation, "claims", claims);
	char *text = json_dumps(root, JSON_INDENT(1)), *path = file_of(state_dir);
	int ret = text ? kith_write_file(path, text, strlen(text), 0600) : -EILSEQ;

	if (ret)
		kith_log(
			LOG_ERR,
			"%s: %s; after a boot these claims come into force no sooner than kithd starts (mend that, then kith policy apply)",
			path, strerror(-ret));
	free(text);
	free(path);
	json_decref(root);
}

/* Return: the list in @root, or NULL when that is no file of ours. */
static json_t *claims_of(const json_t *root, uint64_t *generation)
{
	json_t *claims = json_object_get(root, "claims");
	json_int_t number;

	if (!number_of(root, "format", FORMAT, &number) || number != FORMAT ||
	    !number_of(root, "generation", INT64_MAX, &number) || !json_is_array(claims))
		return NULL;
	*generation = (uint64_t)number;
	return json_incref(claims);
}

json_t *kith_claims_load(const char *state_dir, uint64_t *generation, char **error)
{
	char *path = file_of(state_dir), *text = NULL;
	json_t *root, *claims = NULL;
	json_error_t where;
	int ret;

	*error = NULL;
	ret = kith_read_file(path, BYTES_MAX, &text, NULL);
	if (ret && ret != -ENOENT)
		*error = kith_format("%s: %s", path, strerror(-ret));
	if (!ret) {
		root = json_loads(text, JSON_REJECT_DUPLICATES, &where);
		claims = claims_of(root, generation);
		if (!root)
			*error = kith_format("%s:%d: %s", path, where.line, where.text);
		else if (!claims)
			*error = kith_format("%s: not a list of claims of this version", path);
		json_decref(root);
		free(text);
	}
	free(path);
	return claims;
}

bool kith_claims_uid(const json_t *claims, const char *name, uint32_t *uid)
{
	const char *user;
	json_int_t number;
	json_t *object;
	size_t i;

	json_array_foreach(claims, i, object) {
		user = json_string_value(json_object_get(object, "user"));
		if (user && !strcmp(user, name) && number_of(object, "uid", UINT32_MAX, &number)) {
			*uid = (uint32_t)number;
			return true;
		}
	}
	return false;
}
