// SPDX-License-Identifier: Apache-2.0
/*
 * The directory issuer: drops each request as NAME.csr (PKCS#10 as PEM, with
 * the SPIFFE ID and the lifetime in lines before it) and waits until somebody
 * puts the chain at NAME.pem, leaf first, best by rename. Both files are
 * removed when the request is over.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/queue.h>
#include <unistd.h>
#include "../log.h"
#include "base/base.h"
#include "pending.h"

#define PENDING_MAX 1024

struct directory {
	struct kith_issuer base;
	sd_event *loop;
	const struct kith_agent_config *config;
	sd_event_source *inotify;
	LIST_HEAD(pending, kith_issuing) pending;
	unsigned int n_pending;
};

struct kith_issuing {
	LIST_ENTRY(kith_issuing) link;
	struct directory *directory;
	kith_issued_fn *done;
	void *arg;
	char *name; /* without the ending */
	sd_event_source *deadline;
};

static char *path_of(const struct kith_issuing *issuing, const char *ending)
{
	return kith_format("%s/%s%s", issuing->directory->config->issuer_path, issuing->name,
			   ending);
}

static void remove_file(const struct kith_issuing *issuing, const char *ending)
{
	char *path = path_of(issuing, ending);

	unlink(path);
	free(path);
}

static void release(struct kith_issuing *issuing)
{
	remove_file(issuing, ".csr");
	remove_file(issuing, ".pem");
	sd_event_source_disable_unref(issuing->deadline);
	LIST_REMOVE(issuing, link);
	issuing->directory->n_pending--;
	free(issuing->name);
	free(issuing);
}

static void take(struct kith_issuing *issuing)
{
	char *path = path_of(issuing, ".pem"), *text;
	kith_issued_fn *done = issuing->done;
	void *arg = issuing->arg;
	size_t size;
	int ret;

	ret = kith_read_file(path, KITH_ISSUER_ANSWER_MAX, &text, &size);
	release(issuing);
	if (ret) {
		kith_issuing_fail(done, arg, "%s: %s", path, strerror(-ret));
	} else {
		kith_issuing_take(done, arg, path, text, size);
		free(text);
	}
	free(path);
}

static int on_file(sd_event_source *source, const struct inotify_event *event, void *arg)
{
	struct directory *directory = arg;
	struct kith_issuing *issuing;
	size_t size;

	if (!event->len)
		return 0;
	for (issuing = LIST_FIRST(&directory->pending); issuing;
	     issuing = LIST_NEXT(issuing, link)) {
		size = strlen(issuing->name);
		if (strncmp(event->name, issuing->name, size) || strcmp(event->name + size, ".pem"))
			continue;
		take(issuing);
		break;
	}
	return 0;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *arg)
{
	struct kith_issuing *issuing = arg;
	kith_issued_fn *done = issuing->done;
	char *path = path_of(issuing, ".pem");

	arg = issuing->arg;
	release(issuing);
	kith_issuing_fail(done, arg,
			  "%s did not appear in time (is what signs the requests there running?)",
			  path);
	free(path);
	return 0;
}

/* Other names than the credential's alone: an answer to an earlier request
 * must not be taken for this one's. */
static char *make_name(uint64_t credential)
{
	uint8_t nonce[16];
	char hex[2 * sizeof(nonce) + 1];

	if (kith_x509_serial(nonce))
		abort();
	kith_hex(hex, nonce, sizeof(nonce));
	return kith_format("%llu-%s", (unsigned long long)credential, hex);
}

static int write_request(const struct kith_issuing *issuing,
			 const struct kith_issue_request *request)
{
	char *path = path_of(issuing, ".csr"), *pem = kith_x509_request_pem(&request->csr);
	char *text =
		kith_format("spiffe-id: %s\nttl: %u\n%s", request->spiffe_id, request->ttl, pem);
	int ret = kith_write_file(path, text, strlen(text), 0644);

	free(text);
	free(pem);
	free(path);
	return ret;
}

static struct kith_issuing *issue(struct kith_issuer *issuer,
				  const struct kith_issue_request *request, kith_issued_fn *done,
				  void *arg)
{
	struct directory *directory = (struct directory *)issuer;
	const struct kith_agent_config *config = directory->config;
	struct kith_issuing *issuing;
	int ret;

	if (directory->n_pending >= PENDING_MAX) {
		kith_issuing_fail(done, arg, "%s: too many requests wait there",
				  config->issuer_path);
		return NULL;
	}
	issuing = kith_alloc(sizeof(*issuing));
	issuing->directory = directory;
	issuing->done = done;
	issuing->arg = arg;
	issuing->name = make_name(request->credential);
	LIST_INSERT_HEAD(&directory->pending, issuing, link);
	directory->n_pending++;
	ret = write_request(issuing, request);
	if (!ret)
		ret = sd_event_add_time_relative(directory->loop, &issuing->deadline,
						 CLOCK_BOOTTIME,
						 config->issuer_deadline * 1000000ULL, 0,
						 on_deadline, issuing);
	if (ret >= 0)
		return issuing;
	release(issuing);
	kith_issuing_fail(done, arg, "%s: %s (the issuer's directory must be there and writable)",
			  config->issuer_path, strerror(-ret));
	return NULL;
}

static void cancel(struct kith_issuing *issuing)
{
	release(issuing);
}

static void free_directory(struct kith_issuer *issuer)
{
	struct directory *directory = (struct directory *)issuer;

	/* Its requests were cancelled by their owners. */
	sd_event_source_disable_unref(directory->inotify);
	free(directory);
}

static const struct kith_issuer_ops ops = {
	.issue = issue,
	.cancel = cancel,
	.free = free_directory,
};

struct kith_issuer *kith_directory_issuer(const struct kith_issuer_host *host)
{
	struct directory *directory = kith_alloc(sizeof(*directory));
	int ret;

	directory->base.ops = &ops;
	directory->loop = host->loop;
	directory->config = host->config;
	ret = sd_event_add_inotify(host->loop, &directory->inotify, host->config->issuer_path,
				   IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR, on_file, directory);
	if (ret < 0) {
		kith_log(LOG_ERR, "%s: %s (create the issuer's directory)",
			 host->config->issuer_path, strerror(-ret));
		free(directory);
		return NULL;
	}
	return &directory->base;
}
