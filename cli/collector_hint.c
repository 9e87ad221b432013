#include "cli/collector_hint.h"

#include <string.h>
#include <unistd.h>

#include "cli/collector_client.h"

/* The collector that commands of this user find by themselves; where none answers, the user's. */
static void find_own(const struct umig_places *places, char out[UMIG_ADDRESS_BYTES])
{
    struct umig_address address = {.is_unix = true};
    struct umig_collector_link link;
    if (umig_collector_dial(places, NULL, &link, NULL) == UMIG_OK) {
        close(link.fd);
        address = link.address;
    } else {
        (void)!umig_places_collector_socket(places, address.path, NULL);
    }
    umig_address_format(&address, out);
}

/* An agent without a collector tries the usual places in turn: any of them is the caller's own. */
static bool is_own(const Umig__V1__AgentStatus *agent, const char *own)
{
    return agent->collector_address[0] == '\0' || strcmp(agent->collector_address, own) == 0 ||
           (!agent->collector_connected &&
            strcmp(agent->collector_address, "unix:" UMIG_HOST_COLLECTOR_PATH) == 0);
}

/* What --collector has to be; "": nothing; "ADDR": another one for each. */
static const char *address_of(const struct umig_target_list *targets, const char *own)
{
    const char *address = NULL;
    for (size_t i = 0; i < targets->count; i++) {
        const Umig__V1__AgentStatus *agent = targets->items[i]->reply.message->agent;
        const char *its = is_own(agent, own) ? "" : agent->collector_address;
        if (address != NULL && strcmp(address, its) != 0) {
            return "ADDR";
        }
        address = its;
    }
    return address != NULL ? address : "";
}

void umig_collector_hint(const struct umig_places *places,
                         const struct umig_target_list *targets,
                         const char *id,
                         struct umig_buf *out)
{
    char own[UMIG_ADDRESS_BYTES];
    find_own(places, own);
    const char *address = address_of(targets, own);
    const char *option = address[0] != '\0' ? " --collector " : "";
    if (strcmp(id, "#N") == 0) {
        umig_buf_printf(out, "Read each by its number in 'umig sessions%s%s': umig report '#N'%s%s",
                        option, address, option, address);
    } else {
        umig_buf_printf(out, "Read %s with 'umig report %s%s%s'",
                        strcmp(id, "ID") == 0 ? "each" : "it", id, option, address);
    }
    umig_buf_text(out,
                  strcmp(address, "ADDR") == 0 ? "; 'umig status' has the ADDR of each." : ".");
}
