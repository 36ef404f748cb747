// SPDX-License-Identifier: Apache-2.0
#include "script.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/base.h"
#include "netlink/request.h"

void kith_script_ask(struct kith_nl *nl, const struct kith_program_info *program, bool host,
		     struct kith_script *script)
{
	int fd;

	*script = (struct kith_script){ .state = KITH_EXE_OTHER };
	if (!program->script)
		return;
	script->name = kith_strdup(program->script);
	fd = kith_request_program_script(nl, program->id);
	if (fd == -EREMOTE)
		script->state = KITH_EXE_SERVED;
	if (fd < 0)
		return;
	script->state = kith_exe_path(fd, host, &script->path);
	close(fd);
}

void kith_script_clear(struct kith_script *script)
{
	free(script->name);
	free(script->path);
}

static bool is_by_its_path(const struct kith_script *script)
{
	return script->path && !strcmp(script->name, script->path);
}

const char *kith_script_path(const struct kith_script *script, bool host)
{
	bool named = script->state == KITH_EXE_PATH || (!host && script->state == KITH_EXE_OTHER);

	return script->name && named && is_by_its_path(script) ? script->path : NULL;
}

const char *kith_script_trouble(const struct kith_script *script)
{
	if (script->state == KITH_EXE_SERVED)
		return "was started through a script on a FUSE filesystem, whose server may show Kith another file than the interpreter: install it elsewhere";
	if (!script->path)
		return "was started through a script that is not known, because its interpreter is a script, too, or because the BPF LSM programs are not in place: select the program that it starts";
	if (script->state == KITH_EXE_PATH && !is_by_its_path(script))
		return "was started through a script by another name than its path: execute it by its absolute path, without symbolic links";
	if (script->state != KITH_EXE_PATH)
		return "was started through a script that is not the file of that path any more: restart it";
	return "was started through a script, and matches no Workload that names it: add script with its path to the entry that selects it";
}
