#!/bin/bash

__daxswitch_cursor_index_in_current_word() {
    local remaining="${COMP_LINE}"

    local word
    for word in "${COMP_WORDS[@]::COMP_CWORD}"; do
        remaining="${remaining##*([[:space:]])"${word}"*([[:space:]])}"
    done

    local -ir index="$((COMP_POINT - ${#COMP_LINE} + ${#remaining}))"
    if [[ "${index}" -le 0 ]]; then
        printf 0
    else
        printf %s "${index}"
    fi
}

# positional arguments:
#
# - 1: the current (sub)command's count of positional arguments
#
# required variables:
#
# - repeating_flags: the repeating flags that the current (sub)command can accept
# - non_repeating_flags: the non-repeating flags that the current (sub)command can accept
# - repeating_options: the repeating options that the current (sub)command can accept
# - non_repeating_options: the non-repeating options that the current (sub)command can accept
# - positional_number: value ignored
# - unparsed_words: unparsed words from the current command line
#
# modified variables:
#
# - non_repeating_flags: remove flags for this (sub)command that are already on the command line
# - non_repeating_options: remove options for this (sub)command that are already on the command line
# - positional_number: set to the current positional number
# - unparsed_words: remove all flags, options, and option values for this (sub)command
__daxswitch_offer_flags_options() {
    local -ir positional_count="${1}"
    positional_number=0

    local was_flag_option_terminator_seen=false
    local is_parsing_option_value=false

    local -ar unparsed_word_indices=("${!unparsed_words[@]}")
    local -i word_index
    for word_index in "${unparsed_word_indices[@]}"; do
        if "${is_parsing_option_value}"; then
            # This word is an option value:
            # Reset marker for next word iff not currently the last word
            [[ "${word_index}" -ne "${unparsed_word_indices[${#unparsed_word_indices[@]} - 1]}" ]] && is_parsing_option_value=false
            unset "unparsed_words[${word_index}]"
            # Do not process this word as a flag or an option
            continue
        fi

        local word="${unparsed_words["${word_index}"]}"
        if ! "${was_flag_option_terminator_seen}"; then
            case "${word}" in
            --)
                unset "unparsed_words[${word_index}]"
                # by itself -- is a flag/option terminator, but if it is the last word, it is the start of a completion
                if [[ "${word_index}" -ne "${unparsed_word_indices[${#unparsed_word_indices[@]} - 1]}" ]]; then
                    was_flag_option_terminator_seen=true
                fi
                continue
                ;;
            -*)
                # ${word} is a flag or an option
                # If ${word} is an option, mark that the next word to be parsed is an option value
                local option
                for option in "${repeating_options[@]}" "${non_repeating_options[@]}"; do
                    [[ "${word}" = "${option}" ]] && is_parsing_option_value=true && break
                done

                # Remove ${word} from ${non_repeating_flags} or ${non_repeating_options} so it isn't offered again
                local not_found=true
                local -i index
                for index in "${!non_repeating_flags[@]}"; do
                    if [[ "${non_repeating_flags[${index}]}" = "${word}" ]]; then
                        unset "non_repeating_flags[${index}]"
                        non_repeating_flags=("${non_repeating_flags[@]}")
                        not_found=false
                        break
                    fi
                done
                if "${not_found}"; then
                    for index in "${!non_repeating_flags[@]}"; do
                        if [[ "${non_repeating_flags[${index}]}" = "${word}" ]]; then
                            unset "non_repeating_flags[${index}]"
                            non_repeating_flags=("${non_repeating_flags[@]}")
                            break
                        fi
                    done
                fi
                unset "unparsed_words[${word_index}]"
                continue
                ;;
            esac
        fi

        # ${word} is neither a flag, nor an option, nor an option value
        if [[ "${positional_number}" -lt "${positional_count}" || "${positional_count}" -lt 0 ]]; then
            # ${word} is a positional
            ((positional_number++))
            unset "unparsed_words[${word_index}]"
        else
            if [[ -z "${word}" ]]; then
                # Could be completing a flag, option, or subcommand
                positional_number=-1
            else
                # ${word} is a subcommand or invalid, so stop processing this (sub)command
                positional_number=-2
            fi
            break
        fi
    done

    unparsed_words=("${unparsed_words[@]}")

    if\
        ! "${was_flag_option_terminator_seen}"\
        && ! "${is_parsing_option_value}"\
        && [[ ("${cur}" = -* && "${positional_number}" -ge 0) || "${positional_number}" -eq -1 ]]
    then
        COMPREPLY+=($(compgen -W "${repeating_flags[*]} ${non_repeating_flags[*]} ${repeating_options[*]} ${non_repeating_options[*]}" -- "${cur}"))
    fi
}

__daxswitch_add_completions() {
    local completion
    while IFS='' read -r completion; do
        COMPREPLY+=("${completion}")
    done < <(IFS=$'\n' compgen "${@}" -- "${cur}")
}

__daxswitch_custom_complete() {
    if [[ -n "${cur}" || -z ${COMP_WORDS[${COMP_CWORD}]} || "${COMP_LINE:${COMP_POINT}:1}" != ' ' ]]; then
        local -ar words=("${COMP_WORDS[@]}")
    else
        local -ar words=("${COMP_WORDS[@]::${COMP_CWORD}}" '' "${COMP_WORDS[@]:${COMP_CWORD}}")
    fi

    "${COMP_WORDS[0]}" "${@}" "${words[@]}"
}

_daxswitch() {
    local state
    state="$(shopt -p;shopt -po)"
    trap "${state//$'\n'/;}" RETURN
    shopt -s extglob
    set +o history +o posix

    local -xr SAP_SHELL=bash
    local -x SAP_SHELL_VERSION
    SAP_SHELL_VERSION="$(IFS='.';printf %s "${BASH_VERSINFO[*]}")"
    local -r SAP_SHELL_VERSION

    local -r cur="${2}"
    local -r prev="${3}"

    local -i positional_number
    local -a unparsed_words=("${COMP_WORDS[@]:1:${COMP_CWORD}}")

    local -a repeating_flags=()
    local -a non_repeating_flags=(--version -h --help)
    local -a repeating_options=()
    local -a non_repeating_options=()
    __daxswitch_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    status|plan|predict|apply|confirm|verify|diff|report|recover|persist|collect|policies|explain|history|version|help)
        # Offer subcommand argument completions
        "_daxswitch_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'status plan predict apply confirm verify diff report recover persist collect policies explain history version help' -- "${cur}"))
        ;;
    esac
}

_daxswitch_status() {
    repeating_flags=()
    non_repeating_flags=(--json --quiet -q --verbose -v --all --check --follow --version -h --help)
    repeating_options=(--root)
    non_repeating_options=(--format --color)
    __daxswitch_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--root')
        __daxswitch_add_completions -f
        return
        ;;
    '--format')
        __daxswitch_add_completions -W 'table'$'\n''map'$'\n''svg'$'\n''json'
        return
        ;;
    '--color')
        __daxswitch_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_daxswitch_plan() {
    repeating_flags=()
    non_repeating_flags=(--json --quiet -q --verbose -v --all --offline-memory --leave-idle --detailed-exitcode --version -h --help)
    repeating_options=(--root --accept --out)
    non_repeating_options=(--format --color --rules --initial-probe)
    __daxswitch_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--root')
        __daxswitch_add_completions -f
        return
        ;;
    '--format')
        __daxswitch_add_completions -W 'table'$'\n''map'$'\n''svg'$'\n''json'
        return
        ;;
    '--color')
        __daxswitch_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    '--accept')
        __daxswitch_add_completions -W 'device-open'$'\n''nondeterministic'$'\n''orphaned-range'$'\n''region-lost'$'\n''unbindable'
        return
        ;;
    '--rules')
        __daxswitch_add_completions -W 'hmem-only'$'\n''deferring'$'\n''coordinated'$'\n''unfixed'$'\n''all-or-nothing'
        return
        ;;
    '--initial-probe')
        __daxswitch_add_completions -W 'pending'$'\n''done'
        return
        ;;
    '--out')
        __daxswitch_add_completions -f
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __daxswitch_add_completions -W 'cxl'$'\n''hmem'$'\n''reload'
        return
        ;;
    esac
}

_daxswitch_predict() {
    repeating_flags=()
    non_repeating_flags=(--json --quiet -q --verbose -v --all --all-orders --version -h --help)
    repeating_options=(--root --out)
    non_repeating_options=(--format --color --rules --initial-probe)
    __daxswitch_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--root')
        __daxswitch_add_completions -f
        return
        ;;
    '--format')
        __daxswitch_add_completions -W 'table'$'\n''map'$'\n''svg'$'\n''json'
        return
        ;;
    '--color')
        __daxswitch_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    '--rules')
        __daxswitch_add_completions -W 'hmem-only'$'\n''deferring'$'\n''coordinated'$'\n''unfixed'$'\n''all-or-nothing'
        return
        ;;
    '--initial-probe')
        __daxswitch_add_completions -W 'pending'$'\n''done'
        return
        ;;
    '--out')
        __daxswitch_add_completions -f
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __daxswitch_add_completions -W 'hold'$'\n''release'$'\n''cxl_acpi'$'\n''cxl_pci'$'\n''cxl_mem'$'\n''cxl_port'$'\n''cxl_pmem'$'\n''dax_hmem'$'\n''dax_cxl'$'\n''kmem'$'\n''device_dax'$'\n''load:cxl_acpi'$'\n''unload:cxl_acpi'$'\n''load:cxl_pci'$'\n''unload:cxl_pci'$'\n''load:cxl_mem'$'\n''unload:cxl_mem'$'\n''load:cxl_port'$'\n''unload:cxl_port'$'\n''load:cxl_pmem'$'\n''unload:cxl_pmem'$'\n''load:dax_hmem'$'\n''unload:dax_hmem'$'\n''load:dax_cxl'$'\n''unload:dax_cxl'$'\n''load:kmem'$'\n''unload:kmem'$'\n''load:device_dax'$'\n''unload:device_dax'
        return
        ;;
    esac
}

_daxswitch_apply() {
    repeating_flags=()
    non_repeating_flags=(--dry-run --yes --json --quiet -q --verbose -v --all --offline-memory --leave-idle --no-rollback --version -h --help)
    repeating_options=(--accept)
    non_repeating_options=(--color --wait --confirm-within)
    __daxswitch_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--color')
        __daxswitch_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    '--wait')
        return
        ;;
    '--accept')
        __daxswitch_add_completions -W 'device-open'$'\n''nondeterministic'$'\n''orphaned-range'$'\n''region-lost'$'\n''unbindable'
        return
        ;;
    '--confirm-within')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __daxswitch_add_completions -W 'cxl'$'\n''hmem'$'\n''reload'
        return
        ;;
    esac
}

_daxswitch_confirm() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=(--color --wait)
    __daxswitch_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--color')
        __daxswitch_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    '--wait')
        return
        ;;
    esac
}

_daxswitch_verify() {
    repeating_flags=()
    non_repeating_flags=(--json --quiet -q --verbose -v --all --version -h --help)
    repeating_options=(--root --prometheus)
    non_repeating_options=(--format --color --rules --initial-probe)
    __daxswitch_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--root')
        __daxswitch_add_completions -f
        return
        ;;
    '--format')
        __daxswitch_add_completions -W 'table'$'\n''map'$'\n''svg'$'\n''json'
        return
        ;;
    '--color')
        __daxswitch_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    '--rules')
        __daxswitch_add_completions -W 'hmem-only'$'\n''deferring'$'\n''coordinated'$'\n''unfixed'$'\n''all-or-nothing'
        return
        ;;
    '--initial-probe')
        __daxswitch_add_completions -W 'pending'$'\n''done'
        return
        ;;
    '--prometheus')
        __daxswitch_add_completions -f
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __daxswitch_add_completions -W 'cxl'$'\n''hmem'$'\n''reload'
        return
        ;;
    esac
}

_daxswitch_diff() {
    repeating_flags=()
    non_repeating_flags=(--json --quiet -q --verbose -v --all --version -h --help)
    repeating_options=()
    non_repeating_options=(--color)
    __daxswitch_offer_flags_options 2

    # Offer option value completions
    case "${prev}" in
    '--color')
        __daxswitch_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __daxswitch_add_completions -f
        return
        ;;
    2)
        __daxswitch_add_completions -f
        return
        ;;
    esac
}

_daxswitch_report() {
    repeating_flags=()
    non_repeating_flags=(--json --force --redact --version -h --help)
    repeating_options=(--root --out)
    non_repeating_options=(--plan --format)
    __daxswitch_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--root')
        __daxswitch_add_completions -f
        return
        ;;
    '--plan')
        __daxswitch_add_completions -W 'cxl'$'\n''hmem'$'\n''reload'
        return
        ;;
    '--format')
        __daxswitch_add_completions -W 'html'$'\n''md'
        return
        ;;
    '--out')
        __daxswitch_add_completions -f
        return
        ;;
    esac
}

_daxswitch_recover() {
    repeating_flags=()
    non_repeating_flags=(--undo --dry-run --yes --json --version -h --help)
    repeating_options=()
    non_repeating_options=(--color --wait)
    __daxswitch_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--color')
        __daxswitch_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    '--wait')
        return
        ;;
    esac
}

_daxswitch_persist() {
    repeating_flags=()
    non_repeating_flags=(--clear --update-initramfs --update-boot-loader --dry-run --yes --json --version -h --help)
    repeating_options=()
    non_repeating_options=(--color --wait)
    __daxswitch_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--color')
        __daxswitch_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    '--wait')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __daxswitch_add_completions -W 'cxl'$'\n''hmem'$'\n''reload'
        return
        ;;
    esac
}

_daxswitch_collect() {
    repeating_flags=()
    non_repeating_flags=(--redact --json --version -h --help)
    repeating_options=()
    non_repeating_options=()
    __daxswitch_offer_flags_options 1

    # Offer positional completions
    case "${positional_number}" in
    1)
        __daxswitch_add_completions -f
        return
        ;;
    esac
}

_daxswitch_policies() {
    repeating_flags=()
    non_repeating_flags=(--proof --json --version -h --help)
    repeating_options=()
    non_repeating_options=(--color)
    __daxswitch_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--color')
        __daxswitch_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __daxswitch_add_completions -W 'cxl'$'\n''hmem'$'\n''reload'
        return
        ;;
    esac
}

_daxswitch_explain() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=(--color)
    __daxswitch_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--color')
        __daxswitch_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __daxswitch_add_completions -W 'hmem-owns-all'$'\n''outside-windows'$'\n''no-window'$'\n''defer-to-cxl'$'\n''initial-probe-region'$'\n''initial-probe-hmem'$'\n''later-probe-defers'$'\n''reload-race'$'\n''all-or-nothing-cxl'$'\n''all-or-nothing-hmem'$'\n''soft-reserved-line'$'\n''region-idle'$'\n''proximity-ranges'$'\n''srat-range-whole'$'\n''mixed-range'$'\n''hmem-disabled'$'\n''cxl-claims-region'$'\n''first-claim-wins'$'\n''both-claim'$'\n''claims-await-mode'$'\n''alignment'$'\n''no-region'$'\n''no-driver'$'\n''unbind-frees-range'$'\n''bind-takes-range'$'\n''hmem-requests-cxl'$'\n''hmem-softdep-cxl'$'\n''cxl-depends-on-hmem'$'\n''removal-resets-decoders'$'\n''lock-honoured'$'\n''lock-ignored'$'\n''lock-unknown'$'\n''firmware-region-kept'$'\n''unassembled-kept'$'\n''hold-blocks'$'\n''pmem-needs-bridge'$'\n''memory-online'$'\n''decode-under-live-memory'$'\n''region-lost'$'\n''undecoded-range'$'\n''device-open'$'\n''orphaned-range'$'\n''unbindable'$'\n''double-claim'$'\n''pmem-in-use'$'\n''pmem-without-bridge'$'\n''self-undoing'$'\n''nondeterministic'$'\n''want-unmet'$'\n''step-refused'$'\n''builtin'$'\n''modules-disabled'$'\n''lockdown'$'\n''not-permitted'$'\n''no-hotremove'$'\n''undecoded'$'\n''region-not-assembled'$'\n''no-owner'$'\n''leaked'$'\n''driver-refused'$'\n''half-done'$'\n''firmware-system-ram'$'\n''soft-reserve-off'$'\n''hmem-over-region'$'\n''capacity-lost'$'\n''auto-online'$'\n''held'$'\n''window'$'\n''region'$'\n''decoder'$'\n''committed'$'\n''locked'$'\n''assembled'$'\n''live'$'\n''fixed'$'\n''device'$'\n''through'$'\n''cxl'$'\n''hmem'$'\n''none'$'\n''both'$'\n''idle'$'\n''devdax'$'\n''famfs'$'\n''system-ram'$'\n''soft-reserved'$'\n''decoded'$'\n''reserved'$'\n''Normal'$'\n''movable'$'\n''kernel'$'\n''automatic'$'\n''offline'$'\n''hmem-only'$'\n''deferring'$'\n''coordinated'$'\n''unfixed'$'\n''all-or-nothing'$'\n''pending'$'\n''done'$'\n''unknown'$'\n''defer'$'\n''register'$'\n''drop'$'\n''loaded'$'\n''changing'$'\n''unbound'$'\n''absent'$'\n''missing'$'\n''hold'$'\n''release'$'\n''covered_by_region'$'\n''window_only'$'\n''summary'$'\n''order'$'\n''want'$'\n''consent'$'\n''offline_memory'$'\n''lose_regions'$'\n''nothing-to-do'$'\n''safe'$'\n''accepted'$'\n''refused'$'\n''uncertain'$'\n''ok'$'\n''attention'$'\n''broken'$'\n''crash'$'\n''loss'$'\n''failure'$'\n''notice'$'\n''owner'$'\n''iomem'$'\n''module'$'\n''use'$'\n''finding'$'\n''next-boot'$'\n''step'$'\n''hazard'$'\n''dry-run'$'\n''rolled-back'$'\n''failed'$'\n''stopped'$'\n''undone'$'\n''nothing-to-recover'$'\n''changes'$'\n''matches'$'\n''differs'$'\n''awaiting-confirmation'$'\n''confirmed'$'\n''already-confirmed'$'\n''nothing-to-confirm'$'\n''settled'$'\n''unfinished'$'\n''running'$'\n''earlier-boot'$'\n''damaged'$'\n''other-version'$'\n''rule'$'\n''generation'$'\n''evidence'$'\n''journal'$'\n''persisted'$'\n''initramfs'$'\n''write'$'\n''remove'$'\n''keep'$'\n''0'$'\n''1'$'\n''2'$'\n''3'$'\n''4'$'\n''5'$'\n''64'$'\n''65'$'\n''69'$'\n''75'$'\n''77'$'\n''rules'$'\n''hazards'$'\n''findings'
        return
        ;;
    esac
}

_daxswitch_history() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=(--root)
    non_repeating_options=(--color)
    __daxswitch_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--root')
        __daxswitch_add_completions -f
        return
        ;;
    '--color')
        __daxswitch_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_daxswitch_version() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=()
    __daxswitch_offer_flags_options 0
}

_daxswitch_help() {
    repeating_flags=()
    non_repeating_flags=(--version)
    repeating_options=()
    non_repeating_options=()
    __daxswitch_offer_flags_options -1
}

complete -o filenames -F _daxswitch daxswitch
