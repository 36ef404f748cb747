// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/base.h"
#include "client.h"
#include "table.h"

#define FILE_MAX (256U * 1024)

struct listing {
	const char *only; /* trust domain, or NULL: all */
	json_t *found;
};

static bool on_bundle(const json_t *bundle, void *arg)
{
	struct listing *listing = arg;

	if (!listing->only || !strcmp(kith_text(bundle, "trust_domain"), listing->only))
		json_array_append(listing->found, (json_t *)bundle);
	return true;
}

/* Bundles of @only or all. Return: an enum kith_exit. */
static int fetch(const struct kith_options *options, const char *only, json_t **found)
{
	struct listing listing = { .only = only, .found = json_array() };
	int ret;

	ret = kith_ask(options, json_pack("{s:s}", "command", "bundles"), on_bundle, &listing,
		       NULL);
	if (ret == KITH_EXIT_OK && only && !json_array_size(listing.found))
		ret = kith_fail(KITH_EXIT_FAILED, "there is no bundle of %s (see kith bundle show)",
				only);
	*found = listing.found;
	return ret;
}

static void print_bundles(const json_t *bundles)
{
	struct kith_table_text *table = kith_table_text_new(5, "TRUST DOMAIN", "SUBJECT",
							    "NOT BEFORE", "NOT AFTER", "SHA-256");
	const json_t *bundle, *certificate;
	size_t i, j;

	json_array_foreach(bundles, i, bundle)
		json_array_foreach(json_object_get(bundle, "certificates"), j, certificate)
			kith_table_text_add(table, kith_text(bundle, "trust_domain"),
					    kith_text(certificate, "subject"),
					    kith_text(certificate, "not_before"),
					    kith_text(certificate, "not_after"),
					    kith_text(certificate, "sha256"));
	kith_table_text_print(table, "There is no bundle.");
}

static int show(const struct kith_options *options, const char *only)
{
	json_t *bundles;
	int ret = fetch(options, only, &bundles);

	if (ret == KITH_EXIT_OK && options->json)
		kith_print_json(bundles);
	else if (ret == KITH_EXIT_OK)
		print_bundles(bundles);
	json_decref(bundles);
	return ret;
}

/* Our own trust domain, to free(), or NULL with the status in @ret. */
static char *own_trust_domain(const struct kith_options *options, int *ret)
{
	json_t *status = NULL;
	char *name = NULL;

	*ret = kith_ask(options, json_pack("{s:s}", "command", "status"), NULL, NULL, &status);
	if (*ret == KITH_EXIT_OK)
		name = kith_strdup(kith_text(json_object_get(status, "agent"), "trust_domain"));
	json_decref(status);
	return name;
}

static int export(const struct kith_options *options, const char *only)
{
	const json_t *certificate;
	json_t *bundles = NULL;
	char *own = NULL;
	int ret = KITH_EXIT_OK;
	size_t i;

	if (!only)
		only = own = own_trust_domain(options, &ret);
	if (only)
		ret = fetch(options, only, &bundles);
	if (ret == KITH_EXIT_OK && options->json)
		kith_print_json(json_array_get(bundles, 0));
	else if (ret == KITH_EXIT_OK)
		json_array_foreach(json_object_get(json_array_get(bundles, 0), "certificates"), i,
				   certificate)
			fputs(kith_text_or_empty(certificate, "pem"), stdout);
	json_decref(bundles);
	free(own);
	return ret;
}

static int import(const struct kith_options *options, const char *trust_domain, const char *path)
{
	json_t *request;
	size_t size;
	char *text;
	int ret;

	if (!strcmp(path, "-"))
		path = "/dev/stdin";
	ret = kith_read_file(path, FILE_MAX, &text, &size);
	if (ret)
		return kith_fail(KITH_EXIT_FAILED, "%s: %s", path, strerror(-ret));
	request = json_pack("{s:s, s:s, s:s}", "command", "bundle-import", "trust_domain",
			    trust_domain, "pem", text);
	free(text);
	if (!request)
		return kith_fail(KITH_EXIT_FAILED, "%s: this is not PEM", path);
	ret = kith_ask(options, request, NULL, NULL, NULL);
	if (ret == KITH_EXIT_OK && !options->json)
		printf("The bundle of %s is in force.\n", trust_domain);
	return ret;
}

static int remove_bundle(const struct kith_options *options, const char *trust_domain)
{
	int ret = kith_ask(options,
			   json_pack("{s:s, s:s}", "command", "bundle-remove", "trust_domain",
				     trust_domain),
			   NULL, NULL, NULL);

	if (ret == KITH_EXIT_OK && !options->json)
		printf("The bundle of %s is removed; its peers are not trusted any more.\n",
		       trust_domain);
	return ret;
}

static int run(const struct kith_options *options, int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (!strcmp(verb, "show") && argc <= 3)
		return show(options, argv[2]);
	if (!strcmp(verb, "export") && argc <= 3)
		return export(options, argv[2]);
	if (!strcmp(verb, "import") && argc == 4)
		return import(options, argv[2], argv[3]);
	if (!strcmp(verb, "remove") && argc == 3)
		return remove_bundle(options, argv[2]);
	return kith_usage(&kith_command_bundle, "expected show, export, import or remove");
}

const struct kith_command kith_command_bundle = {
	.name = "bundle",
	.summary = "CA certificates of trust domains",
	.help = "bundle show [TRUST-DOMAIN]\n"
		"       kith bundle export [TRUST-DOMAIN]\n"
		"       kith bundle import TRUST-DOMAIN FILE\n"
		"       kith bundle remove TRUST-DOMAIN\n"
		"\n"
		"show    lists the CA certificates in force\n"
		"export  prints a bundle as PEM: our own, or another's\n"
		"import  trusts what FILE (PEM; \"-\" is stdin) holds for TRUST-DOMAIN, in place\n"
		"        of what was imported for it before. For root.\n"
		"remove  trusts TRUST-DOMAIN no more. For root.",
	.run = run,
};
