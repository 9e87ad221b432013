/* Version of the programs and of the wire protocol. */
#ifndef UMIG_VERSION_H
#define UMIG_VERSION_H

#define UMIG_VERSION "0.1.0"

/** Wire protocol: a peer with another major is refused, minor changes are additive. */
#define UMIG_PROTOCOL 1

#endif
