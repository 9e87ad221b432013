/* From the word on the command line to the agents it means. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/agent_client.h"
#include "core/err.h"

enum {
    OTHERS_BYTES = 1024
};

/* Names have no commas. */
static void note_other(struct umig_buf *others, const char *service)
{
    struct umig_span rest = umig_span_of(umig_buf_str(others));
    while (rest.len > 0) {
        struct umig_span name = umig_span_cut(&rest, ',');
        name = *name.at == ' ' ? (struct umig_span){name.at + 1, name.len - 1} : name;
        if (name.len == strlen(service) && memcmp(name.at, service, name.len) == 0) {
            return;
        }
    }
    umig_buf_printf(others, "%s%s", others->len > 0 ? ", " : "", service);
}

/* Asks one JVM's agent and adds it to the list if it has the name. */
static int add_target(struct umig_target_list *list,
                      const struct umig_jvm *jvm,
                      const char *service,
                      int timeout_ms,
                      struct umig_err *err)
{
    struct umig_target *target = calloc(1, sizeof *target);
    struct umig_target **items =
        realloc(list->items, (list->count + 1) * sizeof(struct umig_target *));
    if (items != NULL) {
        list->items = items;
    }
    if (target == NULL || items == NULL) {
        free(target);
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for %zu agents", list->count + 1);
    }
    target->jvm = *jvm;
    const int rc = umig_agent_status(jvm, timeout_ms, &target->reply, err);
    if (rc != UMIG_OK) {
        free(target);
        return umig_err_trace(err, rc);
    }
    if (service != NULL && strcmp(target->reply.message->agent->process->service, service) != 0) {
        note_other(&list->others, target->reply.message->agent->process->service);
        umig_agent_reply_fini(&target->reply);
        free(target);
        return UMIG_OK;
    }
    list->items[list->count++] = target;
    return UMIG_OK;
}

static int find_by_pid(uint64_t pid, struct umig_target_list *list, struct umig_err *err)
{
    struct umig_jvm jvm;
    int rc = umig_jvm_inspect((pid_t)pid, &jvm, err);
    if (rc == UMIG_E_UNSUPPORTED || (rc == UMIG_E_IO && err->cause == ESRCH)) {
        return UMIG_NOT_FOUND; /* no JVM, no process */
    }
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    rc = add_target(list, &jvm, NULL, UMIG_AGENT_TIMEOUT_MS, err);
    return rc < 0 && !jvm.has_agent ? UMIG_NOT_FOUND : umig_err_trace(err, rc);
}

static int find_by_service(const char *service, struct umig_target_list *list, struct umig_err *err)
{
    struct umig_jvm_list jvms;
    int rc = umig_jvm_list_scan(&jvms, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    for (size_t i = 0; rc != UMIG_E_NOMEM && i < jvms.count; i++) {
        struct umig_err why = UMIG_ERR_INIT;
        if (!jvms.items[i].has_agent) {
            continue;
        }
        rc = add_target(list, &jvms.items[i], service, UMIG_AGENT_GLANCE_MS, &why);
        if (rc != UMIG_OK) {
            list->silent_count++;
            list->silent_err = why;
            list->is_answer_owed = list->is_answer_owed || rc != UMIG_E_DENIED;
        }
    }
    umig_jvm_list_fini(&jvms);
    return rc == UMIG_E_NOMEM ? umig_err_set(err, rc, "no memory for the agents") : UMIG_OK;
}

/* No agent has the name: says so, which names there are, and who did not say his. */
static int nobody(const char *service, const struct umig_target_list *list, struct umig_err *err)
{
    if (service == NULL) {
        return umig_err_set(err, UMIG_NOT_FOUND, "no JVM of this host runs the UMIG agent");
    }
    const char *others = list->others.len > 0 ? umig_buf_str(&list->others) : NULL;
    char there[OTHERS_BYTES + 16] = "";
    char silent[sizeof list->silent_err.text + 64] = "";
    if (others != NULL) {
        snprintf(there, sizeof there, "; there %s %s", strchr(others, ',') == NULL ? "is" : "are",
                 others);
    }
    if (list->silent_count > 0) {
        snprintf(silent, sizeof silent, "; %zu did not answer (%s)", list->silent_count,
                 list->silent_err.text);
    }
    const bool is_all = others == NULL && list->silent_count == 0;
    return umig_err_set(err, list->is_answer_owed ? UMIG_E_IO : UMIG_NOT_FOUND,
                        "no agent of this host has the service name '%.64s'%s%s%s", service, there,
                        silent, is_all ? "; 'umig jvms' lists them" : "");
}

int umig_target_word_refuse(const char *word, struct umig_err *err)
{
    return umig_err_set(err, UMIG_E_ARG,
                        "'%.64s' is neither a PID (1 to 4194304) nor a service name (1 to 64 "
                        "letters, digits, . _ -, the first a letter or a digit)",
                        word);
}

int umig_target_list_find(const char *word, struct umig_target_list *out_list, struct umig_err *err)
{
    struct umig_target_list list = {.others = UMIG_BUF_INIT(OTHERS_BYTES)};
    uint64_t pid = 0;
    int rc = UMIG_OK;
    if (word != NULL && umig_parse_number(umig_span_of(word), &pid, NULL) == UMIG_OK) {
        /* Above 2^22 the kernel gives no PID; 0 is nobody's. */
        rc = pid >= 1 && pid <= (1u << 22)
                 ? find_by_pid(pid, &list, err)
                 : umig_err_set(err, UMIG_E_ARG, "'%.40s' is no PID (1 to 4194304)", word);
    } else if (word != NULL && !umig_name_is_valid(umig_span_of(word))) {
        rc = umig_target_word_refuse(word, err);
    } else {
        rc = find_by_service(word, &list, err);
        if (rc == UMIG_OK && list.count == 0 && (word != NULL || list.silent_count == 0)) {
            rc = nobody(word, &list, err);
        }
    }
    if (rc != UMIG_OK) {
        umig_target_list_fini(&list);
        return rc;
    }
    *out_list = list;
    return UMIG_OK;
}

void umig_target_list_fini(struct umig_target_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        umig_agent_reply_fini(&list->items[i]->reply);
        free(list->items[i]);
    }
    umig_buf_fini(&list->others);
    free(list->items);
    list->items = NULL;
    list->count = 0;
}
