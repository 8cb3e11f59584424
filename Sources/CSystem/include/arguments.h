#ifndef DAXSWITCH_ARGUMENTS_H
#define DAXSWITCH_ARGUMENTS_H

/* The argument vector as the kernel passed it, kept before main() runs. */
int daxswitch_argument_count(void);

/* The argument at index, from 0; NULL past the end. */
const char *daxswitch_argument(int index);

#endif
