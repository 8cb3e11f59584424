# What the dangerous situations are made of, and what is looked at after a switch. `holder` is the process whose memory
# or device must not be lost: its number is in $holder.
MEBIBYTE=1048576
holder=

# unprepared WHY: the situation did not come about; the judge takes it for a failure
unprepared() { echo "unprepared: $*"; }

# blocks START SIZE: the directories of the memory blocks there
blocks() {
    local size=$((0x$(cat /sys/devices/system/memory/block_size_bytes))) at
    for at in $(seq $(($1 / size)) $((($1 + $2) / size - 1))); do
        [ -d /sys/devices/system/memory/memory$at ] && echo /sys/devices/system/memory/memory$at
    done
}

# as_devdax START: lends the dax device there to device_dax
as_devdax() {
    local device drivers=/sys/bus/dax/drivers
    device=$(dax_device "$1") || return
    /sbin/modprobe device_dax
    [ ! -e /sys/bus/dax/devices/"$device"/driver ] ||
        echo "$device" > $drivers/"$(basename "$(readlink /sys/bus/dax/devices/"$device"/driver)")"/unbind
    echo "$device" > $drivers/device_dax/new_id
    for attempt in $(seq 50); do
        [ -e /dev/"$device" ] && return
        sleep 0.1
    done
    unprepared "/dev/$device did not come"
}

# hold ARGUMENTS...: starts the holder and waits until it holds what it should
hold() {
    /usr/bin/holder "$@" > /run/holder.out 2>&1 &
    holder=$!
    for attempt in $(seq 1200); do
        [ -e /run/holder.ready ] && return
        kill -0 $holder 2>/dev/null || { unprepared "the holder ended: $(cat /run/holder.out)"; return; }
        sleep 0.1
    done
    unprepared "the holder is not ready"
}

# node_of START: the NUMA node of the memory there, while it is online
node_of() {
    local node
    for node in "$(blocks "$1" 0x8000000)"/node*; do
        echo "${node##*/node}"
    done
}

# free NODE: the bytes of a node that nobody uses
free() { echo $(($(sed -n 's/.* MemFree: *\([0-9]*\) kB/\1/p' /sys/devices/system/node/node"$1"/meminfo) * 1024)); }

# keep MEBIBYTES [START]: a process with a pattern in so much memory, of node 0 or of the one online at an address
keep() { hold memory $(($1 * MEBIBYTE)) "$([ -n "$2" ] && node_of "$2" || echo 0)"; }

# hold_pinned START: a process with pages there that can't be moved
hold_pinned() {
    /usr/bin/pin "$(node_of "$1")" process &
    holder=$!
    until [ -e /tmp/pinned ]; do sleep 0.2; done
}

# keep_both MEBIBYTES START LEFT: a pattern in the memory at an address, and one in all of node 0 but so much
keep_both() { hold memory $(($1 * MEBIBYTE)) "$(node_of "$2")" $(($(free 0) - $3 * MEBIBYTE)) 0; }

# holder_state: whether the holder lives, and whether its memory is what it wrote
holder_state() {
    kill -0 $holder 2>/dev/null || { echo "gone"; return; }
    [ "$(cat /proc/$holder/stat | cut -d' ' -f3)" != Z ] || { echo "gone"; return; }
    grep -q memory /proc/$holder/cmdline || { echo "alive"; return; }
    kill -USR1 $holder
    for attempt in $(seq 600); do
        [ -e /run/holder ] && { echo "alive, $(cat /run/holder)"; rm /run/holder; return; }
        kill -0 $holder 2>/dev/null || { echo "gone"; return; }
        sleep 0.1
    done
    echo "alive, and does not answer"
}

# aftermath: what became of the host: its processes, its memory under load, and a last snapshot
aftermath() {
    local node load=""
    settle
    cap after
    [ -z "$holder" ] || run holder holder_state
    for node in /sys/devices/system/node/node[0-9]*; do
        node=${node##*/node}
        [ "$(free "$node")" -gt $((160 * MEBIBYTE)) ] || continue
        # CXL memory is slow under emulation.
        load="$load $(($([ "$node" = 0 ] && echo 128 || echo 16) * MEBIBYTE)) $node"
    done
    run work /usr/bin/holder work $load
    [ -z "$holder" ] || run holder-at-the-end holder_state
    if [ -e /run/sums ]; then
        # What is on the medium, not what the kernel remembers of it.
        echo 3 > /proc/sys/vm/drop_caches
        run files md5sum -c /run/sums
    fi
}

# owner START: who has the dax device there, as its path tells
owner() {
    local device found=none
    for device in /sys/bus/dax/devices/*; do
        [ -e "$device" ] && [ "$(($(cat "$device"/resource)))" = "$(($1))" ] || continue
        case $(readlink -f "$device") in
            */dax_region*) found=$found+cxl ;;
            */hmem.*) found=$found+hmem ;;
        esac
    done
    echo "${found#none+}"
}

# journal_is_closed: whether a second recover finds nothing to do and changes nothing
journal_is_closed() {
    daxswitch recover --yes --json > /run/recover.again 2>&1 && grep -q '"changed" *: *false' /run/recover.again
}

# kill_at POLICY LINES MILLISECONDS START BACK: kills apply at a point, recovers, notes what came of it, and brings the
# machine back with the policy BACK where it must be
kill_at() {
    local how code owner closed
    how=$(/usr/bin/killer /run/daxswitch/journal "$2" "$3" daxswitch apply "$1" --yes --json 2> /dev/null | tail -n 1)
    daxswitch recover --yes --json > /run/recover.out 2>&1
    code=$?
    settle
    owner=$(owner "$4")
    journal_is_closed && closed=closed || closed="open: $(tail -c 300 /run/recover.again | tr '\n' ' ')"
    echo "$1 after $2 lines and $3 ms: $how; recover ended $code; $owner; $closed" | tee -a /run/kills
    new_step kills
    mkdir $directory
    cp /run/kills /run/recover.out $directory/
    send $directory
    [ "$owner" = "$5" ] || daxswitch apply "$5" --yes --json > /run/back.out 2>&1 || tail -c 500 /run/back.out
    settle
}
