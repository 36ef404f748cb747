# SPDX-License-Identifier: Apache-2.0
# bash completion for kith(1)

_kith_ids() {
	kith --json ps 2>/dev/null | grep -o '"spiffe_id": "[^"]*"' | cut -d'"' -f4 | sort -u
}

_kith() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} word command='' verb='' i
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		--socket) ((i++)) ;;
		-*) ;;
		*) if [ -z "$command" ]; then command=$word; elif [ -z "$verb" ]; then verb=$word; fi ;;
		esac
	done
	COMPREPLY=()
	case $prev in
	--socket | --policy)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	esac
	case $command in
	'') mapfile -t COMPREPLY < <(compgen -W 'status ps conns watch why explain policy bundle
		report revoke release run doctor help --json --socket --help --version' -- "$cur") ;;
	watch) mapfile -t COMPREPLY < <(compgen -W '--last --refusals --json --help' -- "$cur") ;;
	run) mapfile -t COMPREPLY < <(compgen -c -W '--as --ttl -- --help' -- "$cur") ;;
	explain | revoke)
		# A colon would split the word.
		mapfile -t COMPREPLY < <(compgen -W "$(_kith_ids)" -- "$cur")
		if [ "$command" = revoke ]; then
			COMPREPLY+=($(compgen -W '--for --lift --list --json' -- "$cur"))
		else
			COMPREPLY+=($(compgen -W '--policy --over' -- "$cur"))
		fi
		type __ltrim_colon_completions &>/dev/null && __ltrim_colon_completions "$cur"
		;;
	policy)
		if [ -z "$verb" ]; then
			mapfile -t COMPREPLY < <(compgen -W 'check test apply' -- "$cur")
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		fi
		;;
	bundle)
		if [ -z "$verb" ]; then
			mapfile -t COMPREPLY < <(compgen -W 'show export import remove' -- "$cur")
		elif [ "$verb" = import ]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		fi
		;;
	*) mapfile -t COMPREPLY < <(compgen -W '--json --help' -- "$cur") ;;
	esac
}

complete -o filenames -F _kith kith
