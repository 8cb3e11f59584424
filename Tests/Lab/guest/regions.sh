# CXL regions made through sysfs, as firmware leaves them or as an administrator makes them.
devices=/sys/bus/cxl/devices

# write VALUE ATTRIBUTE
write() { echo "$1" > "$2" || fail "can't write $1 to $2"; }

# endpoint_decoder SERIAL: the first decoder of the memory device with that serial number
endpoint_decoder() {
    local memory endpoint
    for memory in $devices/mem*; do
        [ "$(($(cat $memory/serial)))" = "$1" ] || continue
        for endpoint in $devices/endpoint*; do
            [ "$(readlink -f $endpoint/uport)" = "$(readlink -f $memory)" ] && echo "decoder${endpoint##*endpoint}.0"
        done
    done
}

# root_decoder START: the decoder of the window at an address
root_decoder() {
    local decoder
    for decoder in $devices/decoder0.*; do
        [ "$(($(cat $decoder/start)))" = "$(($1))" ] && echo "${decoder##*/}"
    done
}

# await_endpoints COUNT: waits until so many memory devices have their decoders
await_endpoints() {
    for attempt in $(seq 200); do
        [ "$(ls -d $devices/endpoint*/decoder*.0 2>/dev/null | wc -l)" -ge "$1" ] && return
        sleep 0.1
    done
    fail "not all of $1 endpoint decoders appeared"
}

# commit_region TYPE SIZE WINDOW SERIAL...: one region, ram or pmem, interleaved over all the devices named
commit_region() {
    local type=$1 size=$2 root region serial decoder target=0
    root=$(root_decoder "$3")
    shift 3
    region=$(cat $devices/"$root"/create_"$type"_region)
    write "$region" $devices/"$root"/create_"$type"_region
    write 256 $devices/"$region"/interleave_granularity
    write $# $devices/"$region"/interleave_ways
    if [ "$type" = pmem ]; then
        write "$(cat /proc/sys/kernel/random/uuid)" $devices/"$region"/uuid
    fi
    for serial in "$@"; do
        decoder=$(endpoint_decoder "$serial")
        write "$type" $devices/"$decoder"/mode
        write $(($size / $#)) $devices/"$decoder"/dpa_size
    done
    write "$size" $devices/"$region"/size
    for serial in "$@"; do
        write "$(endpoint_decoder "$serial")" $devices/"$region"/target$target
        target=$((target + 1))
    done
    write 1 $devices/"$region"/commit
    echo "$region"
}
