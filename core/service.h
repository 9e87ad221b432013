/* The name of a service that nobody gave one: the agent's, and what the command may call it. */
#ifndef UMIG_CORE_SERVICE_H
#define UMIG_CORE_SERVICE_H

/** Longest name of a service, NUL included. */
#define UMIG_SERVICE_BYTES 65

/**
 * The last part of a main class, or the name of a jar without its ending; what names may not hold
 * becomes '-'. "java" where nothing is left.
 *
 * @param main_class  "org.acme.Orders", "/srv/orders.jar"
 */
void umig_service_of_main(const char *main_class, char out[UMIG_SERVICE_BYTES]);

#endif
