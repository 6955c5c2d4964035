# ternctl.bash - completion of ternctl's commands in bash
# SPDX-License-Identifier: MIT

# A line for each command: what the tool knows itself, and what the running server knows.
_ternctl_commands() {
	ternctl --help | sed -n 's/^  \([a-z][a-z ]*\).*/\1/p'
	ternctl "${options[@]}" help 2>/dev/null | sed '1d; s/  .*//'
}

_ternctl_hosts() {
	ternctl "${options[@]}" host list 2>/dev/null | sed '1d; s/ .*//'
}

_ternctl_modules_of() {
	ternctl "${options[@]}" module list 2>/dev/null | awk -v host="$1" '$1 == host { print $2 }'
}

_ternctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} options=() said="" i word

	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		-s | -c)
			options+=("$word" "${COMP_WORDS[++i]}")
			((i == COMP_CWORD)) && { mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return; }
			;;
		-*) ;;
		*) said+="$word " ;;
		esac
	done
	case $said in
	"user list " | "session list " | "announce " | "module load " | "module unload ") word=$(_ternctl_hosts) ;;
	"module unload "*) word=${said#module unload } word=$(_ternctl_modules_of "${word% }") ;;
	"log level ") word="error warning info debug" ;;
	"doctor ") word="--all --resolver --ca" ;;
	"backup " | "restore "* | "db check ")
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	"user import ")
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	"") word="-s -c --json --help $(_ternctl_commands | sed 's/ .*//' | sort -u)" ;;
	*) word=$(_ternctl_commands | sed -n "s/^$said\([a-z-]*\).*/\1/p" | sort -u) ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$word" -- "$cur")
}
complete -F _ternctl ternctl
