/*
 * snapshot DIRECTORY: copies the parts of /proc and /sys that decide and show who owns Soft Reserved
 * memory into DIRECTORY, links as links. The judges read these files and nothing that the tool says.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *target;

/* What to copy: each entry of a directory that matches a pattern, and so many levels below it. */
static const struct source { const char *directory, *pattern; int depth; } sources[] = {
	{ "/proc", "iomem", 0 }, { "/proc", "modules", 0 }, { "/proc", "cmdline", 0 },
	{ "/proc", "swaps", 0 }, { "/proc", "meminfo", 0 },
	{ "/proc/sys/kernel", "osrelease", 0 }, { "/proc/sys/kernel", "tainted", 0 },
	{ "/proc/sys/kernel", "modprobe", 0 }, { "/proc/sys/kernel", "modules_disabled", 0 },
	{ "/proc/sys/kernel/random", "boot_id", 0 }, { "/proc/sys/kernel", "bootloader_type", 0 },
	{ "/sys/power", "suspend_stats", 1 },
	{ "/sys/bus/cxl/devices", "*", 0 }, { "/sys/bus/cxl/drivers", "*", 1 },
	{ "/sys/bus/dax/devices", "*", 0 }, { "/sys/bus/dax/drivers", "*", 1 },
	{ "/sys/bus/platform/devices", "hmem*", 0 }, { "/sys/bus/platform/devices", "ACPI0017*", 0 },
	{ "/sys/bus/platform/drivers", "hmem*", 1 }, { "/sys/bus/platform/drivers", "cxl*", 1 },
	{ "/sys/devices/platform", "ACPI0017*", 9 }, { "/sys/devices/platform", "hmem*", 6 },
	{ "/sys/module", "*cxl*", 2 }, { "/sys/module", "*dax*", 2 }, { "/sys/module", "*hmem*", 2 },
	{ "/sys/module", "kmem", 2 },
	{ "/sys/devices/system/memory", "block_size_bytes", 0 },
	{ "/sys/devices/system/memory", "auto_online_blocks", 0 },
	{ "/sys/devices/system/memory", "memory*", 1 }, { "/sys/devices/system/node", "*", 1 },
	{ "/sys/firmware", "memmap", 2 },
	{ "/sys/firmware/acpi/tables", "CEDT", 0 }, { "/sys/firmware/acpi/tables", "SRAT", 0 },
	{ "/sys/firmware/acpi/tables", "HMAT", 0 }, { "/sys/kernel/security", "lockdown", 0 },
};

/* Attributes that say nothing here, can't be read, or do something when read. */
static const char *const skipped[] = {
	"power", "uevent", "remove", "rescan", "reset", "new_id", "remove_id", "firmware", "features",
	"security", "trace", "statistics", "sections", "notes", "hugepages", "vmstat", "config", "rom",
	"resource[0-9]*", "access[0-9]", "label_storage_size",
};

static int is_skipped(const char *name)
{
	for (size_t i = 0; i < sizeof skipped / sizeof *skipped; i++)
		if (!fnmatch(skipped[i], name, 0))
			return 1;
	return 0;
}

/* The path below the target directory, with the directories above it made. */
static const char *below_target(const char *path)
{
	static char copy[4096];

	snprintf(copy, sizeof copy, "%s%s", target, path);
	for (char *slash = copy + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		mkdir(copy, 0755);
		*slash = '/';
	}
	return copy;
}

static void copy_file(const char *path)
{
	static char content[1 << 20];
	ssize_t length, used = 0;
	int in = open(path, O_RDONLY | O_NONBLOCK), out;

	if (in < 0)
		return;
	while (used < (ssize_t)sizeof content && (length = read(in, content + used, sizeof content - used)) > 0)
		used += length;
	close(in);
	out = open(below_target(path), O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (out < 0 || write(out, content, used) != used)
		perror(path);
	if (out >= 0)
		close(out);
}

static void copy_link(const char *path)
{
	char destination[4096];
	ssize_t length = readlink(path, destination, sizeof destination - 1);

	if (length < 0)
		return;
	destination[length] = 0;
	path = below_target(path);
	unlink(path);
	if (symlink(destination, path))
		perror(path);
}

static void copy_tree(const char *path, int depth)
{
	struct stat status;
	struct dirent *entry;
	char child[4096];
	DIR *directory;

	if (lstat(path, &status))
		return;
	if (S_ISLNK(status.st_mode))
		copy_link(path);
	else if (S_ISREG(status.st_mode))
		copy_file(path);
	if (!S_ISDIR(status.st_mode) || !(directory = opendir(path)))
		return;
	mkdir(below_target(path), 0755);
	while (depth && (entry = readdir(directory))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") || is_skipped(entry->d_name))
			continue;
		snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
		copy_tree(child, depth - 1);
	}
	closedir(directory);
}

/* Memory devices sit below the PCI device that has them: searched for, and copied without the rest. */
static void copy_memory_devices(const char *path, int depth)
{
	struct stat status;
	struct dirent *entry;
	char child[4096];
	DIR *directory = opendir(path);

	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
		if (entry->d_name[0] == '.' || lstat(child, &status) || !S_ISDIR(status.st_mode))
			continue;
		if (!fnmatch("mem[0-9]*", entry->d_name, 0))
			copy_tree(child, 2);
		else if (depth && strchr(entry->d_name, ':'))
			copy_memory_devices(child, depth - 1);
	}
	closedir(directory);
}

int main(int count, char **arguments)
{
	struct dirent *entry;
	char child[4096];

	if (count != 2)
		return 64;
	target = arguments[1];
	if (mkdir(target, 0755))
		return perror(target), 1;
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
		DIR *directory = opendir(sources[i].directory);

		while (directory && (entry = readdir(directory))) {
			if (fnmatch(sources[i].pattern, entry->d_name, FNM_PERIOD))
				continue;
			snprintf(child, sizeof child, "%s/%s", sources[i].directory, entry->d_name);
			copy_tree(child, sources[i].depth);
		}
		if (directory)
			closedir(directory);
	}
	copy_memory_devices("/sys/devices", 5);
	return 0;
}
