#ifndef DAXSWITCH_CKMOD_H
#define DAXSWITCH_CKMOD_H

#include <stdarg.h>
#include <libkmod.h>

#endif
