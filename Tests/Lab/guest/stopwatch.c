/*
 * stopwatch FILE NAME COMMAND...: runs a command with its output nowhere, and adds a line to FILE: the name, microseconds
 * on the clock and of processor time, peak memory in KiB, exit code. Those of its children that it waited for count too.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

int main(int count, char **arguments)
{
	FILE *file = count > 3 ? fopen(arguments[1], "a") : NULL;
	struct rusage usage;
	long long start, taken;
	int status, code;
	pid_t child;

	if (!file)
		return 64;
	start = microseconds();
	child = fork();
	if (child == 0) {
		int nowhere = open("/dev/null", O_RDWR);

		for (int standard = 0; standard <= STDERR_FILENO; standard++)
			dup2(nowhere, standard);
		execvp(arguments[3], arguments + 3);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) < 0)
		return perror("stopwatch"), 1;
	taken = microseconds() - start;
	code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	fprintf(file, "%s %lld %lld %ld %d\n", arguments[2], taken,
		(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec,
		usage.ru_maxrss, code);
	return code;
}
