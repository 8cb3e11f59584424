#ifndef DAXSWITCH_CSYSTEM_H
#define DAXSWITCH_CSYSTEM_H

#include "arguments.h"
#include "datagram.h"
#include "child.h"
#include "interrupts.h"
#include "note.h"
#include "opening.h"
#include "processes.h"
#include "program.h"
#include "uevents.h"

#include <sys/file.h>

#endif
