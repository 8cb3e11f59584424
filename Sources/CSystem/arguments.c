#include "arguments.h"

#include <stddef.h>

static int count;
static char **arguments;

/* glibc passes the arguments of main() to constructors as well. */
__attribute__((constructor)) static void keep(int argc, char **argv)
{
	count = argc;
	arguments = argv;
}

int daxswitch_argument_count(void)
{
	return count;
}

const char *daxswitch_argument(int index)
{
	return index >= 0 && index < count ? arguments[index] : NULL;
}
