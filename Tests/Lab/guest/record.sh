# What a recording's script uses: every command is written down with what the kernel said to it, and each
# moment is a snapshot with what the distribution's own tools say of it beside it.
log=/run/events.log
kernel_lines=0
devices_settle=1

# note WORDS...: a line of the log
note() { echo "$*" | tee -a $log; }

# kernel_said: the lines of the kernel log since it was last asked
kernel_said() {
    local all
    dmesg > /run/dmesg
    all=$(wc -l < /run/dmesg)
    tail -n +$((kernel_lines + 1)) /run/dmesg | grep -Ev 'clocksource|Watchdog' | sed 's/^/    /' >> $log
    kernel_lines=$all
}

# x COMMAND...: runs a command and notes it, its code and the kernel's words
x() {
    local code from
    note "\$ $*"
    from=$(cut -d' ' -f1 /proc/uptime)
    "$@" >> /run/output 2>&1
    code=$?
    note "  rc=$code from=$from to=$(cut -d' ' -f1 /proc/uptime)"
    sed 's/^/    /' /run/output >> $log
    rm -f /run/output
    sleep $devices_settle
    kernel_said
}

# in_image MODULE: whether it is part of the kernel image
in_image() { sed 's/-/_/g' "/lib/modules/$(uname -r)/modules.builtin" | grep -q "/$1\.ko"; }

# load and unload MODULE...: where it is part of the image, its driver is bound and unbound, if that has a device
load() { for module in "$@"; do if in_image "$module"; then rebind bind "$module"; else x /sbin/modprobe "$module"; fi; done; }
unload() { for module in "$@"; do if in_image "$module"; then rebind unbind "$module"; else x /sbin/rmmod "$module"; fi; done; }

# rebind bind|unbind MODULE
rebind() {
    case $2 in
        cxl_acpi) put ACPI0017:00 /sys/bus/platform/drivers/cxl_acpi/"$1" ;;
        dax_hmem) put hmem_platform.0 /sys/bus/platform/drivers/hmem_platform/"$1" ;;
    esac
}

# hold and release: whether the kernel may ask for modules
hold() {
    note "\$ echo  > /proc/sys/kernel/modprobe"
    echo > /proc/sys/kernel/modprobe
    note "  rc=$?"
}

release() {
    note "\$ echo /sbin/modprobe > /proc/sys/kernel/modprobe"
    echo /sbin/modprobe > /proc/sys/kernel/modprobe
    note "  rc=$?"
}

# put VALUE FILE: one write to an attribute of sysfs
put() {
    local code
    note "\$ echo $1 > $2"
    echo "$1" > "$2"
    code=$?
    note "  rc=$code"
    sleep $devices_settle
    kernel_said
}

# hmem_over, region_over START: the names of the hmem device and of the region that begin at an address
hmem_over() { basename "$(dirname "$(readlink -f /sys/bus/dax/devices/"$(dax_device "$1")")")"; }
region_over() {
    for region in /sys/bus/cxl/devices/region*; do
        [ "$(($(cat "$region"/resource)))" = "$(($1))" ] && echo "${region##*/}"
    done
}

# insert_alone MODULE: that module and nothing that it would load. What it can't be linked without is there before.
insert_alone() {
    local file name
    for file in $(files_of "$1"); do
        name=$(basename "${file%%.ko*}")
        [ "$name" = "$1" ] || [ -d /sys/module/"$name" ] || /sbin/insmod "$file"
    done
    case $file in
        *.xz) unxz -c "$file" > /run/"$1".ko ;;
        *.gz) gunzip -c "$file" > /run/"$1".ko ;;
        *) cp "$file" /run/"$1".ko ;;
    esac
    x /sbin/insmod /run/"$1".ko
}

# moment NAME: a snapshot, and what the tools that read the same things say
moment() {
    new_step "$1"
    note "--- capture ${directory##*/}"
    snapshot $directory
    dmesg > $directory/dmesg
    mkdir $directory/tools
    cxl list -BMPEDRi > $directory/tools/cxl-list.json 2>/dev/null
    daxctl list -RDMi > $directory/tools/daxctl-list.json 2>/dev/null
    lsmem --json --bytes --all --output-all > $directory/tools/lsmem.json 2>/dev/null
    kernel_said
    send $directory
    cp $log $results/events.log
    send $results/events.log
}

fail() {
    note "# could not go on: $*"
    finish
}

note "kernel $(uname -r) scenario $SCENARIO"
note "command line $(cat /proc/cmdline)"
dmesg > /run/dmesg
kernel_lines=$(wc -l < /run/dmesg)
