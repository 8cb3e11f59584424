/*
 * killer FILE LINES MILLISECONDS COMMAND...: runs a command, and kills it with SIGKILL so many milliseconds after
 * FILE, a new one since the start, has that many lines. "0" lines are there at once.
 *
 * Says "killed" or how the command ended before that.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static ino_t inode_of(const char *path)
{
	struct stat found;

	return stat(path, &found) ? 0 : found.st_ino;
}

static int lines_in(const char *path)
{
	static char text[1 << 16];
	int file = open(path, O_RDONLY), count = 0;
	ssize_t bytes = file < 0 ? 0 : read(file, text, sizeof text);

	for (ssize_t i = 0; i < bytes; i++)
		count += text[i] == '\n';
	if (file >= 0)
		close(file);
	return count;
}

int main(int count, char **arguments)
{
	ino_t before;
	pid_t child;
	int status;

	if (count < 5)
		return 64;
	before = inode_of(arguments[1]);
	if (!(child = fork())) {
		execvp(arguments[4], arguments + 4);
		_exit(127);
	}
	while (waitpid(child, &status, WNOHANG) == 0) {
		ino_t now = inode_of(arguments[1]);

		if (now && now != before && lines_in(arguments[1]) >= atoi(arguments[2])) {
			usleep(atoi(arguments[3]) * 1000);
			kill(child, SIGKILL);
			waitpid(child, &status, 0);
			break;
		}
		usleep(200);
	}
	if (WIFSIGNALED(status))
		puts("killed");
	else
		printf("ended %d\n", WEXITSTATUS(status));
	return 0;
}
