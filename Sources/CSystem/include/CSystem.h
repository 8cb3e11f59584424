#ifndef DAXSWITCH_CSYSTEM_H
#define DAXSWITCH_CSYSTEM_H

#include "arguments.h"
#include "datagram.h"
#include "child_write.h"
#include "interrupts.h"
#include "uevents.h"

#include <sys/file.h>

#endif
