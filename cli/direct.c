// SPDX-License-Identifier: Apache-2.0
#include "direct.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "netlink/request.h"
#include "report/report.h"

static const char *explain_error(int err)
{
	switch (err) {
	case -ENOENT:
		return "the kith module is not loaded (modprobe kith)";
	case -EPERM:
	case -EACCES:
		return "asking the kernel needs root";
	default:
		return strerror(-err);
	}
}

static void take_status(const struct kith_status_info *status, void *arg)
{
	*(json_t **)arg = kith_report_status(status);
}

json_t *kith_direct_status(const char **why)
{
	struct kith_nl *nl = NULL;
	json_t *status = NULL;
	int ret;

	ret = kith_nl_open(&nl);
	if (!ret)
		ret = kith_request_status(nl, take_status, &status);
	kith_nl_close(nl);
	if (ret)
		*why = explain_error(ret);
	return status;
}

struct rows {
	kith_row_fn *row;
	void *arg;
};

static int give(struct rows *rows, json_t *object)
{
	bool more = rows->row(object, rows->arg);

	json_decref(object);
	return more ? 0 : -ECANCELED;
}

static int on_credential(const struct nlmsghdr *message, void *arg)
{
	struct kith_credential_info info;

	return kith_decode_credential(message, &info) ? 0
						      : give(arg, kith_report_credential(&info));
}

static int on_conn(const struct nlmsghdr *message, void *arg)
{
	struct kith_conn_info info;

	return kith_decode_conn(message, &info) ? 0 : give(arg, kith_report_conn(&info));
}

static int dump(uint8_t command, kith_nl_message_fn *each, kith_row_fn *row, void *arg)
{
	struct rows rows = { row, arg };
	struct kith_nl *nl = NULL;
	int ret;

	ret = kith_nl_open(&nl);
	if (!ret)
		ret = kith_nl_dump(nl, command, each, &rows);
	kith_nl_close(nl);
	return ret == -ECANCELED ? 0 : ret;
}

int kith_direct_ps(kith_row_fn *row, void *arg)
{
	return dump(KITH_CMD_CREDENTIAL_GET, on_credential, row, arg);
}

int kith_direct_conns(kith_row_fn *row, void *arg)
{
	return dump(KITH_CMD_CONN_GET, on_conn, row, arg);
}

int kith_list(const struct kith_options *options, const char *command,
	      int (*direct)(kith_row_fn *row, void *arg), kith_row_fn *row, void *arg)
{
	int ret;

	if (geteuid() != 0)
		return kith_ask(options, json_pack("{s:s}", "command", command), row, arg, NULL);
	ret = kith_ask_quietly(options, json_pack("{s:s}", "command", command), row, arg, NULL);
	if (ret != KITH_EXIT_UNREACHABLE)
		return ret;
	ret = direct(row, arg);
	if (ret)
		return kith_fail(KITH_EXIT_UNREACHABLE, "kithd is not running, and %s",
				 explain_error(ret));
	return KITH_EXIT_OK;
}
