# What a case's script may use. Every step leaves a numbered directory, sent off at once through the
# second serial port, so a crash of the guest loses nothing that came before it.
results=/run/lab
# The cases look for phrases in what daxswitch says: only its longest lines are broken.
export COLUMNS=300
step=$(cat /lab/restarted 2>/dev/null || echo 0)
mkdir -p $results
stty -F /dev/ttyS1 raw -echo

# new_step NAME: the next step's directory, in $directory
new_step() {
    step=$((step + 1))
    directory=$results/$(printf %02d $step)-$1
}

# send PATH: one compressed archive of a step
send() {
    tar -C $results -c "${1##*/}" | gzip -1 > /dev/ttyS1
    rm -rf "$1"
}

# end_case: the last step of a case, without which it counts as broken off
end_case() {
    new_step finished
    mkdir $directory
    dmesg > $directory/dmesg
    send $directory
}

# next_case: ends a case that changed nothing. What the tool keeps is removed: the next case finds a host that never had it
next_case() {
    end_case
    rm -rf /run/daxswitch /var/lib/daxswitch
}

# finish: the end of the last case
finish() {
    end_case
    sync
    sleep 0.5
    # The emulator does not switch off what has slept, but it ends where the machine is reset.
    ! grep -qs '[1-9]' /sys/power/suspend_stats/success || echo b > /proc/sysrq-trigger
    poweroff -f
}

# cap NAME: an independent snapshot of the machine
cap() {
    new_step "$1"
    snapshot $directory
    # A module that was loaded again has a new inode, even where it got its old address back.
    stat -c '%n %i' /sys/module/*/initstate > $directory/module-inodes
    dmesg > $directory/dmesg
    echo "capture ${directory##*/}"
    send $directory
}

# run NAME COMMAND...: runs a command and keeps argv, stdout, stderr and code; returns the code
run() {
    new_step "$1"
    shift
    mkdir $directory
    printf '%s\n' "$@" > $directory/argv
    echo "\$ $*"
    "$@" > $directory/stdout 2> $directory/stderr
    local code=$?
    echo $code > $directory/code
    echo "  ended $code after boot: $(cut -d' ' -f1 /proc/uptime) s"
    send $directory
    return $code
}

# t ARGUMENTS...: runs the tool; the step is named after its first words
t() {
    local name="" word
    for word in "$@"; do
        case $word in
            -* | */*) break ;;
            *) name=$name-$word ;;
        esac
    done
    run "${name#-}" daxswitch "$@"
}

# persist ARGUMENTS...: the tool's persist, unattended. It refuses a root that is gone with the boot, as a guest's is:
# the mount table that it alone sees shows a host's.
persist() {
    sed 's/ - rootfs rootfs / - ext4 \/dev\/vda1 /' /proc/self/mountinfo > /lab/mountinfo
    run persist-"${1#--}" sh -c 'mount --bind /lab/mountinfo /proc/$$/mountinfo && exec daxswitch persist "$@"' \
        sh "$@" --yes --json
}

# hand_over: what persist can have written goes into the image of the next boot
hand_over() {
    new_step handed-over
    mkdir -p $directory/etc
    cp -a /etc/modprobe.d /etc/dracut.conf.d /etc/default $directory/etc/ 2>/dev/null
    send $directory
}

# hand_over_state: what the tool keeps on the disk goes into the image of the next boot
hand_over_state() {
    new_step handed-over
    mkdir -p $directory/var/lib
    cp -a /var/lib/daxswitch $directory/var/lib/ 2>/dev/null
    send $directory
}

# restart: the kernel starts itself by kexec, without any firmware in between, and the script begins again with what is in
# the root now. kexec_file_load, as distributions have it: kexec_load makes Soft Reserved ranges reserved ones.
restart() {
    echo $step > /lab/restarted
    echo $(($(kernel_number) + 1)) > /lab/kernel-number
    (cd / && { find dev proc run sys tmp -maxdepth 0; find bin etc init lab lib lib64 root sbin usr var; } |
        cpio -o -H newc) > /run/next.cpio 2>/dev/null
    kexec -s -l /lab/vmlinuz --initrd=/run/next.cpio --reuse-cmdline && kexec -e
    echo "kexec did not start the kernel: the script goes on"
}

# is_restarted: whether this is a kernel that `restart` started
is_restarted() { [ -e /lab/restarted ]; }

# kernel_number: which of the kernels it is that started each other, from 1 on
kernel_number() { cat /lab/kernel-number 2>/dev/null || echo 1; }

# sleep_deeply: suspends to memory; the clock wakes the machine
sleep_deeply() {
    echo deep > /sys/power/mem_sleep || return
    echo 0 > /sys/class/rtc/rtc0/wakealarm
    echo +10 > /sys/class/rtc/rtc0/wakealarm || return
    echo mem > /sys/power/state
}

# almost_sleep STATE: every device goes to sleep and wakes five seconds later; the machine as a whole does not sleep
almost_sleep() {
    echo devices > /sys/power/pm_test || return
    echo "$1" > /sys/power/state
}

# settle: waits until udev has nothing to do and modules and dax devices stay the same for two seconds
settle() {
    local before="" now same=0
    for attempt in $(seq 120); do
        udevadm settle --timeout=120 2>/dev/null
        now=$(cut -d' ' -f1,3 /proc/modules; ls -l /sys/bus/cxl/devices /sys/bus/dax/devices /sys/bus/dax/drivers/*/ 2>/dev/null)
        [ "$now" = "$before" ] && same=$((same + 1)) || same=0
        [ $same -ge 4 ] && return
        before=$now
        sleep 0.5
    done
    echo "settle: still changing"
}

# start_udev: udev with the distribution's rules, then coldplug, as at the start of every host
start_udev() {
    # After another case it is at work already.
    pidof systemd-udevd > /dev/null && return
    /lib/systemd/systemd-udevd --daemon
    coldplug
}

coldplug() {
    udevadm trigger --type=subsystems --action=add
    udevadm trigger --type=devices --action=add
    settle
}

# dax_device START: the name of the dax device that begins at an address
dax_device() {
    for device in /sys/bus/dax/devices/*; do
        [ -e "$device"/resource ] || continue
        [ "$(($(cat "$device"/resource)))" = "$(($1))" ] && echo "${device##*/}" && return
    done
    echo "no dax device at $1" >&2
    return 1
}

# await_dax_device START: the same, once it is there: from 7.1 on dax_hmem makes its devices after the call that loads it
await_dax_device() {
    for attempt in $(seq 100); do
        dax_device "$1" 2>/dev/null && return
        sleep 0.1
    done
    dax_device "$1"
}

# files_of MODULE: its file, after those of what its symbols need
files_of() {
    local tree
    tree=/lib/modules/$(uname -r)
    # modules.dep has the deepest last.
    sed -n "s|^\([^:]*/$1\.ko[^:]*\):\(.*\)|\1\2|p" $tree/modules.dep | tr ' ' '\n' | tac | sed "s|^|$tree/|"
}

# insert MODULE: that module and what it can't be linked without, with nobody asking the kernel for others
insert() {
    local file name
    for file in $(files_of "$1"); do
        name=$(basename "${file%%.ko*}")
        [ -d /sys/module/"$name" ] || /sbin/insmod "$file"
    done
}

# insert_unaided MODULE: the same, while the kernel can't ask for others either
insert_unaided() {
    echo > /proc/sys/kernel/modprobe
    insert "$1"
    echo /sbin/modprobe > /proc/sys/kernel/modprobe
}

# pattern write|check START: writes or checks every page of the dax device at an address. The device is
# lent to device_dax and goes back to the driver it had, so the step leaves no trace.
pattern() {
    local device drivers=/sys/bus/dax/drivers before=""
    device=$(await_dax_device "$2") || return
    /sbin/modprobe device_dax
    if [ -e /sys/bus/dax/devices/$device/driver ]; then
        before=$(basename "$(readlink /sys/bus/dax/devices/$device/driver)")
        echo $device > $drivers/$before/unbind
    fi
    echo $device > $drivers/device_dax/new_id
    run pattern-"$1" /usr/bin/pattern "$1" /dev/$device "$(cat /sys/bus/dax/devices/$device/size)"
    echo $device > $drivers/device_dax/unbind
    # Otherwise device_dax takes whatever device has this name next.
    echo $device > $drivers/device_dax/remove_id
    [ -z "$before" ] || echo $device > $drivers/$before/bind
}

# device_blocks START: the numbers of the memory blocks of the dax device at an address
device_blocks() {
    local device size first
    device=/sys/bus/dax/devices/$(dax_device "$1")
    size=$((0x$(cat /sys/devices/system/memory/block_size_bytes)))
    first=$(($1 / size))
    seq $first $((first + $(cat $device/size) / size - 1))
}

# online START movable|kernel: every memory block of the dax device at an address goes online in that zone
online() {
    local block
    for block in $(device_blocks "$1"); do
        [ "$(cat /sys/devices/system/memory/memory$block/state)" = online ] ||
            echo online_"$2" > /sys/devices/system/memory/memory$block/state
    done
}

# offline START: every memory block of the dax device at an address goes offline
offline() {
    local block
    for block in $(device_blocks "$1"); do echo offline > /sys/devices/system/memory/memory$block/state; done
}

# fill NODE MEBIBYTES: random data in the memory of a NUMA node, a multiple of 16 MiB, with its sum
fill() {
    mkdir -p /data/"$1"
    mount -t tmpfs -o mpol=prefer:"$1",size="$2"m data /data/"$1"
    dd if=/dev/urandom of=/tmp/part bs=1M count=16 2>/dev/null
    for part in $(seq $(($2 / 16))); do cat /tmp/part >> /data/"$1"/file; done
    rm /tmp/part
    md5sum /data/"$1"/file >> /data/sums
}

# drain: the data goes
drain() { umount /data/*/; rm -rf /data; }
