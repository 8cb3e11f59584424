#ifndef DAXSWITCH_UEVENTS_H
#define DAXSWITCH_UEVENTS_H

#include <linux/netlink.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

/* A socket that hears the kernel's uevents (group 1), non-blocking; -1 with errno where it can't be had. */
static inline int daxswitch_open_uevents(void)
{
	struct sockaddr_nl address;
	int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

	if (descriptor < 0)
		return -1;
	memset(&address, 0, sizeof(address));
	address.nl_family = AF_NETLINK;
	address.nl_groups = 1;
	if (bind(descriptor, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(descriptor);
		return -1;
	}
	return descriptor;
}

/* Hears when a file is removed from directory, non-blocking; -1 with errno where it can't be had. */
static inline int daxswitch_open_removals(const char *directory)
{
	int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (descriptor >= 0 && inotify_add_watch(descriptor, directory, IN_DELETE) < 0) {
		close(descriptor);
		return -1;
	}
	return descriptor;
}

#endif
