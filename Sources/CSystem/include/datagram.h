#ifndef DAXSWITCH_DATAGRAM_H
#define DAXSWITCH_DATAGRAM_H

#include <stddef.h>

/* Sends one datagram to the socket at path, without waiting; 0 where it did not go. */
int daxswitch_send_datagram(const char *path, const void *bytes, size_t size);

#endif
