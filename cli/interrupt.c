#include "cli/interrupt.h"

#include <signal.h>
#include <stddef.h>

static const int g_signals[] = {SIGINT, SIGTERM, SIGHUP};
static volatile sig_atomic_t g_came; /* its number; 0: none */
static volatile sig_atomic_t g_forgotten;

static void note(int signo)
{
    g_came = signo;
}

void umig_interrupt_watch(void)
{
    /* Without SA_RESTART: poll() returns. What the caller's parent ignores (nohup) stays ignored.
     */
    struct sigaction noting = {.sa_handler = note};
    sigemptyset(&noting.sa_mask);
    g_came = 0;
    g_forgotten = 0;
    for (size_t i = 0; i < sizeof g_signals / sizeof g_signals[0]; i++) {
        struct sigaction was;
        if (sigaction(g_signals[i], NULL, &was) == 0 && was.sa_handler != SIG_IGN) {
            (void)sigaction(g_signals[i], &noting, NULL);
        }
    }
}

bool umig_interrupt_came(void)
{
    return g_came != 0;
}

void umig_interrupt_forget(void)
{
    g_forgotten = g_came;
    g_came = 0;
}

void umig_interrupt_obey(void)
{
    const int signo = g_came != 0 ? g_came : g_forgotten;
    if (signo != 0) {
        (void)signal(signo, SIG_DFL);
        (void)raise(signo);
    }
}
