/*
 * forger: what a user without privilege can put into the kernel log. Each forgery is a process that crashes as user
 * 65534, under a name and from a binary whose name the kernel writes into its message (show_signal_msg() and
 * do_trap() in arch/x86, print_vma_addr() in mm/memory.c). Prints one line for each.
 *
 * forger crash COMM segfault|trap is what it runs as that user, from a copy of itself with the binary's name.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534
#define DIRECTORY "/tmp/forged"

/* The kernel prints at most ten of these messages in 5 s (printk_ratelimit()). A comm has at most 15 bytes. */
static const struct forgery { const char *binary, *comm, *how; } forgeries[] = {
	{ "a", "Linux version 9", "segfault" },
	{ "user-defined physical RAM map:", "a", "segfault" },
	{ "BIOS-e820: [mem 0x0000000000000000-0x0000000fffffffff] Soft Reserved", "BIOS-e820:", "segfault" },
	{ "BUG: unable to handle page fault", "BUG:", "segfault" },
	{ "a\nLinux version 7.0.0", "a\nBUG: b", "segfault" },
	{ "cxl_acpi ACPI0017:00", "Oops:", "trap" },
	{ "a", "dax_hmem", "trap" },
};

static int crash(const char *comm, const char *how)
{
	prctl(PR_SET_NAME, comm);
	if (!strcmp(how, "trap"))
		__asm__ volatile("hlt");
	*(volatile char *)0 = 0;
	return 70;
}

static int copy_itself(const char *path)
{
	static char bytes[1 << 16];
	int in = open("/proc/self/exe", O_RDONLY), out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ssize_t count = in < 0 || out < 0 ? -1 : 0;

	while (count >= 0 && (count = read(in, bytes, sizeof bytes)) > 0)
		if (write(out, bytes, count) != count)
			count = -1;
	close(in);
	close(out);
	return count;
}

static int forge(const struct forgery *forgery)
{
	char path[PATH_MAX];
	int status;
	pid_t child;

	snprintf(path, sizeof path, "%s/%s", DIRECTORY, forgery->binary);
	if (copy_itself(path))
		return perror(path), 1;
	if (!(child = fork())) {
		if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
			_exit(71);
		execl(path, path, "crash", forgery->comm, forgery->how, (char *)NULL);
		_exit(72);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
		return printf("not crashed: %s\n", forgery->how), 1;
	printf("%s, signal %d\n", forgery->how, WTERMSIG(status));
	return 0;
}

int main(int count, char **arguments)
{
	int failed = 0;

	if (count == 4 && !strcmp(arguments[1], "crash"))
		return crash(arguments[2], arguments[3]);
	umask(022);
	mkdir(DIRECTORY, 0755);
	for (size_t i = 0; i < sizeof forgeries / sizeof *forgeries; i++)
		failed |= forge(forgeries + i);
	return failed;
}
