# Regions that are lost and restored: what the cases of the group `restore` are made of, beside regions.sh.
fail() { echo "unprepared: $*" >&2; }

# with_cxl COUNT: CXL's drivers are loaded, and so many memory devices have their decoders
with_cxl() {
    /sbin/modprobe -a cxl_acpi cxl_pci cxl_mem
    await_endpoints "$1"
}

# bound_region TYPE SIZE WINDOW SERIAL...: a region with its driver, as `cxl create-region` makes it
bound_region() {
    local region
    region=$(commit_region "$@")
    write "$region" /sys/bus/cxl/drivers/cxl_region/bind
}

# committed_regions: the names of the committed regions, in the order of their addresses
committed_regions() {
    local region
    for region in $devices/region*; do
        [ "$(cat "$region"/commit 2>/dev/null)" = 1 ] && echo "$(cat "$region"/resource) ${region##*/}"
    done | sort | cut -d' ' -f2
}

# starts: where the committed regions begin
starts() {
    local region
    for region in $(committed_regions); do cat $devices/"$region"/resource; done
}

# patterns write|check: in the memory of every region
patterns() {
    local start
    for start in $(starts); do pattern "$1" "$start"; done
}

# lose: cxl_acpi is removed by hand, or unbound if it is part of the image, and with it every region
lose() {
    local module
    for module in dax_cxl dax_hmem; do /sbin/rmmod $module; done
    if grep -q '^cxl_acpi ' /proc/modules; then
        /sbin/rmmod cxl_acpi
    else
        write ACPI0017:00 /sys/bus/platform/drivers/cxl_acpi/unbind
    fi
    settle
}

# load: CXL's drivers again, by hand
load() {
    /sbin/modprobe -a cxl_acpi cxl_pci cxl_mem
    [ -e /sys/bus/platform/devices/ACPI0017:00/driver ] || write ACPI0017:00 /sys/bus/platform/drivers/cxl_acpi/bind
    settle
}

# function_of MEMDEV: the PCI address of a memory device
function_of() { basename "$(readlink -f $devices/"$1"/..)"; }

# renumber: the memory devices get each other's numbers
renumber() {
    local function functions="" driver=/sys/bus/pci/drivers/cxl_pci
    for memory in $devices/mem*; do functions="$functions $(function_of "${memory##*/}")"; done
    for function in $functions; do write "$function" $driver/unbind; done
    for function in $(echo $functions | tr ' ' '\n' | tac); do write "$function" $driver/bind; done
}

# split START: two dax devices in the place of a region's one: device_dax has the first half, the memory of the other is online
split() {
    local device half next region drivers=/sys/bus/dax/drivers
    device=$(dax_device "$1")
    half=$(($(cat /sys/bus/dax/devices/"$device"/size) / 2))
    write "$device" $drivers/kmem/unbind
    write $half /sys/bus/dax/devices/"$device"/size
    region=$(dirname "$(readlink -f /sys/bus/dax/devices/"$device")")
    write 1 "$region"/dax_region/create
    next=${device%.*}.1
    write $half "$region"/"$next"/size
    pattern write "$1"
    /sbin/modprobe device_dax
    write "$device" $drivers/device_dax/new_id
    write "$device" $drivers/device_dax/remove_id
    write "$next" $drivers/kmem/bind
    online $(($1 + $half)) movable
}

# unfinished: the regions that are not committed, and the endpoint decoders with bytes of their device and no region
unfinished() {
    local device
    for device in $devices/region* $devices/decoder[1-9]*; do
        case $device in
            *region*) [ "$(cat "$device"/commit 2>/dev/null)" != 0 ] || echo "${device##*/}" ;;
            *) [ "$(($(cat "$device"/dpa_size 2>/dev/null || echo 0)))" = 0 ] || [ -n "$(cat "$device"/region)" ] || echo "${device##*/}" ;;
        esac
    done | tr '\n' ' '
}

# kill_restoring WORDS KILLER...: a run that its killer kills; then `recover $undo`, and where no region came of that, `apply cxl`
undo=
kill_restoring() {
    local words=$1 how code again=no
    shift
    how="$("$@" 2> /run/killed.err | tail -n 1); left $(committed_regions | wc -l) committed; unfinished $(unfinished)"
    daxswitch recover $undo --yes --json > /run/recover.out 2>&1
    code=$?
    settle
    cap recovered
    how="$how; recover ended $code; $(ending)"
    [ -n "$(committed_regions)" ] || { daxswitch apply cxl --yes --json > /run/again.out 2>&1; again=$?; settle; }
    cap restored
    note_kill "$words: $how; apply again: $again"
    [ "$again" = no ] || [ "$again" = 0 ] || tail -c 1000 /run/again.out
}

# kill_recover WORDS LINES KILLER...: a reload that is killed at a line of its journal, whose `recover` its killer kills
kill_recover() {
    local words=$1 lines=$2 first
    shift 2
    first=$(/usr/bin/killer /run/daxswitch/journal "$lines" 0 daxswitch apply reload --yes --json 2> /dev/null | tail -n 1)
    kill_restoring "$words (apply: $first)" "$@"
}

# refuse WORDS ERRNO PATTERN COUNT: `apply cxl` restores a lost region while the kernel refuses writes, as cutter does it; then
# `recover` if the run is not closed. Whether a whole region or none is left shows in the capture.
refuse() {
    local words=$1 how recovered=no
    /usr/bin/cutter "refuse=$2" "$3" "$4" daxswitch apply cxl --yes --json > /run/refused.out 2> /run/refused.err
    how="$(tail -n 1 /run/refused.out); left $(committed_regions | wc -l) committed; unfinished $(unfinished)"
    case $how in
        *"ended 0;"*) settle ;;
        *"ended 5;"*)
            daxswitch recover --yes --json > /run/recover.out 2>&1
            recovered=$?
            settle
            ;;
    esac
    cap recovered
    note_kill "$words: $how; recover: $recovered; $(ending)"
}

# apply_again: the region that was not restored is, by a run that nothing disturbs
apply_again() {
    [ -n "$(committed_regions)" ] || { t apply cxl --yes --json; settle; }
    cap restored
}
