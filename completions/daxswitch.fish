function __daxswitch_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __daxswitch_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __daxswitch_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __daxswitch_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __daxswitch_parse_tokens -S
    set -l unparsed_tokens (__daxswitch_tokens -pc)
    switch $unparsed_tokens[1]
    case 'daxswitch'
        __daxswitch_parse_subcommand 0 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'status'
            __daxswitch_parse_subcommand -r 1 'root=+' 'json' 'format=' 'q/quiet' 'v/verbose' 'all' 'color=' 'check' 'follow' 'version' 'h/help'
        case 'plan'
            __daxswitch_parse_subcommand -r 2 'root=+' 'json' 'format=' 'q/quiet' 'v/verbose' 'all' 'color=' 'offline-memory' 'leave-idle' 'accept=+' 'rules=' 'initial-probe=' 'out=+' 'detailed-exitcode' 'version' 'h/help'
        case 'predict'
            __daxswitch_parse_subcommand -r 1 'root=+' 'json' 'format=' 'q/quiet' 'v/verbose' 'all' 'color=' 'rules=' 'initial-probe=' 'out=+' 'all-orders' 'version' 'h/help'
        case 'apply'
            __daxswitch_parse_subcommand 1 'dry-run' 'yes' 'json' 'q/quiet' 'v/verbose' 'all' 'color=' 'wait=' 'offline-memory' 'leave-idle' 'accept=+' 'no-rollback' 'confirm-within=' 'version' 'h/help'
        case 'confirm'
            __daxswitch_parse_subcommand 0 'json' 'color=' 'wait=' 'version' 'h/help'
        case 'verify'
            __daxswitch_parse_subcommand -r 2 'root=+' 'json' 'format=' 'q/quiet' 'v/verbose' 'all' 'color=' 'rules=' 'initial-probe=' 'prometheus=+' 'version' 'h/help'
        case 'diff'
            __daxswitch_parse_subcommand 2 'json' 'color=' 'q/quiet' 'v/verbose' 'all' 'version' 'h/help'
        case 'report'
            __daxswitch_parse_subcommand 0 'root=+' 'json' 'plan=' 'format=' 'out=+' 'force' 'redact' 'version' 'h/help'
        case 'recover'
            __daxswitch_parse_subcommand 0 'undo' 'dry-run' 'yes' 'json' 'color=' 'wait=' 'version' 'h/help'
        case 'persist'
            __daxswitch_parse_subcommand 1 'clear' 'update-initramfs' 'update-boot-loader' 'dry-run' 'yes' 'json' 'color=' 'wait=' 'version' 'h/help'
        case 'collect'
            __daxswitch_parse_subcommand 1 'redact' 'json' 'version' 'h/help'
        case 'policies'
            __daxswitch_parse_subcommand 1 'proof' 'json' 'color=' 'version' 'h/help'
        case 'explain'
            __daxswitch_parse_subcommand -r 1 'json' 'color=' 'version' 'h/help'
        case 'history'
            __daxswitch_parse_subcommand 0 'root=+' 'json' 'color=' 'version' 'h/help'
        case 'version'
            __daxswitch_parse_subcommand 0 'json' 'version' 'h/help'
        case 'help'
            __daxswitch_parse_subcommand -r 1 'version'
        end
    end
end

function __daxswitch_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __daxswitch_parse_subcommand -S -a positional_count
    argparse -s r -- $argv
    set -l option_specs $argv[2..]
    set -l is_repeating_positional $_flag_r
    set -el _flag_r
    set -a commands $unparsed_tokens[1]
    set positional_index 0
    while true
        set -e unparsed_tokens[1]
        argparse -sn "$commands" $option_specs -- $unparsed_tokens 2> /dev/null
        set unparsed_tokens $argv
        set positional_index (math $positional_index + 1)
        for non_repeating_flag_or_option in $non_repeating_flags_or_options
            if set -ql "_flag_$(string replace -a - _ -- $non_repeating_flag_or_option)"
                set non_repeating_flags_or_options_absent 1
                break
            end
        end
        test (count $unparsed_tokens) -eq 0 -o \( -z "$is_repeating_positional" -a "$positional_index" -gt "$positional_count" \) && break
    end
end

function __daxswitch_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __daxswitch_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__daxswitch_tokens -p)
    if test -z "$(__daxswitch_tokens -t)"
        set -l index (count (__daxswitch_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'daxswitch' -f
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch" version' -l 'version' -d 'Show the version.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch" -eq 1' -fa 'status' -d 'Show who owns each Soft Reserved range, and why.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch" -eq 1' -fa 'plan' -d 'Show the steps of a policy on this machine and who owns what afterwards.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch" -eq 1' -fa 'predict' -d 'Predict who owns each range after the given steps.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch" -eq 1' -fa 'apply' -d 'Carry out a policy or a saved plan on this machine, and verify the result.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch" -eq 1' -fa 'confirm' -d 'Keep what `apply --confirm-within` did; without it the run is rolled back when its time is over.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch" -eq 1' -fa 'verify' -d 'Compare this machine with a saved plan or a policy and list the differences.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch" -eq 1' -fa 'diff' -d 'Compare two machines or plans: owners, modules, regions, findings.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch" -eq 1' -fa 'report' -d 'Write one HTML or Markdown file about a machine or a plan, for a ticket or a review.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch" -eq 1' -fa 'recover' -d 'Finish or undo an interrupted apply.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch" -eq 1' -fa 'persist' -d 'Set or clear the owner used from the next boot.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch" -eq 1' -fa 'collect' -d 'Record this machine in a directory or an archive, to be read anywhere with --root.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch" -eq 1' -fa 'policies' -d 'List the policies, or show and check one.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch" -eq 1' -fa 'explain' -d 'Explain a rule, a hazard, a finding, or any other word that is printed.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch" -eq 1' -fa 'history' -d 'List the runs on this machine, the newest last.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch" -eq 1' -fa 'version' -d 'Print the version; with --json also those of the schemas and of libkmod.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch status"' -l 'root' -d 'Read this instead of the running machine: a capture made by `collect` (a directory or an archive), a sosreport, or a text with lines of /proc/iomem. Several, DIR/*, or @LIST (a file with one name per line, @- for standard input): one line for each, and a summary.' -rF
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch status" json' -l 'json' -d 'Print JSON with a stable schema.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch status" format' -l 'format' -d 'Print only the text without the map, the map, the map as an SVG picture, or JSON (as --json).' -rfka 'table map svg json'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch status" q quiet' -l 'quiet' -s 'q' -d 'Print only the verdict and the findings, a line each.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch status" v verbose' -l 'verbose' -s 'v' -d 'Also print evidence, every reason, and everything that --all shows.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch status" all' -l 'all' -d 'Show each range and window, also if there are more than 40.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch status" color' -l 'color' -d 'Colour the text. auto: on a terminal, unless NO_COLOR is set or TERM is dumb.' -rfka 'auto always never'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch status" check' -l 'check' -d 'Exit 4 if something is broken: a finding of severity crash, loss or failure.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch status" follow' -l 'follow' -d 'Show the status again whenever it changes, until Ctrl-C.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch status" version' -l 'version' -d 'Show the version.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch status" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch plan" -eq 1' -fka 'cxl hmem reload'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch plan"' -l 'root' -d 'Read this instead of the running machine: a capture made by `collect` (a directory or an archive), a sosreport, or a text with lines of /proc/iomem. Several, DIR/*, or @LIST (a file with one name per line, @- for standard input): one line for each, and a summary.' -rF
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch plan" json' -l 'json' -d 'Print JSON with a stable schema.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch plan" format' -l 'format' -d 'Print only the text without the map, the map, the map as an SVG picture, or JSON (as --json).' -rfka 'table map svg json'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch plan" q quiet' -l 'quiet' -s 'q' -d 'Print only the verdict and the findings, a line each.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch plan" v verbose' -l 'verbose' -s 'v' -d 'Also print evidence, every reason, and everything that --all shows.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch plan" all' -l 'all' -d 'Show each range and window, also if there are more than 40.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch plan" color' -l 'color' -d 'Colour the text. auto: on a terminal, unless NO_COLOR is set or TERM is dumb.' -rfka 'auto always never'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch plan" offline-memory' -l 'offline-memory' -d 'Take blocking memory offline first, and restore its use afterwards.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch plan" leave-idle' -l 'leave-idle' -d 'Don\'t restore the memory\'s previous use.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch plan"' -l 'accept' -d 'Accept this hazard; may be repeated. Hazards that would crash the host can\'t be accepted.' -rfka 'device-open nondeterministic orphaned-range region-lost unbindable'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch plan" rules' -l 'rules' -d 'Use these kernel rules instead of the detected ones.' -rfka 'hmem-only deferring coordinated unfixed all-or-nothing'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch plan" initial-probe' -l 'initial-probe' -d 'Use this state of dax_hmem\'s initial probe instead of the detected one: pending or done.' -rfka 'pending done'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch plan"' -l 'out' -d 'Write the JSON document to this file, for apply and verify; - writes it to standard output instead of text.' -rF
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch plan" detailed-exitcode' -l 'detailed-exitcode' -d 'Exit 2 instead of 0 if changes are pending.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch plan" version' -l 'version' -d 'Show the version.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch plan" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch predict" -ge 1' -fka 'hold release cxl_acpi cxl_pci cxl_mem cxl_port cxl_pmem dax_hmem dax_cxl kmem device_dax load:cxl_acpi unload:cxl_acpi load:cxl_pci unload:cxl_pci load:cxl_mem unload:cxl_mem load:cxl_port unload:cxl_port load:cxl_pmem unload:cxl_pmem load:dax_hmem unload:dax_hmem load:dax_cxl unload:dax_cxl load:kmem unload:kmem load:device_dax unload:device_dax'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch predict"' -l 'root' -d 'Read this instead of the running machine: a capture made by `collect` (a directory or an archive), a sosreport, or a text with lines of /proc/iomem.' -rF
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch predict" json' -l 'json' -d 'Print JSON with a stable schema.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch predict" format' -l 'format' -d 'Print only the text without the map, the map, the map as an SVG picture, or JSON (as --json).' -rfka 'table map svg json'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch predict" q quiet' -l 'quiet' -s 'q' -d 'Print only the verdict and the findings, a line each.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch predict" v verbose' -l 'verbose' -s 'v' -d 'Also print evidence, every reason, and everything that --all shows.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch predict" all' -l 'all' -d 'Show each range and window, also if there are more than 40.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch predict" color' -l 'color' -d 'Colour the text. auto: on a terminal, unless NO_COLOR is set or TERM is dumb.' -rfka 'auto always never'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch predict" rules' -l 'rules' -d 'Use these kernel rules instead of the detected ones.' -rfka 'hmem-only deferring coordinated unfixed all-or-nothing'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch predict" initial-probe' -l 'initial-probe' -d 'Use this state of dax_hmem\'s initial probe instead of the detected one: pending or done.' -rfka 'pending done'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch predict"' -l 'out' -d 'Write the JSON document to this file, for apply and verify; - writes it to standard output instead of text.' -rF
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch predict" all-orders' -l 'all-orders' -d 'Take modules instead of steps, and show every order of loading or reloading them, grouped by result.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch predict" version' -l 'version' -d 'Show the version.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch predict" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch apply" -eq 1' -fka 'cxl hmem reload'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch apply" dry-run' -l 'dry-run' -d 'Show what would be done, and change nothing.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch apply" yes' -l 'yes' -d 'Don\'t ask.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch apply" json' -l 'json' -d 'Print JSON with a stable schema.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch apply" q quiet' -l 'quiet' -s 'q' -d 'Print only the verdict and the findings, a line each.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch apply" v verbose' -l 'verbose' -s 'v' -d 'Also print evidence, every reason, and everything that --all shows.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch apply" all' -l 'all' -d 'Show each range and window, also if there are more than 40.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch apply" color' -l 'color' -d 'Colour the text. auto: on a terminal, unless NO_COLOR is set or TERM is dumb.' -rfka 'auto always never'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch apply" wait' -l 'wait' -d 'Wait up to SECONDS for another daxswitch (default: exit 75 at once).' -rfka ''
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch apply" offline-memory' -l 'offline-memory' -d 'Take blocking memory offline first, and restore its use afterwards.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch apply" leave-idle' -l 'leave-idle' -d 'Don\'t restore the memory\'s previous use.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch apply"' -l 'accept' -d 'Accept this hazard; may be repeated. Hazards that would crash the host can\'t be accepted.' -rfka 'device-open nondeterministic orphaned-range region-lost unbindable'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch apply" no-rollback' -l 'no-rollback' -d 'If a step fails, don\'t roll back.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch apply" confirm-within' -l 'confirm-within' -d 'Roll the run back unless somebody runs `daxswitch confirm` within this time: 30s to 24h.' -rfka ''
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch apply" version' -l 'version' -d 'Show the version.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch apply" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch confirm" json' -l 'json' -d 'Print JSON with a stable schema.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch confirm" color' -l 'color' -d 'Colour the text. auto: on a terminal, unless NO_COLOR is set or TERM is dumb.' -rfka 'auto always never'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch confirm" wait' -l 'wait' -d 'Wait up to SECONDS for another daxswitch (default: exit 75 at once).' -rfka ''
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch confirm" version' -l 'version' -d 'Show the version.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch confirm" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch verify" -eq 1' -fka 'cxl hmem reload'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch verify"' -l 'root' -d 'Read this instead of the running machine: a capture made by `collect` (a directory or an archive), a sosreport, or a text with lines of /proc/iomem. Several, DIR/*, or @LIST (a file with one name per line, @- for standard input): one line for each, and a summary.' -rF
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch verify" json' -l 'json' -d 'Print JSON with a stable schema.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch verify" format' -l 'format' -d 'Print only the text without the map, the map, the map as an SVG picture, or JSON (as --json).' -rfka 'table map svg json'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch verify" q quiet' -l 'quiet' -s 'q' -d 'Print only the verdict and the findings, a line each.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch verify" v verbose' -l 'verbose' -s 'v' -d 'Also print evidence, every reason, and everything that --all shows.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch verify" all' -l 'all' -d 'Show each range and window, also if there are more than 40.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch verify" color' -l 'color' -d 'Colour the text. auto: on a terminal, unless NO_COLOR is set or TERM is dumb.' -rfka 'auto always never'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch verify" rules' -l 'rules' -d 'Use these kernel rules instead of the detected ones.' -rfka 'hmem-only deferring coordinated unfixed all-or-nothing'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch verify" initial-probe' -l 'initial-probe' -d 'Use this state of dax_hmem\'s initial probe instead of the detected one: pending or done.' -rfka 'pending done'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch verify"' -l 'prometheus' -d 'Also write metrics to this file, for the textfile collector of Prometheus\' node_exporter; - writes them to standard output instead of text.' -rF
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch verify" version' -l 'version' -d 'Show the version.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch verify" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch diff" -eq 1' -F
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch diff" -eq 2' -F
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch diff" json' -l 'json' -d 'Print JSON with a stable schema.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch diff" color' -l 'color' -d 'Colour the text. auto: on a terminal, unless NO_COLOR is set or TERM is dumb.' -rfka 'auto always never'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch diff" q quiet' -l 'quiet' -s 'q' -d 'Print only the verdict and the findings, a line each.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch diff" v verbose' -l 'verbose' -s 'v' -d 'Also print evidence, every reason, and everything that --all shows.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch diff" all' -l 'all' -d 'Show each range and window, also if there are more than 40.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch diff" version' -l 'version' -d 'Show the version.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch diff" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch report"' -l 'root' -d 'Read this instead of the running machine: a capture made by `collect` (a directory or an archive), a sosreport, or a text with lines of /proc/iomem.' -rF
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch report" json' -l 'json' -d 'Print JSON with a stable schema.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch report" plan' -l 'plan' -d 'Report what this would change: a policy, or a file that plan --out wrote. A saved plan is reported alone, unless --root names a machine.' -rfka 'cxl hmem reload'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch report" format' -l 'format' -d 'The format: html, or md (Markdown).' -rfka 'html md'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch report"' -l 'out' -d 'Write the report to this file, which only you can read; with -, to standard output. Default: standard output.' -rF
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch report" force' -l 'force' -d 'Replace the file if it is there.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch report" redact' -l 'redact' -d 'Replace the host\'s name and the ids of machine and boot.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch report" version' -l 'version' -d 'Show the version.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch report" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch recover" undo' -l 'undo' -d 'Always restore the state before the run, also of a run that waits for confirmation.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch recover" dry-run' -l 'dry-run' -d 'Show what would be done, and change nothing.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch recover" yes' -l 'yes' -d 'Don\'t ask.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch recover" json' -l 'json' -d 'Print JSON with a stable schema.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch recover" color' -l 'color' -d 'Colour the text. auto: on a terminal, unless NO_COLOR is set or TERM is dumb.' -rfka 'auto always never'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch recover" wait' -l 'wait' -d 'Wait up to SECONDS for another daxswitch (default: exit 75 at once).' -rfka ''
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch recover" version' -l 'version' -d 'Show the version.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch recover" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch persist" -eq 1' -fka 'cxl hmem reload'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch persist" clear' -l 'clear' -d 'Remove what persist wrote. From the next boot the kernel\'s default applies.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch persist" update-initramfs' -l 'update-initramfs' -d 'Rebuild the initramfs with initramfs-tools or dracut.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch persist" update-boot-loader' -l 'update-boot-loader' -d 'Update the boot loader\'s configuration if the choice needs a kernel parameter.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch persist" dry-run' -l 'dry-run' -d 'Show what would be written, and change nothing.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch persist" yes' -l 'yes' -d 'Don\'t ask.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch persist" json' -l 'json' -d 'Print JSON with a stable schema.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch persist" color' -l 'color' -d 'Colour the text. auto: on a terminal, unless NO_COLOR is set or TERM is dumb.' -rfka 'auto always never'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch persist" wait' -l 'wait' -d 'Wait up to SECONDS for another daxswitch (default: exit 75 at once).' -rfka ''
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch persist" version' -l 'version' -d 'Show the version.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch persist" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch collect" -eq 1' -F
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch collect" redact' -l 'redact' -d 'Replace the host name, the machine and boot ids, and serial numbers.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch collect" json' -l 'json' -d 'Print JSON with a stable schema.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch collect" version' -l 'version' -d 'Show the version.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch collect" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch policies" -eq 1' -fka 'cxl hmem reload'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch policies" proof' -l 'proof' -d 'Also check the policy\'s order from every state that can be reached from boot. Takes a few seconds.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch policies" json' -l 'json' -d 'Print JSON with a stable schema.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch policies" color' -l 'color' -d 'Colour the text. auto: on a terminal, unless NO_COLOR is set or TERM is dumb.' -rfka 'auto always never'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch policies" version' -l 'version' -d 'Show the version.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch policies" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_positional "daxswitch explain" -ge 1' -fka 'hmem-owns-all outside-windows no-window defer-to-cxl initial-probe-region initial-probe-hmem later-probe-defers reload-race all-or-nothing-cxl all-or-nothing-hmem soft-reserved-line region-idle proximity-ranges srat-range-whole mixed-range hmem-disabled cxl-claims-region first-claim-wins both-claim claims-await-mode alignment no-region no-driver unbind-frees-range bind-takes-range hmem-requests-cxl hmem-softdep-cxl cxl-depends-on-hmem removal-resets-decoders lock-honoured lock-ignored lock-unknown firmware-region-kept unassembled-kept hold-blocks pmem-needs-bridge memory-online decode-under-live-memory region-lost undecoded-range device-open orphaned-range unbindable double-claim pmem-in-use pmem-without-bridge self-undoing nondeterministic want-unmet step-refused builtin modules-disabled lockdown not-permitted no-hotremove undecoded region-not-assembled no-owner leaked driver-refused half-done firmware-system-ram soft-reserve-off hmem-over-region capacity-lost auto-online held window region decoder committed locked assembled live fixed device through cxl hmem none both idle devdax famfs system-ram soft-reserved decoded reserved Normal movable kernel automatic offline hmem-only deferring coordinated unfixed all-or-nothing pending done unknown defer register drop loaded changing unbound absent missing hold release covered_by_region window_only summary order want consent offline_memory lose_regions nothing-to-do safe accepted refused uncertain ok attention broken crash loss failure notice owner iomem module use finding next-boot step hazard dry-run rolled-back failed stopped undone nothing-to-recover changes matches differs awaiting-confirmation confirmed already-confirmed nothing-to-confirm settled unfinished running earlier-boot damaged other-version rule generation evidence journal persisted initramfs write remove keep 0 1 2 3 4 5 64 65 69 75 77 rules hazards findings'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch explain" json' -l 'json' -d 'Print JSON with a stable schema.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch explain" color' -l 'color' -d 'Colour the text. auto: on a terminal, unless NO_COLOR is set or TERM is dumb.' -rfka 'auto always never'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch explain" version' -l 'version' -d 'Show the version.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch explain" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch history"' -l 'root' -d 'Read this instead of the running machine: a capture made by `collect` (a directory or an archive), a sosreport, or a text with lines of /proc/iomem.' -rF
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch history" json' -l 'json' -d 'Print JSON with a stable schema.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch history" color' -l 'color' -d 'Colour the text. auto: on a terminal, unless NO_COLOR is set or TERM is dumb.' -rfka 'auto always never'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch history" version' -l 'version' -d 'Show the version.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch history" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch version" json' -l 'json' -d 'Print JSON with a stable schema.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch version" version' -l 'version' -d 'Show the version.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch version" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'daxswitch' -n '__daxswitch_should_offer_completions_for_flags_or_options "daxswitch help" version' -l 'version' -d 'Show the version.'
