#include "agent/uplink/resolve.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"

enum {
    HOLDERS = 2,              /* the caller and the thread */
    STACK_BYTES = 256 * 1024, /* getaddrinfo() and the NSS modules it loads */
};

struct umig_resolve {
    atomic_int holders;
    atomic_int state; /* UMIG_AGAIN while it looks; then UMIG_OK or UMIG_E_IO */
    char host[256];
    char port[8];
    int gai_error;
    struct umig_resolve_result result;
};

static int look_up(const char *host, const char *port, int flags, struct umig_resolve_result *out)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = flags | AI_NUMERICSERV,
    };
    struct addrinfo *list = NULL;
    const int gai_error = umig_socket_look_up(host, port, &hints, &list);
    if (gai_error != 0) {
        return gai_error;
    }
    out->count = 0;
    for (const struct addrinfo *it = list; it != NULL && out->count < UMIG_RESOLVE_MAX;
         it = it->ai_next) {
        out->items[out->count].len = it->ai_addrlen;
        memcpy(&out->items[out->count].address, it->ai_addr, it->ai_addrlen);
        out->count++;
    }
    freeaddrinfo(list);
    return 0;
}

static void release(struct umig_resolve *resolve)
{
    /* Acquire and release: whoever frees sees what the other wrote. */
    if (atomic_fetch_sub_explicit(&resolve->holders, 1, memory_order_acq_rel) == 1) {
        free(resolve);
    }
}

static void *run(void *arg)
{
    struct umig_resolve *resolve = arg;
    resolve->gai_error = look_up(resolve->host, resolve->port, AI_ADDRCONFIG, &resolve->result);
    /* Release: pairs with the acquire in umig_resolve_poll(); publishes the result. */
    atomic_store_explicit(&resolve->state, resolve->gai_error == 0 ? UMIG_OK : UMIG_E_IO,
                          memory_order_release);
    release(resolve);
    return NULL;
}

/* A new thread inherits the mask of its maker: the host's signals are not ours to take. */
static int start_thread(struct umig_resolve *resolve)
{
    sigset_t all;
    sigset_t before;
    pthread_t thread;
    pthread_attr_t attr;
    int rc = pthread_attr_init(&attr);
    if (rc != 0) {
        return rc;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    rc = pthread_create(&thread, &attr, run, resolve);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return rc;
}

int umig_resolve_start(const struct umig_address *address,
                       struct umig_resolve **out_resolve,
                       struct umig_err *err)
{
    struct umig_resolve *resolve = calloc(1, sizeof *resolve);
    if (resolve == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory to look up the host '%s'", address->host);
    }
    atomic_init(&resolve->holders, HOLDERS);
    atomic_init(&resolve->state, UMIG_AGAIN);
    snprintf(resolve->host, sizeof resolve->host, "%s", address->host);
    snprintf(resolve->port, sizeof resolve->port, "%u", address->port);
    const int rc = start_thread(resolve);
    if (rc != 0) {
        free(resolve);
        return umig_err_set_cause(err, UMIG_E_IO, rc, "no thread to look up the host '%s': %s",
                                  address->host, umig_errno_text(rc));
    }
    *out_resolve = resolve;
    return UMIG_OK;
}

int umig_resolve_poll(struct umig_resolve *resolve,
                      struct umig_resolve_result *out_result,
                      struct umig_err *err)
{
    /* Acquire: pairs with the release in run(). */
    const int state = atomic_load_explicit(&resolve->state, memory_order_acquire);
    if (state == UMIG_OK) {
        *out_result = resolve->result;
    } else if (state == UMIG_E_IO) {
        return umig_err_set(err, UMIG_E_IO, "cannot look up the host '%.120s': %s", resolve->host,
                            gai_strerror(resolve->gai_error));
    }
    return state;
}

struct umig_resolve *umig_resolve_drop(struct umig_resolve *resolve)
{
    if (resolve != NULL) {
        release(resolve);
    }
    return NULL;
}

int umig_resolve_numeric(const struct umig_address *address, struct umig_resolve_result *out_result)
{
    char port[8];
    snprintf(port, sizeof port, "%u", address->port);
    struct umig_resolve_result result;
    if (look_up(address->host, port, AI_NUMERICHOST, &result) != 0) {
        return UMIG_NOT_FOUND;
    }
    *out_result = result;
    return UMIG_OK;
}
