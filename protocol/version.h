/*
 * The version of the programs.  The Makefile names it.
 */
#ifndef SK_PROTOCOL_VERSION_H
#define SK_PROTOCOL_VERSION_H

#ifndef SK_VERSION
#define SK_VERSION "unknown" /* not built by the Makefile */
#endif

#endif
