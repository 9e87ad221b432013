/* Version of the programs and of the wire protocol. */
#ifndef UMIG_VERSION_H
#define UMIG_VERSION_H

#define UMIG_VERSION "0.1.0"

/** Wire protocol: a peer with another one is refused; what is additive does not change it. */
#define UMIG_PROTOCOL 2

#endif
