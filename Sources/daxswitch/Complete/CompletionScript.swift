/// The script that makes a shell complete the command lines of daxswitch. Each asks the tool itself (`CompletionAnswer`), so
/// that it is never out of date, and makes of the answer what its shell wants.
enum CompletionScript: String, CaseIterable {
    case bash, zsh, fish

    /// What `--generate-completion-script SHELL` asks for, in place of the parser's own; nil for any other command line.
    init?(askedFor arguments: [String]) {
        let option = "--generate-completion-script"
        guard let first = arguments.first, first.hasPrefix(option) else { return nil }
        let word = first == option ? arguments.dropFirst().first : String(first.dropFirst(option.utf8.count + 1))
        guard let word, let script = CompletionScript(rawValue: word) else { return nil }
        self = script
    }

    /// The text of the script.
    var text: String {
        switch self {
        case .bash: Self.bashText
        case .zsh: Self.zshText
        case .fish: Self.fishText
        }
    }

    private static let bashText = #"""
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
        """# + "\n"

    private static let zshText = #"""
        #compdef daxswitch
        # Completion of daxswitch for zsh.

        _daxswitch() {
            local -a answer list
            local line prefix
            answer=("${(@f)$("${(Q)words[1]}" ---complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
            for line in "${(@)answer[2,-1]}"; do
                # _describe takes what stands behind the first colon for the meaning.
                list+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
            done
            local result=1
            (( $#list )) && _describe -t words word list && result=0
            if [[ $answer[1] == path* ]]; then
                prefix=${answer[1]#path }
                [[ -n $prefix ]] && compset -P "${(b)prefix}"
                _files && result=0
            fi
            return result
        }

        # Loaded by compinit, this file is the function's body; sourced, it names the function.
        if [[ $funcstack[1] == _daxswitch ]]; then
            _daxswitch "$@"
        elif (( $+functions[compdef] )); then
            compdef _daxswitch daxswitch
        fi
        """# + "\n"

    private static let fishText = #"""
        # Completion of daxswitch for fish.

        function __daxswitch_complete
            set -l words (commandline -opc)
            set -l current (commandline -ct)
            set -l answer ($words[1] ---complete $words[2..-1] "$current" 2>/dev/null)
            test (count $answer) -gt 1; and printf '%s\n' $answer[2..-1]
            if string match -q 'path*' -- "$answer[1]"
                set -l prefix (string replace -r '^path ?' '' -- "$answer[1]")
                set -l path (string sub -s (math (string length -- "$prefix") + 1) -- "$current")
                for file in (__fish_complete_path "$path")
                    printf '%s%s\n' "$prefix" $file
                end
            end
        end

        complete -c daxswitch -f -a '(__daxswitch_complete)'
        """# + "\n"
}
