#ifndef DAXSWITCH_CSYSTEM_H
#define DAXSWITCH_CSYSTEM_H

#include "arguments.h"

#endif
