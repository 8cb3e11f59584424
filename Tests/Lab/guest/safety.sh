# What the dangerous situations are made of, and what is looked at after a switch. `holder` is the process whose memory
# or device must not be lost: its number is in $holder.
MEBIBYTE=1048576
holder=

# unprepared WHY: the situation was not reached; the judge takes it for a failure
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

# hold_is_whole: whether both files of a hold are there or neither, and no mark that they are being changed
hold_is_whole() {
    local drop_in=no rules=no
    grep -qs /bin/false /run/modprobe.d/00-daxswitch.conf && drop_in=yes
    [ ! -e /run/udev/rules.d/00-daxswitch.rules ] || rules=yes
    [ $drop_in = $rules ] && [ ! -e /run/daxswitch/hold.changing ]
}

# ending: "closed" where nothing is left to recover and no hold is half there
ending() {
    if ! journal_is_closed; then
        echo "open: $(tail -c 300 /run/recover.again | tr '\n' ' ')"
    elif ! hold_is_whole; then
        echo "half a hold: $(ls /run/modprobe.d /run/udev/rules.d /run/daxswitch | tr '\n' ' ')"
    else
        echo closed
    fi
}

# note_kill WORDS: a line of what came of a kill, sent at once
note_kill() {
    echo "$*" | tee -a /run/kills
    echo "  after boot: $(cut -d' ' -f1 /proc/uptime) s"
    new_step kills
    mkdir $directory
    cp /run/kills /run/recover.out /run/refused.* $directory/ 2>/dev/null
    send $directory
}

# look_again: udev hears of the devices that a hold is about as at the start of a host; without a hold they load cxl_acpi
look_again() {
    for device in /sys/bus/acpi/devices/ACPI0017:* /sys/bus/platform/devices/hmem*; do
        [ ! -e "$device" ] || udevadm trigger --action=add "$(readlink -f "$device")"
    done
    settle
}

# recovered WORDS START BACK: recovers, lets udev look again, notes what came of it, and returns the machine to the
# owner BACK where it must be
#
# A call into the kernel that the killed run had begun ends by itself, and until then another run has to wait (exit code 75).
recovered() {
    local code
    daxswitch recover --yes --json --wait 60 > /run/recover.out 2>&1
    code=$?
    look_again
    note_kill "$1; recover ended $code; $(owner "$2"); $(ending)"
    bring_back "$2" "$3"
}

# bring_back START OWNER: none is what the kernel makes of a range by itself, where it leaves the range to CXL
bring_back() {
    [ "$(owner "$1")" != "$2" ] || return
    if [ "$2" != none ]; then
        daxswitch apply "$2" --yes --json > /run/back.out 2>&1 || tail -c 500 /run/back.out
    else
        /sbin/rmmod dax_hmem
        rm -f /run/modprobe.d/00-daxswitch.conf /run/udev/rules.d/00-daxswitch.rules
        udevadm control --reload
        /sbin/modprobe -a cxl_acpi cxl_pci cxl_mem
        [ -e /sys/bus/platform/devices/ACPI0017:00/driver ] || echo ACPI0017:00 > /sys/bus/platform/drivers/cxl_acpi/bind
        /sbin/modprobe -a dax_hmem dax_cxl
        settle
    fi
    [ "$(owner "$1")" = "$2" ] || unprepared "the owner is $(owner "$1"), not $2"
}

# kill_at POLICY LINES MILLISECONDS START BACK: kills apply at a point of its journal
kill_at() {
    local how
    how=$(/usr/bin/killer /run/daxswitch/journal "$2" "$3" daxswitch apply "$1" --yes --json 2> /dev/null | tail -n 1)
    recovered "$1 after $2 lines and $3 ms: $how" "$4" "$5"
}

# cut_at POLICY CALL PATH START BACK: kills apply right after it has changed a file
cut_at() {
    local how
    how=$(/usr/bin/cutter "$2" "$3" 1 daxswitch apply "$1" --yes --json 2> /dev/null | tail -n 1)
    recovered "$1 after $2 of $3: $how" "$4" "$5"
}

# cut_recover POLICY LINES COUNT START BACK: kills apply at a point of its journal, then recover after so many lines of
# its own; the recover after that is what counts
cut_recover() {
    local first second
    first=$(/usr/bin/killer /run/daxswitch/journal "$2" 0 daxswitch apply "$1" --yes --json 2> /dev/null | tail -n 1)
    second=$(/usr/bin/cutter write /run/daxswitch/journal "$3" daxswitch recover --yes --json 2> /dev/null | tail -n 1)
    recovered "$1 after $2 lines: $first; recover after $3 more: $second" "$4" "$5"
}

# A builder of images as small as can be: the list of what an image would have, made slowly.
image=/boot/initrd.img-$(uname -r)
install_builder() {
    mkdir -p /boot /usr/sbin /etc/modprobe.d
    cat > /usr/sbin/update-initramfs <<'END'
#!/bin/busybox sh
echo building > /run/building
sleep 2
{ ls -l /etc/modprobe.d/*; echo "-rw-r--r-- 1 root root 4 Jan 1 00:00 usr/lib/modules/dax_hmem.ko"; } > /boot/new
mv /boot/new "/boot/initrd.img-$(uname -r)"
rm /run/building
END
    cat > /usr/bin/lsinitramfs <<'END'
#!/bin/busybox sh
cat "$2"
END
    cp /usr/bin/lsinitramfs /usr/sbin/mkinitramfs
    chmod 755 /usr/sbin/update-initramfs /usr/sbin/mkinitramfs /usr/bin/lsinitramfs
    update-initramfs
    sed 's/ - rootfs rootfs / - ext4 \/dev\/vda1 /' /proc/self/mountinfo > /lab/mountinfo
    # The tool in a process whose mount table shows a host's disk.
    cat > /usr/bin/on-disk <<'END'
#!/bin/busybox sh
mount --bind /lab/mountinfo /proc/$$/mountinfo && exec daxswitch "$@"
END
    chmod 755 /usr/bin/on-disk
}

# choice: whether the file for the next boots is there, and whether the image has it: "file+image", "none" or one alone
choice() {
    local found=
    [ ! -e /etc/modprobe.d/01-daxswitch.conf ] || found=file
    ! grep -q 01-daxswitch "$image" || found=${found:+$found+}image
    echo "${found:-none}"
}

# recovered_choice WORDS: recovers a persist, and notes what the next boot has
recovered_choice() {
    local code
    daxswitch recover --yes --json --wait 60 > /run/recover.out 2>&1
    code=$?
    # A builder that outlived the tool would write the image now.
    sleep 3
    note_kill "$1; recover ended $code; $(choice); $(ending)"
}

# cut_persist CALL PATH COUNT WANTED: kills persist, of hmem or --clear, right after it has changed a file
cut_persist() {
    local how
    how=$(/usr/bin/cutter "$1" "$2" "$3" on-disk persist "$4" --update-initramfs --yes --json \
        2> /dev/null | tail -n 1)
    recovered_choice "persist $4 after $1 $3 of $2: $how"
}

# kill_builder WANTED: kills persist while the builder works
kill_builder() {
    local how
    rm -f /run/building
    how=$(/usr/bin/killer /run/building 1 300 on-disk persist "$1" --update-initramfs --yes --json \
        2> /dev/null | tail -n 1)
    recovered_choice "persist $1 within the builder: $how"
}

# cut_choice_recover CALL PATH WANTED: kills persist before its builder, then recover right after it has changed a file
cut_choice_recover() {
    local first second
    first=$(/usr/bin/cutter rename /var/lib/daxswitch/persist.json 2 on-disk persist "$3" \
        --update-initramfs --yes --json 2> /dev/null | tail -n 1)
    second=$(/usr/bin/cutter "$1" "$2" 1 daxswitch recover --yes --json 2> /dev/null | tail -n 1)
    recovered_choice "persist $3 before the builder: $first; recover after $1 of $2: $second"
}

# persisted WANTED: persists the choice, hmem or --clear
persisted() { on-disk persist "$1" --update-initramfs --yes --json > /run/persist.out 2>&1 || cat /run/persist.out; }

# again COMMAND...: until it succeeds, twenty times: the package's scripts refuse to do their work during a run
again() {
    local attempt
    for attempt in $(seq 20); do
        "$@" && return
    done
    return 1
}

# reinstall: what dpkg does with the package between two versions of nothing: purged, and installed again
reinstall() {
    again sh /lab/package/prerm remove || return
    mv /usr/bin/daxswitch /lab/package/daxswitch
    sh /lab/package/postrm remove
    again sh /lab/package/postrm purge
    local code=$?
    mv /lab/package/daxswitch /usr/bin/daxswitch
    sh /lab/package/postinst configure
    return $code
}

# back_to_cxl: by hand. A purge forgets what was seen of the decoders and of the initial probe, without which every later
# `apply cxl` is refused; with the modules loaded in this order the machine shows both again.
back_to_cxl() {
    local module
    settle
    for module in dax_cxl dax_hmem cxl_acpi; do
        rmmod $module
    done
    modprobe -a cxl_acpi cxl_pci cxl_mem
    settle
    modprobe dax_hmem
    modprobe dax_cxl
    settle
}

# two_at_once NUMBER START: apply hmem and apply cxl begin within a second of each other; every other time each waits
# until the other has ended. Every tenth time the package is purged and installed again meanwhile.
two_at_once() {
    local first second package=no wait=0 from=hmem to=cxl
    [ $(($1 % 2)) = 0 ] || wait=60
    # The first one has something to do.
    [ "$(owner "$2")" != hmem ] || { from=cxl; to=hmem; }
    daxswitch apply $from --yes --json --wait $wait > /run/first.out 2>&1 &
    first=$!
    usleep $(($1 * 7919 % 1000 * 1000))
    daxswitch apply $to --yes --json --wait $wait > /run/second.out 2>&1 &
    second=$!
    if [ $(($1 % 10)) = 9 ]; then
        reinstall > /run/reinstall.out 2>&1
        package=$?
    fi
    wait $first
    first=$?
    wait $second
    second=$?
    cat /run/first.out /run/second.out > /run/recover.out
    [ "$package" = no ] || back_to_cxl
    note_kill "$1: $from ended $first, $to $second, reinstalled $package; recover ended 0; $(owner "$2"); $(ending)"
}
