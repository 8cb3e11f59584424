#!/bin/bash
# Completion of daxswitch for bash.

_daxswitch() {
    local line=${COMP_LINE:0:COMP_POINT} words=() answer word piece typed='' prefix i
    # Bash splits words at the characters of COMP_WORDBREAKS, such as ":" and "=". What no blank parts is one word.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        piece=${COMP_WORDS[i]}
        if ((i == 0)) || [[ $line == [[:space:]]* ]]; then
            line=${line#"${line%%[![:space:]]*}"}
            words+=('')
        fi
        piece=${piece:0:${#line}}
        words[${#words[@]} - 1]+=$piece
        line=${line:${#piece}}
    done
    word=${words[${#words[@]} - 1]}
    # What stands before the last of these characters is not replaced.
    for i in : =; do
        [[ $COMP_WORDBREAKS == *"$i"* && $word == *"$i"* ]] || continue
        prefix=${word%"${word##*"$i"}"}
        ((${#prefix} > ${#typed})) && typed=$prefix
    done
    COMPREPLY=()
    mapfile -t answer < <("${1/#\~/$HOME}" ---complete "${words[@]:1}" 2>/dev/null)
    for ((i = 1; i < ${#answer[@]}; i++)); do
        piece=${answer[i]%%$'\t'*}
        COMPREPLY+=("${piece:${#typed}}")
    done
    [[ ${answer[0]} == path* ]] || return 0
    compopt -o filenames 2>/dev/null
    prefix=${answer[0]#path }
    piece=${word:${#prefix}}
    # A quote or a backslash is for bash itself to read.
    if [[ ${#COMPREPLY[@]} == 0 && ($piece == *[\'\"\\~\$]*) ]]; then
        compopt -o default 2>/dev/null
        return 0
    fi
    while IFS= read -r i; do
        i=$prefix$i
        COMPREPLY+=("${i:${#typed}}")
    done < <(compgen -f -- "$piece")
}

complete -F _daxswitch daxswitch
