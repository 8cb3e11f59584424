/*
 * pin NODE process|kernel: has pages of a NUMA node that can't be moved, in a pipe that nobody reads. A process's own
 * pages are spliced into it, as a device that reads them would have them; or they are the kernel's, which it copies
 * into. Makes /tmp/pinned and waits for its end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGES 8
#define MPOL_BIND 2

int main(int count, char **arguments)
{
	unsigned long nodes = count == 3 ? 1UL << atoi(arguments[1]) : 0;
	size_t bytes = PAGES * sysconf(_SC_PAGESIZE);
	void *memory = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec pages = { memory, bytes };
	int ends[2];

	if (!nodes)
		return 64;
	/* For the pages of this process, and for those that the kernel takes in its name. */
	if (memory == MAP_FAILED || syscall(SYS_set_mempolicy, MPOL_BIND, &nodes, 8 * sizeof nodes))
		return perror("set_mempolicy"), 1;
	memset(memory, 1, bytes);
	if (pipe(ends))
		return perror("pipe"), 1;
	if ((strcmp(arguments[2], "kernel") ? vmsplice(ends[1], &pages, 1, 0) : writev(ends[1], &pages, 1)) != (ssize_t)bytes)
		return perror("write"), 1;
	close(open("/tmp/pinned", O_WRONLY | O_CREAT, 0600));
	pause();
	return 0;
}
