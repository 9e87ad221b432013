/* What --help says: made from the tables, so that it cannot differ from what is read. */
#include <stdio.h>
#include <string.h>

#include "cli/verb.h"
#include "core/kind_options.h"

void umig_help_write(FILE *out)
{
    fputs("umig: profiles Groovy and Java services, safely, in production\n"
          "\n"
          "usage: umig VERB [options]\n"
          "\n"
          "verbs:\n",
          out);
    for (size_t i = 0; umig_verbs[i] != NULL; i++) {
        fprintf(out, "  %-10s %s\n", umig_verbs[i]->name, umig_verbs[i]->summary);
    }
    fputs(
        "\n"
        "  umig VERB --help   options and worked examples of a verb\n"
        "  umig help [VERB]   the same, or this text\n"
        "  umig --version     version of the command and of the wire protocol\n"
        "\n"
        "exit codes:\n"
        "  0  done; a list may be empty\n"
        "  1  umig status: no agent is there\n"
        "  2  the command was not understood: nothing was done\n"
        "  3  what was named is not there, or could not be asked, done or written; docs/exit-codes.md\n"
        "\n"
        "environment: UMIG_RUNTIME_DIR folder of the sockets, UMIG_DATA_DIR folder of the data,\n"
        "             NO_COLOR no colour\n"
        "\n"
        "examples:\n"
        "  # which JVMs run here, and which of them can be profiled?\n"
        "  umig jvms\n"
        "  # profile the service orders for half a minute, then read the answer\n"
        "  umig collector &\n"
        "  umig start orders --duration 30s\n"
        "  umig report latest\n",
        out);
}

/* "--cpu [TIME]", "-o, --output FILE", "--json" */
static void option_label(const struct umig_option *option, char *out, size_t room)
{
    const char *open = option->arity == UMIG_ARITY_OPTIONAL ? " [" : " ";
    const char *close = option->arity == UMIG_ARITY_OPTIONAL ? "]" : "";
    char letter[5] = "";
    if (option->letter != 0) {
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    }
    if (option->arity == UMIG_ARITY_FLAG) {
        snprintf(out, room, "%s--%s", letter, option->name);
    } else {
        snprintf(out, room, "%s--%s%s%s%s", letter, option->name, open, option->value_name, close);
    }
}

static void write_option(const struct umig_option *option, FILE *out)
{
    char label[64];
    option_label(option, label, sizeof label);
    fprintf(out, "  %-21s %s", label, option->help);
    const struct umig_kind_rule *rule = umig_kind_rule(option->kind);
    if (rule != NULL && rule->default_ns != 0) {
        char preset[UMIG_INTERVAL_TEXT_BYTES];
        char min[UMIG_INTERVAL_TEXT_BYTES];
        char max[UMIG_INTERVAL_TEXT_BYTES];
        umig_kind_interval_text(rule, rule->default_ns, preset);
        umig_kind_interval_text(rule, rule->min_ns, min);
        umig_kind_interval_text(rule, rule->max_ns, max);
        fprintf(out, "; %s to %s, default %s", min, max, preset);
    }
    fputc('\n', out);
}

/* Writes lines with two spaces before each. */
static void write_indented(const char *lines, FILE *out)
{
    while (*lines != '\0') {
        const size_t len = strcspn(lines, "\n");
        fprintf(out, "  %.*s\n", (int)len, lines);
        lines += len + (lines[len] == '\n');
    }
}

void umig_verb_help_write(const struct umig_verb *verb, FILE *out)
{
    fprintf(out, "umig %s: %s\n\nusage: umig %s%s%s [options]\n\noptions:\n", verb->name,
            verb->summary, verb->name, verb->operands[0] != '\0' ? " " : "", verb->operands);
    for (const struct umig_option *it = verb->options; it->name != NULL; it++) {
        write_option(it, out);
    }
    fprintf(out, "  %-21s %s\n", "-h, --help", "this text");
    if (verb->notes != NULL) {
        fprintf(out, "\n%s\n", verb->notes);
    }
    fputs("\nexamples:\n", out);
    write_indented(verb->examples, out);
}
