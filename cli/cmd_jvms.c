#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cli/agent_client.h"
#include "cli/attach.h"
#include "cli/leftovers.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "core/err.h"
#include "core/json.h"
#include "report/cells.h"

static const struct umig_option g_options[] = {
    {.name = "json", .help = "write JSON"},
    {.name = NULL},
};

/* What is told of one JVM; agent NULL: none, or it did not answer. */
struct row {
    const struct umig_jvm *jvm;
    const Umig__V1__AgentStatus *agent;
    const char *problem; /* why it was not asked, cannot be attached or lacks something; "" */
    bool can_attach;     /* there is no agent, and it can be loaded now */
};

static const char *agent_word(const struct row *row)
{
    if (row->agent != NULL) {
        return "yes";
    }
    return row->jvm->has_agent ? "silent" : row->can_attach ? "attachable" : "no";
}

/* "load-1, nightly" */
static void put_sessions(const Umig__V1__AgentStatus *agent, struct umig_buf *out)
{
    umig_buf_clear(out);
    for (size_t i = 0; agent != NULL && i < agent->n_sessions; i++) {
        umig_buf_printf(out, "%s%s", i > 0 ? ", " : "", agent->sessions[i]->id);
    }
}

static void add_row(struct umig_table *table, const struct row *row)
{
    struct umig_buf sessions = UMIG_BUF_INIT(64 << 10);
    put_sessions(row->agent, &sessions);
    umig_table_cell(table, "%d", (int)row->jvm->pid);
    umig_table_cell(table, "%s", row->jvm->user);
    umig_table_cell(table, "%s", row->jvm->jdk);
    umig_table_cell(table, "%s", agent_word(row));
    umig_table_cell(table, "%s", row->agent != NULL ? row->agent->process->service : "");
    umig_table_cell(table, "%s", row->jvm->main_class);
    umig_table_cell(table, "%s", umig_buf_str(&sessions));
    umig_buf_fini(&sessions);
}

static void add_json(struct umig_json *json, const struct row *row)
{
    umig_json_object(json, NULL);
    umig_json_number(json, "pid", (uint64_t)row->jvm->pid);
    umig_json_number(json, "uid", row->jvm->uid);
    umig_json_text(json, "user", row->jvm->user);
    umig_json_text(json, "main", row->jvm->main_class);
    umig_json_text(json, "jdk", row->jvm->jdk[0] != '\0' ? row->jvm->jdk : NULL);
    umig_json_bool(json, "agent", row->jvm->has_agent);
    umig_json_bool(json, "attachable", row->can_attach);
    umig_json_text(json, "control", row->jvm->has_socket ? row->jvm->socket.path : NULL);
    umig_json_text(json, "service", row->agent != NULL ? row->agent->process->service : NULL);
    umig_json_text(json, "problem", row->problem[0] != '\0' ? row->problem : NULL);
    umig_json_array(json, "sessions");
    for (size_t i = 0; row->agent != NULL && i < row->agent->n_sessions; i++) {
        umig_json_text(json, NULL, row->agent->sessions[i]->id);
    }
    umig_json_array_end(json);
    umig_json_object_end(json);
}

/* Whoever may look at a process need not be allowed to act for it. */
static bool may_attach(const struct umig_jvm *jvm)
{
    return geteuid() == 0 || geteuid() == jvm->uid;
}

/* Asks the agent, if there is one, and adds the JVM to the table and the document. */
static void add_jvm(const struct umig_jvm *jvm,
                    struct umig_table *table,
                    struct umig_json *json,
                    struct umig_buf *notes)
{
    struct umig_agent_reply reply = {.message = NULL};
    struct umig_err err = UMIG_ERR_INIT;
    struct row row = {.jvm = jvm, .problem = ""};
    if (jvm->has_agent && umig_agent_status(jvm, UMIG_AGENT_GLANCE_MS, &reply, &err) == UMIG_OK) {
        row.agent = reply.message->agent;
        row.problem = row.agent->problem;
    } else if (jvm->has_agent) {
        row.problem = err.text;
    } else if (may_attach(jvm)) {
        const int rc = umig_attach_check(jvm, UMIG_ATTACH_BY_AGENTPATH, &err);
        row.can_attach = rc == UMIG_OK;
        row.problem = rc == UMIG_AGAIN ? "it does not handle SIGQUIT: it is still starting, or "
                                         "never will; 'umig attach' waits for it"
                                       : err.text;
    } else {
        row.problem = "only its user and root may attach";
    }
    add_row(table, &row);
    add_json(json, &row);
    if (row.agent != NULL && row.problem[0] != '\0') {
        umig_cells_clean(row.agent->process->service, notes);
        umig_buf_printf(notes, ", pid %d: ", (int)jvm->pid);
        umig_cells_clean(row.problem, notes);
        umig_buf_byte(notes, '\n');
    }
    umig_agent_reply_fini(&reply);
}

static void write_text(struct umig_cli *cli,
                       const struct umig_jvm_list *jvms,
                       const struct umig_table *table,
                       struct umig_buf *notes)
{
    if (jvms->count > 0) {
        umig_table_write(table, cli->has_color, cli->out);
        fputs(umig_buf_str(notes), cli->out);
    } else {
        fputs("No JVM that may be looked at runs on this host.\n", cli->out);
    }
    if (jvms->unreadable_count > 0) {
        fprintf(cli->out, "%zu %s may not be looked at%s.\n", jvms->unreadable_count,
                jvms->unreadable_count == 1 ? "process" : "processes",
                geteuid() == 0 ? ", not even by root: the system forbids it"
                               : "; root may see more");
    }
}

static int run_jvms(struct umig_cli *cli, const struct umig_args *args, struct umig_err *err)
{
    static const struct umig_column columns[] = {
        {"PID", true},      {"USER", false}, {"JDK", false},      {"AGENT", false},
        {"SERVICE", false}, {"MAIN", false}, {"SESSIONS", false},
    };
    struct umig_jvm_list jvms;
    (void)umig_leftovers_remove(cli->places.runtime_dir, time(NULL));
    const int rc = umig_jvm_list_scan(&jvms, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    struct umig_table table;
    struct umig_buf document = UMIG_BUF_INIT(64 << 20);
    struct umig_buf notes = UMIG_BUF_INIT(1 << 20);
    struct umig_json json = UMIG_JSON_INIT(&document);
    umig_table_init(&table, columns, sizeof columns / sizeof columns[0]);
    umig_json_object(&json, NULL);
    umig_json_array(&json, "jvms");
    for (size_t i = 0; i < jvms.count; i++) {
        add_jvm(&jvms.items[i], &table, &json, &notes);
    }
    umig_json_array_end(&json);
    umig_json_number(&json, "unreadable", jvms.unreadable_count);
    umig_json_object_end(&json);
    if (umig_args_has(args, "json")) {
        fprintf(cli->out, "%s\n", umig_buf_str(&document));
    } else {
        write_text(cli, &jvms, &table, &notes);
    }
    umig_table_fini(&table);
    umig_buf_fini(&notes);
    umig_buf_fini(&document);
    umig_jvm_list_fini(&jvms);
    return UMIG_EXIT_GOOD;
}

const struct umig_verb umig_verb_jvms = {
    .name = "jvms",
    .summary = "list the JVMs of this host, which have the agent, and their sessions",
    .operands = "",
    .options = g_options,
    .notes = "AGENT: yes; attachable: 'umig attach PID' loads it; no: the JVM lets no agent in "
             "(--json has\nthe problem), start it with -agentpath:/PATH/TO/libumigagent.so; "
             "silent: it is loaded but\ndoes not answer, 'umig status PID' says why. What an agent "
             "lacks, or was held back\nfrom after crashes, stands below the list.",
    .examples = "# every JVM of this host\n"
                "umig jvms\n"
                "# those of every user\n"
                "sudo umig jvms\n"
                "# PIDs of all JVMs with an agent\n"
                "umig jvms --json | jq '.jvms[] | select(.agent) | .pid'\n",
    .run = run_jvms,
};
