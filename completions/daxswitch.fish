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
