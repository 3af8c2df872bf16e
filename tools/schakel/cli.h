/*
 * What every command shares: options from a table, help, errors that say
 * what, where and what to do next, files and folders with a cap on size.
 *
 * Exit codes of `schakel`:
 *      0  done; the answer is yes
 *      1  understood, and the answer is no: refused, not valid, findings
 *      2  wrong use, or input that cannot be used
 *     10  wider (policy diff, policy replay)
 *     69  the node does not answer (EX_UNAVAILABLE)
 *     70  a fault of the program itself (EX_SOFTWARE)
 *     73  a file cannot be made (EX_CANTCREAT)
 *     74  reading or writing failed (EX_IOERR)
 *     77  not allowed (EX_NOPERM)
 *
 * Dutch when LC_ALL, LC_MESSAGES or LANG (the first that is set) starts with
 * "nl"; English otherwise.
 */
#ifndef SK_TOOLS_CLI_H
#define SK_TOOLS_CLI_H

#include <stdio.h>

#include "protocol/charter.h"

#define SK_EXIT_YES 0
#define SK_EXIT_NO 1
#define SK_EXIT_USAGE 2
#define SK_EXIT_UNAVAILABLE 69
#define SK_EXIT_SOFTWARE 70
#define SK_EXIT_CANTCREAT 73
#define SK_EXIT_IO 74
#define SK_EXIT_NOPERM 77

#define SK_OPTIONS_MAX 20
#define SK_OPTION_VALUES_MAX 256

/* ------------------------------------------------------------ language */
enum sk_language {
    SK_LANGUAGE_NONE, /* neither of the two, as LANG=C */
    SK_LANGUAGE_DUTCH,
    SK_LANGUAGE_ENGLISH,
};
/* Of the environment, unless it was set for this run. */
enum sk_language sk_cli_language(void);
void sk_cli_set_language(enum sk_language language);
bool sk_cli_dutch(void);
/* One of the two, by language. */
const char *sk_cli_word(const char *nl, const char *en);

/* What is counted: one, and any other number of them. */
struct sk_noun {
    const char *nl[2];
    const char *en[2];
};
extern const struct sk_noun sk_messages;
extern const struct sk_noun sk_signatures;
extern const struct sk_noun sk_warnings;
extern const struct sk_noun sk_days;
/* The word behind a number: "1 bericht", "0 berichten", "2 messages". */
const char *sk_noun_word(const struct sk_noun *noun, bool dutch,
                         unsigned long long count);

/* ------------------------------------------------------------- options */
struct sk_option {
    const char *name;  /* "dir": used as --dir */
    const char *value; /* "DIR"; NULL for a flag */
    bool required;
    bool many; /* may be given more than once */
    const char *nl;
    const char *en;
};

/* CONTROL.md 7.5: of every command that opens a file; sk_node_open() reads it.
 */
#define SK_BREAK_GLASS                                                         \
    {                                                                          \
        "break-glass", "REASON", false, false,                                 \
            "in nood: ook wie u niet begeleidt; de reden ziet de "             \
            "privacyverantwoordelijke meteen",                                 \
            "in an emergency: open somebody else's file; the privacy officer " \
            "sees the reason at once"                                          \
    }

/* One command: its help, its options, and what completion offers. */
struct sk_command {
    const char *name;     /* "charter new" */
    const char *operands; /* "CHARTERDIR", or "" */
    size_t operands_min;
    size_t operands_max;
    const char *nl; /* one line */
    const char *en;
    const char *more_nl; /* paragraphs below, or NULL */
    const char *more_en;
    struct sk_option options[SK_OPTIONS_MAX]; /* ends at name NULL */
};

struct sk_values {
    const char *list[SK_OPTION_VALUES_MAX];
    size_t count;
};
struct sk_parsed {
    const struct sk_command *command;
    struct sk_values values[SK_OPTIONS_MAX];
    char **operands;
    size_t operands_count;
};

/*
 * Read options.  argv[0] is the last word of the command's name.  --help and
 * --json (which sk_cli_json() then tells) belong to every command.
 *
 * Returns -1 to go on, or the exit code when it is over: help was shown, or
 * an error was told.
 */
int sk_cli_parse(const struct sk_command *command, int argc, char **argv,
                 struct sk_parsed *out);
/* First value, or NULL when not given; an option that the command does not
   have is never given. */
const char *sk_cli_get(const struct sk_parsed *parsed, const char *name);
const struct sk_values *sk_cli_all(const struct sk_parsed *parsed,
                                   const char *name);
bool sk_cli_has(const struct sk_parsed *parsed, const char *name);

bool sk_cli_json(void);
void sk_cli_set_json(bool json);

void sk_cli_help(FILE *out, const struct sk_command *command);

/* The folder of the node: --dir, else SCHAKEL_DIR, else /var/lib/schakel. */
const char *sk_cli_dir(const struct sk_parsed *parsed);

/* -------------------------------------------------------------- errors */
/* What, where, and the next step; NULL or "" for what is not known. */
struct sk_problem {
    const char *code; /* a word, for --json */
    const char *nl;
    const char *en;
    const char *where;  /* a file, an option, an organisation */
    const char *detail; /* errno text, line:column */
    const char *next_nl;
    const char *next_en;
};
/* Tell it (stderr; with --json an object on stdout) and return `code`. */
int sk_cli_fail(int code, const struct sk_problem *problem);
/* sk_cli_fail() for a second word that no command of this group has. */
int sk_cli_unknown(const char *group, const char *word);
/* sk_cli_fail() for a file that could not be read or written. */
int sk_cli_fail_file(enum sk_status status, const char *path);

/* --------------------------------------------------------------- files */
/*
 * Read a whole regular file, also through a symbolic link; "-" is standard
 * input.   out: malloc'ed, also for an empty file; free(data).
 * Fails with SK_E_NOT_FOUND, SK_E_REFUSED (permission), SK_E_TOO_LARGE,
 * SK_E_BAD_FORM (not a regular file), SK_E_IO, SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_cli_read(const char *path, size_t size_max,
                                      struct sk_bytes *out);
/*
 * A file in the making, in the folder of `path`.  It has no name before it is
 * whole, so that a process that is killed leaves nothing; where the file system
 * cannot do that (a stick with FAT) it has another one.
 *     fd         to write; read and seek too
 * Begin fails as sk_cli_write().  Name syncs, ends `f` also when it fails, and
 * with `replace` false fails with SK_E_EXISTS when `path` is there.
 */
struct sk_new_file {
    int fd;
    char *temporary; /* its other name, when it is not nameless */
    bool nameless;
};
SK_CHECKED enum sk_status sk_cli_begin(const char *path, unsigned mode,
                                       struct sk_new_file *out);
SK_CHECKED enum sk_status sk_cli_name(struct sk_new_file *f, const char *path,
                                      bool replace);
/* Let it go, or do nothing after it ended. */
void sk_cli_drop(struct sk_new_file *f);
/*
 * Write a whole file: one in the making, fsync, and then its name.
 *     replace    false: fails with SK_E_EXISTS when it is there
 * Fails with SK_E_NOT_FOUND (no such folder), SK_E_REFUSED, SK_E_FULL,
 * SK_E_IO; then nothing has changed.
 */
SK_CHECKED enum sk_status sk_cli_write(const char *path, struct sk_bytes bytes,
                                       unsigned mode, bool replace);
/* "dir/name" in malloc'ed memory; exits when memory is out. */
char *sk_cli_path(const char *dir, const char *name);

/* Address space for an arena, zeroes, taken from the machine as it is touched;
   give it back with the same size.  NULL: there is none. */
void *sk_cli_reserve(size_t size);
void sk_cli_release(void *memory, size_t size);

/* The files of a folder, also of the folders in it ("cards/x.card").  Names
   that start with a dot are passed over. */
struct sk_folder {
    struct sk_charter_file *files;
    size_t count;
};
/* Fails like sk_cli_read; `size_max` for all files together. */
SK_CHECKED enum sk_status sk_cli_read_folder(const char *dir, size_t size_max,
                                             struct sk_folder *out);
void sk_cli_free_folder(struct sk_folder *folder);

/* A text of the terminal without echo, NUL-terminated, to be wiped.
   Fails with SK_E_NOT_FOUND (no terminal), SK_E_TOO_LARGE, SK_E_IO. */
SK_CHECKED enum sk_status sk_cli_ask(const char *question, char *out,
                                     size_t size_max);

/* ------------------------------------------------- commands of their own */
/* argv[0] is the first word: "init", "charter", "card".  Node commands are in
   cmd_node.h, policy and rehearsal in theirs. */
int sk_cmd_init(int argc, char **argv);
int sk_cmd_charter(int argc, char **argv);
int sk_cmd_card(int argc, char **argv);
int sk_cmd_key(int argc, char **argv);
int sk_cmd_completion(int argc, char **argv);

/* Their tables, for help and completion; end at name NULL. */
extern const struct sk_command sk_init_commands[];
extern const struct sk_command sk_charter_commands[];
extern const struct sk_command sk_card_commands[];
extern const struct sk_command sk_key_commands[];
extern const struct sk_command sk_completion_commands[];

/* Every command there is, for help and completion (main.c): the i-th, which
   may lie in memory that the next call uses again; NULL past the end. */
const struct sk_command *sk_cli_command_at(size_t i);

#endif
