/* schakel completion bash|zsh|fish: made from the table of commands. */
#include <string.h>

#include "tools/schakel/cli.h"

#define WORD_SIZE_MAX 64

const struct sk_command sk_completion_commands[] = {
    {.name = "completion",
     .operands = "bash|zsh|fish",
     .operands_min = 1,
     .operands_max = 1,
     .nl = "aanvulling van opdrachten voor uw shell",
     .en = "completion of commands for your shell",
     .more_nl =
         "bash: schakel completion bash > "
         "~/.local/share/bash-completion/completions/schakel\n"
         "zsh:  source <(schakel completion zsh)   in ~/.zshrc, na compinit\n"
         "fish: schakel completion fish > "
         "~/.config/fish/completions/schakel.fish\n",
     .more_en = "bash: schakel completion bash > "
                "~/.local/share/bash-completion/completions/schakel\n"
                "zsh:  source <(schakel completion zsh)   in ~/.zshrc, after "
                "compinit\n"
                "fish: schakel completion fish > "
                "~/.config/fish/completions/schakel.fish\n"},
    {0},
};

static void first_word(const char *name, char out[WORD_SIZE_MAX])
{
    snprintf(out, WORD_SIZE_MAX, "%.*s", (int)strcspn(name, " "), name);
}

/* Is this the first command with this first word? */
static bool is_new_word(size_t i, const char *word)
{
    for (size_t k = 0; k < i; k++) {
        char other[WORD_SIZE_MAX];

        first_word(sk_cli_command_at(k)->name, other);
        if (strcmp(other, word) == 0)
            return false;
    }
    return true;
}

/* ---------------------------------------------------------------- bash */
static void bash_first_words(void)
{
    const struct sk_command *c;

    for (size_t i = 0; (c = sk_cli_command_at(i)) != NULL; i++) {
        char word[WORD_SIZE_MAX];

        first_word(c->name, word);
        if (is_new_word(i, word))
            printf("%s ", word);
    }
}

/* One line per first word with the words that may follow. */
static void bash_second_words(void)
{
    const struct sk_command *c;

    for (size_t i = 0; (c = sk_cli_command_at(i)) != NULL; i++) {
        char word[WORD_SIZE_MAX];

        first_word(c->name, word);
        if (strchr(c->name, ' ') == NULL || !is_new_word(i, word))
            continue;
        printf("    %s) list='", word);
        for (size_t k = i; (c = sk_cli_command_at(k)) != NULL; k++) {
            char other[WORD_SIZE_MAX];

            first_word(c->name, other);
            if (strcmp(other, word) == 0 && strchr(c->name, ' ') != NULL)
                printf("%s ", strchr(c->name, ' ') + 1);
        }
        puts("' ;;");
    }
}

static void bash_options(void)
{
    const struct sk_command *c;

    for (size_t i = 0; (c = sk_cli_command_at(i)) != NULL; i++) {
        printf("    '%s'%s) list='", c->name,
               strchr(c->name, ' ') == NULL ? "*" : "");
        for (const struct sk_option *o = c->options; o->name != NULL; o++)
            printf("--%s ", o->name);
        puts("--json --help' ;;");
    }
}

static void print_bash(void)
{
    puts("_schakel() {\n"
         "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" list=''\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then");
    printf("    list='");
    bash_first_words();
    puts("'\n"
         "    COMPREPLY=($(compgen -W \"$list\" -- \"$cur\")); return\n"
         "  fi\n"
         "  if [ \"$COMP_CWORD\" -eq 2 ] && [ \"${cur#-}\" = \"$cur\" ]; then\n"
         "    case \"${COMP_WORDS[1]}\" in");
    bash_second_words();
    puts("    completion) list='bash zsh fish' ;;\n"
         "    esac\n"
         "    if [ -n \"$list\" ]; then\n"
         "      COMPREPLY=($(compgen -W \"$list\" -- \"$cur\")); return\n"
         "    fi\n"
         "  fi\n"
         "  if [ \"${cur#-}\" != \"$cur\" ]; then\n"
         "    case \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in");
    bash_options();
    puts("    esac\n"
         "    COMPREPLY=($(compgen -W \"$list\" -- \"$cur\")); return\n"
         "  fi\n"
         "  COMPREPLY=($(compgen -f -- \"$cur\"))\n"
         "}\n"
         "complete -o filenames -F _schakel schakel");
}

/* ---------------------------------------------------------------- fish */
/* In single quotes. */
static void print_quoted(const char *text)
{
    putchar('\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            putchar('\\');
        putchar(*text);
    }
    putchar('\'');
}

static void fish_words(size_t i, const struct sk_command *c)
{
    const char *second = strchr(c->name, ' ');
    char word[WORD_SIZE_MAX];

    first_word(c->name, word);
    if (is_new_word(i, word)) {
        printf("complete -c schakel -n __fish_use_subcommand -f -a %s", word);
        c = sk_cli_command_at(i);
        if (second == NULL) {
            fputs(" -d ", stdout);
            print_quoted(sk_cli_word(c->nl, c->en));
        }
        putchar('\n');
    }
    c = sk_cli_command_at(i);
    second = strchr(c->name, ' ');
    if (second == NULL)
        return;
    printf("complete -c schakel -n 'test (count (commandline -opc)) -eq 2; and "
           "__fish_seen_subcommand_from %s' -f -a %s -d ",
           word, second + 1);
    print_quoted(sk_cli_word(c->nl, c->en));
    putchar('\n');
}

static void fish_options(const struct sk_command *c)
{
    for (const struct sk_option *o = c->options; o->name != NULL; o++) {
        printf("complete -c schakel -n 'string match -q -- \"schakel %s*\" "
               "(commandline -opc | string join \" \")' -l %s%s -d ",
               c->name, o->name, o->value == NULL ? "" : " -r");
        print_quoted(sk_cli_word(o->nl, o->en));
        putchar('\n');
    }
}

static void print_fish(void)
{
    const struct sk_command *c;

    for (size_t i = 0; (c = sk_cli_command_at(i)) != NULL; i++) {
        fish_words(i, c);
        fish_options(sk_cli_command_at(i));
    }
    puts("complete -c schakel -l json\ncomplete -c schakel -l help");
}

int sk_cmd_completion(int argc, char **argv)
{
    struct sk_parsed parsed;
    int code = sk_cli_parse(sk_completion_commands, argc, argv, &parsed);
    const char *shell;

    if (code >= 0)
        return code;
    shell = parsed.operands[0];
    if (strcmp(shell, "bash") == 0) {
        print_bash();
    } else if (strcmp(shell, "zsh") == 0) {
        puts("autoload -U +X bashcompinit && bashcompinit");
        print_bash();
    } else if (strcmp(shell, "fish") == 0) {
        print_fish();
    } else {
        return sk_cli_fail(
            SK_EXIT_USAGE,
            &(struct sk_problem){.code = "unknown-shell",
                                 .nl = "onbekende shell",
                                 .en = "unknown shell",
                                 .where = shell,
                                 .next_nl = "kies bash, zsh of fish",
                                 .next_en = "choose bash, zsh or fish"});
    }
    return SK_EXIT_YES;
}
